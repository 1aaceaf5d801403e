"""The targets that statements are passed on to: set up, change, try out, switch, remove."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Actor, internal
from app.db.models import XapiForwarder
from app.lrs.desk import policy
from app.lrs.desk.browser import queries as browser
from app.lrs.desk.forwarding import queries, sealing
from app.lrs.desk.forwarding.client import AwayError, ask, fault_of
from app.lrs.desk.forwarding.jobs import forward_soon, redeliver_soon
from app.lrs.desk.forwarding.responses import said, sentence, target_of
from app.lrs.desk.forwarding.schemas import ForwarderForm
from app.lrs.desk.forwarding.sealing import SealBrokenError, seal
from app.lrs.engine import values
from app.lrs.engine.statements.filters import moment_of
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging

MOST_COUNTED = 10_000
SECRETS = sealing.SECRETS
"""What of the targets is sealed, for `aada keys`."""

# Setting up


def listed(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """Targets with their dead letters counted: rows of XapiForwarder and dead."""
    policy.require_read(subject)
    return queries.forwarders(session, paging)


def failing(session: Session, subject: Actor) -> Sequence[XapiForwarder]:
    """Targets that are on and could not be served the last time."""
    policy.require_read(subject)
    return queries.failing(session)


def find(session: Session, subject: Actor, forwarder_id: int) -> XapiForwarder:
    """One target. Raises NotFound."""
    policy.require_read(subject)
    record = session.get(XapiForwarder, forwarder_id)
    if record is None:
        raise NotFound("There is no such target.")
    return record


@internal("reads a record that one has")
def state_of(record: XapiForwarder) -> str:
    """`On`, `Off` or `Failing`."""
    if not record.is_active:
        return "Off"
    return "Failing" if record.failures else "On"


def create(session: Session, subject: Actor, settings: Settings, given: ForwarderForm) -> XapiForwarder:
    """Set up a target. It begins with the next statement, or with the first one there is."""
    policy.require_manage(subject)
    _check(given)
    if not given.password:
        raise Invalid("Enter the secret.", errors=[FieldError("password", "Enter the secret.")])
    record = XapiForwarder(
        password_sealed="",
        after_id=0 if given.from_the_beginning else browser.last_key(session),
    )
    session.add(record)
    _write(record, settings, given)
    session.flush()
    history.record(session, subject, Action.XAPI_FORWARDER_CREATED, record.id, endpoint=record.endpoint)
    return record


def change(
    session: Session, subject: Actor, settings: Settings, forwarder_id: int, given: ForwarderForm
) -> XapiForwarder:
    """Change a target; an empty secret keeps the one there is, unless it would go to another machine."""
    policy.require_manage(subject)
    _check(given)
    record = find(session, subject, forwarder_id)
    if not given.password and _machine(given.endpoint) != _machine(record.endpoint):
        asked = "The endpoint is on a different host or uses a different scheme. Enter the secret for it."
        raise Invalid(asked, errors=[FieldError("password", asked)])
    _write(record, settings, given)
    record.failures, record.next_attempt_at = 0, None
    session.flush()
    history.record(session, subject, Action.XAPI_FORWARDER_CHANGED, record.id, endpoint=record.endpoint)
    return record


def _check(given: ForwarderForm) -> None:
    faults = []
    wrong = fault_of(given.endpoint)
    if wrong:
        faults.append(FieldError("endpoint", wrong))
    if ":" in given.username:
        faults.append(FieldError("username", "A key cannot contain a colon."))
    for name in ("verb", "activity"):
        text = getattr(given, name)
        if text and not values.is_iri(text):
            faults.append(FieldError(name, "Enter an IRI, or leave this empty."))
    if faults:
        raise Invalid(faults[0].message, errors=faults)


def _machine(endpoint: str) -> tuple[str, str | None, int]:
    """Whom a secret is sent to: scheme, host and port."""
    parts = urlsplit(endpoint)
    return parts.scheme, parts.hostname, parts.port or {"https": 443}.get(parts.scheme, 80)


def _write(record: XapiForwarder, settings: Settings, given: ForwarderForm) -> None:
    record.label, record.endpoint = given.label, given.endpoint.rstrip("/").removesuffix("/statements")
    record.username, record.version = given.username, given.version
    record.verb, record.activity = given.verb, given.activity
    if given.password:
        record.password_sealed = seal(settings, given.password)


def switch(session: Session, subject: Actor, forwarder_id: int, *, on: bool) -> XapiForwarder:
    """Pass statements on, or stop; the mark stays where it is."""
    policy.require_manage(subject)
    record = find(session, subject, forwarder_id)
    record.is_active, record.failures, record.next_attempt_at = on, 0, None
    session.flush()
    action = Action.XAPI_FORWARDER_STARTED if on else Action.XAPI_FORWARDER_STOPPED
    history.record(session, subject, action, record.id, label=record.label)
    return record


def remove(session: Session, subject: Actor, forwarder_id: int) -> None:
    """Forget a target with its dead letters."""
    policy.require_manage(subject)
    record = find(session, subject, forwarder_id)
    history.record(session, subject, Action.XAPI_FORWARDER_DELETED, record.id, label=record.label)
    session.delete(record)
    session.flush()


# How far it has got


def dead_letters(session: Session, subject: Actor, forwarder_id: int, paging: Paging) -> Listing[Any]:
    """What a target refused: rows of statement_id, error, created_at and the statement's id as name."""
    policy.require_read(subject)
    return queries.dead_letters(session, forwarder_id, paging)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a target has got: statements that wait (counted to just beyond MOST_COUNTED) and are put aside."""

    waiting: int
    put_aside: int
    passed_until: datetime | None
    """Everything stored until then has been passed on or put aside."""

    @property
    def is_counted(self) -> bool:
        """Whether the count of those that wait is exact."""
        return self.waiting <= MOST_COUNTED


def progress(session: Session, subject: Actor, record: XapiForwarder) -> Progress:
    """How far a target has got."""
    policy.require_read(subject)
    return Progress(
        queries.count_waiting(session, record, MOST_COUNTED),
        queries.count_dead(session, record.id),
        moment_of(record.after_id) if record.after_id else None,
    )


def send_now(session: Session, subject: Actor, forwarder_id: int) -> None:
    """End a target's wait and ask for its job. Raises Conflict when it is off."""
    policy.require_manage(subject)
    record = find(session, subject, forwarder_id)
    if not record.is_active:
        raise Conflict("This target is off. Start it to send the waiting statements.")
    record.next_attempt_at = None
    session.flush()
    history.record(session, subject, Action.XAPI_FORWARDER_SENT_NOW, record.id, label=record.label)
    forward_soon(session, record.id)


def try_again(session: Session, subject: Actor, forwarder_id: int) -> None:
    """Have a target's dead letters sent once more. Raises Conflict when there are none."""
    policy.require_manage(subject)
    record = find(session, subject, forwarder_id)
    count = queries.count_dead(session, record.id)
    if not count:
        raise Conflict("No statements are set aside for this target.")
    history.record(session, subject, Action.XAPI_FORWARDER_DEAD_LETTERS_RETRIED, record.id, count=count)
    redeliver_soon(session, record.id)


def give_up(session: Session, subject: Actor, forwarder_id: int) -> int:
    """Forget a target's dead letters; how many there were."""
    policy.require_manage(subject)
    record = find(session, subject, forwarder_id)
    count = queries.give_up(session, record.id)
    history.record(session, subject, Action.XAPI_FORWARDER_DEAD_LETTERS_DROPPED, record.id, count=count)
    return count


@dataclass(frozen=True, slots=True)
class Tried:
    """What a target answered, in sentences, and whether it takes the key and secret."""

    works: bool
    words: str


def try_out(session: Session, subject: Actor, settings: Settings, forwarder_id: int) -> Tried:
    """Ask the target for one statement. When it answers, a wait of its is over."""
    policy.require_manage(subject)
    record = find(session, subject, forwarder_id)
    try:
        answer = ask(target_of(record, settings), "GET", "/statements?limit=1")
    except (AwayError, SealBrokenError) as error:
        return Tried(False, sentence(error))
    if answer.status == 403:
        return Tried(False, f"{said(answer)} The first statement will show whether it can write.")
    if answer.status != 200:
        return Tried(False, said(answer))
    words = "It answers and accepts the key and secret."
    if record.failures:
        queries.note_answer(session, record.id, sent=0)
        session.expire(record)
        history.record(
            session,
            subject,
            Action.XAPI_FORWARDER_ANSWERED_AGAIN,
            record.id,
            label=record.label,
        )
        words += " Sending resumes now."
    if record.is_active:
        return Tried(True, f"{words} Waiting statements are sent within a minute.")
    return Tried(True, f"{words} Forwarding is off: nothing is sent until you start it.")
