"""SQL of requests and deliveries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.core.search import matches
from app.db.models import (
    Enrollment,
    IssuedDocument,
    Program,
    TranscriptContent,
    TranscriptDelivery,
    TranscriptRequest,
    User,
)
from app.web.listing import Listing
from app.web.paging import Paging

SORTS = {
    "asked": TranscriptRequest.created_at,
    "student": func.lower(User.full_name),
    "recipient": func.lower(TranscriptRequest.recipient),
    "state": TranscriptRequest.state,
}
_Sender, _Decider = aliased(User), aliased(User)


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


def _listed() -> Select[Any]:
    return (
        select(
            TranscriptRequest,
            User.full_name.label("student"),
            User.email.label("email"),
            Program.name.label("program"),
            IssuedDocument.number,
            _Decider.full_name.label("decider"),
        )
        .join(User, User.id == TranscriptRequest.user_id)
        .join(Enrollment, Enrollment.id == TranscriptRequest.enrollment_id)
        .join(Program, Program.id == Enrollment.program_id)
        .outerjoin(IssuedDocument, IssuedDocument.id == TranscriptRequest.document_id)
        .outerjoin(_Decider, _Decider.id == TranscriptRequest.decided_by)
    )


def listing(
    session: Session, paging: Paging, visible: ColumnElement[bool], *, state: str | None
) -> Listing[Any]:
    """Requests, the oldest first unless sorted otherwise."""
    statement = _listed().where(visible)
    for word in paging.q.split():
        statement = statement.where(
            or_(
                TranscriptRequest.recipient.icontains(word, autoescape=True), *matches(word, User.search_text)
            )
        )
    if state is not None:
        statement = statement.where(TranscriptRequest.state == state)
    return Listing(session, statement.order_by(paging.order(SORTS, "asked"), TranscriptRequest.id), paging)


def of_student(session: Session, user_id: int) -> Sequence[Row[Any]]:
    """A student’s requests, the newest first."""
    return session.execute(
        _listed().where(TranscriptRequest.user_id == user_id).order_by(TranscriptRequest.id.desc())
    ).all()


def one(session: Session, request_id: int) -> Row[Any] | None:
    return session.execute(_listed().where(TranscriptRequest.id == request_id)).one_or_none()


def locked(session: Session, request_id: int) -> TranscriptRequest | None:
    return session.scalars(
        select(TranscriptRequest)
        .where(TranscriptRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def count_waiting(session: Session, visible: ColumnElement[bool]) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(TranscriptRequest)
            .join(User, User.id == TranscriptRequest.user_id)
            .where(TranscriptRequest.state == "waiting", User.deleted_at.is_(None), visible)
        )
        or 0
    )


# Deliveries


def deliveries_of(
    session: Session, *, document_id: int | None = None, user_id: int | None = None
) -> Sequence[Row[Any]]:
    """TranscriptDelivery with the number and who sent it, the newest first, of a transcript or a student."""
    statement = (
        select(TranscriptDelivery, IssuedDocument.number, _Sender.full_name.label("sender"))
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
