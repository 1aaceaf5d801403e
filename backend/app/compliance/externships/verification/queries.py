"""SQL that compares externships with the logs of their hours."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlalchemy.orm import Session

from app.db.models import Externship, ExternshipHours, ExternshipPlacement


def differences(session: Session) -> Sequence[Row[Any]]:
    """Externships whose documented row is not what their log and their document say."""
    logged = (
        select(func.coalesce(func.sum(ExternshipHours.minutes), 0) / 60)
        .where(ExternshipHours.externship_id == Externship.id, ExternshipHours.state == "confirmed")
        .scalar_subquery()
    )
    verified = func.coalesce(Externship.verified, False)
    found = select(
        Externship.id,
        Externship.total_hours,
        func.floor(logged).label("logged_hours"),
        verified.label("verified"),
        Externship.verified_at,
        Externship.verification_doc_url,
        ExternshipPlacement.document_sha256,
    ).join(ExternshipPlacement, ExternshipPlacement.externship_id == Externship.id)
    return session.execute(
        found.where(
            or_(
                Externship.total_hours.is_distinct_from(func.floor(logged)),
                verified != Externship.verified_at.is_not(None),
                verified != Externship.verification_doc_url.is_not(None),
                and_(verified, ExternshipPlacement.document_sha256.is_(None)),
            )
        ).order_by(Externship.id)
    ).all()


def placed_count(session: Session) -> int:
    """How many externships have a placement."""
    return session.scalar(select(func.count()).select_from(ExternshipPlacement)) or 0
