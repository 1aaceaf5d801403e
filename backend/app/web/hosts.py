"""One process, two hosts: the school's pages, and uploaded content on a host of its own.

A browser separates hosts, not ports: content that misbehaves sees neither the school's cookies nor its pages.
The LRS answers on both, because content reports to it from its own host.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.settings import Settings


class HostDispatch:
    """Sends each request to the application of its host.

    `shared` maps path prefixes to applications that answer on every host. A page of ours asked for on the content
    host leads to the right address; a host nobody configured is the school's.
    """

    def __init__(
        self, app: ASGIApp, *, settings: Settings, content: ASGIApp, shared: Mapping[str, ASGIApp]
    ) -> None:
        self.app, self.content, self.shared = app, content, dict(shared)
        self.app_origin = settings.app_origin
        self.content_host = urlsplit(settings.content_origin).hostname

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if not _is_one_host(scope):
            refusal = PlainTextResponse("A request names one host.\n", status_code=400)
            await refusal(scope, receive, send)
            return
        path: str = scope["path"]
        for prefix, shared in self.shared.items():
            # Without a slash too: content joins its endpoint and a resource carelessly.
            if path.startswith(prefix):
                await shared({**scope, "root_path": scope.get("root_path", "") + prefix}, receive, send)
                return
        if _host(scope) != self.content_host:
            await self.app(scope, receive, send)
        elif path.startswith("/p/"):
            await self.content(scope, receive, send)
        elif path == "/healthz":
            await self.app(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD") and scope["raw_path"].startswith(b"/"):
            query = scope["query_string"].decode("latin-1")
            target = self.app_origin + scope["raw_path"].decode("latin-1").split("?")[0]
            redirect = RedirectResponse(target + (f"?{query}" if query else ""), status_code=307)
            await redirect(scope, receive, send)
        else:
            refusal = PlainTextResponse("This host serves only course content.\n", status_code=404)
            await refusal(scope, receive, send)


def _is_one_host(scope: Scope) -> bool:
    """RFC 9112, 3.2: of two names, a proxy may have looked at the other one."""
    named = sum(name == b"host" for name, _ in scope["headers"])
    return named == 1 or (named == 0 and scope.get("http_version") == "1.0")


def _host(scope: Scope) -> str | None:
    try:
        return urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname
    except ValueError:
        return None
