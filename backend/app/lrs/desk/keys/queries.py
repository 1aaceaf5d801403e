"""SQL on credentials: for the record store's own requests, and for the administrators' lists."""

from datetime import datetime
from typing import Any, LiteralString

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.db.models import User, XapiCredential
from app.web.paging import Page, Paging, fetch_page

BY_KEY: LiteralString = """
SELECT id, secret_hash, scopes, authority, agent, activity, registration::text, rate_limit_per_minute,
       (expires_at IS NOT NULL AND expires_at <= now()) AS is_over, revoked_at IS NOT NULL AS is_revoked, kind,
       (last_used_at IS NULL OR last_used_at < now() - interval '1 minute') AS is_use_unnoted
FROM xapi_credentials WHERE key = %s
"""

# At most once a minute for each credential, whatever it is used for.
NOTE_USE: LiteralString = """
UPDATE xapi_credentials SET last_used_at = now()
WHERE id = %s AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
"""


def clients(session: Session, paging: Paging, *, with_revoked: bool) -> Page[XapiCredential]:
    """Credentials of systems whose name or key holds every word searched for."""
    statement = select(XapiCredential).where(XapiCredential.kind == "client")
    if not with_revoked:
        statement = statement.where(XapiCredential.revoked_at.is_(None))
    for word in paging.q.split():
        statement = statement.where(
            or_(
                XapiCredential.label.icontains(word, autoescape=True),
                XapiCredential.key.icontains(word, autoescape=True),
            )
        )
    sorts: dict[str, Any] = {
        "name": func.lower(XapiCredential.label),
        "limit": XapiCredential.rate_limit_per_minute,
        "last_used": XapiCredential.last_used_at,
        "made": XapiCredential.created_at,
    }
    order = paging.order(sorts, "-made")
    return fetch_page(session, statement.order_by(order, XapiCredential.id.desc()), paging)


def launches(session: Session, paging: Paging, now: datetime) -> Page[Any]:
    """Launch tokens that work, with the learner's name; her name, her address and the activity are searched."""
    statement = (
        select(XapiCredential, User.full_name)
        .outerjoin(User, User.id == XapiCredential.user_id)
        .where(
            XapiCredential.kind == "launch",
            XapiCredential.revoked_at.is_(None),
            or_(XapiCredential.expires_at.is_(None), XapiCredential.expires_at > now),
        )
    )
    for word in paging.q.split():
        places = (User.full_name, User.email, XapiCredential.activity)
        statement = statement.where(or_(*(place.icontains(word, autoescape=True) for place in places)))
    sorts: dict[str, Any] = {
        "learner": func.lower(User.full_name),
        "activity": XapiCredential.activity,
        "last_used": XapiCredential.last_used_at,
        "made": XapiCredential.created_at,
        "until": XapiCredential.expires_at,
    }
    order = paging.order(sorts, "-made")
    return fetch_page(session, statement.order_by(order, XapiCredential.id.desc()), paging)
