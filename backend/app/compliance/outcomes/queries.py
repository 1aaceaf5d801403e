"""Every SQL statement about outcomes."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Row, Select, and_, case, cast, func, select
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.core.permissions import Role
from app.core.search import matches
from app.db.models import EmploymentOutcome, Enrollment, EnrollmentStatus, Program, User, Withdrawal
from app.rules.outcomes import Ending, Enrolled, Placement
from app.web.listing import Listing
from app.web.paging import Paging

_CHANGED = (
    "Somebody else has just recorded an outcome of this graduate. Nothing was saved; open the page again."
)
register_conflict("uq_employment_outcomes_supersedes", _CHANGED)
register_conflict("uq_employment_outcomes_first", _CHANGED)

_Later, _Recorder = aliased(EmploymentOutcome), aliased(User)


def _current() -> Any:
    """Outcomes that no later one supersedes."""
    later = select(_Later.id).where(_Later.supersedes_id == EmploymentOutcome.id)
    return select(EmploymentOutcome).where(~later.exists()).subquery("current_outcome")


def _ended_on(zone: ZoneInfo) -> ColumnElement[date]:
    """The day at the school on which an enrollment was completed, or its withdrawal was requested."""
    requested = (
        select(func.max(cast(func.timezone(zone.key, Withdrawal.moment), Date)))
        .where(Withdrawal.enrollment_id == Enrollment.id)
        .scalar_subquery()
    )
    return case(
        (Enrollment.status == EnrollmentStatus.COMPLETED, Enrollment.completed_at),
        (Enrollment.status == EnrollmentStatus.WITHDRAWN, requested),
    )


def enrollments(session: Session, zone: ZoneInfo) -> Iterator[tuple[int, str, Enrolled]]:
    """Every enrollment for the counts, deleted people's too: its program's number and name, and what the rule needs."""
    current = _current()
    rows = session.execute(
        select(
            Enrollment.program_id,
            Program.name,
            Enrollment.enrolled_at,
            Enrollment.status,
            _ended_on(zone).label("ended_on"),
            current.c.status.label("placement"),
        )
        .join(Program, Program.id == Enrollment.program_id)
        .outerjoin(current, current.c.enrollment_id == Enrollment.id)
        .execution_options(yield_per=2_000)
    )
    for row in rows:
        ending = None if row.status is EnrollmentStatus.ACTIVE else Ending(row.status.value)
        placement = Placement(row.placement) if row.placement else None
        yield row.program_id, row.name, Enrolled(row.enrolled_at, row.ended_on, ending, placement)


DELETED_STUDENTS = select(User.id).where(User.deleted_at.is_not(None), User.role == Role.STUDENT)
"""Students whose accounts were deleted; they enrolled and graduated all the same."""


def is_deleted_student(session: Session, user_id: int) -> bool:
    """Whether this is the deleted account of a student."""
    return session.scalar(DELETED_STUDENTS.where(User.id == user_id)) is not None


def first_day(session: Session) -> date | None:
    """The first day of the first enrollment."""
    return session.scalar(select(func.min(Enrollment.enrolled_at)))


def programs(session: Session) -> list[tuple[int, str]]:
    """Number and name of each program, by name."""
    rows = session.execute(select(Program.id, Program.name).order_by(func.lower(Program.name))).tuples()
    return list(rows.all())


def _listed(zone: ZoneInfo) -> Select[Any]:
    current = _current()
    return (
        select(
            Enrollment.id,
            Enrollment.user_id,
            User.full_name,
            Program.name.label("program"),
            Enrollment.program_id,
            Enrollment.enrolled_at,
            Enrollment.completed_at,
            func.coalesce(current.c.status, "pending").label("outcome"),
            current.c.employer,
            current.c.title,
            current.c.since,
            current.c.reason,
            current.c.evidence,
            current.c.recorded_at,
            _Recorder.full_name.label("recorder"),
        )
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .outerjoin(current, current.c.enrollment_id == Enrollment.id)
        .outerjoin(_Recorder, _Recorder.id == current.c.recorded_by)
        .where(Enrollment.status == EnrollmentStatus.COMPLETED)
    )


def graduates(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    zone: ZoneInfo,
    *,
    between: tuple[date, date] | None,
    program_id: int | None,
    outcome: str | None,
) -> Listing[Any]:
    """Graduates with what is known of their employment, the latest first unless sorted otherwise."""
    inner = _listed(zone).where(visible).subquery()
    statement = select(inner)
    if between is not None:
        # As the rule counts: who was completed before they were enrolled counts on their first day.
        day = func.greatest(inner.c.completed_at, inner.c.enrolled_at)
        statement = statement.where(and_(day >= between[0], day <= between[1]))
    if program_id is not None:
        statement = statement.where(inner.c.program_id == program_id)
    if outcome == "pending":
        statement = statement.where(inner.c.outcome.in_(("pending", "seeking")))
    elif outcome is not None:
        statement = statement.where(inner.c.outcome == outcome)
    statement = statement.where(*matches(paging.q, inner.c.full_name, inner.c.program, inner.c.employer))
    sorts = {
        "student": func.lower(inner.c.full_name),
        "program": func.lower(inner.c.program),
        "completed": inner.c.completed_at,
        "outcome": inner.c.outcome,
        "employer": func.lower(inner.c.employer),
    }
    order = paging.order(sorts, "-completed")
    return Listing(session, statement.order_by(order, inner.c.id.desc()), paging)


def enrollment(session: Session, enrollment_id: int, *, lock: bool = False) -> Row[Any] | None:
    """id, user_id, full_name, deleted_at, program, status, enrolled_at and completed_at of one enrollment."""
    statement = (
        select(
            Enrollment.id,
            Enrollment.user_id,
            User.full_name,
            User.deleted_at,
            Program.name.label("program"),
            Enrollment.status,
            Enrollment.enrolled_at,
            Enrollment.completed_at,
        )
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .where(Enrollment.id == enrollment_id)
    )
    if lock:
        statement = statement.with_for_update(of=Enrollment)
    return session.execute(statement).one_or_none()


def records_of(session: Session, enrollment_id: int) -> Sequence[Row[Any]]:
    """EmploymentOutcome and who recorded it, the newest first."""
    return session.execute(
        select(EmploymentOutcome, _Recorder.full_name.label("recorder"))
        .outerjoin(_Recorder, _Recorder.id == EmploymentOutcome.recorded_by)
        .where(EmploymentOutcome.enrollment_id == enrollment_id)
        .order_by(EmploymentOutcome.id.desc())
    ).all()


def add(session: Session, row: EmploymentOutcome) -> None:
    session.add(row)
    session.flush()
