"""SQL of the security page: sign-ins, refusals, new devices and keys, out of the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Row, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from app.core.actions import Action
from app.db.models import AuditEntry
from app.rules import hours
from app.web.listing import Listing
from app.web.paging import Paging

SORTS = {"at": AuditEntry.at, "what": AuditEntry.action, "where": AuditEntry.ip}


def _named(*beginnings: str) -> ColumnElement[bool]:
    return AuditEntry.action.in_([action.value for action in Action if action.value.startswith(beginnings)])


KINDS: dict[str, tuple[str, ColumnElement[bool]]] = {
    "failures": ("Failed sign-ins", AuditEntry.action == Action.SIGN_IN_FAILED.value),
    "refusals": ("Refused requests", AuditEntry.action == Action.ACCESS_REFUSED.value),
    "devices": (
        "New devices of staff",
        and_(
            AuditEntry.action == Action.SESSION_OPENED.value,
            AuditEntry.details["new_device"].as_boolean(),
            # Students use the school's tablets and their own phones: that theirs are new says nothing.
            AuditEntry.student_id.is_(None),
        ),
    ),
    "keys": ("Keys and tokens", _named("api_token.", "xapi_credential.", "signing_key.")),
    "access": (
        "Passwords, factors and duties",
        _named("factor", "passkey", "recovery_code", "user.duty", "user.password"),
    ),
    "viruses": ("Viruses in uploaded files", AuditEntry.action == Action.FILE_INFECTED.value),
    "alerts": ("Alerts", AuditEntry.action == Action.SECURITY_ALERTED.value),
}
"""What the page shows, by the name of the filter: a title, and which entries of the history they are."""


@dataclass(frozen=True, slots=True)
class SecurityFilter:
    """Which events: of one kind, from when until when (days at the school), from one network address."""

    kind: str | None = None
    first: date | None = None
    last: date | None = None
    address: str | None = None


def listing(
    session: Session,
    wanted: SecurityFilter,
    people: Sequence[Sequence[int]],
    paging: Paging,
    zone: ZoneInfo,
    hidden: ColumnElement[bool] | None,
) -> Listing[AuditEntry]:
    """The events without what is `hidden`, newest first unless sorted otherwise.

    Each search word means some `people`, or an address.
    """
    conditions: list[ColumnElement[bool]] = [
        KINDS[wanted.kind][1] if wanted.kind else or_(*(condition for _, condition in KINDS.values()))
    ]
    if hidden is not None:
        conditions.append(~hidden)
    for word, numbers in zip(paging.q.split(), people, strict=True):
        accounts = and_(AuditEntry.target == "users", AuditEntry.target_id.in_([str(one) for one in numbers]))
        conditions.append(or_(AuditEntry.actor_id.in_(numbers), accounts, AuditEntry.ip == word[:45]))
    if wanted.address is not None:
        conditions.append(AuditEntry.ip == wanted.address)
    if wanted.first is not None:
        conditions.append(AuditEntry.at >= hours.start_of_day(wanted.first, zone))
    if wanted.last is not None:
        conditions.append(AuditEntry.at < hours.day_bounds(wanted.last, wanted.last, zone)[1])
    statement = select(AuditEntry).where(*conditions)
    return Listing(session, statement.order_by(paging.order(SORTS, "-at"), AuditEntry.id.desc()), paging)


def by_day(session: Session, since: datetime, zone: ZoneInfo) -> Sequence[Row[Any]]:
    """Sign-ins, failed ones and refused requests since a moment: day at the school, action, how many."""
    counted = (Action.SESSION_OPENED.value, Action.SIGN_IN_FAILED.value, Action.ACCESS_REFUSED.value)
    day = cast(func.timezone(zone.key, AuditEntry.at), Date).label("day")
    times = func.sum(func.coalesce(AuditEntry.details["times"].as_integer(), 1)).label("times")
    return session.execute(
        select(day, AuditEntry.action, times)
        .where(AuditEntry.action.in_(counted), AuditEntry.at >= since)
        .group_by(day, AuditEntry.action)
    ).all()


def count_of(session: Session, kind: str, since: datetime) -> int:
    """How many entries of a kind there are since a moment."""
    counted = select(func.count()).select_from(AuditEntry).where(KINDS[kind][1], AuditEntry.at >= since)
    return session.scalar(counted) or 0
