"""All pages of accounts."""

from fastapi import APIRouter

from app.accounts.access import account_pages
from app.accounts.access import pages as access
from app.accounts.duties import pages as duties
from app.accounts.factors import pages as factors
from app.accounts.factors.entry import pages as entry
from app.accounts.factors.resets import pages as resets
from app.accounts.people import pages as people

router = APIRouter()
for part in (access, account_pages, entry, factors, resets, duties, people):
    router.include_router(part.router)
