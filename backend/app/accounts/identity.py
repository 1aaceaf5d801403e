"""Who is behind a request: by bearer token, else by session cookie."""

from fastapi import Request
from sqlalchemy.orm import Session

from app.accounts.access import service as access
from app.accounts.cookies import read_cookie
from app.accounts.tokens import service as tokens
from app.core.permissions import Subject
from app.settings import Settings


def identify(session: Session, request: Request) -> Subject | None:
    """The person whose bearer token or session cookie the request carries, or None.

    A bearer token wins, also when it is no good: a program that means to use one must not go on as the browser's
    user by accident.
    """
    settings: Settings = request.app.state.settings
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return tokens.subject_of(session, settings, token.strip())
    secret = read_cookie(settings, request)
    return None if secret is None else access.subject_of(session, settings, secret)
