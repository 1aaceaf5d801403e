"""All pages of the record store."""

from fastapi import APIRouter

from app.lrs.credentials import pages as credentials
from app.lrs.forwarding import pages as forwarding
from app.lrs.records import export
from app.lrs.records import pages as records
from app.lrs.transfer import pages as transfer
from app.web import navigation
from app.web.navigation import NavItem

router = APIRouter()
for part in (credentials.router, forwarding.router, transfer.router, export.router, records.router):
    router.include_router(part)
navigation.register(NavItem("Record store", "/records/statements", "stack-2", navigation.STAFF, order=80))
