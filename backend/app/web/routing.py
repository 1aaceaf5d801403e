"""Which route answers an address, found by the first part of its path and how many parts it has.

FastAPI asks each included router, which asks each of its routes, until one says yes; then that router asks them all
once more. With some three hundred addresses this took a tenth of the processor's time for a student's page. And for
each route of a router that is included it works out once more what the route needs: 8 MB of every process.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.request import commits_itself

Before = Callable[[Request], Awaitable[None]]


class Addresses:
    """All routes of a program in order. What a router has of its own (a prefix, dependencies, tags) is in its routes
    already. Applications of one process may share it: what FastAPI works out about a route is then worked out once.
    """

    def __init__(self, routers: Iterable[APIRouter], before: Before | None = None) -> None:
        """`before` looks at each request that begins as one of these addresses does, before its route does."""
        self._before = before
        self._routes = [route for router in routers for route in router.routes]
        self._groups: dict[str, list[BaseRoute]] = {}
        parts: dict[int, set[int | None]] = {}
        for route in (leaf for one in self._routes for leaf in _leaves(one)):
            if isinstance(route, APIRoute):
                commits_itself(route)
            parts[id(route)] = _parts(route)
            for segment in _segments(route):
                self._groups.setdefault(segment, []).append(route)
        self._parted = {
            (segment, count): [route for route in routes if parts[id(route)] & {count, None}]
            for segment, routes in self._groups.items()
            for count in {one for route in routes for one in parts[id(route)] if one is not None}
        }

    def install(self, app: FastAPI, mounts: Iterable[tuple[str, ASGIApp]] = ()) -> None:
        """Let the application answer these addresses, then the mounts, each found by its first segment."""
        groups, parted = dict(self._groups), dict(self._parted)
        app.router.routes.extend(self._routes)
        for place, mounted in mounts:
            app.mount(place, mounted)
            mount = app.router.routes[-1]
            groups[_first(place)] = [*groups.get(_first(place), []), mount]
            # It answers whatever begins as it does.
            parted |= {key: [*routes, mount] for key, routes in parted.items() if key[0] == _first(place)}
        app.router.middleware_stack = _BySegment(app.router, groups, self._groups, parted, self._before)


def _leaves(route: BaseRoute) -> list[BaseRoute]:
    """The routes of a router that is included in another as they are, each to be looked at by itself; else the route.

    One that adds a prefix, dependencies or another form of answers to its routes is asked as a whole.
    """
    found = list(iter_route_contexts([route]))
    limited = getattr(getattr(route, "include_context", None), "form_limits", None)
    plain = not limited and all(
        isinstance(one.original_route, APIRoute)
        and all(getattr(one, name) == getattr(one.original_route, name) for name in _ADDED)
        and _same_class(one.response_class, one.original_route.response_class)
        for one in found
    )
    return [one.original_route for one in found] if plain else [route]


_ADDED = ("path", "dependencies", "max_body_size", "strict_content_type")


def _same_class(one: Any, other: Any) -> bool:
    return getattr(one, "value", one) is getattr(other, "value", other)


def _segments(route: BaseRoute) -> list[str]:
    """The first segments of the addresses that a route, or a router that is included, answers."""
    found = list(dict.fromkeys(_first(context.path or "") for context in iter_route_contexts([route])))
    for segment in found:
        if "{" in segment:
            raise ValueError(f"/{segment}: an address begins with a word, by which its route is found.")
    return found


def _parts(route: BaseRoute) -> set[int | None]:
    """How many parts the addresses have that a route answers; None for any number."""
    paths = [context.path or "" for context in iter_route_contexts([route])]
    return {None if ":path}" in path else path.count("/") for path in paths}


class _BySegment:
    """Lets a router of the few routes that begin as the path does answer; the whole one when it has none for it."""

    def __init__(
        self,
        router: APIRouter,
        groups: Mapping[str, list[BaseRoute]],
        own: Mapping[str, list[BaseRoute]],
        parted: Mapping[tuple[str, int], list[BaseRoute]],
        before: Before | None,
    ) -> None:
        self.whole, self._own, self._before = router, own, before
        self._groups, self._parted = groups, parted
        self._made: dict[tuple[str, int | None], APIRouter] = {}

    def _router_of(self, segment: str, count: int) -> APIRouter:
        """Made with the first request of its kind: two hundred of them take as long as the rest of a start."""
        # There is no end of addresses with a number of parts that no route has.
        key = (segment, count) if (segment, count) in self._parted else (segment, None)
        found = self._made.get(key)
        if found is None:
            routes = self._groups.get(segment) if key[1] is None else self._parted[segment, count]
            if routes is None:
                return self.whole
            # Their own last word (another method, a slash too many, nothing at all) is the whole router's.
            found = APIRouter(routes=routes, redirect_slashes=False, default=self.whole.app)
            self._made[key] = found
        return found

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answering = self.whole
        if scope["type"] == "http":
            scope.setdefault("router", self.whole)
            path = scope["path"]
            segment = _first(path)
            answering = self._router_of(segment, path.count("/"))
            if self._before is not None and segment in self._own:
                try:
                    await self._before(Request(scope, receive))
                except Exception:
                    # For the log, which would not know what was refused.
                    _note_route(scope, self._own[segment])
                    raise
        await answering.app(scope, receive, send)


def _note_route(scope: Scope, routes: Iterable[BaseRoute]) -> None:
    for route in routes:
        match, found = route.matches(dict(scope))
        if match is Match.FULL:
            scope["route"] = found.get("route", route)
            return


def _first(path: str) -> str:
    return path.removeprefix("/").partition("/")[0]
