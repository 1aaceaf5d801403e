"""Every SQL statement about placements."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Row,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict, register_invalid
from app.core.search import matches
from app.db.models import (
    Enrollment,
    EnrollmentStatus,
    Externship,
    ExternshipEvaluation,
    ExternshipHours,
    ExternshipLink,
    ExternshipPlacement,
    ExternshipRubric,
    ExternshipSupervisor,
    Program,
    User,
    Withdrawal,
)
from app.db.ready import Page, Ready
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

register_invalid("check_externship_placements_days", "The last day must not be before the first.", "ends_on")
register_conflict(
    "check_externships_log",
    "The hours of an externship are those its supervisor confirmed, and cannot be set by hand.",
)
register_conflict(
    "check_externships_verification",
    "An externship is verified together with the day and the supporting document. Nothing was saved.",
)


def _sums() -> Any:
    hours = ExternshipHours
    return (
        select(
            func.coalesce(func.sum(hours.minutes), 0).label("logged_minutes"),
            func.coalesce(func.sum(hours.minutes).filter(hours.state == "confirmed"), 0).label(
                "confirmed_minutes"
            ),
            func.count().filter(hours.state == "logged").label("waiting_days"),
            func.count().filter(hours.state == "disputed").label("disputed_days"),
            func.max(hours.day).label("last_day"),
        )
        .where(hours.externship_id == Externship.id)
        .correlate(Externship)
        .lateral("sums")
    )


def _listed(today: date) -> tuple[Select[Any], Any, Any]:
    """Externships with what belongs to them; the expression of their state, and the sums of their log."""
    sums = _sums()
    place, day = ExternshipPlacement, bindparam("placement_today", today, Date)
    state = case(
        (Externship.verified.is_(True), "verified"),
        (place.externship_id.is_(None), "without_log"),
        (sums.c.disputed_days > 0, "disputed"),
        (place.starts_on > day, "planned"),
        (or_(place.ends_on < day, Externship.total_hours >= place.hours_required), "to_verify"),
        else_="under_way",
    )
    statement = (
        select(
            Externship.id,
            Externship.user_id,
            User.full_name,
            User.email,
            place.enrollment_id,
            Program.id.label("program_id"),
            Program.name.label("program"),
            place.site_id,
            Externship.site_name.label("site"),
            Externship.site_address,
            place.supervisor_id,
            Externship.supervisor_name.label("supervisor"),
            Externship.supervisor_email,
            ExternshipSupervisor.title.label("supervisor_title"),
            place.starts_on,
            place.ends_on,
            place.hours_required,
            func.coalesce(Externship.total_hours, 0).label("total_hours"),
            sums.c.logged_minutes,
            sums.c.confirmed_minutes,
            sums.c.waiting_days,
            sums.c.disputed_days,
            sums.c.last_day,
            state.label("state"),
            Externship.verified,
            Externship.verified_at,
            Externship.verification_doc_url,
            place.document_sha256,
            place.document_type,
        )
        .join(User, User.id == Externship.user_id)
        .outerjoin(place, place.externship_id == Externship.id)
        .outerjoin(Enrollment, Enrollment.id == place.enrollment_id)
        .outerjoin(Program, Program.id == Enrollment.program_id)
        .outerjoin(ExternshipSupervisor, ExternshipSupervisor.id == place.supervisor_id)
        .join(sums, sums.c.logged_minutes.is_not(None))
    )
    return statement, state, sums


def _in_state(kind: Any, state: str) -> ColumnElement[bool]:
    # Said besides, so that no log of the past is added up for those that are open.
    return and_(func.coalesce(Externship.verified, False) == (state == "verified"), kind == state)


def listing(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    today: date,
    *,
    state: str | None,
    site_id: int | None,
    program_id: int | None,
) -> Listing[Any]:
    """Externships, those that began last first unless sorted otherwise."""
    statement, kind, sums = _listed(today)
    words = matches(paging.q, User.search_text, Externship.site_name, Externship.supervisor_name)
    statement = statement.where(visible, User.deleted_at.is_(None), *words)
    if state is not None:
        statement = statement.where(_in_state(kind, state))
    if site_id is not None:
        statement = statement.where(ExternshipPlacement.site_id == site_id)
    if program_id is not None:
        statement = statement.where(Program.id == program_id)
    order = paging.order(
        {
            "student": func.lower(User.full_name),
            "program": func.lower(Program.name),
            "site": func.lower(Externship.site_name),
            "starts": ExternshipPlacement.starts_on,
            "ends": ExternshipPlacement.ends_on,
            "state": kind,
            "confirmed": sums.c.confirmed_minutes,
        },
        "-starts",
    )
    return Listing(session, statement.order_by(order, Externship.id.desc()), paging)


def required_hours(session: Session, enrollment_ids: Sequence[int]) -> dict[int, int]:
    """Hours that placements ask for, by enrollment; those without a placement are left out."""
    place = ExternshipPlacement
    rows = session.execute(
        select(place.enrollment_id, func.sum(place.hours_required))
        .where(place.enrollment_id.in_(enrollment_ids))
        .group_by(place.enrollment_id)
    )
    return {row[0]: int(row[1] or 0) for row in rows}


def to_verify(visible: ColumnElement[bool], today: date, zone: ZoneInfo) -> Select[Any]:
    """Externships that wait to be verified, for the queue; since the beginning of their last day at the school."""
    statement, kind, _sums_of = _listed(today)
    return statement.where(
        visible, User.deleted_at.is_(None), _in_state(kind, "to_verify")
    ).with_only_columns(
        *line(
            number=Externship.id,
            student_id=Externship.user_id,
            about=User.full_name,
            what=Externship.site_name,
            since=func.timezone(zone.key, cast(ExternshipPlacement.ends_on, DateTime(timezone=False))),
            href=func.concat("/externships/", Externship.id),
        ),
        maintain_column_froms=True,
    )


def count(session: Session, visible: ColumnElement[bool], today: date, state: str) -> int:
    """How many externships are in a state."""
    statement, kind, _sums_of = _listed(today)
    statement = statement.where(visible, User.deleted_at.is_(None), _in_state(kind, state))
    return session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def one(session: Session, externship_id: int, today: date) -> Row[Any] | None:
    """One externship with what belongs to it."""
    statement, _state, _sums_of = _listed(today)
    return session.execute(statement.where(Externship.id == externship_id)).one_or_none()


def of_student(session: Session, user_id: int, today: date) -> Sequence[Row[Any]]:
    """A student's externships, the newest first."""
    statement, _state, _sums_of = _listed(today)
    return session.execute(
        statement.where(Externship.user_id == user_id).order_by(
            ExternshipPlacement.starts_on.desc().nulls_last(), Externship.id.desc()
        )
    ).all()


# Every student's first page asks for it.
_DISPUTED_OF_STUDENT = Ready(
    select(func.count())
    .select_from(ExternshipHours)
    .join(Externship, Externship.id == ExternshipHours.externship_id)
    .where(Externship.user_id == bindparam("user_id"), ExternshipHours.state == "disputed"),
    page=Page.STUDENTS_FIRST,
)


def disputed_of_student(session: Session, user_id: int) -> int:
    """How many of a student's days their supervisors disputed."""
    return int(_DISPUTED_OF_STUDENT.rows(session, user_id=user_id)[0][0])


def of_enrollments(session: Session, enrollment_ids: Sequence[int], today: date) -> Sequence[Row[Any]]:
    """The placements of these enrollments."""
    statement, _state, _sums_of = _listed(today)
    return session.execute(
        statement.where(ExternshipPlacement.enrollment_id.in_(enrollment_ids)).order_by(Externship.id)
    ).all()


def locked(session: Session, externship_id: int) -> tuple[Externship, ExternshipPlacement] | None:
    """An externship with its placement. Its own row is locked first: whatever changes its log, its days or its
    verification waits here for whoever else does."""
    record = session.scalars(
        select(Externship)
        .where(Externship.id == externship_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if record is None:
        return None
    place = session.scalars(
        select(ExternshipPlacement)
        .where(ExternshipPlacement.externship_id == externship_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    return None if place is None else (record, place)


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


def at_site(
    session: Session, site_id: int, first: date, last: date, *, but: int | None
) -> list[tuple[date, date]]:
    """First and last days of the placements at a site that touch these days."""
    place = ExternshipPlacement
    statement = select(place.starts_on, place.ends_on).where(
        place.site_id == site_id, place.starts_on <= last, place.ends_on >= first
    )
    if but is not None:
        statement = statement.where(place.externship_id != but)
    return [(row.starts_on, row.ends_on) for row in session.execute(statement)]


def same_place(session: Session, enrollment_id: int, site_id: int, first: date, last: date) -> bool:
    """Whether the enrollment is placed at this site on some of these days already."""
    place = ExternshipPlacement
    return bool(
        session.scalar(
            select(
                select(place.externship_id)
                .where(
                    place.enrollment_id == enrollment_id,
                    place.site_id == site_id,
                    place.starts_on <= last,
                    place.ends_on >= first,
                )
                .exists()
            )
        )
    )


def _enrollments() -> Select[Any]:
    requested = (
        select(func.max(Withdrawal.moment)).where(Withdrawal.enrollment_id == Enrollment.id).scalar_subquery()
    )
    return (
        select(
            Enrollment.id,
            Enrollment.user_id,
            User.full_name,
            User.email,
            User.deleted_at,
            Program.name.label("program"),
            Enrollment.status,
            Enrollment.enrolled_at,
            Enrollment.completed_at,
            requested.label("requested_at"),
        )
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
    )


def enrollment(session: Session, enrollment_id: int) -> Row[Any] | None:
    """An enrollment with its student and its days; its end waits until the transaction is over."""
    return session.execute(
        _enrollments().where(Enrollment.id == enrollment_id).with_for_update(read=True, of=Enrollment)
    ).one_or_none()


def enrollment_choices(session: Session, visible: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """The active enrollments, by the student's name."""
    return session.execute(
        _enrollments()
        .where(Enrollment.status == EnrollmentStatus.ACTIVE, User.deleted_at.is_(None), visible)
        .order_by(func.lower(User.full_name), Enrollment.id)
    ).all()


def entries(session: Session, externship_id: int) -> Sequence[ExternshipHours]:
    """The log of an externship, the newest day first."""
    return session.scalars(
        select(ExternshipHours)
        .where(ExternshipHours.externship_id == externship_id)
        .order_by(ExternshipHours.starts_at.desc(), ExternshipHours.id.desc())
        .execution_options(populate_existing=True)
    ).all()


def links(session: Session, externship_id: int) -> Sequence[Row[Any]]:
    """The links of an externship with the supervisor's name, the newest first."""
    return session.execute(
        select(ExternshipLink, ExternshipSupervisor.name.label("supervisor"))
        .join(ExternshipSupervisor, ExternshipSupervisor.id == ExternshipLink.supervisor_id)
        .where(ExternshipLink.externship_id == externship_id)
        .order_by(ExternshipLink.id.desc())
        .limit(60)
    ).all()


def evaluations(session: Session, externship_id: int) -> Sequence[Row[Any]]:
    """The evaluations of an externship with the skills of their rubric, the newest first."""
    return session.execute(
        select(ExternshipEvaluation, ExternshipRubric.skills)
        .join(ExternshipRubric, ExternshipRubric.id == ExternshipEvaluation.rubric_id)
        .where(ExternshipEvaluation.externship_id == externship_id)
        .order_by(ExternshipEvaluation.id.desc())
    ).all()


def day_outside(session: Session, externship_id: int, first: date, last: date) -> date | None:
    """A logged day outside these days."""
    return session.scalar(
        select(func.min(ExternshipHours.day)).where(
            ExternshipHours.externship_id == externship_id,
            or_(ExternshipHours.day < first, ExternshipHours.day > last),
        )
    )


def verified_minutes(session: Session, enrollment_ids: Sequence[int]) -> dict[int, int]:
    """Minutes of verified externships by enrollment: the only ones that count."""
    rows = session.execute(
        select(ExternshipPlacement.enrollment_id, func.sum(ExternshipHours.minutes))
        .join(Externship, Externship.id == ExternshipPlacement.externship_id)
        .join(ExternshipHours, ExternshipHours.externship_id == Externship.id)
        .where(
            ExternshipPlacement.enrollment_id.in_(enrollment_ids),
            Externship.verified.is_(True),
            ExternshipHours.state == "confirmed",
        )
        .group_by(ExternshipPlacement.enrollment_id)
    )
    return {row[0]: int(row[1]) for row in rows}
