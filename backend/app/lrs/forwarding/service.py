"""The targets that statements are passed on to: set up, change, try out, switch, remove."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Subject
from app.db.models import XapiForwarder
from app.lrs import values
from app.lrs.forwarding import queries
from app.lrs.forwarding.jobs import redeliver_soon
from app.lrs.forwarding.schemas import ForwarderForm
from app.lrs.forwarding.sealing import SealBrokenError, seal
from app.lrs.forwarding.sending import AwayError, ask, fault_of
from app.lrs.forwarding.verdicts import said, sentence, target_of
from app.lrs.records import queries as records
from app.settings import Settings

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


def try_again(session: Session, subject: Subject, forwarder_id: int) -> None:
    """Have a target's dead letters sent once more. Raises Conflict when there are none."""
    record = find(session, forwarder_id)
    count = queries.count_dead(session, record.id)
    if not count:
        raise Conflict("Nothing is put aside for this target.")
    audit.record(
        session, subject, "xapi_forwarder.dead_letters_retried", "xapi_forwarders", record.id, count=count
    )
    redeliver_soon(session, record.id)


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
        answer = ask(target_of(record, settings), "GET", "/statements?limit=1")
    except (AwayError, SealBrokenError) as error:
        return sentence(error)
    if answer.status == 200:
        return "It answers and takes the key and secret."
    if answer.status == 403:
        return f"{said(answer)} The first statement shows whether it may write."
    return said(answer)
