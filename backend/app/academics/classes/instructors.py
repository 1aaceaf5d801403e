"""Who teaches a class, and between which days: an instructor sees its students by this."""

from datetime import date

from sqlalchemy.orm import Session

from app.academics.classes import queries
from app.academics.classes.changing import changeable, wrong
from app.academics.classes.schemas import InstructorForm
from app.core import history
from app.core.actions import Action
from app.core.errors import NotFound
from app.core.permissions import Role, Subject
from app.db.models import ClassInstructor


def add_instructor(
    session: Session, subject: Subject, class_id: int, values: InstructorForm
) -> ClassInstructor:
    """Let somebody teach the class, from its first day unless another is given. They see its students from now on."""
    record = changeable(session, subject, class_id)
    person = queries.person(session, values.user_id)
    if person is None or person.role is Role.STUDENT:
        raise wrong("user_id", "Choose a staff member.")
    starts_on = values.starts_on or record.starts_on
    if values.ends_on is not None and values.ends_on < starts_on:
        raise wrong("ends_on", "The last day is before the first day.")
    row = ClassInstructor(class_id=class_id, user_id=person.id, starts_on=starts_on, ends_on=values.ends_on)
    queries.add(session, row)
    history.record(
        session,
        subject,
        Action.CLASS_INSTRUCTOR_ADDED,
        class_id,
        code=record.code,
        instructor_id=person.id,
        starts_on=starts_on,
        ends_on=values.ends_on,
    )
    return row


def end_instructor(
    session: Session, subject: Subject, class_id: int, assignment_id: int, *, last_day: date
) -> None:
    """Let somebody teach the class up to this day and no longer; one who had not begun is taken out."""
    record = changeable(session, subject, class_id)
    row = queries.get(session, ClassInstructor, assignment_id, lock=True)
    if row is None or row.class_id != class_id:
        raise NotFound("This person does not teach the class; open it again.")
    person_id = row.user_id
    if row.starts_on > last_day:
        queries.remove(session, ClassInstructor, assignment_id)
    else:
        row.ends_on = last_day if row.ends_on is None else min(row.ends_on, last_day)
        session.flush()
    history.record(
        session,
        subject,
        Action.CLASS_INSTRUCTOR_REMOVED,
        class_id,
        code=record.code,
        instructor_id=person_id,
        last_day=last_day,
    )
