"""The access log: one line for each request, when its answer has been sent.

A line says who (by number), which route, how it ended, how long it took and how large the answer was. It has no
address as it was typed: what people search for, names and secrets in links are in none of it. The request's id
leads to the other lines of the log and to the history.
"""

import logging
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.logging import ACCESS
from app.core.permissions import Subject

NO_ROUTE: Final = "-"
"""What stands in place of an address that no route answers to."""
_CONVERTER = re.compile(r":[a-z]+\}")


class AccessLog:
    """Writes a line at INFO to the logger `access` for each request, however it ended. Stands around everything.

    `observe` is given the same in every case: the method, the route, the status (0 without an answer) and the seconds.
    """

    def __init__(self, app: ASGIApp, observe: Callable[[str, str, int, float], None]) -> None:
        self.app = app
        self.observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        begun = perf_counter()
        status = size = 0

        async def counted_send(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, counted_send)
        finally:
            seconds, route, method = perf_counter() - begun, route_of(scope, state), scope["method"][:20]
            self.observe(method, route, status, seconds)
            if ACCESS.isEnabledFor(logging.INFO):
                subject: Subject | None = state.get("subject")
                ACCESS.info(
                    {
                        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                        "request_id": state.get("request_id"),
                        "subject_id": None if subject is None else subject.user_id,
                        "method": method,
                        "route": route,
                        "status": status,
                        "ms": round(seconds * 1000, 1),
                        "bytes": size,
                    }
                )


def route_of(scope: Scope, state: Mapping[str, Any]) -> str:
    """The route's template, `/people/{user_id}`; what an application without routes said of itself; or `-`."""
    said = state.get("route")
    if said is not None:
        return str(said)
    path = getattr(scope.get("route"), "path", None)
    if path is not None:
        return _CONVERTER.sub("}", path)
    # A mount (the static files) leaves its own place and what it leads to.
    return f"{scope['root_path']}/{{path}}" if scope.get("root_path") and "endpoint" in scope else NO_ROUTE
