"""Database work written once and played on an async or a sync connection.

A script is a generator: it yields what to ask of the database and is sent the rows. The store's own requests
play it on psycopg's async connections; the product's own events play the same script inside the SQLAlchemy
transaction of the fact they record.
"""

import asyncio
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, LiteralString, TypeVar

import orjson
import psycopg

FEW = 40
"""Rows up to which an INSERT is cheaper than the extra round trips of a COPY."""

Row = tuple[Any, ...]
T = TypeVar("T")


@dataclass(slots=True, frozen=True)
class Query:
    """A statement with its parameters; the script is sent its rows."""

    sql: LiteralString
    parameters: Any = ()


@dataclass(slots=True, frozen=True)
class Execute:
    """A statement whose rows nobody wants; in a pipeline nothing waits for it."""

    sql: LiteralString
    parameters: Any = ()


@dataclass(slots=True, frozen=True)
class Table:
    """Rows for one table. `bytes` are JSON and are kept as they are."""

    copy: LiteralString
    columns: tuple[str, ...]
    rows: list[Row]
    numbers: bool = False
    """Whether all values are numbers or booleans, which COPY reads as 1 and 0 too."""

    def text(self) -> bytes:
        """The rows as COPY reads them."""
        if self.numbers:
            line = "\t".join(["%d"] * len(self.columns)) + "\n"
            return "".join([line % row for row in self.rows]).encode()
        return "".join(["\t".join([_cell(value) for value in row]) + "\n" for row in self.rows]).encode()

    def objects(self) -> list[dict[str, Any]]:
        """The rows as JSON objects."""
        return [
            {
                name: orjson.Fragment(value) if type(value) is bytes else value
                for name, value in zip(self.columns, row, strict=True)
            }
            for row in self.rows
        ]


@dataclass(slots=True, frozen=True)
class BulkInsert:
    """Rows for several tables: one COPY each when there are many, else one statement that takes all as JSON."""

    tables: dict[str, Table]
    insert: LiteralString

    @property
    def few(self) -> bool:
        return sum(len(table.rows) for table in self.tables.values()) <= 6 * FEW

    def document(self) -> str:
        return orjson.dumps({name: table.objects() for name, table in self.tables.items()}).decode()


@dataclass(slots=True, frozen=True)
class Offload:
    """Work that keeps the processor busy for long; the script is sent one row with what it answers."""

    work: Callable[[], Any]


def _cell(value: Any) -> str:
    if value is None:
        return "\\N"
    kind = type(value)
    if kind is bytes:
        # Compact JSON has no raw control characters; only its backslashes mean something to COPY.
        return str(value, "utf-8").replace("\\", "\\\\")
    if kind is str:
        if "\\" in value or not value.isprintable():
            value = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
        text: str = value
        return text
    if kind is bool:
        return "t" if value else "f"
    return str(value)


Operation = Generator[Query | Execute | BulkInsert | Offload, list[Row], T]


async def run(
    connection: psycopg.AsyncConnection[Row], operation: Operation[T], *, pipelined: bool = False
) -> T:
    """Run a script to its end on an async connection; in pipeline mode, which knows no COPY, say so."""
    rows: list[Row] = []
    step = next(operation)
    try:
        while True:
            cursor = connection.cursor()
            rows = []
            if isinstance(step, Query):
                await cursor.execute(step.sql, step.parameters, prepare=True)
                rows = await cursor.fetchall()
            elif isinstance(step, Execute):
                await cursor.execute(step.sql, step.parameters, prepare=True)
            elif isinstance(step, Offload):
                rows = [(await asyncio.to_thread(step.work),)]
            elif pipelined or step.few:
                await cursor.execute(step.insert, (step.document(),), prepare=True)
            else:
                for table in step.tables.values():
                    async with cursor.copy(table.copy) as copy:
                        await copy.write(table.text())
            step = operation.send(rows)
    except StopIteration as end:
        result: T = end.value
        return result


def run_sync(connection: psycopg.Connection[Row], operation: Operation[T]) -> T:
    """Run a script to its end on a sync connection, in the transaction it is in."""
    rows: list[Row] = []
    step = next(operation)
    try:
        while True:
            cursor = connection.cursor()
            rows = []
            if isinstance(step, Query):
                rows = cursor.execute(step.sql, step.parameters).fetchall()
            elif isinstance(step, Execute):
                cursor.execute(step.sql, step.parameters)
            elif isinstance(step, Offload):
                rows = [(step.work(),)]
            elif step.few:
                cursor.execute(step.insert, (step.document(),))
            else:
                for table in step.tables.values():
                    with cursor.copy(table.copy) as copy:
                        copy.write(table.text())
            step = operation.send(rows)
    except StopIteration as end:
        result: T = end.value
        return result
