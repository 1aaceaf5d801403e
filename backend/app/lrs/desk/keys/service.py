"""API keys of the LRS: made, listed, given a new secret, revoked; and learners' launch tokens.

Works in the caller's transaction and never commits. A secret is answered once, by the function that makes it;
what is stored is its SHA-256.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.errors import FieldError, Invalid, NotFound
from app.core.permissions import Actor, internal
from app.core.tokens import hash_token, new_token
from app.db.models import XapiCredential
from app.lrs.desk import policy
from app.lrs.desk.keys import queries
from app.lrs.engine import values
from app.lrs.engine.scopes import LAUNCH_SCOPES, SCOPES
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.checks import JsonObject
from app.web.field_types import one_line
from app.web.listing import Listing
from app.web.paging import Paging

LONGEST_LABEL = 200
_TABLE = "xapi_credentials"
_NONE = "There is no such API key, or it has been revoked."
LAUNCH_HOURS = 12


@dataclass(frozen=True, slots=True)
class NewSecret:
    """An API key whose secret has just been made; the only time it is known in clear."""

    api_key: XapiCredential
    secret: str


def create(
    session: Session,
    subject: Actor,
    app_origin: str,
    *,
    label: str,
    scopes: Sequence[str],
    rate_limit_per_minute: int | None = None,
) -> NewSecret:
    """Make an API key for a system. Raises Invalid for what is no name, no or unknown scopes, a limit < 1."""
    policy.require_manage(subject)
    faults = []
    try:
        label = one_line(label)
    except ValueError as error:
        faults.append(FieldError("label", str(error)))
    if len(label) > LONGEST_LABEL:
        faults.append(FieldError("label", f"Use at most {LONGEST_LABEL} characters."))
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        faults.append(FieldError("scopes", f"Choose at least one of {', '.join(SCOPES)}."))
    if rate_limit_per_minute is not None and not 1 <= rate_limit_per_minute <= 10_000_000:
        faults.append(
            FieldError("rate_limit_per_minute", "Enter a limit of at least one request per minute.")
        )
    if faults:
        raise Invalid(faults[0].message, errors=faults)
    key = secrets.token_hex(16)
    clear, hashed = new_token()
    api_key = XapiCredential(
        key=key,
        secret_hash=hashed,
        kind="client",
        label=label,
        scopes=sorted(set(scopes)),
        authority=_authority(app_origin, key, label),
        rate_limit_per_minute=rate_limit_per_minute,
        created_by=subject.user_id,
    )
    session.add(api_key)
    session.flush()
    history.record(
        session,
        subject,
        Action.XAPI_CREDENTIAL_CREATED,
        api_key.id,
        label=label,
        scopes=list(scopes),
    )
    return NewSecret(api_key, clear)


def listed(
    session: Session, subject: Actor, paging: Paging, *, with_revoked: bool = False
) -> Listing[XapiCredential]:
    """The API keys of systems, the newest first unless sorted otherwise."""
    policy.require_read(subject)
    return queries.clients(session, paging, with_revoked=with_revoked)


def launches(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """Learners' launch tokens that work now: rows of XapiCredential and the learner's full_name."""
    policy.require_read(subject)
    return queries.launches(session, paging, clock.now())


def find(session: Session, subject: Actor, key_id: int) -> XapiCredential:
    """The API key of a system, revoked or not. Raises NotFound."""
    policy.require_read(subject)
    api_key = session.get(XapiCredential, key_id)
    if api_key is None or api_key.kind != "client":
        raise NotFound("There is no such API key.")
    return api_key


def label_of(session: Session, subject: Actor, key_id: int) -> str:
    """What people call the API key of a system or a launch token that is not revoked. Raises NotFound."""
    policy.require_read(subject)
    api_key = session.get(XapiCredential, key_id)
    if api_key is None or api_key.revoked_at is not None:
        raise NotFound(_NONE)
    return api_key.label


def rotate(session: Session, subject: Actor, key_id: int) -> NewSecret:
    """Replace the secret of a system; the old one stops within a second. Raises NotFound."""
    policy.require_manage(subject)
    api_key = _working(session, key_id, "client")
    clear, api_key.secret_hash = new_token()
    api_key.rotated_at = clock.now()
    history.record(session, subject, Action.XAPI_CREDENTIAL_ROTATED, api_key.id, label=api_key.label)
    session.flush()
    return NewSecret(api_key, clear)


def revoke(session: Session, subject: Actor, key_id: int) -> XapiCredential:
    """Withdraw the API key of a system or a launch token; it stops within a second. Raises NotFound."""
    policy.require_manage(subject)
    api_key = _working(session, key_id, "client", "launch")
    api_key.revoked_at = clock.now()
    history.record(
        session,
        subject,
        Action.XAPI_CREDENTIAL_REVOKED,
        api_key.id,
        student_id=api_key.user_id,
        label=api_key.label,
        kind=api_key.kind,
    )
    session.flush()
    return api_key


@internal("a step of opening a lesson")
def launch_token(
    session: Session,
    app_origin: str,
    *,
    user_id: int,
    agent: JsonObject,
    activity: str,
    registration: UUID | None,
    hours: int = LAUNCH_HOURS,
    scopes: Sequence[str] = LAUNCH_SCOPES,
    secret: str | None = None,
) -> NewSecret:
    """A token for one learner's session with one piece of content.

    It may write statements about this agent only, read back what it wrote, and keep this agent's state and
    profiles. `activity` is the IRI the content was launched for. Send it as HTTP Basic, key and secret.
    `secret`: one that the caller can make again and nobody can guess, where it is needed more than once.
    """
    name = identity(agent)
    if name is None or not values.is_iri(activity):
        raise Invalid("A launch needs an identified agent and an activity's IRI.")
    key = secrets.token_hex(16)
    clear = new_token()[0] if secret is None else secret
    api_key = XapiCredential(
        key=key,
        secret_hash=hash_token(clear),
        kind="launch",
        label=f"launch of {activity}"[:LONGEST_LABEL],
        scopes=list(scopes),
        authority=_authority(app_origin, key, "Launched content"),
        user_id=user_id,
        agent=name,
        activity=activity,
        registration=registration,
        expires_at=clock.now() + timedelta(hours=hours),
    )
    session.add(api_key)
    session.flush()
    return NewSecret(api_key, clear)


@internal("writes down a secret that its caller has")
def basic(key: str, secret: str) -> str:
    """A key and its secret as HTTP Basic has them, without the word."""
    return base64.b64encode(f"{key}:{secret}".encode()).decode()


@internal("a step of leaving a lesson")
def end_launch(session: Session, key_id: int) -> None:
    """Withdraw a launch token; that there is none is no error."""
    api_key = session.get(XapiCredential, key_id)
    if api_key is not None and api_key.kind == "launch" and api_key.revoked_at is None:
        api_key.revoked_at = clock.now()
        session.flush()


def _working(session: Session, key_id: int, *kinds: str) -> XapiCredential:
    api_key = session.get(XapiCredential, key_id, with_for_update=True)
    if api_key is None or api_key.kind not in kinds or api_key.revoked_at is not None:
        raise NotFound(_NONE)
    return api_key


def _authority(app_origin: str, key: str, label: str) -> JsonObject:
    return {"objectType": "Agent", "name": label, "account": {"homePage": app_origin, "name": key}}
