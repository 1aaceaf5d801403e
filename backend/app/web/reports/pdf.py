"""A report as a table on paper. Who can make PDFs registers how: the frame knows no rendering."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from app.web.reports.description import Column

MOST_ROWS = 5_000
"""More rows than anybody prints; the file would take minutes and hundreds of megabytes of memory."""


@dataclass(frozen=True)
class Table:
    """A report on its way into a file: what it is, its columns, and its rows' values, read once.

    `about` are pairs of label and text: the school, the search and filters, who took it out.
    """

    title: str
    about: Sequence[tuple[str, str]]
    columns: Sequence[Column[Any]]
    rows: Iterator[Sequence[Any]]
    zone: ZoneInfo
    made_at: datetime
    landscape: bool = True


WritePdf = Callable[[Table, BinaryIO], None]
_writers: list[WritePdf] = []


def register_pdf(write: WritePdf) -> None:
    """Let reports be taken out as PDF: `write` puts the table into the file. The last one registered counts."""
    _writers[:] = [write]


def writer() -> WritePdf | None:
    """How a PDF is written, or None while nobody has registered."""
    return _writers[0] if _writers else None
