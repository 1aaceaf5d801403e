"""SQL on API keys, for the administrators' lists."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.core.search import matches
from app.db.models import User, XapiCredential
from app.web.listing import Listing
from app.web.paging import Paging


def clients(session: Session, paging: Paging, *, with_revoked: bool) -> Listing[XapiCredential]:
    """API keys of systems whose name or key holds every word searched for."""
    statement = select(XapiCredential).where(XapiCredential.kind == "client")
    if not with_revoked:
        statement = statement.where(XapiCredential.revoked_at.is_(None))
    statement = statement.where(*matches(paging.q, XapiCredential.label, XapiCredential.key))
    sorts: dict[str, Any] = {
        "name": func.lower(XapiCredential.label),
        "limit": XapiCredential.rate_limit_per_minute,
        "last_used": XapiCredential.last_used_at,
        "made": XapiCredential.created_at,
    }
    order = paging.order(sorts, "-made")
    return Listing(session, statement.order_by(order, XapiCredential.id.desc()), paging)


def launches(session: Session, paging: Paging, now: datetime) -> Listing[Any]:
    """Launch tokens that work, with the student's name; name, email address and activity are searched."""
    statement = (
        select(XapiCredential, User.full_name)
        .outerjoin(User, User.id == XapiCredential.user_id)
        .where(
            XapiCredential.kind == "launch",
            XapiCredential.revoked_at.is_(None),
            or_(XapiCredential.expires_at.is_(None), XapiCredential.expires_at > now),
        )
    )
    statement = statement.where(*matches(paging.q, User.search_text, XapiCredential.activity))
    sorts: dict[str, Any] = {
        "learner": func.lower(User.full_name),
        "activity": XapiCredential.activity,
        "last_used": XapiCredential.last_used_at,
        "made": XapiCredential.created_at,
        "until": XapiCredential.expires_at,
    }
    order = paging.order(sorts, "-made")
    return Listing(session, statement.order_by(order, XapiCredential.id.desc()), paging)
