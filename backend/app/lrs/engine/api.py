"""The LRS as an ASGI application, to be mounted at `/xapi`.

It stands beside the pages' framework, not inside it: no routing table, no request classes, no dependency
resolution on the path that thousands of statements a second take. What it shares with the rest of the system is
the database, the settings and the file store.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic

import structlog
from starlette.types import Receive, Scope, Send

from app.core.errors import RequestTimeout
from app.lrs.engine import alternate_request, jsonio, resources
from app.lrs.engine.documents import api as documents
from app.lrs.engine.http import PREFLIGHT, Answer, Call, call_of, encoded_headers, read_parameters, send
from app.lrs.engine.port import Port
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.runtime import Runtime
from app.lrs.engine.statements import api as statements
from app.lrs.engine.versions import HEADER, Version, negotiate

log = structlog.get_logger(__name__)
Handler = Callable[[Runtime, Call], Awaitable[Answer]]


def _documents(resource: documents.Resource) -> dict[str, Handler]:
    return {
        "GET": partial(documents.get, resource=resource),
        "PUT": partial(documents.put, resource=resource),
        "POST": partial(documents.post, resource=resource),
        "DELETE": partial(documents.delete, resource=resource),
    }


_ROUTES: dict[str, dict[str, Handler]] = {
    "/statements": {"GET": statements.get, "PUT": statements.put, "POST": statements.post},
    "/activities/state": _documents(documents.STATE),
    "/activities/profile": _documents(documents.ACTIVITY_PROFILE),
    "/agents/profile": _documents(documents.AGENT_PROFILE),
    "/agents": {"GET": resources.agents},
    "/activities": {"GET": resources.activities},
    "/about": {"GET": resources.about},
}


class LrsApp:
    """The ASGI application. `startup` and `shutdown` belong into the host's lifespan; without the first it
    opens itself with the first request."""

    def __init__(self, port: Port, prefix: str = "/xapi") -> None:
        """`prefix` is where it is reached when the host does not say so by `root_path`."""
        self.runtime = Runtime(port)
        self._prefix = prefix
        self._ready = False

    async def startup(self) -> None:
        """Open the connections."""
        await self.runtime.open()
        self._ready = True

    async def shutdown(self) -> None:
        """Finish what was taken and close the connections."""
        self._ready = False
        await self.runtime.close()

    async def __call__(self, scope: Scope, receive: Receive, send_message: Send) -> None:
        if scope["type"] != "http":
            return
        method = scope["method"]
        call = call_of(scope, receive, self._prefix)
        call.gate = scope.get("lrs.gate")
        if call.path in _ROUTES:
            # For the access log, which shows no address as it was typed.
            scope.setdefault("state", {})["route"] = self._prefix + call.path
        try:
            read_parameters(call, scope)
            answer = await self._answer(call)
            answer.headers.setdefault(HEADER, call.version.value)
            headers = encoded_headers(answer)
        except Refusal as refusal:
            answer = _refused(refusal, call)
            headers = encoded_headers(answer)
        except RequestTimeout:
            raise  # the layer around the store answers it
        except Exception:
            log.exception("xapi.fault", method=method, path=scope.get("path"))
            answer = _refused(Refusal("Something went wrong; the error has been logged.", status=503), call)
            headers = encoded_headers(answer)
        await send(answer, headers, call.method, send_message)

    async def _answer(self, call: Call) -> Answer:
        methods = _ROUTES.get(call.path)
        if call.method == "OPTIONS":
            return Answer(204, content_type=None, headers=dict(PREFLIGHT))
        if methods is None:
            raise Refusal(
                "There is no such resource. The LRS has /statements, /about and others.", status=404
            )
        if alternate_request.asked_for(call):
            await self._opened()
            await alternate_request.unfold(self.runtime, call)
        handler = methods.get("GET" if call.method == "HEAD" else call.method)
        if handler is None:
            allowed = ", ".join(sorted(methods))
            raise Refusal(f"{call.method} is not supported here.", status=405, headers={"Allow": allowed})
        if call.path == "/about":
            sent = call.headers.get(HEADER.lower())
            call.version = negotiate(sent) if sent is not None else Version.TWO
            return await handler(self.runtime, call)
        call.version = negotiate(call.headers.get(HEADER.lower()))
        await self._opened()
        header = call.headers.get("authorization")
        call.access, call.checked_at = await self.runtime.access(header, call.address), monotonic()
        call.check_again = partial(self.runtime.access_again, header)
        if call.gate is not None:
            await call.gate.admit(call)
        return await handler(self.runtime, call)

    async def _opened(self) -> None:
        if not self._ready:
            await self.startup()


def _refused(refusal: Refusal, call: Call) -> Answer:
    headers = {HEADER: call.version.value, **refusal.headers}
    if call.path == "/statements":
        headers.setdefault(statements.CONSISTENT, statements.now_text())
    return Answer(refusal.status, jsonio.dumps(refusal.body()), "application/problem+json", headers)
