"""Credentials of the record store: made, listed, given a new secret, withdrawn; and learners' launch tokens.

Works in the caller's transaction and never commits. A secret is answered once, by the function that makes it;
what is stored is its SHA-256.
"""

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
from app.core.permissions import Subject
from app.core.tokens import new_token
from app.db.models import XapiCredential
from app.lrs.desk.keys import queries
from app.lrs.engine import values
from app.lrs.engine.scopes import LAUNCH_SCOPES, SCOPES
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.shape import JsonObject
from app.web.fields import one_line
from app.web.listing import Listing
from app.web.paging import Paging

LONGEST_LABEL = 200
_TABLE = "xapi_credentials"
_NONE = "There is no such credential, or it has been revoked."
LAUNCH_HOURS = 12


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A credential whose secret has just been made; the only time it is known in clear."""

    credential: XapiCredential
    secret: str


def create(
    session: Session,
    subject: Subject | None,
    app_origin: str,
    *,
    label: str,
    scopes: Sequence[str],
    rate_limit_per_minute: int | None = None,
) -> NewSecret:
    """Make a credential for a system. Raises Invalid for what is no name, no or unknown scopes, a limit < 1."""
    faults = []
    try:
        label = one_line(label)
    except ValueError as error:
        faults.append(FieldError("label", str(error)))
    if len(label) > LONGEST_LABEL:
        faults.append(FieldError("label", f"A name has at most {LONGEST_LABEL} characters."))
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        faults.append(FieldError("scopes", f"Choose at least one of {', '.join(SCOPES)}."))
    if rate_limit_per_minute is not None and not 1 <= rate_limit_per_minute <= 10_000_000:
        faults.append(FieldError("rate_limit_per_minute", "A limit is at least one request a minute."))
    if faults:
        raise Invalid(faults[0].message, errors=faults)
    key = secrets.token_hex(16)
    clear, hashed = new_token()
    credential = XapiCredential(
        key=key,
        secret_hash=hashed,
        kind="client",
        label=label,
        scopes=sorted(set(scopes)),
        authority=_authority(app_origin, key, label),
        rate_limit_per_minute=rate_limit_per_minute,
        created_by=subject.user_id if subject else None,
    )
    session.add(credential)
    session.flush()
    history.record(
        session,
        subject,
        Action.XAPI_CREDENTIAL_CREATED,
        credential.id,
        label=label,
        scopes=list(scopes),
    )
    return NewSecret(credential, clear)


def listed(session: Session, paging: Paging, *, with_revoked: bool = False) -> Listing[XapiCredential]:
    """The credentials of systems, the newest first unless sorted otherwise."""
    return queries.clients(session, paging, with_revoked=with_revoked)


def launches(session: Session, paging: Paging) -> Listing[Any]:
    """Learners' launch tokens that work now: rows of XapiCredential and the learner's full_name."""
    return queries.launches(session, paging, clock.now())


def find(session: Session, credential_id: int) -> XapiCredential:
    """The credential of a system, revoked or not. Raises NotFound."""
    credential = session.get(XapiCredential, credential_id)
    if credential is None or credential.kind != "client":
        raise NotFound("There is no such credential.")
    return credential


def label_of(session: Session, credential_id: int) -> str:
    """What people call the credential of a system or a launch token that is not revoked. Raises NotFound."""
    credential = session.get(XapiCredential, credential_id)
    if credential is None or credential.revoked_at is not None:
        raise NotFound(_NONE)
    return credential.label


def rotate(session: Session, subject: Subject | None, credential_id: int) -> NewSecret:
    """Replace the secret of a system; the old one stops within a second. Raises NotFound."""
    credential = _working(session, credential_id, "client")
    clear, credential.secret_hash = new_token()
    credential.rotated_at = clock.now()
    history.record(session, subject, Action.XAPI_CREDENTIAL_ROTATED, credential.id, label=credential.label)
    session.flush()
    return NewSecret(credential, clear)


def revoke(session: Session, subject: Subject | None, credential_id: int) -> XapiCredential:
    """Withdraw the credential of a system or a launch token; it stops within a second. Raises NotFound."""
    credential = _working(session, credential_id, "client", "launch")
    credential.revoked_at = clock.now()
    history.record(
        session,
        subject,
        Action.XAPI_CREDENTIAL_REVOKED,
        credential.id,
        student_id=credential.user_id,
        label=credential.label,
        kind=credential.kind,
    )
    session.flush()
    return credential


def launch_token(
    session: Session,
    app_origin: str,
    *,
    user_id: int,
    agent: JsonObject,
    activity: str,
    registration: UUID | None,
    hours: int = LAUNCH_HOURS,
) -> NewSecret:
    """A token for one learner's session with one piece of content.

    It may write statements about this agent only, read back what it wrote, and keep this agent's state and
    profiles. `activity` is the IRI the content was launched for. Send it as HTTP Basic, key and secret.
    """
    name = identity(agent)
    if name is None or not values.is_iri(activity):
        raise Invalid("A launch needs an identified agent and an activity's IRI.")
    key = secrets.token_hex(16)
    clear, hashed = new_token()
    credential = XapiCredential(
        key=key,
        secret_hash=hashed,
        kind="launch",
        label=f"launch of {activity}"[:LONGEST_LABEL],
        scopes=list(LAUNCH_SCOPES),
        authority=_authority(app_origin, key, "Launched content"),
        user_id=user_id,
        agent=name,
        activity=activity,
        registration=registration,
        expires_at=clock.now() + timedelta(hours=hours),
    )
    session.add(credential)
    session.flush()
    return NewSecret(credential, clear)


def end_launch(session: Session, credential_id: int) -> None:
    """Withdraw a launch token; that there is none is no error."""
    credential = session.get(XapiCredential, credential_id)
    if credential is not None and credential.kind == "launch" and credential.revoked_at is None:
        credential.revoked_at = clock.now()
        session.flush()


def _working(session: Session, credential_id: int, *kinds: str) -> XapiCredential:
    credential = session.get(XapiCredential, credential_id, with_for_update=True)
    if credential is None or credential.kind not in kinds or credential.revoked_at is not None:
        raise NotFound(_NONE)
    return credential


def _authority(app_origin: str, key: str, label: str) -> JsonObject:
    return {"objectType": "Agent", "name": label, "account": {"homePage": app_origin, "name": key}}
