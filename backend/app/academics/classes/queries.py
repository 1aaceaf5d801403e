"""Every SQL statement about classes, their timetables, instructors and seats."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict, register_invalid
from app.core.permissions import Role
from app.core.search import matches
from app.db.models import (
    ClassChange,
    ClassInstructor,
    ClassMeeting,
    ClassSeat,
    Enrollment,
    Module,
    Program,
    SchoolClass,
    User,
)
from app.db.ready import Page, Ready
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict("uq_classes_code", "Another class already has this code. Choose a different one.", "code")
register_invalid("check_classes_days", "The last day is before the first day.", "ends_on")
register_conflict("fk_classes_program_id", "This program has classes, so it cannot be deleted.")
register_conflict("fk_classes_module_id", "This module has classes of its own, so it cannot be deleted.")
register_conflict(
    "ex_class_instructors_once", "This person already teaches the class during that time.", "user_id"
)
register_conflict("uq_class_changes_one_a_day", "This day already has a change. Remove it first.", "day")
register_conflict("fk_class_seats_class_id", "This class has had students and cannot be deleted.")

Day = date | BindParameter[date]
T = TypeVar("T", SchoolClass, ClassMeeting, ClassChange, ClassInstructor, ClassSeat)


def get(session: Session, model: type[T], number: int, *, lock: bool = False) -> T | None:
    """A row by its number. `lock` holds it against other changes."""
    statement: Select[tuple[T]] = select(model).where(model.id == number)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


def remove(session: Session, model: type[T], number: int) -> None:
    """Delete a row and what the database deletes with it."""
    session.execute(delete(model).where(model.id == number))


# Conditions


def lasting(model: type[ClassSeat] | type[ClassInstructor], today: Day) -> ColumnElement[bool]:
    """Seats and assignments that are not over."""
    return or_(model.ends_on.is_(None), model.ends_on >= today)


def in_class(today: Day) -> ColumnElement[bool]:
    """Seats that are not over; in a class that is over, those of the students who stayed to its end or to that of
    their program, which ends the seat. Needs the class and the enrollment."""
    stayed = or_(ClassSeat.ends_on >= SchoolClass.ends_on, ClassSeat.ends_on == Enrollment.completed_at)
    return or_(lasting(ClassSeat, today), and_(SchoolClass.ends_on < today, stayed))


def taught_by(user_id: int | BindParameter[int], today: Day) -> ColumnElement[bool]:
    """Classes that somebody teaches, now or from a later day on."""
    return exists().where(
        ClassInstructor.class_id == SchoolClass.id,
        ClassInstructor.user_id == user_id,
        lasting(ClassInstructor, today),
    )


def students_of(user_id: int, today: date, ended_after: date) -> Select[tuple[int]]:
    """Account numbers of the students who sit in a class of this instructor's that ends after `ended_after`."""
    return (
        select(Enrollment.user_id)
        .join(ClassSeat, ClassSeat.enrollment_id == Enrollment.id)
        .join(SchoolClass, SchoolClass.id == ClassSeat.class_id)
        .join(ClassInstructor, ClassInstructor.class_id == SchoolClass.id)
        .where(
            ClassInstructor.user_id == user_id,
            lasting(ClassInstructor, today),
            lasting(ClassSeat, today),
            SchoolClass.ends_on > ended_after,
        )
    )


# Lists


def _seated(today: Day) -> Any:
    return (
        select(func.count())
        .select_from(ClassSeat)
        .join(Enrollment, Enrollment.id == ClassSeat.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .where(ClassSeat.class_id == SchoolClass.id, in_class(today), User.deleted_at.is_(None))
        .correlate(SchoolClass)
        .scalar_subquery()
    )


def _taught(today: Day) -> Any:
    names = (
        select(User.full_name.label("full_name"))
        .join(ClassInstructor, ClassInstructor.user_id == User.id)
        .where(ClassInstructor.class_id == SchoolClass.id, lasting(ClassInstructor, today))
        .correlate(SchoolClass)
        .distinct()
        .subquery()
    )
    joined = func.string_agg(names.c.full_name, func.concat(", ")).label("names")
    return select(func.coalesce(joined, "")).select_from(names).scalar_subquery()


def _listed(today: Day) -> Select[Any]:
    return (
        select(
            SchoolClass.id,
            SchoolClass.code,
            SchoolClass.name,
            SchoolClass.program_id,
            Program.name.label("program"),
            SchoolClass.module_id,
            Module.name.label("module"),
            SchoolClass.starts_on,
            SchoolClass.ends_on,
            SchoolClass.room,
            SchoolClass.capacity,
            _seated(today).label("students"),
            _taught(today).label("instructors"),
        )
        .join(Program, Program.id == SchoolClass.program_id)
        .outerjoin(Module, Module.id == SchoolClass.module_id)
    )


def classes(
    session: Session,
    paging: Paging,
    today: date,
    *,
    teacher_id: int | None,
    program_id: int | None,
    current: bool,
) -> Listing[Any]:
    """Classes, the newest first unless sorted otherwise; of one instructor, of one program, of the present."""
    statement = _listed(today)
    columns = (
        SchoolClass.code,
        SchoolClass.name,
        SchoolClass.room,
        Program.name,
        Module.name,
        _taught(today),
    )
    statement = statement.where(*matches(paging.q, *columns))
    if teacher_id is not None:
        statement = statement.where(taught_by(teacher_id, today))
    if program_id is not None:
        statement = statement.where(SchoolClass.program_id == program_id)
    if current:
        statement = statement.where(SchoolClass.ends_on >= today)
    order = paging.order(
        {
            "code": func.lower(SchoolClass.code),
            "name": func.lower(SchoolClass.name),
            "program": func.lower(Program.name),
            "starts": SchoolClass.starts_on,
            "ends": SchoolClass.ends_on,
            "room": func.lower(SchoolClass.room),
            "students": _seated(today),
        },
        "-starts",
    )
    return Listing(session, statement.order_by(order, SchoolClass.id.desc()), paging)


def listed(session: Session, class_id: int, today: date) -> Row[Any] | None:
    """One class as a list shows it."""
    return session.execute(_listed(today).where(SchoolClass.id == class_id)).one_or_none()


def listed_on(session: Session, day: date, *, teacher_id: int | None) -> Sequence[Any]:
    """Classes whose term holds a day, of one instructor or of all."""
    if teacher_id is None:
        return _LISTED_ON.rows(session, day=day)
    return _TAUGHT_ON.rows(session, day=day, teacher_id=teacher_id)


_DAY = bindparam("day", type_=Date)
_ON_DAY = (
    _listed(_DAY).where(SchoolClass.starts_on <= _DAY, SchoolClass.ends_on >= _DAY).order_by(SchoolClass.id)
)
_LISTED_ON = Ready(_ON_DAY)
_TAUGHT_ON = Ready(_ON_DAY.where(taught_by(bindparam("teacher_id", type_=Integer), _DAY)))
_LISTED_OF_STUDENT = Ready(
    _listed(_DAY)
    .where(
        SchoolClass.starts_on <= _DAY,
        SchoolClass.ends_on >= _DAY,
        exists().where(
            ClassSeat.class_id == SchoolClass.id,
            ClassSeat.enrollment_id == Enrollment.id,
            Enrollment.user_id == bindparam("user_id"),
            ClassSeat.starts_on <= _DAY,
            lasting(ClassSeat, _DAY),
        ),
    )
    .order_by(SchoolClass.id),
    page=Page.STUDENTS_FIRST,
)
_WEEKLY_OF = (
    select(ClassMeeting)
    .where(ClassMeeting.class_id.in_(bindparam("class_ids", expanding=True)))
    .order_by(ClassMeeting.weekday, ClassMeeting.starts_at, ClassMeeting.id)
)
_CHANGES_OF = (
    select(ClassChange)
    .where(ClassChange.class_id.in_(bindparam("class_ids", expanding=True)))
    .order_by(ClassChange.day, ClassChange.id)
)


def listed_of_student(session: Session, user_id: int, day: date) -> Sequence[Any]:
    """Classes in which a student sits on a day."""
    return _LISTED_OF_STUDENT.rows(session, user_id=user_id, day=day)


def seats_of(session: Session, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """ClassSeat and SchoolClass of every seat that these enrollments have or had."""
    return session.execute(
        select(ClassSeat, SchoolClass)
        .join(SchoolClass, SchoolClass.id == ClassSeat.class_id)
        .where(ClassSeat.enrollment_id.in_(enrollment_ids))
        .order_by(ClassSeat.id)
    ).all()


def teaches(session: Session, class_id: int, user_id: int, today: date) -> bool:
    """Whether somebody teaches the class, now or from a later day on."""
    statement = select(exists().where(SchoolClass.id == class_id, taught_by(user_id, today)))
    return bool(session.scalar(statement))


def teaches_program(session: Session, program_id: int, user_id: int, today: date) -> bool:
    """Whether somebody teaches a class of the program, now or from a later day on."""
    statement = select(exists().where(SchoolClass.program_id == program_id, taught_by(user_id, today)))
    return bool(session.scalar(statement))


# The timetable


def weekly_of(session: Session, class_ids: Collection[int]) -> Sequence[ClassMeeting]:
    """Weekly meetings, by day and hour."""
    return session.scalars(_WEEKLY_OF, {"class_ids": list(class_ids)}).all()


def changes_of(session: Session, class_ids: Collection[int]) -> Sequence[ClassChange]:
    """Changed days, in order."""
    return session.scalars(_CHANGES_OF, {"class_ids": list(class_ids)}).all()


def clear_weekly(session: Session, class_id: int) -> None:
    """Take all weekly meetings out."""
    session.execute(delete(ClassMeeting).where(ClassMeeting.class_id == class_id))


def beside(
    session: Session, record: SchoolClass, rooms: Collection[str], user_ids: Collection[int]
) -> Sequence[SchoolClass]:
    """Other classes of the same time that share a room or an instructor."""
    shares_room = func.lower(SchoolClass.room).in_([room.lower() for room in rooms]) if rooms else false()
    shares_person = exists().where(
        ClassInstructor.class_id == SchoolClass.id, ClassInstructor.user_id.in_(user_ids)
    )
    return session.scalars(
        select(SchoolClass)
        .where(
            SchoolClass.id != record.id,
            SchoolClass.starts_on <= record.ends_on,
            SchoolClass.ends_on >= record.starts_on,
            or_(shares_room, shares_person),
        )
        .order_by(SchoolClass.code)
    ).all()


# Instructors


def instructors_of(session: Session, class_ids: Collection[int]) -> Sequence[Row[Any]]:
    """id, class_id, user_id, full_name, starts_on, ends_on: those who teach longest first."""
    return session.execute(
        select(
            ClassInstructor.id,
            ClassInstructor.class_id,
            ClassInstructor.user_id,
            User.full_name,
            ClassInstructor.starts_on,
            ClassInstructor.ends_on,
        )
        .join(User, User.id == ClassInstructor.user_id)
        .where(ClassInstructor.class_id.in_(class_ids))
        .order_by(ClassInstructor.starts_on, User.full_name, ClassInstructor.id)
    ).all()


def staff(session: Session) -> Sequence[Row[Any]]:
    """Number and name of those who can teach: present people who are no students."""
    return session.execute(
        select(User.id, User.full_name)
        .where(User.deleted_at.is_(None), User.role != Role.STUDENT)
        .order_by(User.role, User.full_name, User.id)
    ).all()


def has_seats(session: Session, class_id: int) -> bool:
    """Whether anybody has ever sat in it."""
    return bool(session.scalar(select(exists().where(ClassSeat.class_id == class_id))))


# Choices


def program_choices(session: Session) -> Sequence[Row[Any]]:
    """Number and name of every program."""
    return session.execute(select(Program.id, Program.name).order_by(func.lower(Program.name))).all()


def module_choices(session: Session) -> Sequence[Row[Any]]:
    """id, program_id, name and the program's name of every module, in order."""
    return session.execute(
        select(Module.id, Module.program_id, Module.name, Program.name.label("program"))
        .join(Program, Program.id == Module.program_id)
        .order_by(func.lower(Program.name), Module.order_num, Module.id)
    ).all()


def module_names(session: Session, module_ids: Collection[int]) -> dict[int, str]:
    """Names of modules by their numbers."""
    rows = session.execute(select(Module.id, Module.name).where(Module.id.in_(module_ids))).tuples()
    return dict(rows.all())


def module_program(session: Session, module_id: int) -> int | None:
    """The program that a module belongs to."""
    return session.scalar(select(Module.program_id).where(Module.id == module_id))


def program_exists(session: Session, program_id: int) -> bool:
    return bool(session.scalar(select(exists().where(Program.id == program_id))))


def person(session: Session, user_id: int) -> User | None:
    """A present person."""
    return session.scalars(select(User).where(User.id == user_id, User.deleted_at.is_(None))).one_or_none()
