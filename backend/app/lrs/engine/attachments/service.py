"""Attachments as the rest of the program needs to know them: which stored files they are."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from app.db.models import XapiAttachment
from app.lrs.engine.attachments import queries


def attachment_files(session: Session, hashes: Collection[str]) -> set[str]:
    """Which of these files of the store are the bytes of an attachment (SHA-256, hex)."""
    return queries.named_files(session, hashes)


def kept_attachments(session: Session, sha2s: Collection[str]) -> dict[str, XapiAttachment]:
    """Those of these attachments whose bytes are kept, by the SHA-2 that statements name (lower-case hex)."""
    return queries.by_sha2(session, sha2s)


def has_attachments(session: Session) -> bool:
    """Whether any attachment is recorded."""
    return queries.any_attachment(session)


def hold_attachments(session: Session) -> None:
    """Until the transaction ends no attachment is recorded: be brief, all statements wait.

    Whoever records one afterwards looks whether its file is still there, and puts it again.
    """
    queries.take_turn(session)
