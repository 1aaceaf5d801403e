"""Something else that goes on at the same time, for tests of what happens when two meet."""

import threading
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db.session import Database


class Act(threading.Thread):
    """Something done in a transaction of its own, beside the test's."""

    def __init__(self, database: Database, act: Callable[[Session], None]) -> None:
        super().__init__(daemon=True)
        self._database, self._act = database, act
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            with self._database.begin() as session:
                self._act(session)
        except BaseException as error:
            self._error = error

    def start_and_wait_for_a_lock(self) -> None:
        """Return when it waits for what another transaction holds; fail when it ends without."""
        self.start()
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while True:
            with self._database.begin() as session:
                if session.scalar(waits):
                    return
            assert self.is_alive(), self._error or "it did not wait for anything"

    def finish(self) -> None:
        """Wait for its end, and raise what it raised."""
        self.join(60)
        assert not self.is_alive()
        if self._error is not None:
            raise self._error
