"""What the processes of one server count, in memory that they share: requests, connections and slow statements.

Each process writes numbers of its own, so that nothing waits; whichever is asked adds all of them up. A process that
dies takes nothing along: the one that replaces it goes on counting where it stopped.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import structlog
from psycopg import errors as pg
from sqlalchemy import QueuePool, event
from sqlalchemy.engine.interfaces import ExceptionContext

from app.core.shared import Names, Numbers
from app.db.session import Database

PROCESSES: Final = 64
BOUNDS: Final = (0.1, 0.25, 1.0, 2.5)
"""Upper bounds of the buckets of a route's requests, in seconds; a last one has the slower ones."""
SLOW_SECONDS: Final = 1.0
"""A request or a statement that takes longer is a slow one."""
_ROUTES: Final = 1024
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STATUS: Final = ("none", "1xx", "2xx", "3xx", "4xx", "5xx")
_PER_ROUTE: Final = len(BOUNDS) + 2  # the buckets, and the sum in microseconds
_AFTER_ROUTES: Final = _ROUTES * _PER_ROUTE
_IN_USE: Final = _AFTER_ROUTES + len(_STATUS)
_MOST: Final = _IN_USE + 1
_SLOW: Final = _IN_USE + 2
_REFUSED: Final = _IN_USE + 3
_WIDTH: Final = _IN_USE + 4
_STATEMENT_SHOWN: Final = 500
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RouteTimes:
    """How long the requests of a route took: how many in each bucket, and all of them together."""

    method: str
    route: str
    counts: tuple[int, ...]
    seconds: float

    @property
    def count(self) -> int:
        return sum(self.counts)

    @property
    def slow(self) -> int:
        """How many took longer than a second."""
        return sum(self.counts[BOUNDS.index(SLOW_SECONDS) + 1 :])


@dataclass(frozen=True, slots=True)
class PoolUse:
    """One process's connections to the database: in use now, and at most."""

    process: int
    in_use: int
    most: int


class Board:
    """The numbers of all processes; made before they are forked."""

    def __init__(self) -> None:
        self._numbers = Numbers(PROCESSES * _WIDTH)
        self._names = Names(_ROUTES)
        self._own = 0
        self._threads = threading.Lock()

    def settle(self, process: int) -> None:
        """Say which of the processes this one is: from 0, and below PROCESSES."""
        self._own = process % PROCESSES * _WIDTH
        self._numbers[self._own + _IN_USE] = 0

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. Called by one thread of a process, the one that answers."""
        own, numbers = self._own, self._numbers
        numbers[own + _AFTER_ROUTES + min(max(status // 100, 0), 5)] += 1
        number = self._names.number(f"{method if method in _METHODS else '-'} {route}")
        if number is None:
            return
        place = own + number * _PER_ROUTE
        numbers[place + sum(seconds > bound for bound in BOUNDS)] += 1
        numbers[place + _PER_ROUTE - 1] += round(seconds * 1_000_000)

    def watch(self, database: Database) -> None:
        """Follow a database's connections and what they are asked. Called before the processes are forked."""
        engine = database.engine

        def used(change: int) -> None:
            if isinstance(engine.pool, QueuePool):
                self._numbers[self._own + _IN_USE] = max(0, engine.pool.checkedout() + change)

        def begun(_c: Any, _cursor: Any, _statement: str, _p: Any, context: Any, _many: bool) -> None:
            context.aada_begun = perf_counter()

        def ended(_c: Any, _cursor: Any, statement: str, _p: Any, context: Any, _many: bool) -> None:
            self._note_statement(statement, perf_counter() - context.aada_begun)

        def failed(context: ExceptionContext) -> None:
            self._note_failure(context.original_exception)

        def answered(statement: str, seconds: float, error: BaseException | None) -> None:
            if error is None:
                self._note_statement(statement, seconds)
            else:
                self._note_failure(error)

        database.answered.append(answered)
        event.listen(engine, "handle_error", failed)
        event.listen(engine, "checkout", lambda *_: used(0))
        event.listen(engine, "checkin", lambda *_: used(-1))  # it is given back after this
        event.listen(engine, "before_cursor_execute", begun)
        event.listen(engine, "after_cursor_execute", ended)

    def _note_statement(self, statement: str, seconds: float) -> None:
        if seconds > SLOW_SECONDS:
            with self._threads:
                self._numbers[self._own + _SLOW] += 1
            # The text alone: the values are people's names and addresses.
            shown = " ".join(statement.split())[:_STATEMENT_SHOWN]
            log.warning("database.slow_statement", ms=round(seconds * 1000), statement=shown)

    def _note_failure(self, error: BaseException) -> None:
        if isinstance(error, pg.InsufficientPrivilege):
            with self._threads:
                self._numbers[self._own + _REFUSED] += 1

    def note_pool(self, most: int) -> None:
        """Say how many connections this process may have."""
        self._numbers[self._own + _MOST] = most

    def routes(self) -> list[RouteTimes]:
        """The requests so far by route."""
        names = self._names.all()
        places = [one for one in range(0, PROCESSES * _WIDTH, _WIDTH) if self._has_counted(one)]
        width = len(names) * _PER_ROUTE
        sums = [sum(one) for one in zip(*(self._numbers.read(place, width) for place in places), strict=True)]
        found = []
        for number, name in enumerate(names if sums else ()):
            method, _, route = name.partition(" ")
            *counts, microseconds = sums[number * _PER_ROUTE : (number + 1) * _PER_ROUTE]
            found.append(RouteTimes(method, route, tuple(counts), microseconds / 1_000_000))
        return found

    def statuses(self) -> dict[str, int]:
        """The requests so far by class of status; `none` had no answer."""
        return {name: self._sum(_AFTER_ROUTES + number) for number, name in enumerate(_STATUS)}

    def slow_statements(self) -> int:
        """How many statements took longer than a second."""
        return self._sum(_SLOW)

    def refused_statements(self) -> int:
        """How many statements the database refused because of the role they came from."""
        return self._sum(_REFUSED)

    def pools(self) -> list[PoolUse]:
        """The connections of each process that has any."""
        places = range(0, PROCESSES * _WIDTH, _WIDTH)
        read = [
            (place // _WIDTH, self._numbers[place + _IN_USE], self._numbers[place + _MOST])
            for place in places
        ]
        return [PoolUse(*one) for one in read if one[2]]

    def _has_counted(self, place: int) -> bool:
        return any(self._numbers.read(place + _AFTER_ROUTES, len(_STATUS)))

    def _sum(self, field: int) -> int:
        return sum(self._numbers[process * _WIDTH + field] for process in range(PROCESSES))


BOARD: Final = Board()
"""This server's."""
