"""Attachments as the rest of the system needs to know them: which stored files they are."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from app.db.models import XapiAttachment
from app.lrs.engine.attachments import queries


def kept_attachments(session: Session, sha2s: Collection[str]) -> dict[str, XapiAttachment]:
    """Those of these attachments whose bytes are kept, by the SHA-2 that statements name (lower-case hex)."""
    return queries.by_sha2(session, sha2s)
