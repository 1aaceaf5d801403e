"""Connections that do not wait without end for a server that says nothing.

Neither TCP nor `statement_timeout` ends such a wait: the kernel of a stopped server acknowledges what is sent, and its
own clock stands still.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

Result = TypeVar("Result")
Patience = Callable[[float], float]
"""Gets how many seconds the server has said nothing; how many it may, until this is asked again. Raises Silence."""


class Silence(psycopg.OperationalError):
    """The server said nothing for too long; the connection is closed."""


class Connection(psycopg.Connection[Any]):
    """One whose waits end when `patience` does."""

    patience: Patience | None = None

    def wait(self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None) -> Result:
        """Wait for an answer, as psycopg does, which looks up at each interval."""
        watched = gen if self.patience is None else self._watched(gen, self.patience)
        return super().wait(watched, interval, timeout)

    def _watched(self, gen: PQGen[Result], patience: Patience) -> PQGen[Result]:
        since, until = time.monotonic(), patience(0.0)
        try:
            state = next(gen)
            while True:
                ready = yield state
                seconds = time.monotonic() - since
                if ready:
                    since, until = time.monotonic(), patience(0.0)
                elif seconds >= until:
                    until = patience(seconds)
                state = gen.send(ready)
        except StopIteration as done:
            result: Result = done.value
            return result
        except Silence:
            # Cancelling would ask the server that says nothing.
            self.pgconn.finish()
            raise


def connector(patience: Patience) -> Callable[..., Connection]:
    """What makes an engine's connections, as a listener of its event `do_connect`."""

    def connect(_dialect: Any, _record: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Connection:
        made = Connection.connect(*arguments, **named)
        made.patience = patience
        return made

    return connect
