"""The list of revoked credentials (W3C Bitstring Status List): one bit for each, at a random place.

A list has 131,072 bits, so that who asks for it does not say after whom. It ends after a week: an older copy, in
which a revoked credential still stands as valid, is refused.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.credentials.badges.proof import BadgeSigner, as_jwt, secured

BITS = 131_072
VALID_FOR = timedelta(days=7)
FIRST_OF_TRANSCRIPTS = 1_000_000
"""The number of the first list of transcripts; those of badges count from 1."""
Revoked = Callable[[Session, int], Collection[int] | None]
"""Which bits of the list with this number are revoked; None for a list that is not there."""

_others: dict[str, Revoked] = {}


def register_lists(name: str, revoked: Revoked) -> None:
    """Let a room that signs credentials of its own have its lists beside those of badges."""
    _others[name] = revoked


def of_others(session: Session, number: int) -> Collection[int] | None:
    """The revoked bits of a list that another room keeps; None where it is none of theirs."""
    found = (revoked(session, number) for revoked in _others.values())
    return next((bits for bits in found if bits is not None), None)


def address(app_origin: str, number: int) -> str:
    """Where a list is found."""
    return f"{app_origin}/credentials/status/{number}"


def entry(app_origin: str, number: int, index: int) -> dict[str, Any]:
    """What a badge says of its place in a list."""
    listed = address(app_origin, number)
    return {
        "id": f"{listed}#{index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(index),
        "statusListCredential": listed,
    }


# What this process has signed: by key, list, what is revoked in it, and the hour.
_signed: dict[tuple[object, ...], dict[str, Any]] = {}


def as_document(
    signer: BadgeSigner, app_origin: str, number: int, revoked: Collection[int], now: datetime
) -> dict[str, Any]:
    """The list as JSON with a Data Integrity proof."""
    at = _beginning(now)
    public = signer.key.key.public_key().public_bytes_raw()
    known = (public, signer.method, app_origin, number, frozenset(revoked), at)
    if known not in _signed:
        made = secured(_unsigned(signer, app_origin, number, revoked, at), signer, at)
        if len(_signed) >= 16:
            _signed.clear()
        _signed[known] = made
    return _signed[known]


def as_token(
    signer: BadgeSigner, app_origin: str, number: int, revoked: Collection[int], now: datetime
) -> str:
    """The list as a signed JWT, which other verifiers ask for."""
    at = _beginning(now)
    document = _unsigned(signer, app_origin, number, revoked, at)
    times = {"nbf": int(at.timestamp()), "exp": int((at + VALID_FOR).timestamp())}
    return as_jwt({**document, "iss": signer.did, "jti": document["id"], **times}, signer)


def _unsigned(
    signer: BadgeSigner, app_origin: str, number: int, revoked: Collection[int], at: datetime
) -> dict[str, Any]:
    from openbadgeslib.ob3 import build_status_list_credential  # noqa: PLC0415 - see `proof`

    return build_status_list_credential(
        signer.did,
        address(app_origin, number),
        "revocation",
        revoked,
        BITS,
        issued=at,
        valid_until=at + VALID_FOR,
    )


def _beginning(now: datetime) -> datetime:
    """The start of the hour: everybody who asks within it gets the same list."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
