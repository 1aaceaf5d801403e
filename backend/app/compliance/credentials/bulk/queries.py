"""Every SQL statement about issuing to a class at once."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.jobs import has_no_job
from app.db.models import (
    ClassSeat,
    Credential,
    CredentialEnding,
    CredentialIssue,
    CredentialOrder,
    Enrollment,
    IssuedDocument,
    SchoolClass,
    User,
)


def class_record(session: Session, class_id: int) -> SchoolClass | None:
    return session.get(SchoolClass, class_id)


def candidates(session: Session, class_id: int, type_id: int | None, today: date) -> Sequence[Row[Any]]:
    """The students who sit in a class or sat in it to its end or their own, with the number they hold of a type."""
    holds = (
        select(Credential.cert_serial)
        .join(CredentialIssue, CredentialIssue.credential_id == Credential.id)
        .outerjoin(CredentialEnding, CredentialEnding.credential_id == Credential.id)
        .where(
            CredentialIssue.type_id == type_id,
            CredentialIssue.enrollment_id == Enrollment.id,
            CredentialEnding.credential_id.is_(None),
            or_(CredentialIssue.expires_on.is_(None), CredentialIssue.expires_on >= today),
        )
        .limit(1)
        .correlate(Enrollment)
        .scalar_subquery()
    )
    return session.execute(
        select(
            Enrollment.id.label("enrollment_id"),
            Enrollment.status,
            Enrollment.completed_at,
            User.full_name.label("student"),
            User.id.label("user_id"),
            holds.label("holds"),
        )
        .join(User, User.id == Enrollment.user_id)
        .where(
            User.deleted_at.is_(None),
            exists().where(
                ClassSeat.enrollment_id == Enrollment.id,
                ClassSeat.class_id == class_id,
                SchoolClass.id == class_id,
                or_(
                    ClassSeat.ends_on.is_(None),
                    ClassSeat.ends_on >= func.least(SchoolClass.ends_on, today, Enrollment.completed_at),
                ),
            ),
        )
        .order_by(func.lower(User.full_name), Enrollment.id)
    ).all()


def order_many(
    session: Session,
    batch: UUID,
    type_id: int,
    class_id: int,
    asked_by: int | None,
    enrollments: Collection[int],
) -> int:
    """Write down what was asked for; how many rows are new."""
    rows = [
        {
            "batch": batch,
            "type_id": type_id,
            "class_id": class_id,
            "asked_by": asked_by,
            "enrollment_id": number,
        }
        for number in sorted(enrollments)
    ]
    made = session.execute(
        insert(CredentialOrder).values(rows).on_conflict_do_nothing().returning(CredentialOrder.id)
    )
    return len(made.all())


def orders(session: Session, batch: UUID) -> Sequence[Row[Any]]:
    """What became of each student of a bulk issue."""
    return session.execute(
        select(CredentialOrder, User.full_name.label("student"), Credential.cert_serial.label("serial"))
        .join(Enrollment, Enrollment.id == CredentialOrder.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .outerjoin(Credential, Credential.id == CredentialOrder.credential_id)
        .where(CredentialOrder.batch == batch)
        .order_by(CredentialOrder.id)
    ).all()


def next_order(session: Session, batch: UUID) -> CredentialOrder | None:
    return session.scalars(
        select(CredentialOrder)
        .where(CredentialOrder.batch == batch, CredentialOrder.state == "waiting")
        .order_by(CredentialOrder.id)
        .limit(1)
    ).one_or_none()


def left(session: Session) -> list[UUID]:
    """Requests in which somebody waits and that no job works on."""
    no_job = has_no_job("credentials.issue_many", "batch", CredentialOrder.batch)
    found = select(CredentialOrder.batch).where(CredentialOrder.state == "waiting", no_job).distinct()
    return list(session.scalars(found.order_by(CredentialOrder.batch)))


def issued(session: Session, requests: Collection[UUID]) -> int | None:
    """The credential that one of these requests came to; None where each was in vain."""
    return session.scalar(
        select(CredentialIssue.credential_id)
        .join(IssuedDocument, IssuedDocument.id == CredentialIssue.document_id)
        .where(IssuedDocument.request.in_(requests))
        .order_by(CredentialIssue.credential_id)
        .limit(1)
    )


def failed(session: Session, requests: Collection[UUID]) -> set[UUID]:
    """Which of these requests have taken a number whose document never came to be."""
    return set(
        session.scalars(
            select(IssuedDocument.request).where(
                IssuedDocument.request.in_(requests), IssuedDocument.sha256.is_(None)
            )
        )
    )


def order(session: Session, order_id: int) -> CredentialOrder | None:
    return session.get(CredentialOrder, order_id, with_for_update=True)
