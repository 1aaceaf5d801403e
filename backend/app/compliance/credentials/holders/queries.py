"""Every SQL statement about public pages of credentials."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict
from app.db.models import CredentialShare

register_conflict("uq_credential_shares_open", "This credential is shared already. Reload the page.")


def open_share(session: Session, credential_id: int, *, lock: bool = False) -> CredentialShare | None:
    """The page that is switched on, if one is."""
    statement = select(CredentialShare).where(
        CredentialShare.credential_id == credential_id, CredentialShare.ended_at.is_(None)
    )
    return session.scalars(statement.with_for_update() if lock else statement).one_or_none()


def by_slug(session: Session, slug: str) -> CredentialShare | None:
    """The page at an address, unless it was switched off."""
    return session.scalars(
        select(CredentialShare).where(CredentialShare.slug == slug, CredentialShare.ended_at.is_(None))
    ).one_or_none()


def count_view(session: Session, share_id: int, now: datetime) -> None:
    session.execute(
        update(CredentialShare)
        .where(CredentialShare.id == share_id)
        .values(views=CredentialShare.views + 1, last_viewed_at=now)
    )


def add(session: Session, row: CredentialShare) -> None:
    session.add(row)
    session.flush()
