"""A student's whole file: each room says which of its tables hold a student's records, and which do not and why.

A room registers its tables at the start; whoever makes the file reads them all (`app.compliance.privacy.archive`), so
that a new table is in it with one line, and the older code is not touched. A test walks the foreign keys of the
schema and names every table that leads to a student and is neither exported nor left out with a reason.

    records.export(StudentNote, "person", "Notes of the staff", records.owned(StudentNote.user_id))
    records.leave_out("Only the hash of a link is kept, and nothing about the student.", "account_links")
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.permissions import Actor

CHUNK = 500
"""Rows in memory at once."""

Of = Callable[[int], sa.ColumnElement[bool]]
"""The condition that a row is the student's, from their number."""
Rows = Callable[[Session, int, Actor], Iterator[Mapping[str, Any]]]
"""The rows of a student that somebody may have; the system, and with it the student's own copy, has them all."""


@dataclass(frozen=True, slots=True)
class StoredPaper:
    """Which column of a row names a file of the file store; `media_type` is another column, or the type itself."""

    sha256: str
    media_type: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class Part:
    """One list of the file. `name` is its place in the archive, `tables` those whose rows it holds."""

    name: str
    title: str
    tables: tuple[str, ...]
    rows: Rows
    papers: tuple[StoredPaper, ...] = ()
    withheld: Mapping[str, str] = field(default_factory=dict)
    """Columns that are not in it, and why."""
    limited: str = ""
    """Why not everybody has every row; empty where they do."""


_parts: dict[str, Part] = {}
_left_out: dict[str, str] = {}


def export(
    model: Any,
    folder: str,
    title: str,
    of: Of,
    *,
    withheld: Mapping[str, str] | None = None,
    papers: tuple[StoredPaper, ...] = (),
    readable: Callable[[Actor], sa.ColumnElement[bool]] | None = None,
    limited: str = "",
) -> None:
    """Put a table's rows of one student into the file, in the order of their keys.

    `of` gives the condition that a row is the student's; `withheld` names columns that stay out, with the reason;
    `readable` that somebody may have a row, and `limited` says why not everybody has all.
    """
    table: sa.Table = model.__table__
    out = dict(withheld or {})
    unknown = set(out) - set(table.c.keys())
    if unknown:
        raise ValueError(f"{table.name} has no {', '.join(sorted(unknown))}")
    columns = [column for column in table.c if column.name not in out]
    order = list(table.primary_key.columns)

    def rows(session: Session, student_id: int, reader: Actor) -> Iterator[Mapping[str, Any]]:
        statement = sa.select(*columns).where(of(student_id)).order_by(*order)
        if readable is not None:
            statement = statement.where(readable(reader))
        found = session.execute(statement.execution_options(yield_per=CHUNK))
        for row in found.mappings():
            yield dict(row)

    register(Part(f"{folder}/{table.name}", title, (table.name,), rows, papers, out, limited))


def owned(column: Any) -> Of:
    """The column holds the student's number."""
    return lambda student: column == student


def within(column: Any, select: Callable[[int], sa.Select[tuple[Any]]]) -> Of:
    """The column refers to a row that is the student's, such as an enrollment."""
    return lambda student: column.in_(select(student))


def register(part: Part) -> None:
    """Put a list into the file that is more than a table's rows."""
    _parts[part.name] = part


def leave_out(because: str, *tables: str) -> None:
    """Say why tables that lead to a student are not in the file."""
    for table in tables:
        _left_out[table] = because


def parts() -> list[Part]:
    """Everything that is in the file, by its place in the archive."""
    return sorted(_parts.values(), key=lambda part: part.name)


def left_out() -> Mapping[str, str]:
    """Tables that are not in it, with the reason."""
    return _left_out
