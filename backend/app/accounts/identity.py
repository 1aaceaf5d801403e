"""Who is behind a request: by bearer token, else by session cookie."""

from fastapi import Request
from sqlalchemy.orm import Session

from app.accounts.access import service as access
from app.accounts.cookies import read_cookie
from app.accounts.tokens import service as tokens
from app.core import clock
from app.core.errors import Forbidden, Unauthorized
from app.core.permissions import Subject
from app.core.proof import FactorRequired
from app.settings import Settings
from app.web.errors import SET_UP_FACTOR, wants_page
from app.web.security import SAFE_METHODS, within

SETTING_UP = (SET_UP_FACTOR, "/prove", "/sign-out", "/api/v1/session", "/api/v1/me/factors", "/school/logo")
"""What is open to somebody who must set up a second factor first."""


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
    subject = None if secret is None else access.subject_of(session, settings, secret)
    if subject is not None and not _may_go_on(settings, subject, request.url.path):
        raise FactorRequired(
            "The school’s policy asks you for a second factor. Set up a passkey or an authenticator app; everything "
            "else opens then."
        )
    return subject


def _may_go_on(settings: Settings, subject: Subject, path: str) -> bool:
    """Whether the person has a second factor or time to set one up, or is just about to."""
    due_on = subject.factor_due_on
    return due_on is None or clock.today(settings.zone) < due_on or within(path, SETTING_UP)


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
