"""Details of what happens to accounts, duties, keys and documents."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from app.core.details.base import Details

# Accounts


class LinkMade(Details):
    """A one-time link, by its end alone."""

    expires_at: datetime


class OthersRevoked(Details):
    sessions: int


class TokenCreated(Details):
    """An API token, by what it may do and for how long."""

    name: str
    scopes: list[str] = Field(default_factory=list)
    read_only: bool = False
    expires_at: datetime | None = None


class SessionOpened(Details):
    new_device: bool | None = None
    """Whether the person, who had signed in before, had not done so in this browser."""
    browser: str | None = None


class SignInFailed(Details):
    """An attempt that let nobody in. The address that was typed is not kept: people type passwords there, too."""

    why: Literal["password", "too_many", "many"]
    times: int = 1
    """How many attempts the entry stands for."""


class PurposeChosen(Details):
    purpose: list[str]
    """The old and the new one."""


class RecordViewed(Details):
    part: str
    """Which part of the student's records: see `app.core.views.Part`."""
    record: str | None = None
    """The key of the one record, where it was one of many."""


class UserCreated(Details):
    email: str
    name: str
    role: str


class UserDeleted(Details):
    sessions_ended: int
    tokens_revoked: int


class PasswordSet(Details):
    sessions_ended: int = 0
    tokens_ended: int = 0
    notify: bool = False
    """Whether the person gets an email about it: there was a password before."""


class DutyGiven(Details):
    duty: str
    starts_on: date
    ends_on: date | None


class DutyEnded(Details):
    duty: str
    last_day: date | None
    """Empty when it ended at once."""


class UserUpdated(Details):
    """The old and the new value of what changed."""

    email: list[str] | None = None
    full_name: list[str] | None = None
    role: list[str] | None = None


# Second factors


class Factor(Details):
    kind: Literal["passkey", "authenticator"]
    name: str


class FactorRefused(Details):
    """What did not let somebody in who knew the password, or who said they had this passkey."""

    kind: Literal["passkey", "code"]
    why: str


class PasskeyCopied(Details):
    """A passkey whose counter went back: the number that was known and the one that came."""

    user_id: int
    name: str
    counter: list[int]


class ProofGiven(Details):
    by: Literal["password", "password and code", "passkey"]


class RecoveryCodesMade(Details):
    count: int


class RecoveryCodeUsed(Details):
    left: int


class ResetOf(Details):
    """Whose second factors are to be removed."""

    user_id: int


class FactorsReset(Details):
    passkeys: int
    authenticators: int
    recovery_codes: int
    sessions_ended: int


# Documents


class DocumentNumbered(Details):
    number: str


class DocumentIssued(Details):
    number: str
    kind: str
    sha256: str
    time_stamp: str | None = None
    """By whom and when the signature was stamped, or why it was not."""


class DocumentReplaced(Details):
    number: str
    by: str
    """The number of the one that took its place."""


class SigningKeyMade(Details):
    role: str
    fingerprint: str


class SigningKey(Details):
    fingerprint: str


# What happens to second factors, as `app.core.actions` takes it: value, table, sentence, details.

FACTORS_RESET = ("factors.reset", "users", "Second factors removed after a loss", FactorsReset)
FACTOR_ADDED = ("factor.added", "users", "Second factor added", Factor)
FACTOR_REFUSED = ("factor.refused", "users", "Second factor refused", FactorRefused)
FACTOR_REMOVED = ("factor.removed", "users", "Second factor removed", Factor)
FACTOR_RESET_APPROVED = (
    "factor_reset.approved",
    "factor_resets",
    "Reset of a second factor approved",
    ResetOf,
)
FACTOR_RESET_ASKED = (
    "factor_reset.asked",
    "factor_resets",
    "Reset of a second factor requested",
    ResetOf,
)
FACTOR_RESET_DECLINED = (
    "factor_reset.declined",
    "factor_resets",
    "Reset of a second factor declined",
    ResetOf,
)

ACCOUNT_LINK_RESET_MADE = (
    "account_link.reset_made",
    "users",
    "Password reset link created",
    LinkMade,
)

DOCUMENT_DOWNLOADED = (
    "document.downloaded",
    "issued_documents",
    "Document downloaded",
    DocumentNumbered,
)

DOCUMENT_NOT_ISSUED = (
    "document.not_issued",
    "issued_documents",
    "Document could not be created",
    DocumentNumbered,
)

PASSKEY_COPIED = (
    "passkey.copied",
    "passkeys",
    "Passkey refused: it appears to be a copy",
    PasskeyCopied,
)

RECOVERY_CODES_MADE = (
    "recovery_codes.made",
    "users",
    "Recovery codes created",
    RecoveryCodesMade,
)

SESSIONS_ENDED_FOR = (
    "sessions.ended_for",
    "users",
    "Signed out by an administrator",
    OthersRevoked,
)

SESSION_PURPOSE_CHOSEN = (
    "session.purpose_chosen",
    "user_sessions",
    "Purpose of looking at records chosen",
    PurposeChosen,
)
