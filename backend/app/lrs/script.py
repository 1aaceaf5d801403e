"""Database work written once and played on an async or a sync connection.

A script is a generator: it yields what to ask of the database and is sent the rows. The store's own requests
play it on psycopg's async connections; the product's own events play the same script inside the SQLAlchemy
transaction of the fact they tell.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, LiteralString, TypeVar

import psycopg

Row = tuple[Any, ...]
T = TypeVar("T")


@dataclass(slots=True, frozen=True)
class Ask:
    """A statement with its parameters; the script is sent its rows."""

    sql: LiteralString
    parameters: Any = ()


@dataclass(slots=True, frozen=True)
class Load:
    """COPY … FROM STDIN with its data in text form; the script is sent nothing."""

    sql: LiteralString
    data: bytes


Script = Generator[Ask | Load, list[Row], T]


async def play(connection: psycopg.AsyncConnection[Row], script: Script[T]) -> T:
    """Run a script to its end on an async connection."""
    rows: list[Row] = []
    step = next(script)
    try:
        while True:
            cursor = connection.cursor()
            if isinstance(step, Load):
                async with cursor.copy(step.sql) as copy:
                    await copy.write(step.data)
                rows = []
            else:
                await cursor.execute(step.sql, step.parameters, prepare=True)
                rows = await cursor.fetchall() if cursor.description else []
            step = script.send(rows)
    except StopIteration as end:
        result: T = end.value
        return result


def play_now(connection: psycopg.Connection[Row], script: Script[T]) -> T:
    """Run a script to its end on a sync connection, in the transaction it is in."""
    rows: list[Row] = []
    step = next(script)
    try:
        while True:
            cursor = connection.cursor()
            if isinstance(step, Load):
                with cursor.copy(step.sql) as copy:
                    copy.write(step.data)
                rows = []
            else:
                cursor.execute(step.sql, step.parameters)
                rows = cursor.fetchall() if cursor.description else []
            step = script.send(rows)
    except StopIteration as end:
        result: T = end.value
        return result
