"""A browser that is signed in already."""

from datetime import timedelta

from playwright.sync_api import BrowserContext

from app.core import clock, tokens
from app.db.models import User, UserSession
from tests.conftest import LiveServer


def sign_in(context: BrowserContext, server: LiveServer, user: User) -> None:
    """Give the browser a session of this person."""
    clear, hashed = tokens.new_token()
    with server.database.begin() as session:
        session.add(
            UserSession(user_id=user.id, token_hash=hashed, expires_at=clock.now() + timedelta(days=1))
        )
    context.add_cookies([{"name": "aada_session", "value": clear, "url": server.url}])
