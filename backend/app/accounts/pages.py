"""All pages of accounts."""

from fastapi import APIRouter

from app.accounts.access import account_pages, device_pages
from app.accounts.access import pages as access
from app.accounts.duties import pages as duties
from app.accounts.factors import pages as factors
from app.accounts.factors.entry import pages as entry
from app.accounts.factors.resets import pages as resets
from app.accounts.people import pages as people
from app.accounts.tokens import pages as tokens
from app.core.visibility import Records
from app.web import refusals

router = APIRouter()
for part in (access, account_pages, device_pages, entry, tokens, factors, resets, duties, people):
    router.include_router(part.router)

refusals.register_record("user_id", "users", owner="id", kind=Records.STUDENTS)
refusals.register_record("session_id", "user_sessions", owner="user_id")
refusals.register_record("token_id", "api_tokens", owner="user_id")
refusals.register_record("passkey_id", "passkeys", owner="user_id")
refusals.register_record("authenticator_id", "authenticators", owner="user_id")
refusals.register_record("reset_id", "factor_resets")
