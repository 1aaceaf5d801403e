"""What was refused goes into the history too: sign-ins that failed, requests that were not allowed.

The request's own transaction is rolled back by then, so the row has a short one of its own. Whoever is refused can
repeat it at will: of the same refusal within an hour the first, second, fourth, eighth … has a row, which says how many
it stands for. A network address has at most `MOST_OF_ONE` different refusals an hour, all of them together
`MOST_OF_ALL`; beyond that they are counted as one. So an attacker writes some thousands of rows an hour, and no more.

A refusal tells nobody anything. Where its row cannot be written, the refusal stands all the same, and the log says so.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.permissions import Subject

WINDOW: Final = timedelta(hours=1)
MOST_OF_ONE: Final = 60
MOST_OF_ALL: Final = 1_000
_ALL: Final = "refusals of all"

log = structlog.get_logger(__name__)
_COUNT = sa.text(
    """
    INSERT INTO history_folds AS f (key, written_at, times) VALUES (:key, :now, 1)
    ON CONFLICT (key) DO UPDATE SET
        times = CASE WHEN f.written_at <= :since THEN 1 ELSE f.times + 1 END,
        written_at = CASE WHEN f.written_at <= :since THEN excluded.written_at ELSE f.written_at END
    RETURNING times
    """
)
_TIMES = sa.text("SELECT key, times FROM history_folds WHERE key = ANY(:keys) AND written_at > :since")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal: whose, of what, from where. `same` is what makes two of them the same, without who and where."""

    action: Action
    target_id: int | str | None
    same: str
    network: str | None
    details: Mapping[str, Any]
    subject: Subject | None = None
    folded: Mapping[str, Any] | None = None
    """The details of a row that stands for many different ones."""


class Database(Protocol):
    """What gives a short transaction of its own (`app.db.session.Database`)."""

    def begin(self) -> AbstractContextManager[Session]: ...


def note(database: Database, refusal: Refusal) -> None:
    """Write the row of a refusal, or count it. Takes a connection for a moment; call it when the request has none."""
    try:
        with database.begin() as session:
            _note(session, refusal)
    except SQLAlchemyError as error:
        log.error(
            "refusal.not_recorded", action=refusal.action.value, reason=" ".join(str(error).split())[:300]
        )


def _note(session: Session, refusal: Refusal) -> None:
    who = refusal.subject.user_id if refusal.subject else None
    place = f"refusals from {refusal.network}"
    key = f"refusal {refusal.action.value} {who} {refusal.network} {refusal.same}"[:1000]
    target_id, details = refusal.target_id, refusal.details
    known = _times(session, key, place, _ALL)
    if key not in known:
        if known.get(_ALL, 0) >= MOST_OF_ALL:
            key, target_id, details = "refusals beyond all", None, refusal.folded or {}
        elif known.get(place, 0) >= MOST_OF_ONE:
            key, target_id, details = f"refusals beyond {refusal.network}", None, refusal.folded or {}
        else:
            _count(session, place)
            _count(session, _ALL)
    times = _count(session, key)
    stands_for = times - times // 2
    if times & (times - 1) == 0:
        history.record(
            session, refusal.subject, refusal.action, target_id, **{**details, "times": stands_for}
        )


def _times(session: Session, *keys: str) -> dict[str, int]:
    asked = {"keys": list(keys), "since": clock.now() - WINDOW}
    return {row.key: row.times for row in session.execute(_TIMES, asked)}


def _count(session: Session, key: str) -> int:
    now = clock.now()
    times: int = session.execute(_COUNT, {"key": key, "now": now, "since": now - WINDOW}).scalar_one()
    return times
