"""Which acts ask again who is there.

An act that cannot be undone, or that opens much, needs a proof (password and code, or a passkey) that is no older
than ten minutes. That is a property of the act, declared in one table here as permissions are in theirs:
`history.record` asks before it writes the row of such an act, so that no address, form or service can forget to, and
a refused act leaves nothing behind (docs/decisions/0024-second-factor.md).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from app.core import clock
from app.core.actions import Action
from app.core.errors import Forbidden
from app.core.permissions import Permission, Role, Subject

FRESH: Final = timedelta(minutes=10)
"""How long a proof counts (NIST SP 800-63B-4 leaves the time to the risk; OWASP ASVS 7.5.1, 7.5.3 ask for it)."""
Details = Mapping[str, Any]


class ProofRequired(Forbidden):
    """The person may do this once they have proved again who they are."""

    title, slug = "Confirm that it is you", "proof-required"


class FactorRequired(Forbidden):
    """The person must set up a second factor before anything else."""

    title, slug = "Set up a second factor", "factor-required"


def _always(_subject: Subject, _details: Details) -> bool:
    return True


def _of_signing_in(_subject: Subject, details: Details) -> bool:
    return details.get("kind") in ("second_factor", "password")


@dataclass(frozen=True, slots=True)
class Asks:
    """When an act asks, and whether an API token, which can prove nothing, may do it all the same."""

    when: Callable[[Subject, Details], bool] = _always
    tokens_may: bool = False


_ALWAYS = Asks()
_OF_EVERYBODY = Asks(lambda subject, _details: subject.may(Permission.STUDENTS_READ_ALL), tokens_may=True)
"""A token that takes out data was made for it, with a proof."""

ASKS: Final[Mapping[Action, Asks]] = {
    # Roles and duties
    Action.USER_CREATED: Asks(lambda _subject, details: details.get("role") == Role.ADMIN.value),
    Action.USER_UPDATED: Asks(lambda _subject, details: "role" in details),
    Action.USER_DUTY_GIVEN: _ALWAYS,
    Action.USER_DUTY_ENDED: _ALWAYS,
    # Keys
    Action.API_TOKEN_CREATED: _ALWAYS,
    Action.XAPI_CREDENTIAL_CREATED: _ALWAYS,
    Action.XAPI_CREDENTIAL_ROTATED: _ALWAYS,
    Action.XAPI_CREDENTIAL_REVOKED: _ALWAYS,
    Action.SIGNING_KEY_MADE: _ALWAYS,
    Action.SIGNING_KEY_RETIRED: _ALWAYS,
    Action.SIGNING_KEY_REVOKED: _ALWAYS,
    # Factors: one's own, another's, and who needs one
    Action.FACTOR_ADDED: _ALWAYS,
    Action.FACTOR_REMOVED: _ALWAYS,
    Action.RECOVERY_CODES_MADE: _ALWAYS,
    Action.FACTOR_RESET_ASKED: _ALWAYS,
    Action.FACTOR_RESET_APPROVED: _ALWAYS,
    Action.SCHOOL_POLICY_ADDED: Asks(_of_signing_in),
    Action.SCHOOL_POLICY_WITHDRAWN: Asks(_of_signing_in),
    # Everybody's data
    Action.REPORT_EXPORTED: _OF_EVERYBODY,
    Action.STATEMENTS_EXPORTED: _OF_EVERYBODY,
    Action.STUDENT_FILE_EXPORTED: _ALWAYS,
    Action.CLOSURE_DOWNLOADED: _ALWAYS,
    Action.CLOSURE_REQUESTED: _ALWAYS,
    Action.INSPECTION_REQUESTED: _ALWAYS,
    Action.INSPECTION_DOWNLOADED: _ALWAYS,
    Action.XAPI_FORWARDER_CREATED: _ALWAYS,
    Action.XAPI_FORWARDER_CHANGED: _ALWAYS,
    # What opens a person's accounts elsewhere
    Action.IDENTIFIER_REVEALED: _ALWAYS,
    # What is permanent
    Action.AGREEMENT_COUNTERSIGNED: _ALWAYS,
    Action.CREDENTIAL_BULK_REQUESTED: _ALWAYS,
    Action.CREDENTIAL_ISSUED: _ALWAYS,
    Action.CREDENTIAL_REVOKED: _ALWAYS,
    Action.TRANSCRIPT_ISSUED: _ALWAYS,
    Action.TRANSCRIPTS_ASKED: _ALWAYS,
    # What pays money
    Action.REFUND_APPROVED: _ALWAYS,
    Action.REFUND_ENDORSED: _ALWAYS,
    Action.REFUND_REMITTED: _ALWAYS,
    # People
    Action.USER_DELETED: _ALWAYS,
}
"""The acts that ask."""


def require(subject: Subject | None, action: Action, details: Details) -> None:
    """Raise ProofRequired when this act asks this person for a proof. The system, commands and jobs are not asked."""
    asks = ASKS.get(action)
    if subject is None or asks is None or not asks.when(subject, details):
        return
    if subject.token_id is not None and not asks.tokens_may:
        raise ProofRequired(
            "An API token cannot confirm who is there, which this needs. Nothing was changed. Sign in with a "
            "browser to do it, or use the aada command on the server."
        )
    require_recent(subject)


def require_recent(subject: Subject) -> None:
    """Raise ProofRequired when the person's last proof is too old: for pages that prepare such an act."""
    if not is_recent(subject):
        raise ProofRequired(
            f"Confirm that it is you: it is more than {FRESH // timedelta(minutes=1)} minutes since you last did. "
            "Nothing was changed yet."
        )


def is_recent(subject: Subject) -> bool:
    """Whether the proof counts. Who acts by no session (a step of signing in, a command) has just been identified."""
    if subject.session_id is None:
        return True
    return subject.proved_at is not None and subject.proved_at > clock.now() - FRESH
