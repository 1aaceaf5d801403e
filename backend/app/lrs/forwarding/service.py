"""Passing statements on to other record stores.

Each target has a mark on the ordered key: everything up to it has been passed on or put aside. A job reads what comes
after it, so storing a statement costs nothing more. Keys grow in the order of commits, so nothing is skipped. What is
sent twice (a crash between the answer and the mark) is known there by its id.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any

import orjson
from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import audit, clock
from app.core.errors import FieldError, Invalid, NotFound
from app.core.permissions import Subject
from app.db.models import XapiForwarder
from app.db.session import Database
from app.lrs import values
from app.lrs.forwarding import queries
from app.lrs.forwarding.schemas import ForwarderForm
from app.lrs.forwarding.sealing import SealBrokenError, seal, unseal
from app.lrs.forwarding.sending import Answer, AwayError, Target, ask, fault_of
from app.lrs.records import queries as records
from app.lrs.statements.filters import Filter
from app.lrs.statements.formats import for_version_one
from app.settings import Settings

BATCH = 50
_BUSY_SECONDS = 45.0
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=6)
_OF_THE_TARGET = frozenset((401, 403, 404, 405, 408, 425, 429))
"""Answers that speak of the target or the credential, not of a statement."""


# Setting up


def listed(session: Session) -> Sequence[Row[Any]]:
    """Every target with its dead letters counted."""
    return queries.forwarders(session)


def find(session: Session, forwarder_id: int) -> XapiForwarder:
    """One target. Raises NotFound."""
    record = session.get(XapiForwarder, forwarder_id)
    if record is None:
        raise NotFound("There is no such target.")
    return record


def create(session: Session, subject: Subject, settings: Settings, given: ForwarderForm) -> XapiForwarder:
    """Set up a target. It begins with the next statement, or with the first one there is."""
    _check(given)
    if not given.password:
        raise Invalid("Enter the secret.", errors=[FieldError("password", "Enter the secret.")])
    record = XapiForwarder(
        password_sealed="",
        after_id=0 if given.from_the_beginning else records.last_key(session),
    )
    session.add(record)
    _write(record, settings, given)
    session.flush()
    audit.record(
        session, subject, "xapi_forwarder.created", "xapi_forwarders", record.id, endpoint=record.endpoint
    )
    return record


def change(
    session: Session, subject: Subject, settings: Settings, forwarder_id: int, given: ForwarderForm
) -> XapiForwarder:
    """Change a target; an empty secret keeps the one there is."""
    _check(given)
    record = find(session, forwarder_id)
    _write(record, settings, given)
    record.failures, record.next_attempt_at = 0, None
    session.flush()
    audit.record(
        session, subject, "xapi_forwarder.changed", "xapi_forwarders", record.id, endpoint=record.endpoint
    )
    return record


def _check(given: ForwarderForm) -> None:
    faults = []
    wrong = fault_of(given.endpoint)
    if wrong:
        faults.append(FieldError("endpoint", wrong))
    if ":" in given.username:
        faults.append(FieldError("username", "A key has no colon."))
    for name in ("verb", "activity"):
        text = getattr(given, name)
        if text and not values.is_iri(text):
            faults.append(FieldError(name, "An IRI belongs here, or nothing."))
    if faults:
        raise Invalid(faults[0].message, errors=faults)


def _write(record: XapiForwarder, settings: Settings, given: ForwarderForm) -> None:
    record.label, record.endpoint = given.label, given.endpoint.rstrip("/").removesuffix("/statements")
    record.username, record.version = given.username, given.version
    record.verb, record.activity = given.verb, given.activity
    if given.password:
        record.password_sealed = seal(settings.secret_key.get_secret_value(), given.password)


def switch(session: Session, subject: Subject, forwarder_id: int, *, on: bool) -> XapiForwarder:
    """Pass statements on, or stop; the mark stays where it is."""
    record = find(session, forwarder_id)
    record.is_active, record.failures, record.next_attempt_at = on, 0, None
    session.flush()
    audit.record(session, subject, "xapi_forwarder.switched", "xapi_forwarders", record.id, is_active=on)
    return record


def remove(session: Session, subject: Subject, forwarder_id: int) -> None:
    """Forget a target with its dead letters."""
    record = find(session, forwarder_id)
    audit.record(session, subject, "xapi_forwarder.deleted", "xapi_forwarders", record.id, label=record.label)
    session.delete(record)
    session.flush()


def dead_letters(session: Session, forwarder_id: int) -> Sequence[Row[Any]]:
    """What a target refused, at most 200."""
    return queries.dead_letters(session, forwarder_id)


def give_up(session: Session, subject: Subject, forwarder_id: int) -> int:
    """Forget a target's dead letters; how many there were."""
    record = find(session, forwarder_id)
    count = queries.give_up(session, record.id)
    audit.record(
        session, subject, "xapi_forwarder.dead_letters_dropped", "xapi_forwarders", record.id, count=count
    )
    return count


def try_out(session: Session, settings: Settings, forwarder_id: int) -> str:
    """Ask the target for one statement, and say in a sentence what it answers."""
    record = find(session, forwarder_id)
    try:
        answer = ask(_target(record, settings), "GET", "/statements?limit=1")
    except (AwayError, SealBrokenError) as error:
        return _sentence(error)
    if answer.status == 200:
        return "It answers and takes the key and secret."
    if answer.status == 403:
        return "It answers and knows the key, which may not read there. The first statement shows whether it may write."
    return _said(answer)


# Sending


@dataclass(frozen=True, slots=True)
class _Plan:
    id: int
    target: Target
    after: int
    filter: Filter


def forward(database: Database, settings: Settings, forwarder_id: int) -> int:
    """Pass on what is new for a target, for as long as a job may take; how many statements were sent."""
    until = monotonic() + _BUSY_SECONDS
    total = 0
    while monotonic() < until:
        with database.begin() as session:
            plan = _plan(session, settings, forwarder_id)
            if plan is None:
                return total
            head = records.last_key(session)
            found = records.page(session, plan.filter, None, BATCH)
        last = found[-1].key if len(found) == BATCH else max(head, plan.after)
        if not found:
            if last > plan.after:
                with database.begin() as session:
                    queries.advance(session, plan.id, before=plan.after, after=last, sent=0)
            return total
        outcome = _send(plan.target, [(one.key, one.payload) for one in found])
        if not _settled(database, plan, outcome, last):
            return total
        total += outcome.sent
        if len(found) < BATCH:
            return total
    return total


def redeliver(database: Database, settings: Settings, forwarder_id: int) -> int:
    """Try a target's dead letters once more; how many were taken this time."""
    total, after = 0, 0
    while True:
        with database.begin() as session:
            plan = _plan(session, settings, forwarder_id, even_if_off=True)
            letters = queries.dead_keys(session, forwarder_id, after, BATCH) if plan else []
        if plan is None or not letters:
            return total
        outcome = _send(plan.target, letters)
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
        target = _target(record, settings)
    except SealBrokenError as error:
        _note_failure(session, record.id, _sentence(error), None)
        return None
    query = Filter(
        verb=record.verb,
        activity=record.activity,
        related_activities=True,
        after=record.after_id,
        ascending=True,
    )
    return _Plan(record.id, target, record.after_id, query)


def _target(record: XapiForwarder, settings: Settings) -> Target:
    password = unseal(settings.secret_key.get_secret_value(), record.password_sealed)
    return Target(record.endpoint, record.username, password, record.version)


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


def _send(target: Target, rows: Sequence[tuple[int, str]]) -> _Outcome:
    """Send a batch; when the target refuses it for its content, each statement alone."""
    statements = [_outgoing(payload, target.version) for _, payload in rows]
    outcome = _Outcome([], [])
    answer = _post(target, statements, outcome)
    if answer is None:
        return outcome
    if 200 <= answer.status < 300:
        outcome.keys = [key for key, _ in rows]
        return outcome
    if len(rows) == 1:
        outcome.keys, outcome.refused = [rows[0][0]], [(rows[0][0], _said(answer))]
        return outcome
    for (key, _), statement in zip(rows, statements, strict=True):
        answer = _post(target, [statement], outcome)
        if answer is None:
            return outcome
        outcome.keys.append(key)
        if not 200 <= answer.status < 300:
            outcome.refused.append((key, _said(answer)))
    return outcome


def _post(target: Target, statements: list[bytes], outcome: _Outcome) -> Answer | None:
    """The target's verdict on statements; None (and why in the outcome) when it gave none."""
    try:
        answer = ask(target, "POST", "/statements", b"[" + b",".join(statements) + b"]")
    except AwayError as error:
        outcome.away = _sentence(error)
        return None
    if answer.status in _OF_THE_TARGET or answer.status >= 500 or 300 <= answer.status < 400:
        outcome.away, outcome.wait_seconds = _said(answer), answer.retry_after_seconds
        return None
    return answer


def _outgoing(payload: str, version: str) -> bytes:
    """A statement for another store: without what that store sets itself, in the version it speaks."""
    statement = orjson.loads(payload)
    if version != "2.0.0":
        statement = for_version_one(statement)
    return orjson.dumps(
        {key: value for key, value in statement.items() if key not in ("stored", "authority")}
    )


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


def _note_failure(session: Session, forwarder_id: int, sentence: str, wait_seconds: int | None) -> None:
    record = find(session, forwarder_id)
    session.refresh(record)
    record.failures += 1
    record.last_error = sentence
    wait = min(_FIRST_WAIT * 2 ** min(record.failures - 1, 12), _LONGEST_WAIT)
    if wait_seconds is not None:
        wait = min(max(wait, timedelta(seconds=wait_seconds)), _LONGEST_WAIT)
    record.next_attempt_at = clock.now() + wait
    session.flush()


def _sentence(error: Exception) -> str:
    if isinstance(error, SealBrokenError):
        return "The stored secret cannot be read, because SECRET_KEY has changed. Enter the secret again."
    return str(error)


def _said(answer: Answer) -> str:
    """An answer as a sentence, with what the target says about it."""
    if answer.status in (401, 403):
        return f"It refuses the key and secret ({answer.status})."
    if answer.status == 404:
        return "There is no Statement resource at this endpoint (404)."
    if 300 <= answer.status < 400:
        return f"It points elsewhere ({answer.status}), which is not followed. Enter the address it has now."
    text = " ".join(answer.text.split())
    try:
        body = json.loads(answer.text)
        text = body.get("detail") or body.get("message") or text if isinstance(body, dict) else text
    except ValueError:
        pass
    return f"It answers {answer.status}: {str(text)[:300] or 'without a reason'}"
