"""Every SQL statement about cosigners' links."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.db.models import AgreementLink, EnrollmentAgreement, User


def by_hash(session: Session, token_hash: str) -> AgreementLink | None:
    """The link of a secret; None for an agreement of a student who was deleted."""
    return session.scalars(
        select(AgreementLink)
        .join(EnrollmentAgreement, EnrollmentAgreement.id == AgreementLink.agreement_id)
        .join(User, User.id == EnrollmentAgreement.student_id)
        .where(AgreementLink.token_hash == token_hash, User.deleted_at.is_(None))
        .execution_options(populate_existing=True)
    ).one_or_none()


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


def revoke(session: Session, agreement_id: int, now: datetime) -> None:
    """Unused links of an agreement stop working."""
    session.execute(
        update(AgreementLink)
        .where(
            AgreementLink.agreement_id == agreement_id,
            AgreementLink.used_at.is_(None),
            AgreementLink.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def is_out(session: Session, agreement_id: int) -> bool:
    """Whether the cosigner has a link that was not replaced."""
    return bool(
        session.scalar(
            select(func.count()).where(
                AgreementLink.agreement_id == agreement_id, AgreementLink.revoked_at.is_(None)
            )
        )
    )


def use(session: Session, link_id: int, now: datetime) -> None:
    """Note that the cosigner signed with it."""
    session.execute(update(AgreementLink).where(AgreementLink.id == link_id).values(used_at=now))
