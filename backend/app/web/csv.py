"""Lists as CSV files that a spreadsheet opens well and that cannot run anything in it."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import BinaryIO
from urllib.parse import quote

from starlette.responses import StreamingResponse

# OWASP, "CSV Injection": a cell that starts with one of these is a formula to a spreadsheet.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_IN_MEMORY = 1024 * 1024
_CHUNK = 64 * 1024


def csv_response(filename: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingResponse:
    """A download of `rows` under `header`: UTF-8 with a byte order mark, so that Excel reads the accents.

    The rows are written out before the answer starts (past 1 MiB to disk), because the database session is
    closed by then and because an error must still become an error page. Moments should be given in the
    school's zone already; they are written as ISO 8601 with their offset.
    """
    file: BinaryIO = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # type: ignore[assignment]  # noqa: SIM115
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow([_cell(name) for name in header])
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    text.flush()
    text.detach()
    size = file.tell()
    file.seek(0)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
        "Content-Length": str(size),
    }
    return StreamingResponse(_chunks(file), media_type="text/csv; charset=utf-8", headers=headers)


def csv_chunks(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The same file in pieces, for rows that do not need the request's session and are too many to keep."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow([_cell(name) for name in header])
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        if text.tell() >= _CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _cell(value: object) -> str | int | float | object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime | date):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, str):
        # The quote shows in the cell: the price of a text that stays a text. Numbers are numbers already.
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    return value
