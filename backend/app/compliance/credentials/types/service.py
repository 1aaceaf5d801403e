"""The kinds of credentials: name, level, prefix of the serial numbers, how long one is valid."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.credentials import policy
from app.compliance.credentials.types import queries
from app.compliance.credentials.types.schemas import TypeForm
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Actor, internal
from app.db.models import CredentialType


def list_types(session: Session, subject: Actor) -> Sequence[Row[Any]]:
    """Every type: rows of CredentialType, program, issued. Raises Forbidden."""
    policy.require_list(subject)
    return queries.listed(session)


def read_type(session: Session, subject: Actor, type_id: int) -> CredentialType:
    """One type. Raises Forbidden, NotFound."""
    policy.require_list(subject)
    return _found(session, type_id)


def program_names(session: Session, subject: Actor) -> list[tuple[int, str]]:
    """Programs that a type can be for."""
    policy.require_list(subject)
    return queries.program_names(session)


def types_for(session: Session, subject: Actor, program_id: int) -> Sequence[CredentialType]:
    """The types that a program awards now."""
    policy.require_list(subject)
    return queries.for_program(session, program_id)


@internal("what the school awards is public")
def public_type(session: Session, prefix: str) -> CredentialType:
    """A type by the prefix of its serial numbers. Raises NotFound."""
    found = queries.by_prefix(session, prefix)
    if found is None:
        raise NotFound("The school awards no credential of this type.")
    return found


def save_type(
    session: Session, subject: Actor, values: TypeForm, type_id: int | None = None
) -> CredentialType:
    """Add a type, or change it. Raises Conflict for another prefix after the first serial number was given out."""
    policy.require_issue(subject)
    if values.program_id is not None and values.program_id not in dict(queries.program_names(session)):
        sentence = "This program no longer exists. Choose another one."
        raise Invalid(sentence, errors=[FieldError("program_id", sentence)])
    record = CredentialType() if type_id is None else _found(session, type_id)
    if type_id is not None and record.prefix != values.prefix and queries.has_issued(session, type_id):
        sentence = f"Serial numbers beginning with {record.prefix} have been issued, so the prefix stays."
        raise Conflict(sentence, errors=[FieldError("prefix", sentence)])
    for name, value in values.model_dump().items():
        setattr(record, name, value)
    session.add(record)
    session.flush()
    history.record(session, subject, Action.CREDENTIAL_TYPE_CHANGED, record.id, name=record.name)
    return record


def archive_type(session: Session, subject: Actor, type_id: int, *, archived: bool = True) -> None:
    """Award a type no longer, or again. What was issued stays valid."""
    policy.require_issue(subject)
    record = _found(session, type_id)
    record.archived_at = clock.now() if archived else None
    session.flush()
    history.record(session, subject, Action.CREDENTIAL_TYPE_CHANGED, record.id, name=record.name)


def _found(session: Session, type_id: int) -> CredentialType:
    found = queries.find(session, type_id)
    if found is None:
        raise NotFound(policy.NO_TYPE)
    return found
