"""SQL of the desks: the audit trail and the outbox, which belong to no room."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, String, and_, cast, or_, select, true, union
from sqlalchemy.orm import Session

from app.core.search import matches
from app.db.models import Attendance, AuditEntry, Enrollment, LessonCompletion, OutboxMessage
from app.rules import hours
from app.web.listing import Listing
from app.web.paging import Paging

AUDIT_SORTS = {"at": AuditEntry.at, "who": AuditEntry.actor_name, "what": AuditEntry.action}
OUTBOX_SORTS = {
    "created": OutboxMessage.created_at,
    "to": OutboxMessage.to_address,
    "subject": OutboxMessage.subject,
    "sent": OutboxMessage.sent_at,
    "attempts": OutboxMessage.attempts,
}


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which entries of the audit trail: who, what, which record, from when until when (days at the school)."""

    actor_id: int | None = None
    action: str | None = None
    target: str | None = None
    target_id: str | None = None
    first: date | None = None
    last: date | None = None


def audit_listing(
    session: Session, wanted: TrailFilter, paging: Paging, zone: ZoneInfo
) -> Listing[AuditEntry]:
    """A page of the audit trail, newest first unless sorted otherwise. `q` searches names and actions."""
    conditions = matches(paging.q, AuditEntry.actor_name, AuditEntry.action, AuditEntry.target)
    for column, value in (
        (AuditEntry.actor_id, wanted.actor_id),
        (AuditEntry.action, wanted.action),
        (AuditEntry.target, wanted.target),
        (AuditEntry.target_id, wanted.target_id),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.first is not None:
        conditions.append(AuditEntry.at >= hours.start_of_day(wanted.first, zone))
    if wanted.last is not None:
        conditions.append(AuditEntry.at < hours.day_bounds(wanted.last, wanted.last, zone)[1])
    statement = select(AuditEntry).where(*conditions)
    ordered = statement.order_by(paging.order(AUDIT_SORTS, "-at"), AuditEntry.id.desc())
    return Listing(session, ordered, paging)


def audit_actions(session: Session) -> Sequence[str]:
    """Every action that stands in the trail, for the filter."""
    return session.scalars(select(AuditEntry.action).distinct().order_by(AuditEntry.action)).all()


def recent_entries(
    session: Session, targets: Collection[str], visible: Select[tuple[int]] | None, limit: int
) -> Sequence[AuditEntry]:
    """The newest entries about records of these tables, of nobody but the `visible` students (None: of everybody)."""
    return session.scalars(
        select(AuditEntry)
        .where(AuditEntry.target.in_(targets), true() if visible is None else _concerns(visible))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit)
    ).all()


def _concerns(visible: Select[tuple[int]]) -> ColumnElement[bool]:
    """The entry is about one of these students, or about what is taught."""
    people = select(cast(visible.subquery().c.id, String))
    own = select(cast(Enrollment.id, String)).where(Enrollment.user_id.in_(visible))
    return or_(
        AuditEntry.target.in_(("lessons", "modules", "programs", "content_packages")),
        AuditEntry.details["user_id"].astext.in_(people),
        AuditEntry.details["enrollment_id"].astext.in_(own),
        and_(AuditEntry.target == "enrollments", AuditEntry.target_id.in_(own)),
    )


def entries_about(session: Session, user_id: int, limit: int) -> Sequence[AuditEntry]:
    """The newest entries about a student: her own acts, and everything done to her account and records.

    Each part of the union runs on an index of the trail and stops at the limit.
    """

    def newest(*conditions: ColumnElement[bool]) -> Select[Any]:
        part = (
            select(AuditEntry.id, AuditEntry.at)
            .where(*conditions)
            .order_by(AuditEntry.at.desc())
            .limit(limit)
        )
        return select(part.subquery().c.id)

    def of_table(target: str, numbers: Select[Any]) -> Select[Any]:
        return newest(AuditEntry.target == target, AuditEntry.target_id.in_(numbers))

    enrollments = select(Enrollment.id).where(Enrollment.user_id == user_id)
    about = union(
        newest(AuditEntry.actor_id == user_id),
        newest(AuditEntry.target == "users", AuditEntry.target_id == str(user_id)),
        of_table("enrollments", select(cast(Enrollment.id, String)).where(Enrollment.user_id == user_id)),
        of_table("attendance", select(cast(Attendance.id, String)).where(Attendance.user_id == user_id)),
        of_table(
            "lesson_completions",
            select(cast(LessonCompletion.id, String)).where(LessonCompletion.enrollment_id.in_(enrollments)),
        ),
    )
    return session.scalars(
        select(AuditEntry)
        .where(AuditEntry.id.in_(select(about.subquery().c.id)))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit)
    ).all()


def outbox_listing(session: Session, paging: Paging) -> Listing[OutboxMessage]:
    """A page of the outbox, newest first unless sorted otherwise."""
    statement = select(OutboxMessage).where(
        *matches(paging.q, OutboxMessage.to_address, OutboxMessage.subject)
    )
    ordered = statement.order_by(paging.order(OUTBOX_SORTS, "-created"), OutboxMessage.id.desc())
    return Listing(session, ordered, paging)


def outbox_message(session: Session, message_id: int, *, lock: bool = False) -> OutboxMessage | None:
    """One message."""
    statement = select(OutboxMessage).where(OutboxMessage.id == message_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()
