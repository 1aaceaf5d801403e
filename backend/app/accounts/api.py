"""All JSON routes of accounts."""

from fastapi import APIRouter

from app.accounts.access import api as access
from app.accounts.duties import api as duties
from app.accounts.factors import api as factors
from app.accounts.people import api as people
from app.accounts.tokens import api as tokens

router = APIRouter()
for part in (access.router, duties.router, factors.router, people.router, tokens.router):
    router.include_router(part)
