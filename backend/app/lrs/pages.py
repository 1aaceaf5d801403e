"""All pages of the record store."""

from fastapi import APIRouter, Response

from app.lrs.credentials import pages as credentials
from app.lrs.forwarding import pages as forwarding
from app.lrs.records import export, files
from app.lrs.records import pages as records
from app.lrs.transfer import pages as transfer
from app.web import navigation
from app.web.navigation import NavItem
from app.web.render import redirect
from app.web.request import StaffSubject

router = APIRouter()
for part in (
    credentials.router,
    forwarding.router,
    transfer.router,
    export.router,
    files.router,
    records.router,
):
    router.include_router(part)
navigation.register(NavItem("Record store", "/records", "stack-2", navigation.STAFF, order=80))


@router.get("/records", include_in_schema=False)
def records_start(_staff: StaffSubject) -> Response:
    """The section's own address, which its entry in the navigation stands for."""
    return redirect("/records/statements")
