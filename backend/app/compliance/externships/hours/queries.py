"""Every SQL statement about logged hours."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict, register_invalid
from app.core.search import matches
from app.db.models import (
    Enrollment,
    Externship,
    ExternshipHours,
    ExternshipPlacement,
    Program,
    User,
)
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict(
    "ex_externship_hours_overlap",
    "These hours overlap others that you have logged. Nothing was saved; look at that day again.",
    "starts_at",
)
register_conflict("uq_externship_hours_request", "These hours were saved a moment ago.")
register_conflict(
    "check_externship_hours_verified",
    "The hours of this externship are verified, so nothing was changed. The school office can take the verification "
    "back first.",
)
register_invalid("check_externship_hours_length", "This is more than 24 hours. Check the times.", "ends_at")
register_invalid("check_externship_hours_ends_at", "The end is not after the start.", "ends_at")
register_invalid(
    "check_externship_hours_break",
    "The break is as long as the day. Enter the minutes of the break alone.",
    "break_minutes",
)


def get(session: Session, hours_id: int) -> ExternshipHours | None:
    """One day's hours, as they are now."""
    return session.scalars(
        select(ExternshipHours)
        .where(ExternshipHours.id == hours_id)
        .execution_options(populate_existing=True)
    ).one_or_none()


def by_request(session: Session, externship_id: int, request: UUID) -> ExternshipHours | None:
    """What this form has saved already."""
    return session.scalars(
        select(ExternshipHours).where(
            ExternshipHours.externship_id == externship_id, ExternshipHours.request == request
        )
    ).one_or_none()


def add(session: Session, row: ExternshipHours) -> None:
    """Write a day's hours; the minutes are known afterwards."""
    session.add(row)
    session.flush()
    session.refresh(row)


def remove(session: Session, row: ExternshipHours) -> None:
    """Take a day's hours out."""
    session.delete(row)
    session.flush()


def of_week(session: Session, externship_id: int, first: date, last: date) -> Sequence[ExternshipHours]:
    """The hours of some days of an externship, in order, as they are now."""
    return session.scalars(
        select(ExternshipHours)
        .where(
            ExternshipHours.externship_id == externship_id,
            ExternshipHours.day >= first,
            ExternshipHours.day <= last,
        )
        .order_by(ExternshipHours.starts_at, ExternshipHours.id)
        .execution_options(populate_existing=True)
    ).all()


def listing(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    *,
    state: str | None,
    first: date | None,
    last: date | None,
    program_id: int | None,
) -> Listing[Any]:
    """Logged days, the newest first unless sorted otherwise; `counts` says whether they are verified."""
    entry = ExternshipHours
    statement = (
        select(
            entry.id,
            entry.externship_id,
            Externship.user_id,
            User.full_name,
            Program.name.label("program"),
            Externship.site_name.label("site"),
            Externship.supervisor_name.label("supervisor"),
            entry.day,
            entry.starts_at,
            entry.ends_at,
            entry.break_minutes,
            entry.minutes,
            entry.did,
            entry.state,
            entry.dispute,
            func.coalesce(Externship.verified, False).label("counts"),
        )
        .join(Externship, Externship.id == entry.externship_id)
        .join(ExternshipPlacement, ExternshipPlacement.externship_id == Externship.id)
        .join(Enrollment, Enrollment.id == ExternshipPlacement.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .join(User, User.id == Externship.user_id)
        .where(visible, User.deleted_at.is_(None))
        .where(*matches(paging.q, User.search_text, Externship.site_name))
    )
    if state is not None:
        statement = statement.where(entry.state == state)
    if first is not None:
        statement = statement.where(entry.day >= first)
    if last is not None:
        statement = statement.where(entry.day <= last)
    if program_id is not None:
        statement = statement.where(Program.id == program_id)
    order = paging.order(
        {
            "day": entry.day,
            "student": func.lower(User.full_name),
            "site": func.lower(Externship.site_name),
            "minutes": entry.minutes,
            "state": entry.state,
        },
        "-day",
    )
    return Listing(session, statement.order_by(order, entry.id.desc()), paging)
