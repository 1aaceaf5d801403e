"""Passing statements on to other learning record stores.

Each target has a mark on the ordered key: everything up to it has been passed on or put aside. A job reads what comes
after it, so storing a statement costs nothing more. Keys grow in the order of commits, so nothing is skipped. What is
sent twice (a crash between the answer and the mark) is known there by its id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from sqlalchemy.orm import Session

from app.core import clock
from app.core.files import open_store
from app.db.models import XapiForwarder
from app.db.session import Database
from app.lrs.desk.browser import queries as browser
from app.lrs.desk.forwarding import queries
from app.lrs.desk.forwarding.batches import Outcome, Plan, send
from app.lrs.desk.forwarding.payload import Outgoing, prepare
from app.lrs.desk.forwarding.responses import sentence, target_of
from app.lrs.desk.forwarding.sealing import SealBrokenError
from app.lrs.host.connection import driver
from app.settings import Settings

BATCH = 50
_BUSY_SECONDS = 45.0
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=6)


def forward(database: Database, settings: Settings, forwarder_id: int) -> int:
    """Pass on what is new for a target, for as long as a job may take; how many statements were sent."""
    until = monotonic() + _BUSY_SECONDS
    files = open_store(settings)
    total = 0
    while monotonic() < until:
        with database.begin() as session:
            plan = _plan(session, settings, forwarder_id)
            if plan is None:
                return total
            head = browser.last_key(session)
            found = browser.page(session, plan.filter, None, BATCH)
            items = _prepared(session, [(one.key, one.payload) for one in found], plan)
        last = browser.read_to(found, BATCH, head, plan.after)
        if not found:
            if last > plan.after:
                with database.begin() as session:
                    queries.advance(session, plan.id, before=plan.after, after=last, sent=0)
            return total
        outcome = send(plan, files, items, until)
        total += outcome.sent
        if not _settled(database, plan, outcome, last) or len(found) < BATCH:
            return total
    return total


@dataclass(frozen=True, slots=True)
class Redelivered:
    """How many dead letters were taken this time, and the key after which to go on; None at the end."""

    taken: int
    next_after: int | None


def redeliver(database: Database, settings: Settings, forwarder_id: int, after: int = 0) -> Redelivered:
    """Try a target's dead letters with higher keys than `after` once more, for as long as a job may take."""
    until = monotonic() + _BUSY_SECONDS
    files = open_store(settings)
    total = 0
    while monotonic() < until:
        with database.begin() as session:
            plan = _plan(session, settings, forwarder_id, even_if_off=True)
            letters = queries.dead_keys(session, forwarder_id, after, BATCH) if plan else []
            items = _prepared(session, letters, plan) if plan else []
        if plan is None or not letters:
            return Redelivered(total, None)
        outcome = send(plan, files, items, until)
        _settled_again(database, plan, outcome)
        total += outcome.sent
        if outcome.away:
            return Redelivered(total, None)
        after = outcome.keys[-1]
    return Redelivered(total, after)


def _plan(
    session: Session, settings: Settings, forwarder_id: int, *, even_if_off: bool = False
) -> Plan | None:
    record = session.get(XapiForwarder, forwarder_id)
    if record is None or not (record.is_active or even_if_off):
        return None
    try:
        target = target_of(record, settings)
    except SealBrokenError as error:
        note_failure(session, record.id, sentence(error))
        return None
    return Plan(record.id, target, record.after_id, queries.filter_of(record), record.failures)


def _prepared(session: Session, rows: Sequence[tuple[int, str]], plan: Plan) -> list[Outgoing]:
    return prepare(driver(session), rows, plan.target.version) if rows else []


def _settled(database: Database, plan: Plan, outcome: Outcome, last: int) -> bool:
    """Write down what became of a batch; whether to go on."""
    with database.begin() as session:
        after = last if outcome.is_whole else outcome.keys[-1] if outcome.keys else plan.after
        if outcome.keys and not queries.advance(
            session, plan.id, before=plan.after, after=after, sent=outcome.sent
        ):
            return False
        for key, error in outcome.refused:
            queries.bury(session, plan.id, key, error)
        if outcome.away:
            note_failure(session, plan.id, outcome.away, outcome.wait_seconds)
    return outcome.is_whole


def _settled_again(database: Database, plan: Plan, outcome: Outcome) -> None:
    """Write down what became of dead letters: the taken ones go, the others stay with their newest reason."""
    refused = {key for key, _ in outcome.refused}
    with database.begin() as session:
        queries.raise_from_the_dead(session, plan.id, [key for key in outcome.keys if key not in refused])
        for key, error in outcome.refused:
            queries.bury(session, plan.id, key, error)
        if outcome.keys:
            queries.note_answer(session, plan.id, sent=outcome.sent)
        if outcome.away:
            note_failure(session, plan.id, outcome.away, outcome.wait_seconds)


def note_failure(session: Session, forwarder_id: int, why: str, wait_seconds: int | None = None) -> None:
    """Write down that a target could not be served, and when to try again: later each time, 6 hours at most."""
    record = session.get(XapiForwarder, forwarder_id, populate_existing=True)
    if record is None:
        return  # removed while it was being asked
    record.failures += 1
    record.last_error = why
    wait = min(_FIRST_WAIT * 2 ** min(record.failures - 1, 12), _LONGEST_WAIT)
    if wait_seconds is not None:
        wait = min(max(wait, timedelta(seconds=wait_seconds)), _LONGEST_WAIT)
    record.next_attempt_at = clock.now() + wait
    session.flush()
