"""The WebAuthn ceremonies with the school's own settings: which address, which challenge, which user.

User verification (a finger, a face, a PIN) is always required, so that a passkey alone is two factors, and the
passkey is always one that the authenticator finds by itself, so that nobody has to type an address.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.accounts.factors import challenges, queries
from app.accounts.factors.challenges import Purpose
from app.core import clock
from app.core.hash_key import hash_key
from app.core.later import later
from app.core.tokens import keyed_hash
from app.db.models import Passkey, User
from app.settings import Settings

if TYPE_CHECKING:
    import webauthn
    from webauthn import helpers as wire
    from webauthn.helpers import structs
else:
    webauthn, wire, structs = later("webauthn"), later("webauthn.helpers"), later("webauthn.helpers.structs")

LONGEST_ANSWER = 20_000
UNREADABLE = "The browser’s answer could not be read. Nothing was changed; please try again."
TOO_LATE = (
    "This took longer than five minutes, or the same answer was sent twice. Nothing was changed; please try "
    "again."
)


class RefusedError(Exception):
    """A passkey that does not let in: the sentence for the person, the word for the history, and whose it is."""

    def __init__(self, sentence: str, why: str, user: User | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.why, self.user = sentence, why, user


class CopiedError(RefusedError):
    """A passkey whose counter went back."""

    def __init__(self, passkey: Passkey, user: User, counter: int) -> None:
        super().__init__(
            f"The passkey “{passkey.name}” was refused: its counter went back, which happens when a passkey was "
            "copied. Sign in another way, remove it under Your account, and add a new one.",
            "copied",
            user,
        )
        self.passkey, self.counter = passkey, counter


@dataclass(frozen=True, slots=True)
class New:
    """A passkey that has just been made, checked and not yet kept."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]


def rp_id(settings: Settings) -> str:
    """The host that passkeys are bound to."""
    return urlsplit(settings.app_origin).hostname or "localhost"


def registration_options(
    session: Session, settings: Settings, user: User, known: Sequence[Passkey]
) -> dict[str, Any]:
    """What a browser needs to make a passkey for this person."""
    options = webauthn.generate_registration_options(
        rp_id=rp_id(settings),
        rp_name=settings.school_name,
        # Says nothing about the person, and is the same each time: a second passkey takes no second place.
        user_id=bytes.fromhex(keyed_hash(hash_key(session), "passkey user", str(user.id))),
        user_name=user.email,
        user_display_name=user.full_name,
        challenge=challenges.make(session, Purpose.REGISTER, user.id),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[_descriptor(one) for one in known],
    )
    return _plain(options)


def request_options(
    session: Session, settings: Settings, purpose: Purpose, user_id: int | None, known: Sequence[Passkey] = ()
) -> dict[str, Any]:
    """What a browser needs to use a passkey: one of `known`, or any that it has for the school."""
    options = webauthn.generate_authentication_options(
        rp_id=rp_id(settings),
        challenge=challenges.make(session, purpose, user_id),
        allow_credentials=[_descriptor(one) for one in known],
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return _plain(options)


def registered(session: Session, settings: Settings, user_id: int, answer: str) -> New:
    """Check what a browser has made. Raises RefusedError."""
    given = _read(answer)
    challenge = _challenge(settings, given)
    if not challenges.take(session, Purpose.REGISTER, user_id, challenge):
        raise RefusedError(TOO_LATE, "challenge")
    try:
        made = webauthn.verify_registration_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=rp_id(settings),
            expected_origin=settings.app_origin,
            require_user_verification=True,
        )
    except Exception as error:  # whatever the parts of an answer that is none lead the library to
        raise RefusedError(_sentence(error), "not valid") from error
    response = given["response"]
    said = response.get("transports") if isinstance(response, dict) else None
    transports = [one for one in said if one in _transports()] if isinstance(said, list) else []
    return New(made.credential_id, made.credential_public_key, made.sign_count, transports)


def used(
    session: Session, settings: Settings, purpose: Purpose, user_id: int | None, answer: str
) -> tuple[Passkey, User]:
    """Check what a passkey answered, and note its use. Raises RefusedError.

    `user_id` is who must have answered, None for anybody. A counter that does not grow blocks the passkey for good:
    it cannot be known which of the two is the copy (WebAuthn 3, section 6.1.1).
    """
    given = _read(answer)
    challenge = _challenge(settings, given)
    if not challenges.take(session, purpose, user_id, challenge):
        raise RefusedError(TOO_LATE, "challenge")
    try:
        found = queries.passkey_with_owner(session, wire.base64url_to_bytes(str(given.get("rawId", ""))))
    except ValueError as error:
        raise RefusedError(UNREADABLE, "unreadable") from error
    if found is None or (user_id is not None and found[0].user_id != user_id):
        raise RefusedError(
            "This passkey is not known here. It may have been removed, or belong to another account. Sign in "
            "another way.",
            "unknown",
        )
    passkey, user = found
    try:
        verified = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=challenge,
            expected_rp_id=rp_id(settings),
            expected_origin=settings.app_origin,
            credential_public_key=passkey.public_key,
            # The counter is compared below: a copy is not a forgery, and is answered differently.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as error:  # whatever the parts of an answer that is none lead the library to
        raise RefusedError(_sentence(error), "not valid", user) from error
    counter, before = verified.new_sign_count, passkey.sign_count
    now = clock.now()
    if passkey.copied_at is not None or ((counter or before) and counter <= before):
        passkey.copied_at = passkey.copied_at or now
        session.flush()
        raise CopiedError(passkey, user, counter)
    passkey.sign_count = counter
    passkey.last_used_at = now
    session.flush()
    return passkey, user


def _read(answer: str) -> dict[str, Any]:
    try:
        given = json.loads(answer)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or not isinstance(given.get("response"), dict):
        raise RefusedError(UNREADABLE, "unreadable")
    return given


def _challenge(settings: Settings, given: dict[str, Any]) -> bytes:
    """The challenge that came back, if it came back to this address."""
    try:
        data = json.loads(wire.base64url_to_bytes(given["response"]["clientDataJSON"]))
        challenge, origin = wire.base64url_to_bytes(data["challenge"]), str(data["origin"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RefusedError(UNREADABLE, "unreadable") from error
    if origin != settings.app_origin:
        raise RefusedError(
            f"This passkey was used at {origin[:100]}, and not at {settings.app_origin}. It was refused. Open the "
            "school’s own address; if you are there, tell the school’s office.",
            "another origin",
        )
    return challenge


def _sentence(error: Exception) -> str:
    if "verification is required" in str(error) or "not verified" in str(error):
        return (
            "The passkey did not check who used it. Set up a fingerprint, face or PIN for it on your device, then "
            "try again."
        )
    return "This passkey’s answer is not valid for this site. Nothing was changed; please try again."


def _descriptor(passkey: Passkey) -> structs.PublicKeyCredentialDescriptor:
    transports = [structs.AuthenticatorTransport(one) for one in passkey.transports if one in _transports()]
    return structs.PublicKeyCredentialDescriptor(id=passkey.credential_id, transports=transports or None)


def _transports() -> frozenset[str]:
    return frozenset(one.value for one in structs.AuthenticatorTransport)


def _plain(options: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return plain
