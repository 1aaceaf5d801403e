"""Prepared statements of one connection, handed to libpq as they are: several of them in one round trip.

A cursor of psycopg takes 200 µs of a processor around a statement for which libpq takes 40, and each round trip wakes
up the database's process and this one again, which costs both of them more than a small query does.

Values go as text, as psycopg sends a string, and rows come back through psycopg's own loaders. What cannot go this way
(a connection through a pooler, another kind of transaction, a value of another type) is asked by a cursor instead:
`Wire.of` or `written` answers None.
"""

import re
import select
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any, Final

import psycopg
from psycopg import errors
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from sqlalchemy import Connection

_KEPT = "aada wire"
_PLACEHOLDER = re.compile(r"%(?:%|\(([^)]*)\)s)")
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement under its name on every connection, and the names of its values in their order."""

    name: bytes
    sql: bytes
    values: tuple[str, ...]


@lru_cache(maxsize=4096)
def prepared(sql: str) -> Prepared:
    """A statement with values as psycopg writes them, `%(name)s`; the same name for the same text."""
    order: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        if found[1] is None:
            return "%"
        return f"${order.setdefault(found[1], len(order) + 1)}"

    text = _PLACEHOLDER.sub(place, sql)
    return Prepared(b"aada_%d" % next(_numbers), text.encode(), tuple(order))


def _string(value: str) -> bytes | None:
    # libpq would end the value there; psycopg refuses it with its own error.
    return None if "\0" in value else value.encode()


def _list(values: list[Any]) -> bytes | None:
    return (
        b"{%b}" % b",".join(b"%d" % one for one in values)
        if all(type(one) is int for one in values)
        else None
    )


_WRITERS: Final[dict[type, Callable[[Any], bytes | None]]] = {
    str: _string,
    int: lambda value: b"%d" % value,
    bool: lambda value: b"t" if value else b"f",
    date: lambda value: value.isoformat().encode(),
    datetime: lambda value: value.isoformat().encode(),
    timedelta: lambda value: (
        b"%d days %d seconds %d microseconds" % (value.days, value.seconds, value.microseconds)
    ),
    list: _list,
}


def written(values: Sequence[Any]) -> list[Any] | None:
    """The values as text, in order; None when one of them is of a kind that psycopg must write."""
    found: list[bytes | None] = []
    for value in values:
        if value is None:
            found.append(None)
            continue
        write = _WRITERS.get(type(value))
        text = write(value) if write else None
        if text is None:
            return None
        found.append(text)
    return found


Question = tuple[Prepared, list[Any]]
"""A statement and its values: bytes, or None for NULL."""


class Wire:
    """What a connection of the pool has prepared, and how to ask it."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver, self._pg = driver, driver.pgconn
        self._prepared: set[bytes] = set()
        self._heed_deallocation()
        self._loaders = Transformer(driver)
        self._reading, self._writing = select.poll(), select.poll()
        self._reading.register(self._pg.socket, select.POLLIN)
        self._writing.register(self._pg.socket, select.POLLIN | select.POLLOUT)

    def _heed_deallocation(self) -> None:
        """After a rollback psycopg gives up whatever is prepared on the connection, these too."""
        own = self._driver._prepared
        clear = own.clear

        def cleared() -> bool:
            all_deallocated = clear()
            if all_deallocated:
                self._prepared.clear()
            return all_deallocated

        own.clear = cleared  # type: ignore[method-assign]

    @classmethod
    def of(cls, connection: Connection) -> "Wire | None":
        """The connection's own, made with the first call; None where statements are not prepared."""
        kept: Wire | None = connection.info.get(_KEPT)
        driver: Any = connection.connection.driver_connection
        if kept is None or kept._driver is not driver:
            connection.info[_KEPT] = kept = cls(driver)
        if (
            driver.prepare_threshold is None
            or driver.autocommit
            or driver.isolation_level is not None
            or driver.read_only is not None
            or driver.deferrable is not None
        ):
            return None
        return kept

    def ask(self, questions: Sequence[Question]) -> list[list[tuple[Any, ...]]]:
        """The rows of each, in the connection's transaction, which begins with the first.

        Raises psycopg's error of the first that fails; the transaction is to be rolled back then.
        """
        begins = self._pg.transaction_status == TransactionStatus.IDLE
        if len(questions) == 1 and not begins and questions[0][0].name in self._prepared:
            statement, values = questions[0]
            return [self._rows(self._pg.exec_prepared(statement.name, values))]
        return self._at_once(questions, begins=begins)

    def types(self, statement: Prepared) -> list[int]:
        """The type of each column of a statement that has been asked."""
        described = self._pg.describe_prepared(statement.name)
        return [described.ftype(place) for place in range(described.nfields)]

    def _at_once(self, questions: Sequence[Question], *, begins: bool) -> list[list[tuple[Any, ...]]]:
        pg, sent = self._pg, list[bytes | None]()  # None for a question, a name for what prepares or begins
        pg.enter_pipeline_mode()
        try:
            if begins:
                pg.send_query_params(b"BEGIN", None)
                sent.append(b"")
            for statement, values in questions:
                if statement.name not in self._prepared and statement.name not in sent:
                    pg.send_prepare(statement.name, statement.sql)
                    sent.append(statement.name)
                pg.send_query_prepared(statement.name, values)
                sent.append(None)
            pg.pipeline_sync()
            results = self._results()
        finally:
            if pg.status == ConnStatus.OK:
                pg.exit_pipeline_mode()
        answered = list(zip(results, sent, strict=True))
        # What is prepared stays so when what comes after it fails.
        self._prepared.update(name for one, name in answered if name and one.status == ExecStatus.COMMAND_OK)
        failed = next((one for one in results if one.status == ExecStatus.FATAL_ERROR), None)
        if failed is not None:
            raise self._error(failed)
        return [self._rows(one) for one, name in answered if name is None]

    def _results(self) -> list[Any]:
        """Every result up to the synchronization, without holding up other threads."""
        pg, found = self._pg, list[Any]()
        while pg.flush():
            self._writing.poll()
            pg.consume_input()
        while True:
            while pg.is_busy():
                self._reading.poll()
                pg.consume_input()
            result = pg.get_result()
            if result is None:  # between two statements; after a connection that ended, all there is
                if pg.status != ConnStatus.OK:
                    raise errors.OperationalError(pg.get_error_message())
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return found
            found.append(result)

    def _rows(self, result: Any) -> list[tuple[Any, ...]]:
        if result.status != ExecStatus.TUPLES_OK:
            raise self._error(result)
        self._loaders.set_pgresult(result)
        return self._loaders.load_rows(0, result.ntuples, tuple)

    def _error(self, result: Any) -> psycopg.Error:
        if self._pg.status != ConnStatus.OK:
            return errors.OperationalError(result.get_error_message())
        return errors.error_from_result(result)
