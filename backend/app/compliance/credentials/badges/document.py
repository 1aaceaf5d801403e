"""The Open Badge of a credential, before it is signed (1EdTech Open Badges 3.0; W3C Verifiable Credentials 2.0)."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.compliance.credentials.badges import status

CONTEXTS = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    # Names the type of `credentialSchema`, which would not be signed without it.
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
)
_SCHEMA = {
    "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json",
    "type": "1EdTechJsonSchemaValidator2019",
}


@dataclass(frozen=True, slots=True)
class Earned:
    """What a badge says. `request` names it; `email` is only hashed into it."""

    request: UUID
    did: str
    app_origin: str
    school: str
    website: str
    serial: str
    prefix: str
    name: str
    level: str
    description: str
    criteria: str
    program: str
    full_name: str
    email: str
    at: datetime
    expires_on: date | None
    zone: ZoneInfo
    status_list: int
    status_index: int


def badge_document(earned: Earned) -> dict[str, Any]:
    """The badge as JSON-LD. Everything in it is a term of one of the two contexts: nothing else would be signed."""
    award = f"{earned.app_origin}/credentials/awards/{earned.prefix}"
    document: dict[str, Any] = {
        "@context": list(CONTEXTS),
        "id": f"urn:uuid:{earned.request}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": earned.name,
        "issuer": {
            "id": earned.did,
            "type": ["Profile"],
            "name": earned.school,
            "url": earned.website or earned.app_origin,
        },
        "validFrom": _instant(earned.at),
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": False,
                    "identityHash": earned.full_name,
                    "identityType": "name",
                },
                _hashed_email(earned.email),
            ],
            "licenseNumber": earned.serial,
            "achievement": {
                "id": award,
                "type": ["Achievement"],
                "achievementType": "Diploma" if earned.level == "Diploma" else "Certificate",
                "name": earned.name,
                "description": earned.description,
                "criteria": {"id": award, "narrative": earned.criteria},
                "fieldOfStudy": earned.program,
                "humanCode": earned.prefix,
                "image": {"id": f"{award}/image.png", "type": "Image", "caption": f"{earned.name} badge"},
            },
        },
        "credentialStatus": status.entry(earned.app_origin, earned.status_list, earned.status_index),
        "credentialSchema": [_SCHEMA],
    }
    if earned.expires_on is not None:
        end = datetime.combine(earned.expires_on, time(23, 59, 59), earned.zone)
        document["validUntil"] = _instant(end)
    return document


def _hashed_email(email: str) -> dict[str, Any]:
    """Who knows the address can check it. It is no secret: addresses can be guessed."""
    salt = secrets.token_hex(16)
    digest = hashlib.sha256(f"{email}{salt}".encode()).hexdigest()
    return {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": f"sha256${digest}",
        "identityType": "emailAddress",
        "salt": salt,
    }


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
