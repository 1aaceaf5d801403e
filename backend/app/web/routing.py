"""Which route answers an address, found by the first part of its path.

FastAPI asks each included router, which asks each of its routes, until one says yes; then that router asks them all
once more. With some three hundred addresses this took a tenth of the processor's time for a student's page.
"""

from collections.abc import Iterable, Iterator

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send


def install(app: FastAPI, routers: Iterable[APIRouter], mounts: Iterable[tuple[str, ASGIApp]] = ()) -> None:
    """Include all routers in the application, in order, then the mounts, and find routes by their first segment."""
    for router in routers:
        for part in _parts(router):
            app.include_router(part)
    for place, mounted in mounts:
        app.mount(place, mounted)
    app.router.middleware_stack = _BySegment(app.router)


def _parts(router: APIRouter) -> Iterator[APIRouter]:
    """The routes of a router in order, in routers of one first segment each.

    What a router has of its own (a prefix, dependencies, tags) is in its routes already.
    """
    parts: dict[str, APIRouter] = {}
    for route in router.routes:
        segments = _segments(route)
        if len(segments) > 1:
            # A router that is included in this one stays as it is, and stands where it stood.
            yield from parts.values()
            parts = {}
            yield _holding(route)
        else:
            parts.setdefault(segments[0], _holding()).routes.append(route)
    yield from parts.values()


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

    def __init__(self, router: APIRouter) -> None:
        self.whole = router
        groups: dict[str, list[BaseRoute]] = {}
        for route in router.routes:
            for segment in _segments(route):
                groups.setdefault(segment, []).append(route)
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
