"""Email about what may be an attack: a new device of somebody of the staff, many failures, a new key, a virus in a
file, a history that is not as it was sealed, issued files that have changed, files that fill their room.

Whoever makes a token of their own gets a mail from where it is made. An alert happens once, so this subscriber begins
with what happens from now on, and is never replayed.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core import history
from app.core.actions import REFUSALS, Action
from app.core.files import quota
from app.core.permissions import SYSTEM
from app.db.models import AuditEntry
from app.projections import queries
from app.projections.subscription import Subscriber

MANY_FAILURES = 30
"""Failed sign-ins in an hour. A school mistypes a few on a Monday morning; a guessing program tries hundreds."""
MANY_REFUSALS = 200
"""Refused requests in an hour: a bookmark that leads nowhere is one, a program that tries every number is thousands."""
ONCE_IN = timedelta(hours=1)

_KEYS = {
    Action.XAPI_CREDENTIAL_CREATED: "LRS API key",
    Action.SIGNING_KEY_MADE: "Signing key",
}


def _apply(session: Session, entries: Sequence[AuditEntry]) -> None:
    for entry in entries:
        if entry.action == Action.SESSION_OPENED:
            _new_device(session, entry)
        elif entry.action in _KEYS:
            _key(session, entry)
        elif entry.action == Action.HISTORY_VERIFIED:
            _changed_history(session, entry)
        elif entry.action == Action.DOCUMENTS_CHECKED:
            _changed_files(session, entry)
        elif entry.action == Action.FILE_INFECTED:
            _virus(session, entry)
        elif entry.action == Action.STORAGE_FILLING:
            _filling(session, entry)
    # Of many failures the last one counts for all: the alert is about an hour, not about an entry.
    refused = [entry for entry in entries if entry.action in REFUSALS]
    if refused:
        _many_failures(session, refused[-1])


def _new_device(session: Session, entry: AuditEntry) -> None:
    details = entry.details
    if details.get("new_device") and entry.student_id is None and entry.actor_id is not None:
        accounts.send_new_device(session, entry.actor_id, entry.occurred_at, details.get("browser"), entry.ip)


def _key(session: Session, entry: AuditEntry) -> None:
    label = entry.details.get("label") or entry.details.get("role")
    accounts.alert_administrators(
        session,
        "key_made",
        entry.occurred_at,
        what=_KEYS[Action(entry.action)],  # type: ignore[call-arg]
        label=label,
        by=entry.actor_name or "The system",
    )


def _changed_history(session: Session, entry: AuditEntry) -> None:
    faults: list[str] = entry.details["faults"]
    if faults:
        accounts.alert_administrators(session, "history_changed", entry.at, faults=faults)


def _changed_files(session: Session, entry: AuditEntry) -> None:
    if entry.details["fault_count"]:
        accounts.alert_administrators(
            session,
            "documents_changed",
            entry.at,
            faults=entry.details["faults"],
            count=entry.details["fault_count"],
        )


def _virus(session: Session, entry: AuditEntry) -> None:
    accounts.alert_administrators(
        session,
        "file_infected",
        entry.occurred_at,
        signature=entry.details.get("signature"),
        by=entry.actor_name,
        address=entry.ip,
    )


def _filling(session: Session, entry: AuditEntry) -> None:
    accounts.alert_administrators(
        session,
        "storage_filling",
        entry.occurred_at,
        percent=entry.details["percent"],
        used=quota.amount(entry.details["used_bytes"]),
        quota=quota.amount(entry.details["quota_bytes"]),
    )


def _many_failures(session: Session, entry: AuditEntry) -> None:
    since = entry.at - ONCE_IN
    failures = queries.times_since(session, Action.SIGN_IN_FAILED, since, entry.at)
    refusals = queries.times_since(session, Action.ACCESS_REFUSED, since, entry.at)
    if failures < MANY_FAILURES and refusals < MANY_REFUSALS:
        return
    if queries.happened_since(session, Action.SECURITY_ALERTED, since):
        return
    accounts.alert_administrators(session, "many_failures", entry.at, failures=failures, refusals=refusals)
    history.record(session, SYSTEM, Action.SECURITY_ALERTED, entry.id, failures=failures, refusals=refusals)


SUBSCRIBER = Subscriber(
    name="alerts",
    title="Security alerts",
    actions=frozenset(
        {
            Action.SESSION_OPENED,
            Action.DOCUMENTS_CHECKED,
            Action.FILE_INFECTED,
            Action.HISTORY_VERIFIED,
            Action.STORAGE_FILLING,
            *_KEYS,
            *REFUSALS,
        }
    ),
    apply=_apply,
    from_now=True,
)
