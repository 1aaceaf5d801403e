"""What the record store says about the files of attachments."""

from collections.abc import Collection

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.db.models import XapiAttachment
from app.lrs.engine.statements.queries import WRITER_LOCK


def named_files(session: Session, hashes: Collection[str]) -> set[str]:
    """Which of these stored files are the bytes of an attachment."""
    return set(
        session.scalars(select(XapiAttachment.sha256).where(XapiAttachment.sha256.in_(hashes)).distinct())
    )


def by_sha2(session: Session, sha2s: Collection[str]) -> dict[str, XapiAttachment]:
    """The recorded attachments among these, by the hash that statements name."""
    rows = session.scalars(select(XapiAttachment).where(XapiAttachment.sha2.in_(sha2s)))
    return {row.sha2: row for row in rows}


def any_attachment(session: Session) -> bool:
    return bool(session.scalar(select(exists(select(XapiAttachment.sha2)))))


def take_turn(session: Session) -> None:
    """Keep statements from being written until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(WRITER_LOCK)))
