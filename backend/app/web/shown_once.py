"""Something to show once, on the page where one lands after a form: a new secret, an answer.

It travels sealed in a cookie, for a minute at most, opens on that one page alone, and goes when it has been shown: the
database never holds it, and loading the page again neither shows it nor repeats the act.
"""

import json
from collections.abc import Mapping

from fastapi import Request, Response

from app.core.permissions import Subject
from app.core.sealing import Unsealable, box
from app.settings import Settings

COOKIE = "aada_once"
_PURPOSE = "aada shown once"
_SECONDS = 60


def _cookie(settings: Settings) -> str:
    """`__Host-…` binds the cookie to this one host, so it has no path; the page it is for stands inside, sealed."""
    return f"__Host-{COOKIE}" if settings.secure_cookies else COOKIE


def hand_over(
    settings: Settings, subject: Subject, response: Response, path: str, shown: Mapping[str, str]
) -> None:
    """Give what is to be shown to this person along to the page at `path`; 2 kB at most."""
    sealed = box(settings, _PURPOSE).seal(
        json.dumps([subject.user_id, path, dict(shown)], ensure_ascii=False)
    )
    response.set_cookie(
        _cookie(settings),
        sealed,
        max_age=_SECONDS,
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="strict",
    )


def handed_over(settings: Settings, subject: Subject, request: Request) -> dict[str, str]:
    """What was given along to the page that is asked for; empty when there is nothing, or it is shown already."""
    sealed = request.cookies.get(_cookie(settings), "")
    try:
        opened = box(settings, _PURPOSE).open(sealed, ttl_seconds=_SECONDS)
    except Unsealable:
        return {}
    user_id, path, shown = json.loads(opened)
    return shown if (user_id, path) == (subject.user_id, request.url.path) else {}


def forget(settings: Settings, response: Response) -> None:
    """Take it away from the browser; the page that shows it is kept nowhere."""
    response.headers["Cache-Control"] = "no-store"
    response.delete_cookie(
        _cookie(settings), path="/", secure=settings.secure_cookies, httponly=True, samesite="strict"
    )
