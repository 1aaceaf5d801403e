"""What ends with a sign-in session, as higher rooms see it: they register it, and accounts knows none of them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from app.accounts.access import queries
from app.core import clock
from app.core.permissions import internal


class Why(StrEnum):
    """What ended the sessions."""

    SIGNED_OUT = "signed_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 -- a reason, no password
    ACCOUNT_DELETED = "account_deleted"
    FACTORS_RESET = "factors_reset"
    DUTY_ENDED = "duty_ended"
    """A duty or the role was taken away. The person stays signed in; what was opened by it ends."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The sessions of one person that end now: `only` one, all `but` one, or with neither every one of them.

    With `Why.DUTY_ENDED` the sessions go on, and what was begun in them ends.
    """

    user_id: int
    why: Why
    only: int | None = None
    but: int | None = None


Follow = Callable[[Session, Ended], None]
_follow: dict[str, Follow] = {}


@internal("wires rooms together at import")
def register(name: str, follow: Follow) -> None:
    """Have `follow` called when sessions end, in the transaction that ends them."""
    _follow[name] = follow


def lose_access(session: Session, user_id: int) -> None:
    """The person has less to do at the school: what hangs on their sessions ends, and the sessions go on."""
    for follow in _follow.values():
        follow(session, Ended(user_id, Why.DUTY_ENDED))


def end_sessions(session: Session, ended: Ended) -> int:
    """End sessions and what hangs on them; how many sessions there were."""
    count = queries.revoke_sessions(session, ended.user_id, clock.now(), only=ended.only, but=ended.but)
    for follow in _follow.values():
        follow(session, ended)
    return count
