"""What everybody may ask: whether a credential is valid, which keys sign badges, which badges were revoked.

With the serial number alone the answer is whether it is valid. With the code that is printed on the credential it says
a little more: initials, program, dates. The full name is on a page that the holder has switched on. A number that
never was, one that is locked, and a wrong code are answered with the same words.
"""

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.credentials import policy
from app.compliance.credentials.awards import queries
from app.compliance.credentials.badges import status
from app.compliance.credentials.badges.keys import did_document, issuer_id
from app.compliance.credentials.badges.proof import BadBadge, BadgeSigner
from app.compliance.credentials.badges.proof import verify as verify_proof
from app.core import clock
from app.core.directory import may_publish
from app.core.errors import NotFound, TooLarge
from app.core.permissions import Actor, internal
from app.documents import service as documents
from app.documents.service import Finding
from app.settings import Settings
from app.web.render import initials

_SERIAL = re.compile(r"[A-Z]{2,6}-[0-9]{4}-[0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a stranger learns. `state`: valid, expired, revoked, superseded, or unknown."""

    state: str
    serial: str | None = None
    name: str | None = None
    program: str | None = None
    holder: str | None = None
    """Initials."""
    issued_on: date | None = None
    expires_on: date | None = None
    ended_on: date | None = None
    replaced_by: str | None = None

    @property
    def holds(self) -> bool:
        return self.state == "valid"


UNKNOWN = Answer("unknown")


@internal("answers strangers with what the holder gave away")
def verify(session: Session, zone: ZoneInfo, serial: str | None, code: str | None) -> Answer:
    """Whether a credential is valid, by its serial number, its code, or both. Never raises for what was typed."""
    today = clock.today(zone)
    wanted = serial.strip().upper() if serial and serial.strip() else None
    if code and code.strip():
        read = documents.read_code(code)
        row = queries.by_code(session, documents.hash_code(read or ""), today)
        if row is None or (wanted is not None and wanted != row.serial):
            return UNKNOWN
        return _in_full(row, zone)
    row = queries.by_serial(session, wanted or "", today) if wanted and _SERIAL.fullmatch(wanted) else None
    # A number can be guessed, and says that somebody studied here: nothing of those who opted out.
    if row is None or not may_publish(session, row.user_id):
        return UNKNOWN
    return Answer(_state(row), serial=row.serial)


def _in_full(row: Row[Any], zone: ZoneInfo) -> Answer:
    return Answer(
        _state(row),
        serial=row.serial,
        name=row.name,
        program=row.program,
        holder=initials(row.full_name or row.student),
        issued_on=row.issued_at,
        expires_on=row.expires_on,
        ended_on=clock.local(row.ended_at, zone).date() if row.ended_at else None,
        replaced_by=row.replaced_by_serial,
    )


def _state(row: Row[Any]) -> str:
    return "valid" if row.standing == "expiring" else str(row.standing)


@internal("public keys are public")
def issuer(session: Session, settings: Settings) -> dict[str, Any]:
    """The DID document: who signs the school's badges, and with which keys. Raises NotFound before the first start."""
    keys = documents.badge_keys(session)
    if not keys:
        raise NotFound("The school has no key for badges yet; it is made at the first start.")
    return did_document(issuer_id(settings.app_origin), keys)


@internal("lists of revoked badges are public")
def status_list(session: Session, settings: Settings, number: int) -> dict[str, Any]:
    """A list of revoked badges as JSON with its proof. Raises NotFound, Unavailable."""
    signer, revoked = _listed(session, settings, number)
    return status.as_document(signer, settings.app_origin, number, revoked, clock.now())


@internal("lists of revoked badges are public")
def status_token(session: Session, settings: Settings, number: int) -> str:
    """The same list as a signed JWT. Raises NotFound, Unavailable."""
    signer, revoked = _listed(session, settings, number)
    return status.as_token(signer, settings.app_origin, number, revoked, clock.now())


def _listed(session: Session, settings: Settings, number: int) -> tuple[BadgeSigner, frozenset[int]]:
    revoked = status.of_others(session, number)
    if revoked is None:
        if not queries.has_list(session, number):
            raise NotFound("There is no such list of revoked credentials.")
        revoked = queries.revoked_bits(session, number)
    signer = BadgeSigner(issuer_id(settings.app_origin), documents.badge_key(session, settings))
    return signer, frozenset(revoked)


# Verifying a file, for the staff and the command line


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file holds, and why. `row` is the credential in the register, if it is one."""

    findings: tuple[Finding, ...]
    row: Row[Any] | None

    @property
    def accepted(self) -> bool:
        return bool(self.findings) and all(finding.passed for finding in self.findings)


def verify_file(session: Session, subject: Actor, settings: Settings, content: bytes) -> Verdict:
    """Judge a diploma (PDF), a badge (JSON) or a picture with a badge inside (PNG). Raises Forbidden, TooLarge."""
    policy.require_list(subject)
    if content.startswith(b"%PDF"):
        verdict = documents.verify(session, subject, content)
        found = queries.by_document(session, verdict.document.id) if verdict.document else None
        row = queries.one(session, found, clock.today(settings.zone)) if found is not None else None
        return Verdict((*verdict.findings, _of_diploma(row)), row)
    text = _baked(content) if content.startswith(b"\x89PNG") else content.decode("utf-8", "replace")
    if len(text) > LARGEST_BADGE:
        raise TooLarge("A badge of this school is small; this file is larger than any of them.")
    return _judged(session, settings, text)


LARGEST_BADGE = 200_000


def _baked(image: bytes) -> str:
    from openbadgeslib import baking  # noqa: PLC0415 - see `badges.proof`

    try:
        return baking.extract_png(image, keyword=baking.ITXT_KEYWORD_OB3) or ""
    except Exception:  # whatever is wrong with the picture, there is no badge in it
        return ""


def _of_diploma(row: Row[Any] | None) -> Finding:
    if row is None:
        return Finding("Credential", False, "The file is not a credential of this school.")
    return _standing(row)


def _judged(session: Session, settings: Settings, text: str) -> Verdict:
    try:
        badge = json.loads(text)
        method = str(badge["proof"]["verificationMethod"])
        entry = badge["credentialStatus"]
        number, index = (
            int(str(entry["statusListCredential"]).rpartition("/")[2]),
            int(entry["statusListIndex"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Verdict((Finding("Format", False, "This is not an Open Badge of this school."),), None)
    key = next((one for one in documents.badge_keys(session) if method.endswith(f"#key-{one.id}")), None)
    if key is None:
        return Verdict((Finding("Signature", False, "The key that it names is not this school’s."),), None)
    findings = [_signature(text, key.raw)]
    if not key.trusted:
        findings.append(Finding("Signing key", False, "The key was revoked: someone else may have used it."))
    row = None
    if 0 <= number < 2**31 and 0 <= index < status.BITS:
        row = queries.by_badge_index(session, number, index, clock.today(settings.zone))
    findings.append(_registered(session, row, badge))
    return Verdict(tuple(findings), row)


def _signature(text: str, public: bytes) -> Finding:
    try:
        verify_proof(text, public)
    except BadBadge as error:
        return Finding(
            "Signature", False, f"The badge was changed, has expired, or is not the school’s: {error}"
        )
    return Finding("Signature", True, "The signature matches the badge, and covers all of it.")


def _registered(session: Session, row: Row[Any] | None, badge: dict[str, Any]) -> Finding:
    if row is None:
        return Finding("Register", False, "The school has not issued this badge.")
    kept = queries.badge_of(session, row.id)
    if kept is None or json.loads(kept) != badge:
        return Finding("Register", False, "The school issued another badge in this place.")
    return _standing(row)


def _standing(row: Row[Any]) -> Finding:
    state = _state(row)
    words = {
        "valid": f"This is credential {row.serial}, which is valid.",
        "expired": f"This is credential {row.serial}, which has expired.",
        "revoked": f"This is credential {row.serial}, which was revoked: {row.reason}",
        "superseded": f"This is credential {row.serial}, in whose place {row.replaced_by_serial} was issued.",
    }
    return Finding("Credential", state == "valid", words[state])
