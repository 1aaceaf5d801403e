"""All pages of the LRS."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.core.visibility import Records
from app.lrs.desk import policy
from app.lrs.desk.browser import attachments, export
from app.lrs.desk.browser import pages as browser
from app.lrs.desk.forwarding import pages as forwarding
from app.lrs.desk.imports import pages as imports
from app.lrs.desk.keys import pages as keys
from app.web import navigation, refusals
from app.web.navigation import NavItem
from app.web.render import redirect
from app.web.request import CurrentSubject, Requires

router = APIRouter()
READS = [Requires(*Records.STATEMENTS.value)]
for part in (
    keys.router,
    forwarding.router,
    imports.router,
    export.router,
    attachments.router,
    browser.router,
):
    router.include_router(part)
navigation.register(NavItem("Learning record store", "/lrs", "stack-2", policy.may_read_statements, order=80))
refusals.register_record(
    "statement_id",
    "xapi_statements",
    key="statement_id",
    owner="user_id",
    kind=Records.STATEMENTS,
    by_uuid=True,
)


@router.get("/lrs", include_in_schema=False, dependencies=READS)
def records_start(_subject: CurrentSubject) -> Response:
    """The section's own address, which its entry in the navigation stands for."""
    return redirect("/lrs/statements")


@router.get("/records", include_in_schema=False, dependencies=READS)
@router.get("/records/{rest:path}", include_in_schema=False, dependencies=READS)
def moved(request: Request, _subject: CurrentSubject, rest: str = "") -> Response:
    """Bookmarks and scripts from before these pages stood under /lrs; their query goes along."""
    place = rest.replace("credentials", "keys", 1) if rest.partition("/")[0] == "credentials" else rest
    path = f"/lrs/{place}" if place else "/lrs"
    query = request.url.query
    return RedirectResponse(f"{path}?{query}" if query else path, status_code=308)
