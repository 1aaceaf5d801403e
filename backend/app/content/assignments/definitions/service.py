"""What an assignment asks for, until when its classes hand in, and what single students are allowed beside."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.academics.classes import service as classes
from app.content import policy as content_policy
from app.content.assignments import policy, queries
from app.content.assignments.schemas import (
    AllowanceForm,
    AllowedTo,
    AssignmentForm,
    Definition,
    DueForm,
    DueLine,
)
from app.core import clock, history, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.core.permissions import Subject, internal
from app.core.turns import take_turn
from app.core.views import Part
from app.db.models import Assignment, AssignmentVersion, ContentType
from app.enrollment import service as enrollment
from app.rules import hours as wall
from app.rules import skills
from app.web.paging import Paging

__all__ = ["allow", "allowed", "definition", "due_lines", "find_assignment", "save", "set_due"]
_END_OF_DAY = time(23, 59)
_REST_OF_MINUTE = timedelta(minutes=1) - timedelta.resolution
_RUBRIC = 1
"""A rubric of its own: passed once is passed."""


def definition(session: Session, subject: Subject, lesson_id: int) -> Definition:
    """An assignment with all its versions; without any for a lesson that is none. For the staff. Raises NotFound."""
    content_policy.require_read(subject)
    place = academics.lesson_place(session, lesson_id)
    found = queries.find(session, lesson_id)
    return Definition(place, () if found is None else queries.versions(session, found.id))


@internal("names the assignment of a lesson to who may see one of the two")
def find_assignment(session: Session, lesson_id: int) -> Assignment:
    """The lesson's assignment. Raises NotFound where it has none."""
    found = queries.find(session, lesson_id)
    if found is None:
        raise NotFound(policy.NO_ASSIGNMENT)
    return found


def save(session: Session, subject: Subject, lesson_id: int, values: AssignmentForm) -> AssignmentVersion:
    """Make a lesson an assignment, or change what it asks for; that is the next version.

    Hand-ins keep the version that was in use. The same again changes nothing. Raises Forbidden, NotFound, Invalid for a
    lesson of another kind or a rubric that cannot be used, Conflict where somebody else changed it meanwhile.
    """
    content_policy.require_change(subject)
    place = academics.lesson_place(session, lesson_id)
    criteria = _rubric(values)
    take_turn(session, f"assignment {lesson_id}")
    found = queries.find(session, lesson_id)
    if found is None:
        _require_empty(session, place)
        found = Assignment(lesson_id=lesson_id)
        queries.add(session, found)
    known = queries.versions(session, found.id)
    last = known[0] if known else None
    if (last.version if last else 0) != values.seen:
        raise Conflict(
            "Someone else changed this assignment while you were editing it. Your changes were not saved. Open it "
            "again to see theirs, then enter yours again."
        )
    wanted: dict[str, Any] = {
        **values.model_dump(exclude={"seen", "criteria", "max_megabytes"}),
        "criteria": skills.as_stored(criteria),
        "max_bytes": values.max_megabytes * 1024**2,
    }
    if last is not None and all(getattr(last, name) == value for name, value in wanted.items()):
        return last
    version = AssignmentVersion(
        assignment_id=found.id,
        version=values.seen + 1,
        created_by=subject.user_id,
        created_at=clock.now(),
        **wanted,
    )
    queries.add(session, version)
    history.record(
        session,
        subject,
        Action.ASSIGNMENT_CHANGED,
        found.id,
        lesson_id=lesson_id,
        title=place.title,
        version=version.version,
    )
    return version


def _rubric(values: AssignmentForm) -> list[skills.Criterion]:
    try:
        criteria = skills.parse(values.criteria)
    except ValueError as error:
        raise _wrong("criteria", str(error)) from None
    if fault := skills.fault(criteria, values.pass_pct, _RUBRIC):
        raise _wrong("criteria", fault)
    if not sum(one.possible for one in criteria):
        raise _wrong("criteria", "This rubric gives no points. Give points to at least one level.")
    return criteria


def _require_empty(session: Session, place: academics.LessonPlace) -> None:
    if place.content_type != ContentType.DOCUMENT:
        raise Invalid(f"“{place.title}” is not a document lesson. Change its type to Document first.")
    if enrollment.has_package(session, place.id):
        raise Invalid(
            f"“{place.title}” has an uploaded file that students read. Add another lesson for the assignment."
        )


# Dates


def due_lines(session: Session, subject: Subject, lesson_id: int, zone: ZoneInfo) -> list[DueLine]:
    """The classes of the lesson's program that the person sees, with the date of each."""
    content_policy.require_read(subject)
    place = academics.lesson_place(session, lesson_id)
    found = queries.find(session, lesson_id)
    if found is None or not (policy.may_list(subject) or policy.may_set_due(subject, teaches=False)):
        return []
    dates = queries.dues(session, found.id)
    listing = classes.list_classes(
        session, subject, Paging(per_page=100), zone, program_id=place.program_id, current=True
    )
    return [
        DueLine(
            one.id,
            one.code,
            one.name,
            dates.get(one.id),
            policy.may_set_due(subject, teaches=classes.teaches(session, subject, one.id, zone)),
            _on_wall(dates.get(one.id), zone, "%Y-%m-%d"),
            _on_wall(dates.get(one.id), zone, "%H:%M"),
        )
        for one in listing.page().items
    ]


def _on_wall(moment: datetime | None, zone: ZoneInfo, form: str) -> str:
    return "" if moment is None else clock.local(moment, zone).strftime(form)


def set_due(session: Session, subject: Subject, lesson_id: int, values: DueForm, zone: ZoneInfo) -> None:
    """Say until when a class hands in; a day without a time means its last minute.

    Work that was handed in before never costs more by it. Raises NotFound for a class that the person does not see or
    that is of another program, Forbidden for who does not teach it, Invalid without a day and for a time
    that the clocks skip.
    """
    content_policy.require_read(subject)
    place = academics.lesson_place(session, lesson_id)
    found = find_assignment(session, lesson_id)
    classes.read(session, subject, values.class_id, zone)
    record = queries.class_of_program(session, values.class_id, place.program_id)
    if record is None:
        raise NotFound("This class is not in the lesson’s program.")
    if not policy.may_set_due(subject, teaches=classes.teaches(session, subject, record.id, zone)):
        raise Forbidden("The date of a class is set by its instructors. Nothing was saved.")
    if values.day is None and not values.remove:
        raise _wrong(
            "day", "Enter a day. To take a date away, choose “Take the date away”. Nothing was saved."
        )
    due_at = None if values.day is None or values.remove else _moment(values.day, values.at, zone)
    take_turn(session, f"assignment {lesson_id}")
    former = queries.dues(session, found.id).get(record.id)
    if former == due_at:
        return
    queries.write_due(session, found.id, record.id, due_at, subject.user_id)
    history.record(
        session,
        subject,
        Action.ASSIGNMENT_DUE_SET,
        found.id,
        lesson_id=lesson_id,
        class_id=record.id,
        code=record.code,
        due_at=[former, due_at],
    )


@views.opens(Part.LESSONS, student=lambda found, _given: found.user_id)
def allowed(session: Session, subject: Subject, lesson_id: int, enrollment_id: int) -> AllowedTo:
    """What one student is allowed so far. Raises NotFound for a student whom the person does not see or who is not in
    the program, Forbidden for oneself and for who only reads."""
    place = academics.lesson_place(session, lesson_id)
    found = find_assignment(session, lesson_id)
    student = queries.student(session, enrollment_id)
    if student is None or student.program_id != place.program_id:
        raise NotFound(policy.NO_WORK)
    policy.require_grade(session, subject, student.user_id)
    own = queries.allowances(session, found.id, [enrollment_id]).get(enrollment_id)
    return AllowedTo(place, enrollment_id, student.user_id, student.full_name, own)


def allow(
    session: Session,
    subject: Subject,
    lesson_id: int,
    enrollment_id: int,
    values: AllowanceForm,
    zone: ZoneInfo,
) -> None:
    """Give one student more time, or another hand-in at any time, with the reason.

    What was allowed before stays where this says nothing of it. Raises NotFound for a student whom the person does not
    see or who is not in the program, Forbidden for oneself and for who only reads, Invalid for neither of the two.
    """
    known = allowed(session, subject, lesson_id, enrollment_id)
    found = find_assignment(session, lesson_id)
    if values.day is None and not values.again:
        raise _wrong("day", "Enter a day, or allow the student to hand in again.")
    if values.at is not None and values.day is None:
        raise _wrong("day", "Enter the day that the time belongs to. Nothing was saved.")
    take_turn(session, f"hand-ins {enrollment_id}")
    former = queries.allowances(session, found.id, [enrollment_id]).get(enrollment_id)
    before = former.due_at if former else None
    due_at = before if values.day is None else _moment(values.day, values.at, zone)
    works = queries.hand_ins_of(session, found.id, enrollment_id)
    again_after = former.again_after if former else None
    if values.again:
        if not works:
            raise _wrong("again", "This student has handed in nothing yet. Give more time instead.")
        again_after = works[0].number
    queries.write_allowance(
        session,
        found.id,
        enrollment_id,
        due_at=due_at,
        again_after=again_after,
        reason=values.reason,
        granted_by=subject.user_id,
        granted_at=clock.now(),
    )
    history.record(
        session,
        subject,
        Action.ASSIGNMENT_ALLOWED,
        found.id,
        student_id=known.user_id,
        enrollment_id=enrollment_id,
        reason=values.reason,
        lesson_id=lesson_id,
        title=known.lesson.title,
        due_at=[before, due_at],
        again_after=again_after,
    )


def _moment(day: date, at: time | None, zone: ZoneInfo) -> datetime:
    """The instant of a day and time on the school's wall; the last minute counts whole."""
    shown = datetime.combine(day, (at or _END_OF_DAY).replace(tzinfo=None, second=0, microsecond=0))
    found = wall.read_wall_clock(shown, zone, second=True).instant
    if found is None:
        raise _wrong("at", "This time does not exist: the clocks went forward over it that day.")
    # Pages name the minute, and who hands in within it is in time.
    return found + _REST_OF_MINUTE


def _wrong(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(name, sentence)])
