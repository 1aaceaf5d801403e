"""SQL of deliveries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session, aliased

from app.db.models import IssuedDocument, TranscriptContent, TranscriptDelivery, User

_Sender = aliased(User)


def add(session: Session, row: TranscriptDelivery) -> None:
    """Write a line of the log; its number is known afterwards."""
    session.add(row)
    session.flush()


def deliveries_of(
    session: Session, now: datetime, *, document_id: int | None = None, user_id: int | None = None
) -> Sequence[Row[Any]]:
    """TranscriptDelivery with the number and who sent it, the newest first, of a transcript or a student.

    `over` says that its link has expired, `status` is the transcript’s.
    """
    statement = (
        select(
            TranscriptDelivery,
            IssuedDocument.number,
            IssuedDocument.status,
            (TranscriptDelivery.expires_at <= now).label("over"),
            _Sender.full_name.label("sender"),
        )
        .join(IssuedDocument, IssuedDocument.id == TranscriptDelivery.document_id)
        .outerjoin(_Sender, _Sender.id == TranscriptDelivery.sent_by)
    )
    if document_id is not None:
        statement = statement.where(TranscriptDelivery.document_id == document_id)
    if user_id is not None:
        statement = statement.where(IssuedDocument.student_id == user_id)
    return session.execute(statement.order_by(TranscriptDelivery.id.desc())).all()


def delivery(session: Session, delivery_id: int) -> Row[Any] | None:
    """TranscriptDelivery, locked, with the number and the student."""
    return session.execute(
        select(TranscriptDelivery, IssuedDocument.number, IssuedDocument.student_id)
        .join(IssuedDocument, IssuedDocument.id == TranscriptDelivery.document_id)
        .where(TranscriptDelivery.id == delivery_id)
        .with_for_update(of=TranscriptDelivery)
        .execution_options(populate_existing=True)
    ).one_or_none()


def by_token(session: Session, token_hash: str, now: datetime) -> Row[Any] | None:
    """What a link that still holds leads to: the delivery, the document and its content."""
    return session.execute(
        select(TranscriptDelivery, IssuedDocument, TranscriptContent.content, TranscriptContent.student_name)
        .join(IssuedDocument, IssuedDocument.id == TranscriptDelivery.document_id)
        .join(TranscriptContent, TranscriptContent.document_id == IssuedDocument.id)
        .where(
            TranscriptDelivery.token_hash == token_hash,
            TranscriptDelivery.revoked_at.is_(None),
            TranscriptDelivery.expires_at > now,
        )
    ).one_or_none()


def note_opened(session: Session, delivery_id: int, now: datetime) -> None:
    session.execute(
        update(TranscriptDelivery)
        .where(TranscriptDelivery.id == delivery_id)
        .values(opens=TranscriptDelivery.opens + 1, opened_at=now)
    )
