"""Every SQL statement about cosigners' links."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.models import AgreementLink


def by_hash(session: Session, token_hash: str) -> AgreementLink | None:
    """The link of a secret."""
    return session.scalars(
        select(AgreementLink)
        .where(AgreementLink.token_hash == token_hash)
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


def use(session: Session, link_id: int, now: datetime) -> None:
    """Note that the cosigner signed with it."""
    session.execute(update(AgreementLink).where(AgreementLink.id == link_id).values(used_at=now))
