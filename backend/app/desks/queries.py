"""SQL of the desks: the audit trail and the outbox, which belong to no room."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, Select, Text, and_, bindparam, cast, or_, select, true
from sqlalchemy.orm import Session

from app.core.actions import DISCLOSURES, REFUSALS, Action
from app.core.search import matches
from app.db.models import AuditEntry, IssuedDocument, OutboxMessage
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


_NO_VIEW = AuditEntry.action != Action.RECORD_VIEWED.value
_HAPPENED = AuditEntry.action.not_in([Action.RECORD_VIEWED.value, *(one.value for one in REFUSALS)])

TAUGHT = ("lessons", "modules", "programs", "content_packages")
"""Tables whose entries concern no student."""


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which entries of the history: who, what, which record, about whom, from when until when (days at the school)."""

    actor_id: int | None = None
    action: str | None = None
    target: str | None = None
    target_id: str | None = None
    first: date | None = None
    last: date | None = None
    student_id: int | None = None
    enrollment_id: int | None = None
    views: str | None = None
    """`with` for those that say who looked too, `only` for nothing else; without, they are left out."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a word that was searched for can mean: actions by their sentences, people by their names."""

    actions: Sequence[str]
    people: Sequence[int]


def audit_listing(
    session: Session,
    wanted: TrailFilter,
    meant: Iterable[Meant],
    paging: Paging,
    zone: ZoneInfo,
    hidden: ColumnElement[bool] | None = None,
) -> Listing[AuditEntry]:
    """The history without what is `hidden`, newest first unless sorted otherwise; each search word narrows it."""
    conditions: list[ColumnElement[bool]] = [
        or_(
            AuditEntry.action.in_(word.actions),
            AuditEntry.actor_id.in_(word.people),
            AuditEntry.student_id.in_(word.people),
        )
        for word in meant
    ]
    for column, value in (
        (AuditEntry.actor_id, wanted.actor_id),
        (AuditEntry.action, wanted.action),
        (AuditEntry.target, wanted.target),
        (AuditEntry.target_id, wanted.target_id),
        (AuditEntry.student_id, wanted.student_id),
        (AuditEntry.enrollment_id, wanted.enrollment_id),
    ):
        if value is not None:
            conditions.append(column == value)
    if hidden is not None:
        conditions.append(~hidden)
    if wanted.views == "only":
        conditions.append(AuditEntry.purpose.is_not(None))
    elif wanted.views is None and wanted.action not in DISCLOSURES:
        conditions.append(_NO_VIEW)
    if wanted.first is not None:
        conditions.append(AuditEntry.at >= hours.start_of_day(wanted.first, zone))
    if wanted.last is not None:
        conditions.append(AuditEntry.at < hours.day_bounds(wanted.last, wanted.last, zone)[1])
    statement = select(AuditEntry).where(*conditions)
    ordered = statement.order_by(paging.order(AUDIT_SORTS, "-at"), AuditEntry.id.desc())
    return Listing(session, ordered, paging)


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
    return or_(AuditEntry.target.in_(TAUGHT), AuditEntry.student_id.in_(visible))


def entries_about(
    session: Session, student_id: int, limit: int, visible: ColumnElement[bool]
) -> Sequence[AuditEntry]:
    """The newest entries that concern a student, the last to happen first.

    Of documents the `visible` alone, and nothing of complaints: whoever reads a timeline may be whom one is about.
    """
    hidden = (
        select(IssuedDocument.id)
        .where(cast(IssuedDocument.id, Text) == AuditEntry.target_id, ~visible)
        .exists()
    )
    statement = _ABOUT_STUDENT.where(
        AuditEntry.target != "complaints", ~and_(AuditEntry.target == "issued_documents", hidden)
    )
    return session.scalars(statement, {"student_id": student_id, "most": limit}).all()


_ABOUT_STUDENT = (
    select(AuditEntry)
    .where(AuditEntry.student_id == bindparam("student_id"), _HAPPENED)
    .order_by(AuditEntry.occurred_at.desc(), AuditEntry.id.desc())
    .limit(bindparam("most", type_=Integer))
)


def views_listing(session: Session, student_id: int, paging: Paging) -> Listing[AuditEntry]:
    """Who looked at a student's records, the last first unless sorted otherwise."""
    words = matches(paging.q, AuditEntry.actor_name)
    statement = select(AuditEntry).where(
        AuditEntry.student_id == student_id, AuditEntry.purpose.is_not(None), *words
    )
    return Listing(
        session, statement.order_by(paging.order(AUDIT_SORTS, "-at"), AuditEntry.id.desc()), paging
    )


def outbox_listing(
    session: Session, paging: Paging, hidden: ColumnElement[bool] | None
) -> Listing[OutboxMessage]:
    """A page of the outbox without what is `hidden`, newest first unless sorted otherwise."""
    conditions = matches(paging.q, OutboxMessage.to_address, OutboxMessage.subject)
    statement = select(OutboxMessage).where(*conditions, *([] if hidden is None else [~hidden]))
    ordered = statement.order_by(paging.order(OUTBOX_SORTS, "-created"), OutboxMessage.id.desc())
    return Listing(session, ordered, paging)


def outbox_message(
    session: Session, message_id: int, hidden: ColumnElement[bool] | None, *, lock: bool = False
) -> OutboxMessage | None:
    """One message, unless it is `hidden`."""
    statement = select(OutboxMessage).where(OutboxMessage.id == message_id)
    if hidden is not None:
        statement = statement.where(~hidden)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()
