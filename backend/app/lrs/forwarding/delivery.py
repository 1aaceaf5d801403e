"""Passing statements on to other record stores.

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
from app.core.files import FileStore, open_store
from app.db.models import XapiForwarder
from app.db.session import Database
from app.lrs.forwarding import queries
from app.lrs.forwarding.outgoing import Outgoing, body_of, parcels, prepare
from app.lrs.forwarding.sealing import SealBrokenError
from app.lrs.forwarding.sending import Answer, AwayError, BrokenOffError, Target, ask
from app.lrs.forwarding.verdicts import of_the_target, said, sentence, target_of
from app.lrs.records import queries as records
from app.lrs.statements.filters import Filter
from app.settings import Settings

BATCH = 50
_BUSY_SECONDS = 45.0
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=6)
_BREAKS_BORNE = 5
"""Failures in a row (a quarter of an hour) after which a statement that breaks the connection is put aside."""


@dataclass(frozen=True, slots=True)
class _Plan:
    id: int
    target: Target
    after: int
    filter: Filter
    failures: int


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
            head = records.last_key(session)
            found = records.page(session, plan.filter, None, BATCH)
            items = _prepared(session, [(one.key, one.payload) for one in found], plan)
        last = found[-1].key if len(found) == BATCH else max(head, plan.after)
        if not found:
            if last > plan.after:
                with database.begin() as session:
                    queries.advance(session, plan.id, before=plan.after, after=last, sent=0)
            return total
        outcome = _send(plan, files, items)
        if not _settled(database, plan, outcome, last):
            return total
        total += outcome.sent
        if len(found) < BATCH:
            return total
    return total


def redeliver(database: Database, settings: Settings, forwarder_id: int) -> int:
    """Try a target's dead letters once more; how many were taken this time."""
    files = open_store(settings)
    total, after = 0, 0
    while True:
        with database.begin() as session:
            plan = _plan(session, settings, forwarder_id, even_if_off=True)
            letters = queries.dead_keys(session, forwarder_id, after, BATCH) if plan else []
            items = _prepared(session, letters, plan) if plan else []
        if plan is None or not letters:
            return total
        outcome = _send(plan, files, items)
        refused = {key for key, _ in outcome.refused}
        done = [key for key in outcome.keys if key not in refused]
        with database.begin() as session:
            queries.raise_from_the_dead(session, forwarder_id, done)
            for key, error in outcome.refused:
                queries.bury(session, forwarder_id, key, error)
        total += len(done)
        if outcome.away:
            return total
        after = letters[-1][0]


def _plan(
    session: Session, settings: Settings, forwarder_id: int, *, even_if_off: bool = False
) -> _Plan | None:
    record = session.get(XapiForwarder, forwarder_id)
    if record is None or not (record.is_active or even_if_off):
        return None
    try:
        target = target_of(record, settings)
    except SealBrokenError as error:
        _note_failure(session, record.id, sentence(error), None)
        return None
    query = Filter(
        verb=record.verb,
        activity=record.activity,
        related_activities=True,
        after=record.after_id,
        ascending=True,
    )
    return _Plan(record.id, target, record.after_id, query, record.failures)


def _prepared(session: Session, rows: Sequence[tuple[int, str]], plan: _Plan) -> list[Outgoing]:
    return prepare(records.driver(session), rows, plan.target.version) if rows else []


@dataclass(slots=True)
class _Outcome:
    keys: list[int]
    """Statements that the target has dealt with, in order."""
    refused: list[tuple[int, str]]
    away: str = ""
    wait_seconds: int | None = None

    @property
    def sent(self) -> int:
        return len(self.keys) - len(self.refused)


def _send(plan: _Plan, files: FileStore, items: Sequence[Outgoing]) -> _Outcome:
    """Send a batch; what the target refuses for its content, each statement alone."""
    outcome = _Outcome([], [])
    for parcel in parcels(items):
        _send_parcel(plan, files, parcel, outcome)
        if outcome.away:
            break
    return outcome


def _send_parcel(plan: _Plan, files: FileStore, parcel: list[Outgoing], outcome: _Outcome) -> None:
    answer = _post(plan, files, parcel, outcome)
    if answer is None:
        return
    if 200 <= answer.status < 300:
        outcome.keys += [item.key for item in parcel]
    elif len(parcel) == 1:
        outcome.keys.append(parcel[0].key)
        outcome.refused.append((parcel[0].key, said(answer)))
    else:
        for item in parcel:
            _send_parcel(plan, files, [item], outcome)
            if outcome.away:
                return


def _post(plan: _Plan, files: FileStore, parcel: list[Outgoing], outcome: _Outcome) -> Answer | None:
    """The target's verdict on statements; None when it gave none, and why stands in the outcome."""
    try:
        answer = ask(plan.target, "POST", "/statements", body_of(parcel, files))
    except BrokenOffError as error:
        # A large body that a proxy cuts off must not hold up for ever what comes after it.
        if parcel[0].files and plan.failures >= _BREAKS_BORNE:
            megabytes = parcel[0].size_bytes / 1_000_000
            outcome.keys.append(parcel[0].key)
            outcome.refused.append((parcel[0].key, f"{error} It was sent {megabytes:.1f} MB of attachments."))
        else:
            outcome.away = sentence(error)
        return None
    except AwayError as error:
        outcome.away = sentence(error)
        return None
    if of_the_target(answer):
        outcome.away, outcome.wait_seconds = said(answer), answer.retry_after_seconds
        return None
    return answer


def _settled(database: Database, plan: _Plan, outcome: _Outcome, last: int) -> bool:
    """Write down what became of a batch; whether to go on."""
    with database.begin() as session:
        after = last if not outcome.away else outcome.keys[-1] if outcome.keys else plan.after
        if outcome.keys and not queries.advance(
            session, plan.id, before=plan.after, after=after, sent=outcome.sent
        ):
            return False
        for key, error in outcome.refused:
            queries.bury(session, plan.id, key, error)
        if outcome.away:
            _note_failure(session, plan.id, outcome.away, outcome.wait_seconds)
    return not outcome.away


def _note_failure(session: Session, forwarder_id: int, why: str, wait_seconds: int | None) -> None:
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
