"""What a kiosk opens and calls: the page, the worker that keeps it for a day offline, registration and punches.

Nobody is signed in at a kiosk. The page holds no one's data, and whoever is signed in with the same browser is not
asked for: what a kiosk sends is known by its signature alone.
"""

import json
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response

from app.compliance.attendance.kiosk import service
from app.compliance.attendance.kiosk.schemas import RegisteredOut, RegisterIn, SyncOut
from app.compliance.attendance.kiosk.sync import sync
from app.core import clock
from app.core.limits import Limit
from app.rules.kiosk import PIN_DIGITS
from app.web.assets import STATIC, asset_url
from app.web.pace import PUBLIC, Pace, Paced
from app.web.render import render
from app.web.request import DatabaseDep, Db, SettingsDep

router = APIRouter(include_in_schema=False)
api = APIRouter(prefix="/api/v1/kiosk", tags=["attendance"])
PLACE = "/kiosk"
REGISTRATIONS = Pace(
    Limit(
        "kiosk registrations from an address",
        20,
        service.CODE_LASTS,
        "Too many codes were tried from your network. Nothing was registered. Wait {wait} and try again.",
    )
)
BATCHES = Pace(
    Limit(
        "kiosk batches from an address",
        1200,
        timedelta(minutes=10),
        "Too many requests from your network. Nothing was recorded; the tablet keeps its punches. Wait {wait}.",
    )
)
SHELL = (
    "favicon.svg",
    "vendor/tabler/tabler.min.css",
    "frame.css",
    "vendor/htmx/htmx.min.js",
    "app.js",
    "attendance/kiosk.css",
    "attendance/kiosk.js",
    "attendance/kiosk-store.js",
)
"""What the page loads: kept by the worker under the addresses that change with the content."""
_HEADERS = {"X-Robots-Tag": "noindex", "Permissions-Policy": "camera=(self), geolocation=(), microphone=()"}


@router.get(PLACE, dependencies=[Paced(PUBLIC)])
def kiosk(request: Request) -> Response:
    """The page: a registration form until the tablet is a kiosk, then the clock."""
    return render(request, "attendance/kiosk.html", headers=_HEADERS, pin_digits=PIN_DIGITS)


@router.get(f"{PLACE}/worker.js", dependencies=[Paced(PUBLIC)])
def worker() -> Response:
    """The service worker, with the list of what it keeps in front: another release is another worker."""
    shell = json.dumps([PLACE, *(asset_url(name) for name in SHELL)])
    script = (STATIC / "attendance" / "kiosk-worker.js").read_text(encoding="utf-8")
    return Response(
        f"const SHELL = {shell};\n{script}",
        media_type="text/javascript",
        headers={"Service-Worker-Allowed": PLACE, "Cache-Control": "no-cache"},
    )


@api.post("/register", status_code=201, dependencies=[Paced(REGISTRATIONS)])
def register(request: Request, db: Db, settings: SettingsDep, body: RegisterIn) -> RegisteredOut:
    """Make a tablet the kiosk that a registration code is for. 422 for a code that is unknown, used or expired."""
    return service.register(db, settings, body, request.headers.get("user-agent"), clock.now())


async def _body(request: Request) -> bytes:
    return await request.body()


@api.post("/punches", dependencies=[Paced(BATCHES)])
def punches(
    database: DatabaseDep,
    settings: SettingsDep,
    body: Annotated[bytes, Depends(_body)],
    signature: Annotated[
        str,
        Header(alias="X-Kiosk-Signature", max_length=100, description="ECDSA P-256 over the body, base64."),
    ] = "",
) -> SyncOut:
    """Take in a batch of punches (`{"kiosk", "sent_at", "punches"}`), each once, however often it is sent. 401 for
    what no registered kiosk has signed; 413 over 96 KiB; 422 for no batch; 429 beyond the pace."""
    return sync(database, settings, body, signature)
