"""SQL of requests and deliveries."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import (
    Enrollment,
    IssuedDocument,
    Program,
    TranscriptRequest,
    User,
)
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.queue import line

register_conflict(
    "uq_transcript_requests_request",
    "This request was received at this very moment; it is under Records. Nothing was saved twice.",
)

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
    statement = _listed().where(visible, *matches(paging.q, User.search_text, TranscriptRequest.recipient))
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


def by_request(session: Session, request: UUID) -> TranscriptRequest | None:
    return session.scalars(
        select(TranscriptRequest).where(TranscriptRequest.request == request)
    ).one_or_none()


def locked(session: Session, request_id: int) -> TranscriptRequest | None:
    return session.scalars(
        select(TranscriptRequest)
        .where(TranscriptRequest.id == request_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def to_decide(visible: ColumnElement[bool]) -> Select[Any]:
    """Requests that wait, for the queue."""
    return (
        select(
            *line(
                number=TranscriptRequest.id,
                student_id=TranscriptRequest.user_id,
                about=User.full_name,
                what=TranscriptRequest.recipient,
                since=TranscriptRequest.created_at,
                href=func.concat("/transcripts/requests/", TranscriptRequest.id),
            )
        )
        .select_from(TranscriptRequest)
        .join(User, User.id == TranscriptRequest.user_id)
        .where(TranscriptRequest.state == "waiting", User.deleted_at.is_(None), visible)
    )


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
