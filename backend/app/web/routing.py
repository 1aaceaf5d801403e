"""Which route answers an address, found by the first part of its path.

FastAPI asks each included router, which asks each of its routes, until one says yes; then that router asks them all
once more. With some three hundred addresses this took a tenth of the processor's time for a student's page.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from fastapi import APIRouter, FastAPI
from fastapi.params import Depends
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send


class Addresses:
    """All routers of a program in order. Applications of one process may share it: what FastAPI works out about a route
    with its first request (a third of a second for all) is then worked out once.
    """

    def __init__(self, routers: Iterable[APIRouter], dependencies: Sequence[Depends] = ()) -> None:
        """`dependencies` stand before every route."""
        whole = APIRouter(dependencies=dependencies)
        self._groups: dict[str, list[BaseRoute]] = {}
        for router in routers:
            for segments, part in _parts(router):
                whole.include_router(part)
                for segment in segments:
                    self._groups.setdefault(segment, []).append(whole.routes[-1])
        self._routes = whole.routes

    def install(self, app: FastAPI, mounts: Iterable[tuple[str, ASGIApp]] = ()) -> None:
        """Let the application answer these addresses, then the mounts, each found by its first segment."""
        groups = dict(self._groups)
        app.router.routes.extend(self._routes)
        for place, mounted in mounts:
            app.mount(place, mounted)
            groups[_first(place)] = [*groups.get(_first(place), []), app.router.routes[-1]]
        app.router.middleware_stack = _BySegment(app.router, groups)


def _parts(router: APIRouter) -> Iterator[tuple[list[str], APIRouter]]:
    """The routes of a router in order, in routers of one first segment each, with the segments.

    What a router has of its own (a prefix, dependencies, tags) is in its routes already. Asked of the parts before
    they are included, their addresses cost nothing: what a route needs is then worked out at its group's first request,
    and not that of all groups (half a second) at each start.
    """
    parts: dict[str, APIRouter] = {}
    for route in router.routes:
        segments = _segments(route)
        if len(segments) > 1:
            # A router that is included in this one stays as it is, and stands where it stood.
            yield from _each(parts)
            parts = {}
            yield segments, _holding(route)
        else:
            parts.setdefault(segments[0], _holding()).routes.append(route)
    yield from _each(parts)


def _each(parts: dict[str, APIRouter]) -> Iterator[tuple[list[str], APIRouter]]:
    for segment, part in parts.items():
        yield [segment], part


def _holding(*routes: BaseRoute) -> APIRouter:
    router = APIRouter()
    router.routes.extend(routes)
    return router


def _segments(route: BaseRoute) -> list[str]:
    """The first segments of the addresses that a route, or a router that is included, answers."""
    found = list(dict.fromkeys(_first(context.path or "") for context in iter_route_contexts([route])))
    for segment in found:
        if "{" in segment:
            raise ValueError(f"/{segment}: an address begins with a word, by which its route is found.")
    return found


class _BySegment:
    """Lets a router of the few routes that begin as the path does answer; the whole one when it has none for it."""

    def __init__(self, router: APIRouter, groups: Mapping[str, list[BaseRoute]]) -> None:
        self.whole = router
        # Their own last word (another method, a slash too many, nothing at all) is the whole router's.
        self.groups = {
            segment: APIRouter(routes=routes, redirect_slashes=False, default=router.app)
            for segment, routes in groups.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answering = self.whole
        if scope["type"] == "http":
            scope.setdefault("router", self.whole)
            answering = self.groups.get(_first(scope["path"]), self.whole)
        await answering.app(scope, receive, send)


def _first(path: str) -> str:
    return path.removeprefix("/").partition("/")[0]
