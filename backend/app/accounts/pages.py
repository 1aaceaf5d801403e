"""All pages of accounts."""

from fastapi import APIRouter

from app.accounts.access import account_pages
from app.accounts.access import pages as access
from app.accounts.duties import pages as duties
from app.accounts.people import pages as people

router = APIRouter()
for part in (access.router, account_pages.router, duties.router, people.router):
    router.include_router(part)
