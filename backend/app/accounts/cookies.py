"""Cookies: the session's, that of a sign-in that waits for its second step, and the one by which a browser is known
that has signed in before."""

from fastapi import Request, Response

from app.accounts.access.known_browsers import KEPT_FOR
from app.accounts.access.service import SignedIn
from app.settings import Settings

_DAY_SECONDS = 24 * 60 * 60


def cookie_name(settings: Settings) -> str:
    """`__Host-…` binds the cookie to this one host; browsers take that name over https only."""
    return "__Host-aada_session" if settings.secure_cookies else "aada_session"


def read_cookie(settings: Settings, request: Request) -> str | None:
    """The secret in the request's session cookie."""
    return request.cookies.get(cookie_name(settings)) or None


def known_cookie_name(settings: Settings) -> str:
    """The name of the cookie of known browsers."""
    return "__Host-aada_browser" if settings.secure_cookies else "aada_browser"


def read_known_cookie(settings: Settings, request: Request) -> str | None:
    """What the browser says of the people who have signed in with it."""
    return request.cookies.get(known_cookie_name(settings)) or None


def set_cookies(settings: Settings, response: Response, entered: SignedIn) -> None:
    """Give the browser its session, and what it will be known by. Out of the reach of scripts and of other sites'
    forms."""
    _set(settings, response, cookie_name(settings), entered.secret, settings.session_max_days)
    _set(settings, response, known_cookie_name(settings), entered.known, KEPT_FOR.days)


def clear_cookie(settings: Settings, response: Response) -> None:
    """Take the session's cookie away from the browser, which stays known, and what it keeps of the pages seen."""
    response.headers["Clear-Site-Data"] = '"cache"'
    response.delete_cookie(
        cookie_name(settings), path="/", secure=settings.secure_cookies, httponly=True, samesite="lax"
    )


def _set(settings: Settings, response: Response, name: str, value: str, days: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=days * _DAY_SECONDS,
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


WAITING = "aada_second_step"
_WAITING_PATH = "/sign-in"
_WAITING_SECONDS = 600


def set_waiting(settings: Settings, response: Response, secret: str) -> None:
    """Give the browser the secret of a sign-in that waits for its second step."""
    response.set_cookie(
        WAITING,
        secret,
        max_age=_WAITING_SECONDS,
        path=_WAITING_PATH,
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def clear_waiting(settings: Settings, response: Response) -> None:
    """The sign-in is finished."""
    response.delete_cookie(
        WAITING, path=_WAITING_PATH, secure=settings.secure_cookies, httponly=True, samesite="lax"
    )
