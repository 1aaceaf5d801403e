"""The subscribers at work: a thread for each, awake twice a second, which outlives a database that goes away."""

import threading
from collections.abc import Iterable

import structlog

from app.db.session import Database
from app.projections.subscription import POLL_SECONDS, Outcome, Subscriber, catch_up

log = structlog.get_logger(__name__)


class Runner:
    """Follows the history until `stop`. Any number of processes may run one: each subscriber works in one at a time."""

    def __init__(self, database: Database, subscribers: Iterable[Subscriber]) -> None:
        self._database = database
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(one,), name=f"projection-{one.name}", daemon=True)
            for one in subscribers
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_seconds: float = 20) -> None:
        """Finish the steps at work and end."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout_seconds)

    def _run(self, subscriber: Subscriber) -> None:
        while not self._stopping.is_set():
            try:
                outcome = catch_up(self._database, subscriber, self._stopping)
            except Exception as error:  # a fault of the subscription itself must not end the thread
                log.warning("projection.interrupted", subscriber=subscriber.name, reason=str(error)[:300])
                outcome = Outcome.FAILED
            self._stopping.wait(POLL_SECONDS if outcome is Outcome.NOTHING else 2 * POLL_SECONDS)
