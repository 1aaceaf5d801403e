"""Who is behind a request: by bearer token, else by session cookie."""

from fastapi import Request
from sqlalchemy.orm import Session

from app.accounts.access import service as access
from app.accounts.cookies import read_cookie
from app.accounts.tokens import service as tokens
from app.core.errors import Forbidden, Unauthorized
from app.core.permissions import Subject
from app.settings import Settings
from app.web.errors import wants_page
from app.web.security import SAFE_METHODS


def identify(session: Session, request: Request) -> Subject | None:
    """The person whose bearer token or session cookie the request carries, or None.

    Raises Unauthorized with the reason for a token that does not work, Forbidden for one that may only read.

    A bearer token wins, also when it is no good: a program that means to use one must not go on as the browser's
    user by accident.
    """
    settings: Settings = request.app.state.settings
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _bearer(session, request, settings, token.strip())
    secret = read_cookie(settings, request)
    return None if secret is None else access.subject_of(session, settings, secret)


def _bearer(session: Session, request: Request, settings: Settings, token: str) -> Subject | None:
    try:
        subject, read_only = tokens.subject_of(session, settings, token)
    except Unauthorized:
        if wants_page(request):
            return None  # a page leads to the sign-in form, which must not ask for a sign-in itself
        raise
    if read_only and request.method not in SAFE_METHODS:
        raise Forbidden(
            "This API token may only read. Nothing was changed. Create a token that may change records under "
            "Your account.",
            headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'},
        )
    return subject
