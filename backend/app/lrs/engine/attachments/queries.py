"""What the LRS says about the files of attachments."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import XapiAttachment


def by_sha2(session: Session, sha2s: Collection[str]) -> dict[str, XapiAttachment]:
    """The recorded attachments among these, by the hash that statements name."""
    rows = session.scalars(select(XapiAttachment).where(XapiAttachment.sha2.in_(sha2s)))
    return {row.sha2: row for row in rows}
