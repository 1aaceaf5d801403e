"""Every SQL statement about documents and their numbers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.core.search import matches
from app.db.models import DocumentCounter, IssuedDocument, LedgerPayer, User
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict(
    "uq_issued_documents_request",
    "This document is being created at this moment. Look under Documents in a minute.",
)

_Issuer = aliased(User)
_OWNER = func.coalesce(User.full_name, LedgerPayer.name)
SORTS = {
    "issued": IssuedDocument.created_at,
    "number": IssuedDocument.number,
    "student": _OWNER,
    "kind": IssuedDocument.kind,
    "status": IssuedDocument.status,
}


def take(session: Session, kind: str, year: int, count: int) -> int:
    """Count the kind's numbers of a year up by `count`; the last one of them. Others wait until the commit."""
    statement = (
        insert(DocumentCounter)
        .values(kind=kind, year=year, last=count)
        .on_conflict_do_update(
            index_elements=[DocumentCounter.kind, DocumentCounter.year],
            set_={"last": DocumentCounter.last + count},
        )
        .returning(DocumentCounter.last)
    )
    return session.execute(statement).scalar_one()


def begin_counter(session: Session, kind: str, year: int, last: int) -> None:
    """A counter that stands at `last`; one that is there stays as it is."""
    session.execute(
        insert(DocumentCounter)
        .values(kind=kind, year=year, last=last)
        .on_conflict_do_nothing(index_elements=[DocumentCounter.kind, DocumentCounter.year])
    )


def insert_reserved(session: Session, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Rows of the register with the status `reserved`; their numbers in the same order."""
    statement = insert(IssuedDocument).returning(IssuedDocument.id, sort_by_parameter_order=True)
    return list(session.scalars(statement, list(rows)))


def find(session: Session, document_id: int, *, lock: bool = False) -> IssuedDocument | None:
    statement = select(IssuedDocument).where(IssuedDocument.id == document_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).one_or_none()


def locked(session: Session, document_ids: Collection[int]) -> dict[int, IssuedDocument]:
    """Rows of the register by number, locked, in the order in which everybody takes them."""
    statement = (
        select(IssuedDocument)
        .where(IssuedDocument.id.in_(document_ids))
        .order_by(IssuedDocument.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in session.scalars(statement)}


def by_request(session: Session, request: UUID) -> IssuedDocument | None:
    return session.scalars(select(IssuedDocument).where(IssuedDocument.request == request)).one_or_none()


def by_hash(session: Session, sha256: str) -> IssuedDocument | None:
    """The document whose signed file has this SHA-256."""
    return session.scalars(
        select(IssuedDocument).where(IssuedDocument.sha256 == sha256).order_by(IssuedDocument.id).limit(1)
    ).first()


def abandoned(session: Session, before: datetime, waiting: Collection[str]) -> Sequence[IssuedDocument]:
    """Numbers that were taken before this moment and never came to an end; those in work now are skipped, and the
    kinds that wait for people."""
    return session.scalars(
        select(IssuedDocument)
        .where(
            IssuedDocument.status == "reserved",
            IssuedDocument.created_at < before,
            IssuedDocument.kind.not_in(waiting),
        )
        .order_by(IssuedDocument.id)
        .with_for_update(skip_locked=True)
    ).all()


def with_files(session: Session, after: int, few: int) -> Sequence[IssuedDocument]:
    """Documents that have a file, by number of the row, beyond `after`."""
    return session.scalars(
        select(IssuedDocument)
        .where(IssuedDocument.id > after, IssuedDocument.sha256.is_not(None))
        .order_by(IssuedDocument.id)
        .limit(few)
    ).all()


def count_asked_by(session: Session, user_id: int, since: datetime) -> int:
    """How many documents a person has had made since this moment."""
    statement = select(func.count()).where(
        IssuedDocument.issued_by == user_id, IssuedDocument.created_at >= since
    )
    return session.scalar(statement) or 0


def of_student(session: Session, student_id: int, visible: ColumnElement[bool]) -> Sequence[IssuedDocument]:
    """A student's documents, the newest first, without numbers whose document never came to be."""
    return session.scalars(
        select(IssuedDocument)
        .where(IssuedDocument.student_id == student_id, IssuedDocument.sha256.is_not(None), visible)
        .order_by(IssuedDocument.id.desc())
    ).all()


def one(session: Session, document_id: int, visible: ColumnElement[bool]) -> Row[Any] | None:
    """A document with the names of its student or payer and of who had it made."""
    return session.execute(_listed().where(IssuedDocument.id == document_id, visible)).one_or_none()


def listing(
    session: Session, paging: Paging, visible: ColumnElement[bool], *, status: str | None
) -> Listing[Any]:
    """The register, the newest number first unless sorted otherwise."""
    statement = _listed().where(visible)
    if status is not None:
        statement = statement.where(IssuedDocument.status == status)
    plain = (IssuedDocument.number, LedgerPayer.name)
    statement = statement.where(*matches(paging.q, User.search_text, plain=plain))
    ordered = statement.order_by(paging.order(SORTS, "-issued"), IssuedDocument.id.desc())
    return Listing(session, ordered, paging)


def _listed() -> Select[Any]:
    return (
        select(IssuedDocument, _OWNER.label("owner"), _Issuer.full_name.label("issuer"))
        .outerjoin(User, User.id == IssuedDocument.student_id)
        .outerjoin(LedgerPayer, LedgerPayer.id == IssuedDocument.payer_id)
        .outerjoin(_Issuer, _Issuer.id == IssuedDocument.issued_by)
    )
