"""Messages of a certain age, to be purged, and what the history says of it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.db.models import AuditEntry, OutboxMessage
from app.db.session import Database


def write(session: Session, days_old: int, count: int = 1) -> None:
    session.add_all(
        OutboxMessage(
            to_address="maria@example.org",
            subject=f"{days_old} days old",
            body_text="Hello",
            created_at=clock.now() - timedelta(days=days_old),
        )
        for _ in range(count)
    )
    session.flush()


def subjects(database: Database) -> list[str]:
    with database.begin() as session:
        return list(session.scalars(select(OutboxMessage.subject).order_by(OutboxMessage.id)))


def recorded(database: Database) -> list[dict[str, Any]]:
    with database.begin() as session:
        return list(
            session.scalars(
                select(AuditEntry.details)
                .where(AuditEntry.action == "retention.purged")
                .order_by(AuditEntry.id)
            )
        )
