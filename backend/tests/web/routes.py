"""Every route of the system with what it declares, found by itself."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel

from app.core.permissions import Permission

PUBLIC = {
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/healthz"),
    # To whom METRICS_ACCESS lets it.
    ("GET", "/metrics"),
    ("GET", "/readyz"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/second-step"),
    ("POST", "/sign-in/second-step"),
    ("POST", "/sign-in/passkey"),
    ("POST", "/sign-in/passkey/options"),
    ("POST", "/sign-out"),
    ("POST", "/api/v1/session"),
    ("GET", "/forgot"),
    ("GET", "/school/logo"),
    ("POST", "/forgot"),
    ("POST", "/api/v1/password-resets"),
    ("GET", "/set-password/{secret}"),
    ("POST", "/set-password/{secret}"),
    ("POST", "/api/v1/passwords"),
    # A supervisor at an externship site has no account.
    ("GET", "/externship-week/{secret}"),
    ("POST", "/externship-week/{secret}"),
    ("POST", "/externship-week/{secret}/evaluation"),
    # Neither has a parent or sponsor who signs an agreement, too.
    ("GET", "/agreement/{secret}"),
    ("POST", "/agreement/{secret}/consent"),
    ("POST", "/agreement/{secret}/sign"),
    ("GET", "/agreement/{secret}/file"),
    # How the school handles complaints.
    ("GET", "/complaints-procedure"),
    # What anybody needs who verifies a document of the school's.
    ("GET", "/documents/authority/root.pem"),
    ("GET", "/documents/authority/certificates.pem"),
    ("GET", "/documents/authority/crls.pem"),
    ("GET", "/.well-known/did.json"),
    ("GET", "/credentials/status/{number}"),
    ("GET", "/credentials/status/{number}.jwt"),
    ("GET", "/credentials/awards/{prefix}"),
    ("GET", "/credentials/awards/{prefix}/image.png"),
    ("GET", "/credentials/verify"),
    ("POST", "/credentials/verify"),
    # What a student has switched on.
    ("GET", "/credentials/shared/{slug}"),
    ("GET", "/credentials/shared/{slug}/card.png"),
    ("GET", "/credentials/shared/{slug}/badge.json"),
    # Nobody is signed in at a kiosk.
    ("GET", "/kiosk"),
    ("GET", "/kiosk/worker.js"),
    ("POST", "/api/v1/kiosk/register"),
    ("POST", "/api/v1/kiosk/punches"),
    # A payment provider signs its messages.
    ("POST", "/api/v1/payments/webhook"),
    ("GET", "/verify/transcript"),
    ("POST", "/verify/transcript"),
    ("GET", "/shared-transcript"),
    ("POST", "/shared-transcript"),
    ("POST", "/shared-transcript/file"),
}


@dataclass(frozen=True)
class Route:
    """One method of one address, with what it declares."""

    method: str
    path: str
    dependants: tuple[Dependant, ...] = field(repr=False)

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    def asks_for(self, *dependencies: Callable[..., Any]) -> bool:
        return any(item.call in dependencies for item in self.dependants)

    @property
    def permissions(self) -> set[Permission]:
        """Any one of these is asked for before the form is looked at."""
        return {one for item in self.dependants for one in getattr(item.call, "__permissions__", ())}

    @property
    def query_names(self) -> list[str]:
        return [param.alias for item in self.dependants for param in item.query_params]

    @property
    def query_texts(self) -> list[str]:
        """Those whose declared type lets a null character pass: what is a number or a date is refused by its type."""
        params = [param for item in self.dependants for param in item.query_params]
        return [param.alias for param in params if not param.validate("\0", {}, loc=())[1]]

    @property
    def form(self) -> type[BaseModel] | None:
        for item in self.dependants:
            if item.call is not None and item.call.__qualname__ == "posted.<locals>.read":
                model: type[BaseModel] = inspect.getclosurevars(item.call).nonlocals["model"]
                return model
        return None

    @property
    def bodies(self) -> list[Any]:
        return [param for item in self.dependants for param in item.body_params]


def every_route(app: FastAPI) -> list[Route]:
    found = []
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context, "dependant", None)
        parts = tuple(_flat(dependant)) if dependant is not None else ()
        path, methods = getattr(context, "path", None), getattr(context, "methods", None)
        if path is not None and methods:
            found += [Route(method, path, parts) for method in methods - {"HEAD"}]
    return sorted(found, key=lambda route: (route.path, route.method))


def _flat(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for part in dependant.dependencies:
        yield from _flat(part)
