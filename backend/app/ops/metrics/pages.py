"""/metrics, for a monitoring system that the operator lets in."""

from hmac import compare_digest
from ipaddress import ip_address

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from app.core.errors import Forbidden, Unauthorized
from app.settings import Settings
from app.web.request import client_ip, database_of

router = APIRouter(include_in_schema=False)
_FORWARDED = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via")


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Figures of the system in Prometheus’ text format."""
    settings: Settings = request.app.state.settings
    _require_access(request, settings)
    # With a library that most schools never load.
    from prometheus_client import CONTENT_TYPE_LATEST  # noqa: PLC0415

    from app.ops.metrics import exported  # noqa: PLC0415

    # No turn is waited for: when all are taken, this is what has to be seen.
    text = await run_in_threadpool(exported.text, settings, database_of(request))
    return Response(text, media_type=None, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _require_access(request: Request, settings: Settings) -> None:
    access = settings.metrics_access
    if access is None:
        raise Forbidden(
            "Metrics are switched off. To switch them on, set METRICS_ACCESS (operator guide, Monitoring)."
        )
    allowed = access.get_secret_value()
    if allowed == "loopback":
        if not _is_from_here(request):
            raise Forbidden("Metrics are for programs on this server alone.")
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(given.strip().encode(), allowed.encode()):
        raise Unauthorized(
            "Send the token of METRICS_ACCESS as Authorization: Bearer …",
            headers={"WWW-Authenticate": "Bearer"},
        )


def _is_from_here(request: Request) -> bool:
    """Whether a program of this machine asks, and no proxy of this machine for somebody else."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(client_ip(request) or "").is_loopback and _is_loopback_name(
            request.url.hostname or ""
        )
    except ValueError:
        return False


def _is_loopback_name(host: str) -> bool:
    return host == "localhost" or ip_address(host).is_loopback
