"""Sign-ins that failed, in the history: known accounts by their number, the address that was typed never."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from app.accounts.access import queries
from app.accounts.access.attempts import Visitor, attempt_key, fold_email
from app.core import refusals
from app.core.actions import Action
from app.core.errors import TooManyRequests, Unauthorized
from app.core.limits import network_of
from app.core.permissions import internal
from app.core.refusals import Refusal
from app.db.session import Database
from app.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


@internal("a step of signing in")
def recorded(attempt: F) -> F:
    """Declare that a function checks an address and a password: what it refuses is put on record.

    It takes database, settings, email, password and visitor first. What is done for a known and for an unknown address
    is the same, so that the time it takes tells nobody which it is.
    """

    @wraps(attempt)
    def attempted(
        database: Database,
        settings: Settings,
        email: str,
        password: str,
        visitor: Visitor,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        try:
            return attempt(database, settings, email, password, visitor, *args, **kwargs)
        except (Unauthorized, TooManyRequests) as problem:
            why = "password" if isinstance(problem, Unauthorized) else "too_many"
            _note(database, settings, email, visitor, why)
            raise

    return attempted  # type: ignore[return-value]


def _note(database: Database, settings: Settings, email: str, visitor: Visitor, why: str) -> None:
    email = fold_email(email)
    with database.begin() as session:
        user = queries.user_by_email(session, email)
    details: dict[str, Any] = {"why": why}
    refusals.note(
        database,
        Refusal(
            Action.SIGN_IN_FAILED,
            None if user is None else user.id,
            f"{attempt_key(settings, email)} {why}",
            network_of(visitor.ip),
            details,
            folded={"why": "many"},
        ),
    )
