"""The security page: who got in, who did not, from which devices and with which keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.complaints import service as complaints
from app.core import clock
from app.core.actions import Action
from app.core.permissions import Subject
from app.db.models import AuditEntry
from app.desks import audit, policy, security_queries
from app.desks.security_queries import KINDS, SecurityFilter
from app.rules import hours
from app.web.listing import Listing
from app.web.paging import Paging

DAYS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """One event in words. `times` is how many it stands for; `where` the network address."""

    id: int
    at: datetime
    what: str
    who: str
    where: str | None
    text: str
    times: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures above the list: of today, of `DAYS_SHOWN` days, and by day for the chart."""

    sign_ins: int
    failures: int
    refusals: int
    devices: int
    keys: int
    labels: Sequence[str]
    series: Sequence[Mapping[str, Any]]


def overview(session: Session, subject: Subject, zone: ZoneInfo) -> Overview:
    """The figures. Raises Forbidden."""
    policy.require_read_security(subject)
    today = clock.today(zone)
    days = [today - timedelta(days=back) for back in range(DAYS_SHOWN - 1, -1, -1)]
    since = hours.start_of_day(days[0], zone)
    found = {(row.day, row.action): int(row.times) for row in security_queries.by_day(session, since, zone)}

    def of(action: Action) -> list[int]:
        return [found.get((day, action.value), 0) for day in days]

    sign_ins = of(Action.SESSION_OPENED)
    failures = of(Action.SIGN_IN_FAILED)
    refusals = of(Action.ACCESS_REFUSED)
    return Overview(
        sign_ins=sign_ins[-1],
        failures=failures[-1],
        refusals=refusals[-1],
        devices=security_queries.count_of(session, "devices", since),
        keys=security_queries.count_of(session, "keys", since),
        labels=[f"{day:%b} {day.day}" for day in days],
        series=[
            {"name": "Sign-ins", "values": sign_ins},
            {"name": "Failed sign-ins", "values": failures},
            {"name": "Refused requests", "values": refusals},
        ],
    )


def events(
    session: Session, subject: Subject, wanted: SecurityFilter, paging: Paging, zone: ZoneInfo
) -> Listing[SecurityEvent]:
    """The events, the last first. Search words are names of people, or a network address. Raises Forbidden."""
    policy.require_read_security(subject)
    people = [accounts.numbers_of_people_named(session, word) for word in paging.q.split()]
    hidden = complaints.hidden_history(session, subject)
    found = security_queries.listing(session, wanted, people, paging, zone, hidden)
    return found.map_many(lambda entries: _in_words(session, entries))


def kinds() -> list[tuple[str, str]]:
    """What the list can be narrowed to, by name and title."""
    return [(name, title) for name, (title, _) in KINDS.items()]


def _in_words(session: Session, entries: Sequence[AuditEntry]) -> list[SecurityEvent]:
    targets = {
        int(entry.target_id)
        for entry in entries
        if entry.target == "users" and entry.target_id and entry.target_id.isdigit()
    }
    names = {str(number): user.full_name for number, user in accounts.people_by_id(session, targets).items()}
    return [_event(entry, names) for entry in entries]


def _event(entry: AuditEntry, names: Mapping[str, str]) -> SecurityEvent:
    failed = entry.action == Action.SIGN_IN_FAILED.value
    unknown = "Unknown account" if failed else "Not signed in" if entry.ip else "The system"
    return SecurityEvent(
        id=entry.id,
        at=entry.at,
        what="New device" if entry.action == Action.SESSION_OPENED.value else audit.title(entry.action),
        who=names.get(entry.target_id or "", unknown) if failed else entry.actor_name or unknown,
        where=entry.ip,
        text=_text(entry, names),
        times=int(entry.details.get("times", 1)),
    )


_REFUSED = {
    "forbidden": "{method} {route} is not allowed for this person.",
    "hidden": "{method} {route}: this person may not see it ({what}).",
    "cross_site": "Another site ({origin}) had a browser send a request.",
    "many": "Many different requests, counted together.",
}
_FAILED = {
    "password": "The email address and password do not match.",
    "too_many": "Too many attempts, so the password was not checked.",
    "many": "Attempts at many accounts, counted together.",
}
_BLANK = {"origin": "unknown", "route": "", "method": "", "table": "", "record": ""}


def _text(entry: AuditEntry, names: Mapping[str, str]) -> str:
    details = {**_BLANK, **entry.details}
    if entry.action == Action.ACCESS_REFUSED.value:
        words = {**details, "what": audit.record_name(str(details["table"]), str(details["record"]))}
        return _REFUSED.get(str(details.get("kind")), "").format(**words)
    if entry.action == Action.SIGN_IN_FAILED.value:
        return _FAILED.get(str(details.get("why")), "")
    if entry.action == Action.SECURITY_ALERTED.value:
        return f"{details.get('failures')} failed sign-ins, {details.get('refusals')} refused requests in an hour."
    parts = [details.get(name) for name in ("browser", "signature", "name", "label", "kind", "role", "duty")]
    about = names.get(entry.target_id or "") if entry.target == "users" else None
    return ", ".join(str(part).replace("_", " ") for part in (about, *parts) if part)
