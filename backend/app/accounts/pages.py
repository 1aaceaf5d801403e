"""All pages of accounts."""

from fastapi import APIRouter

from app.accounts.access import account_pages, device_pages
from app.accounts.access import pages as access
from app.accounts.duties import pages as duties
from app.accounts.factors import pages as factors
from app.accounts.factors.entry import pages as entry
from app.accounts.factors.resets import pages as resets
from app.accounts.identifiers import pages as identifiers
from app.accounts.names import pages as names
from app.accounts.notes import pages as notes
from app.accounts.own_fields import pages as own_fields
from app.accounts.people import pages as people
from app.accounts.profiles import pages as profiles
from app.accounts.tokens import pages as tokens
from app.core.visibility import Records
from app.web import refusals

router = APIRouter()
for part in (
    access,
    account_pages,
    device_pages,
    entry,
    tokens,
    factors,
    resets,
    duties,
    people,
    profiles,
    names,
    identifiers,
    own_fields,
    notes,
):
    router.include_router(part.router)

refusals.register_record("user_id", "users", owner="id", kind=Records.STUDENTS)
refusals.register_record("session_id", "user_sessions", owner="user_id")
refusals.register_record("token_id", "api_tokens", owner="user_id")
refusals.register_record("passkey_id", "passkeys", owner="user_id")
refusals.register_record("authenticator_id", "authenticators", owner="user_id")
refusals.register_record("reset_id", "factor_resets")
refusals.register_record("identifier_id", "student_identifiers", owner="user_id", kind=Records.STUDENTS)
refusals.register_record("former_name_id", "former_names", owner="user_id", kind=Records.STUDENTS)
refusals.register_record("name_request_id", "name_requests", owner="user_id", kind=Records.STUDENTS)
refusals.register_record("note_id", "student_notes", owner="user_id", kind=Records.STUDENTS)
