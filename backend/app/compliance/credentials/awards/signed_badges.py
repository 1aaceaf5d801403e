"""The Open Badge of a credential that is being issued."""

import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.compliance.credentials.awards import queries
from app.compliance.credentials.awards.drafts import Prepared, Wanted
from app.compliance.credentials.badges import status
from app.compliance.credentials.badges.document import Earned, badge_document
from app.compliance.credentials.badges.keys import issuer_id
from app.compliance.credentials.badges.proof import BadBadge, BadgeSigner, as_text, secured, verify
from app.core import clock
from app.core.errors import Unavailable
from app.documents import service as documents
from app.settings import Settings

_HALF = status.BITS // 2
"""A list is half full at most, so that a random bit is free at the second try on average."""


@dataclass(frozen=True, slots=True)
class SignedBadge:
    """The badge as text, and its bit in a list of revoked ones."""

    text: str
    status_list: int
    status_index: int


def _free_bit(session: Session) -> tuple[int, int]:
    number = 1 + queries.issued_count(session) // _HALF
    while True:
        index = secrets.randbelow(status.BITS)
        if not queries.is_taken(session, number, index):
            return number, index


def sign_badge(
    session: Session, settings: Settings, wanted: Wanted, prepared: Prepared, serial: str
) -> SignedBadge:
    """The badge of a credential that is being issued. The strict verifier has read it before it is kept.

    Raises Unavailable for what cannot be signed: nobody's input leads there, and no credential is issued.
    """
    number, index = _free_bit(session)
    now = clock.now()
    signer = BadgeSigner(issuer_id(settings.app_origin), documents.badge_key(session, settings))
    kind, letterhead = prepared.type, prepared.draft.letterhead
    document = badge_document(
        Earned(
            request=wanted.request,
            did=signer.did,
            app_origin=settings.app_origin,
            school=letterhead.legal_name,
            website=prepared.website,
            serial=serial,
            prefix=kind.prefix,
            name=kind.name,
            level=kind.level,
            description=kind.description,
            criteria=kind.criteria,
            program=prepared.row.program,
            full_name=prepared.full_name,
            email=prepared.row.email,
            at=now,
            expires_on=prepared.expires_on,
            zone=letterhead.zone,
            status_list=number,
            status_index=index,
        )
    )
    try:
        text = as_text(secured(document, signer, now))
        verify(text, signer.key.key.public_key().public_bytes_raw())
    except BadBadge as error:
        raise Unavailable(f"The badge could not be signed, so no credential was issued: {error}") from error
    return SignedBadge(text, number, index)
