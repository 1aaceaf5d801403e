"""How a subscriber follows the history: in the order of transactions, exactly once, one process at a time.

The cursor moves in the transaction of what the subscriber does: a process that dies in the middle leaves neither.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from time import monotonic

import psycopg
import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.actions import Action
from app.db.models import AuditEntry
from app.db.session import Database
from app.projections import queries

BATCH = 500
POLL_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
log = structlog.get_logger(__name__)
_TRANSIENT = (OperationalError, psycopg.OperationalError)


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Something that follows from the history.

    `apply` gets entries of its `actions` in order and writes what follows from them into the same transaction; it
    neither commits nor talks to other machines (it asks for a job instead). `replayable` says that applying an entry
    again changes nothing, because everything it makes is named after the entry. One that is `from_now` begins with
    what happens after it was introduced, not with the past.
    """

    name: str
    title: str
    actions: frozenset[Action]
    apply: Callable[[Session, Sequence[AuditEntry]], None]
    replayable: bool = False
    from_now: bool = False

    def follow(self, session: Session, entries: Sequence[AuditEntry]) -> None:
        """Apply those entries that are the subscriber's business."""
        wanted = [entry for entry in entries if entry.action in self.actions]
        if wanted:
            self.apply(session, wanted)


class Outcome(Enum):
    """How one step went."""

    MOVED = "moved"
    NOTHING = "nothing"
    BUSY = "busy"
    FAILED = "failed"


def step(database: Database, subscriber: Subscriber, *, most: int = BATCH) -> Outcome:
    """Follow the next entries in one transaction. An entry that fails is found by going one by one, and waits."""
    try:
        return _step(database, subscriber, most)
    except _TRANSIENT as error:
        # A lock that somebody holds, a server that restarts: nothing was done, and it is tried again.
        log.info("projection.waits", subscriber=subscriber.name, reason=_short(error))
        return Outcome.BUSY
    except _Failed as failed:
        if most > 1 and failed.entries > 1:
            return step(database, subscriber, most=1)
        log.error(
            "projection.failed", subscriber=subscriber.name, entry=failed.entry_id, exc_info=failed.__cause__
        )
        with database.begin() as session:
            queries.fail(session, subscriber.name, failed.entry_id, _short(failed.__cause__ or failed))
        return Outcome.FAILED


def catch_up(database: Database, subscriber: Subscriber, stopping: threading.Event | None = None) -> Outcome:
    """Follow until there is nothing left, something fails, or `stopping` is set.

    Beside a server that answers, which is where there is a `stopping`, each step is followed by a pause as long as it
    took: whoever follows a long history works half of the time at most, and pages and reports of lessons go first.
    """
    while True:
        begun = monotonic()
        outcome = step(database, subscriber)
        if outcome is not Outcome.MOVED:
            return outcome
        if stopping is not None and stopping.wait(min(monotonic() - begun, LONGEST_PAUSE_SECONDS)):
            return outcome


def replay(database: Database, subscriber: Subscriber, *, after: int = 0, note: Callable[[int], None]) -> int:
    """Apply what was followed already once more, from behind the entry `after`; how many entries that were.

    `note` hears of each entry reached. The cursor stays where it is. May be broken off and begun again.
    """
    if not subscriber.replayable:
        raise ValueError(f"{subscriber.title} cannot be replayed: it would happen twice.")
    total = 0
    while True:
        with database.begin() as session:
            entries = queries.followed_entries(session, subscriber.name, after, BATCH)
            subscriber.follow(session, entries)
        if not entries:
            return total
        total, after = total + len(entries), entries[-1].id
        note(after)


class _Failed(Exception):
    def __init__(self, entry_id: int, entries: int) -> None:
        super().__init__(f"entry {entry_id} could not be followed")
        self.entry_id = entry_id
        self.entries = entries


def _step(database: Database, subscriber: Subscriber, most: int) -> Outcome:
    # Asked without a lock, twice a second for as long as nothing happens: it costs no transaction number.
    with database.begin() as session:
        if not queries.waits(session, subscriber.name):
            return Outcome.NOTHING
    with database.begin() as session:
        if not queries.take_turn(session, subscriber.name):
            return Outcome.BUSY
        ahead = queries.next_entries(session, subscriber.name, subscriber.actions, most)
        if ahead.last is None:
            return Outcome.NOTHING
        try:
            subscriber.follow(session, ahead.entries)
            session.flush()
        except _TRANSIENT:
            raise
        except Exception as error:
            raise _Failed(ahead.entries[0].id, len(ahead.entries)) from error
        queries.advance(session, subscriber.name, ahead.last)
    return Outcome.MOVED


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]
