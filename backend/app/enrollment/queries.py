"""Every SQL statement about enrollments, completions and withdrawals."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Row,
    Select,
    String,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased, selectinload

from app.core.constraints import register_conflict, register_invalid
from app.core.permissions import Role
from app.core.search import about_people
from app.db.models import (
    Enrollment,
    EnrollmentStatus,
    Lesson,
    LessonCompletion,
    Module,
    Program,
    User,
    Withdrawal,
)
from app.db.ready import Page, Ready
from app.enrollment.lists import queries as lists
from app.rules.lesson_access import Access
from app.web.listing import Listing
from app.web.paging import Form, Paging

register_conflict(
    "uq_enrollments_one_active",
    "This student already has an active enrollment in this program.",
    "program_id",
)
register_invalid("check_progress_pct", "Progress must be between 0 and 100 percent.", "progress_pct")


ACTIVE = EnrollmentStatus.ACTIVE


# The documented queries (database documentation, "Querying the Database").
# As documented they show soft-deleted people, too; the pages leave them out, and show a page at a time.


def active_enrollments(session: Session, *, with_deleted: bool = False) -> Sequence[Row[Any]]:
    """The documented “List all active enrollments”, newest first: full_name, program_name, enrolled_at, numbers."""
    return session.execute(
        lists.active(with_deleted=with_deleted).order_by(
            Enrollment.enrolled_at.desc(), User.full_name, Enrollment.id
        )
    ).all()


def pending_withdrawals(
    session: Session, *, with_deleted: bool = False, visible: ColumnElement[bool] | None = None
) -> Sequence[Row[Any]]:
    """The documented “List pending withdrawals”, oldest first: full_name, program, requested_at, reason, numbers."""
    return session.execute(
        lists.pending_withdrawals(with_deleted=with_deleted)
        .where(true() if visible is None else visible)
        .order_by(Withdrawal.requested_at, Withdrawal.id)
    ).all()


def eligible_for_graduation(
    session: Session, *, with_deleted: bool = False, visible: ColumnElement[bool] | None = None
) -> Sequence[Row[Any]]:
    """The documented “Find students eligible for graduation”: full_name, program and the numbers, by name."""
    return session.execute(
        lists.eligible_for_graduation(with_deleted=with_deleted)
        .where(true() if visible is None else visible)
        .order_by(User.full_name, Enrollment.id)
    ).all()


def user_with_enrollments(session: Session, email: str) -> User | None:
    """The documented “Fetch user with enrollments”: the account of an address, its enrollments loaded."""
    return session.scalars(
        select(User)
        .where(User.email == email)
        .options(selectinload(User.enrollments))
        .execution_options(populate_existing=True)
    ).one_or_none()


# Lists


def enrollments(
    session: Session,
    paging: Paging,
    visible: Callable[[], ColumnElement[bool]],
    *,
    kept: Hashable | None,
    status: EnrollmentStatus | None = None,
    program_id: int | None = None,
    user_id: int | None = None,
) -> Listing[Any]:
    """Rows of what a list of enrollments shows; without soft-deleted people unless one is asked for.

    `kept` says all that decides about what is `visible`; None for a list whose statements are not kept.
    """
    found = about_people(session, paging.q, Enrollment.user_id, lists.BY_PROGRAM)

    def conditions(user: Any) -> list[ColumnElement[bool]]:
        given = ((Enrollment.status, status), (Enrollment.program_id, program_id), (Enrollment.user_id, user))
        chosen = [column == value for column, value in given if value is not None]
        return [*found, *chosen, visible(), *([lists.NOT_DELETED] if user_id is None else [])]

    def statement(user: Any = user_id) -> Select[Any]:
        order = paging.order(_SORTS, "-enrolled")
        return _listed().where(*conditions(user)).order_by(order, Enrollment.id.desc())

    def counting(user: Any = user_id) -> Select[Any]:
        return select(literal(1)).select_from(Enrollment).where(*conditions(user))

    form = None
    if kept is not None:
        user: Any = None if user_id is None else bindparam("user_id")
        values = {} if user_id is None else {"user_id": user_id}
        key = ("enrollments", kept, status, program_id, user_id is None)
        form = Form(key, lambda: (statement(user), counting(user)), values)
    return Listing(session, statement, paging, counting=counting, key=Enrollment.id, form=form)


_SORTS = {
    "student": func.lower(User.full_name),
    "program": func.lower(Program.name),
    "status": Enrollment.status,
    "enrolled": Enrollment.enrolled_at,
    "progress": Enrollment.progress_pct,
}


def listed(session: Session, enrollment_id: int) -> Row[Any] | None:
    """The same row for one enrollment, also of a soft-deleted person."""
    return session.execute(_listed().where(Enrollment.id == enrollment_id)).one_or_none()


def _listed() -> Select[Any]:
    return (
        select(
            Enrollment.id,
            Enrollment.user_id,
            User.full_name,
            User.email,
            Enrollment.program_id,
            Program.name.label("program_name"),
            Enrollment.status,
            Enrollment.enrolled_at,
            Enrollment.completed_at,
            func.coalesce(Enrollment.progress_pct, 0).label("progress_pct"),
        )
        .join(Enrollment.user)
        .join(Enrollment.program)
    )


def program_names(session: Session) -> Sequence[Row[Any]]:
    """Number and name of every program, by name: for choices."""
    return session.execute(
        select(Program.id, Program.name).order_by(func.lower(Program.name), Program.id)
    ).all()


def students(session: Session, limit: int) -> Sequence[Row[Any]]:
    """Email address and name of students, the newest accounts first: for suggestions."""
    return session.execute(
        select(User.email, User.full_name)
        .where(User.role == Role.STUDENT, User.deleted_at.is_(None))
        .order_by(User.id.desc())
        .limit(limit)
    ).all()


# One enrollment


_ENROLLMENT = select(Enrollment).where(Enrollment.id == bindparam("enrollment_id"))
_ENROLLMENT_HELD = _ENROLLMENT.with_for_update(key_share=True).execution_options(populate_existing=True)


def get(session: Session, enrollment_id: int, *, lock: bool = False) -> Enrollment | None:
    """An enrollment by its number; locked, nobody else changes it until the transaction ends."""
    statement = _ENROLLMENT_HELD if lock else _ENROLLMENT
    return session.scalars(statement, {"enrollment_id": enrollment_id}).one_or_none()


def student(session: Session, user_id: int) -> User | None:
    """An account, kept from being deleted or changed until the transaction ends."""
    return session.scalars(select(User).where(User.id == user_id).with_for_update(read=True)).one_or_none()


def program(session: Session, program_id: int) -> Program | None:
    return session.get(Program, program_id)


def has_active(session: Session, user_id: int, program_id: int) -> bool:
    """Whether the student has an active enrollment in the program."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Enrollment.user_id == user_id,
                    Enrollment.program_id == program_id,
                    Enrollment.status == ACTIVE,
                )
            )
        )
    )


# Lessons of an enrollment


@dataclass(frozen=True, slots=True)
class LessonRow:
    """A lesson of a program beside its completion, if any."""

    id: int
    title: str
    module_id: int
    module_name: str
    content_type: Any
    estimated_minutes: int | None
    optional: bool
    completed_at: Any
    source: str | None
    score_pct: Any


_LESSONS_OF = Ready(
    select(
        Enrollment.user_id,
        Lesson.id,
        Lesson.title,
        Module.id,
        Module.name,
        Lesson.content_type,
        Lesson.estimated_minutes,
        Lesson.optional,
        LessonCompletion.completed_at,
        LessonCompletion.source,
        LessonCompletion.score_pct,
    )
    .select_from(Enrollment)
    .outerjoin(Module, Module.program_id == Enrollment.program_id)
    .outerjoin(Lesson, Lesson.module_id == Module.id)
    .outerjoin(
        LessonCompletion,
        (LessonCompletion.lesson_id == Lesson.id) & (LessonCompletion.enrollment_id == Enrollment.id),
    )
    .where(Enrollment.id == bindparam("enrollment_id"))
    .order_by(Module.order_num, Module.id, Lesson.order_num, Lesson.id),
    page=Page.STUDENTS_STUDIES,
)


def lessons_of(session: Session, enrollment_id: int) -> tuple[int, list[LessonRow]] | None:
    """Whose enrollment it is, and every lesson of its program in order, with what is completed; None without one."""
    rows = _LESSONS_OF.rows(session, enrollment_id=enrollment_id)
    # A module without lessons, or a program without modules, comes as one row without a lesson.
    return (rows[0][0], [LessonRow(*row[1:]) for row in rows if row[1] is not None]) if rows else None


def access_of(session: Session, enrollment_id: int, lesson_id: int) -> Access:
    """What a lesson asks for before it is opened, and what an enrollment has completed of that."""
    first = aliased(Lesson)
    completed = select(LessonCompletion.lesson_id).where(LessonCompletion.enrollment_id == enrollment_id)
    row = session.execute(
        select(Lesson.opens_on, first.title, first.id.in_(completed), Lesson.id.in_(completed))
        .outerjoin(first, first.id == Lesson.after_lesson_id)
        .where(Lesson.id == lesson_id)
    ).one()
    return Access(row[0], row[1], bool(row[2]), row[3])


def studied(session: Session, user_id: int, lesson_id: int) -> tuple[int, EnrollmentStatus] | None:
    """The student's enrollment that opens this lesson, and its state: the active one before a completed one."""
    row = session.execute(
        select(Enrollment.id, Enrollment.status)
        .join(Module, Module.program_id == Enrollment.program_id)
        .join(Lesson, Lesson.module_id == Module.id)
        .where(
            Lesson.id == lesson_id,
            Enrollment.user_id == user_id,
            Enrollment.status.in_((EnrollmentStatus.ACTIVE, EnrollmentStatus.COMPLETED)),
        )
        .order_by(
            case((Enrollment.status == EnrollmentStatus.ACTIVE, 0), else_=1),
            Enrollment.enrolled_at.desc(),
            Enrollment.id.desc(),
        )
        .limit(1)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


@dataclass(frozen=True, slots=True)
class Learner:
    """A student in a program, by number and name."""

    enrollment_id: int
    user_id: int
    full_name: str
    program_id: int
    program_name: str


def learners(session: Session, enrollment_ids: Collection[int]) -> Sequence[Learner]:
    """Who is enrolled in what."""
    rows = session.execute(
        select(Enrollment.id, User.id, User.full_name, Program.id, Program.name)
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(Enrollment.id.in_(enrollment_ids))
    ).all()
    return [Learner(*row) for row in rows]


# Imports


def accounts_by_emails(session: Session, emails: Collection[str]) -> Mapping[str, User]:
    """The accounts with these addresses, by address; kept from being deleted until the transaction ends."""
    found = session.scalars(
        select(User)
        .where(User.email == func.any(bindparam("emails", list(emails), type_=ARRAY(String))))
        .order_by(User.id)
        .with_for_update(read=True)
    )
    return {user.email: user for user in found}


def active_pairs(session: Session, user_ids: Collection[int]) -> set[tuple[int, int]]:
    """Which of these people are active in which program."""
    rows = session.execute(
        select(Enrollment.user_id, Enrollment.program_id).where(
            Enrollment.user_id == func.any(id_array("ids", list(user_ids))), Enrollment.status == ACTIVE
        )
    )
    return {(row[0], row[1]) for row in rows}


def add_enrollments(session: Session, rows: Sequence[Mapping[str, Any]]) -> Sequence[Enrollment]:
    """Add many enrollments at once, in the order given."""
    statement = insert(Enrollment).returning(Enrollment, sort_by_parameter_order=True)
    return session.scalars(statement, [dict(row) for row in rows]).all()


def lock_enrollments(session: Session, ids: Collection[int]) -> Sequence[Enrollment]:
    """Enrollments kept from every change and every new reference until the transaction ends."""
    return session.scalars(
        select(Enrollment)
        .where(Enrollment.id.in_(ids))
        .order_by(Enrollment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def remove_enrollments(session: Session, ids: Collection[int]) -> None:
    """Take enrollments away for good: only those that an import has just made."""
    session.execute(
        delete(Enrollment).where(Enrollment.id.in_(ids)).execution_options(synchronize_session=False)
    )
    session.expire_all()


def id_array(name: str, values: Sequence[int]) -> Any:
    """Whole numbers as one parameter, however many there are."""
    return bindparam(name, list(values), type_=ARRAY(Integer))
