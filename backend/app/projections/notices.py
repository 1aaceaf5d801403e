"""Email to people about what has happened to their account.

Mail with a link in it is not sent from here: a link lets its reader in, and no secret enters the history. A notice
happens once, so this subscriber begins with what happens from now on, and is never replayed.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core.actions import Action
from app.db.models import AuditEntry
from app.projections.subscription import Subscriber


def _apply(session: Session, entries: Sequence[AuditEntry]) -> None:
    for entry in entries:
        if entry.action == Action.API_TOKEN_CREATED and entry.target_id is not None:
            accounts.send_token_created(session, int(entry.target_id), entry.occurred_at)
        elif entry.details.get("notify") and entry.target_id is not None:
            accounts.send_password_changed(session, int(entry.target_id), entry.occurred_at)


SUBSCRIBER = Subscriber(
    name="notices",
    title="Email notices",
    actions=frozenset({Action.API_TOKEN_CREATED, Action.USER_PASSWORD_SET}),
    apply=_apply,
    from_now=True,
)
