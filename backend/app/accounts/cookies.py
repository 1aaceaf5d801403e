"""The session cookie, and that of a sign-in that waits for its second step."""

from fastapi import Request, Response

from app.settings import Settings

_DAY_SECONDS = 24 * 60 * 60


def cookie_name(settings: Settings) -> str:
    """`__Host-…` binds the cookie to this one host; browsers take that name over https only."""
    return "__Host-aada_session" if settings.secure_cookies else "aada_session"


def read_cookie(settings: Settings, request: Request) -> str | None:
    """The secret in the request's session cookie."""
    return request.cookies.get(cookie_name(settings)) or None


def set_cookie(settings: Settings, response: Response, secret: str) -> None:
    """Give the browser the secret, out of the reach of scripts and of other sites' forms."""
    response.set_cookie(
        cookie_name(settings),
        secret,
        max_age=settings.session_max_days * _DAY_SECONDS,
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def clear_cookie(settings: Settings, response: Response) -> None:
    """Take the cookie away from the browser."""
    response.delete_cookie(
        cookie_name(settings), path="/", secure=settings.secure_cookies, httponly=True, samesite="lax"
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
