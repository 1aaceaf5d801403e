"""How often a person, and everybody at one network address, may ask for what is dear or open to all.

Counted in a short transaction of its own before the request's begins, so that no count waits for a long export and a
request never holds two connections. A list that is searched or taken out as a file is known by its query string,
whatever its address: `keep_pace` looks at every request before its route does. Other addresses name theirs:
`dependencies=[Paced(LINKS)]`.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from app.core import limits
from app.core.limits import Claim, Limit, network_of
from app.settings import Settings
from app.web.request import client_ip, database_of, identified


@dataclass(frozen=True, slots=True)
class Pace:
    """The limits of one kind of request: for a person who is signed in, and for a network address.

    A school's people share an address, so its limit is the larger one.
    """

    address: Limit
    person: Limit | None = None


SEARCHES = Pace(
    Limit(
        "searches from an address",
        1200,
        timedelta(minutes=1),
        "Too many searches from your network. Nothing was done. Wait {wait} and try again.",
    ),
    Limit(
        "searches of a person",
        120,
        timedelta(minutes=1),
        "Too many searches. Nothing was done. Wait {wait} and try again.",
    ),
)
EXPORTS = Pace(
    Limit(
        "downloads from an address",
        150,
        timedelta(minutes=10),
        "Too many downloads from your network. Nothing was done. Wait {wait} and try again.",
    ),
    Limit(
        "downloads of a person",
        30,
        timedelta(minutes=10),
        "Too many downloads of lists. Nothing was done. Wait {wait} and try again.",
    ),
)
PUBLIC = Pace(
    Limit(
        "public pages from an address",
        1000,
        timedelta(minutes=10),
        "Too many requests from your network. Nothing was done. Wait {wait} and try again.",
    )
)
LINKS = Pace(
    Limit(
        "links from an address",
        300,
        timedelta(minutes=15),
        "Too many links opened from your network. Nothing was done. Wait {wait} and try again.",
    )
)
MAILS = Pace(
    Limit(
        "reset links from an address",
        60,
        timedelta(minutes=15),
        "Too many requests from your network. Nothing was done. Wait {wait} and try again.",
    )
)


def Paced(pace: Pace) -> Any:  # noqa: N802 - stands beside FastAPI's Depends
    """For `dependencies=[…]` of a route, before anything else in it: counts the request, and answers 429 with
    `Retry-After` beyond the pace."""

    def paced(request: Request) -> None:
        _count(request, pace)

    return Depends(paced)


async def keep_pace(request: Request) -> None:
    """Counts searches and downloads of lists, before the route is found."""
    if not request.scope["query_string"]:
        return
    asked = request.query_params
    if any(form not in ("", "html") for form in asked.getlist("format")):
        await run_in_threadpool(_count, request, EXPORTS)
    elif any(words.strip() for words in asked.getlist("q")):
        await run_in_threadpool(_count, request, SEARCHES)


def _count(request: Request, pace: Pace) -> None:
    settings: Settings = request.app.state.settings
    claims: list[Claim] = [(pace.address, network_of(client_ip(request)) or "unknown")]
    with database_of(request).begin() as session:
        if pace.person is not None:
            subject = identified(request, session)
            if subject is None:
                return  # the route asks for a sign-in, and does nothing dear
            claims.append((pace.person, str(subject.user_id)))
        wait = limits.take(session, [(limit.times(settings.pace_factor), value) for limit, value in claims])
    if wait is not None:
        raise wait.problem()
