"""What of the ways into accounts goes after a while."""

from app.core import retention
from app.core.retention import Kind, Rows
from app.db.models import AccountLink, ApiToken, FactorChallenge, SignInAttempt, UserSession

_sessions = Rows(
    UserSession.__table__,
    lambda before: (UserSession.expires_at < before) | (UserSession.revoked_at < before),
    about=UserSession.user_id.in_,
)
_attempts = Rows(SignInAttempt.__table__, lambda before: SignInAttempt.attempted_at < before)
_links = Rows(AccountLink.__table__, lambda before: AccountLink.expires_at < before)
_challenges = Rows(FactorChallenge.__table__, lambda before: FactorChallenge.expires_at < before)
_tokens = Rows(
    ApiToken.__table__, lambda before: (ApiToken.expires_at < before) | (ApiToken.revoked_at < before)
)

retention.register(
    Kind(
        "sessions",
        "Sessions that have ended",
        "Where and with which browser someone was signed in, counted from the day the session ended. The history "
        "still records that they signed in.",
        90,
        30,
        "After a break-in, people check where they were signed in during the last month.",
        _sessions.due,
        _sessions.purge,
        ("user_sessions",),
    )
)
retention.register(
    Kind(
        "sign_in_attempts",
        "Sign-in attempts",
        "When and from which network address someone tried to sign in. The history keeps failed attempts.",
        90,
        30,
        "Your devices shows everyone the failed attempts of the last 30 days.",
        _attempts.due,
        _attempts.purge,
        ("sign_in_attempts",),
    )
)
retention.register(
    Kind(
        "one_time_links",
        "One-time links that have expired",
        "Links to set a password, used or not; only hashes of them are kept.",
        90,
        7,
        "For about a week, people ask why their invitation no longer works.",
        _links.due,
        _links.purge,
        ("account_links",),
    )
)
retention.register(
    Kind(
        "challenges",
        "Half-finished sign-ins",
        "Passkey challenges, and sign-ins waiting for their second step; each is valid for minutes.",
        1,
        1,
        "A sign-in in progress is never cut off.",
        _challenges.due,
        _challenges.purge,
        ("factor_challenges",),
    )
)
retention.register(
    Kind(
        "api_tokens",
        "API tokens that have ended",
        "Expired and revoked tokens with their names and last use. The history still records who created and "
        "revoked them.",
        365,
        30,
        "After a leak, you check when a token was last used.",
        _tokens.due,
        _tokens.purge,
        ("api_tokens",),
    )
)
retention.keep(
    "Accounts and duties",
    "Every record belongs to someone, and every action was taken by someone. Accounts are deleted by people, "
    "never by age.",
    "users",
    "user_duties",
    "passkeys",
    "authenticators",
    "recovery_codes",
    "factor_resets",
)
retention.keep(
    "Student files",
    "Names, contacts and notes belong to the student’s record; a former name is needed as long as a document shows it.",
    "student_profiles",
    "former_names",
    "name_requests",
    "student_addresses",
    "student_phones",
    "emergency_contacts",
    "student_identifiers",
    "student_fields",
    "student_field_values",
    "student_notes",
)
