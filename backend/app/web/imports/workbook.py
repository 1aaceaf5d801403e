"""Reads the first sheet of an Excel file: a program of its own, which `excel` runs for each file.

A sheet of two cells, A1 and XFD1048576, makes the library ask for half a terabyte, and end the process it works in
without an exception. So it works in this one, which has limits and holds nothing else. It imports nothing of ours.
"""

import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

MOST_MEMORY = 1024 * 1024 * 1024
MOST_SECONDS = 30
_MOST_ANSWER = 100 * 1024 * 1024
_FORMULA = re.compile(rb'<c\s[^>]*?r="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*<f[\s/>]')

NO_WORKBOOK = "This is a ZIP archive and not an Excel file. Unpack it, and send the .xlsx or CSV in it."
TOO_LARGE = "This Excel file is too large when unpacked. Save the list alone as CSV and send that."
TOO_FAR = (
    "This Excel file cannot be read: its first sheet is too large, or has a cell far to the right or far down. Copy "
    "the list alone into a new file, save it, and send that."
)
DAMAGED = (
    "This Excel file cannot be read: it is damaged or protected by a password. Open it in Excel, save it without a "
    "password, and send it again."
)


class _Wrong(Exception):
    """The file is not read; the text is the sentence for the person."""


def main(most_unpacked: int, most_rows: int) -> None:
    """Read a file from standard input, write a JSON object: `rows` and `formulas`, or `wrong` with a sentence."""
    _limit(resource.RLIMIT_AS, MOST_MEMORY)
    _limit(resource.RLIMIT_CPU, MOST_SECONDS)
    _limit(resource.RLIMIT_CORE, 0)
    answer: dict[str, Any]
    try:
        rows, formulas = _read(sys.stdin.buffer.read(), most_unpacked, most_rows)
        answer = {"rows": rows, "formulas": formulas}
        text = json.dumps(answer)
        if len(text) > _MOST_ANSWER:
            raise _Wrong(TOO_LARGE)
    except _Wrong as refused:
        text = json.dumps({"wrong": str(refused)})
    except MemoryError:
        text = json.dumps({"wrong": TOO_FAR})
    sys.stdout.write(text)


def _limit(what: int, most: int) -> None:
    _soft, hard = resource.getrlimit(what)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(what, (most, hard))


def _read(
    content: bytes, most_unpacked: int, most_rows: int
) -> tuple[list[list[str]], list[tuple[int, int]]]:
    # Not with the module: the system looks its limits and sentences up there, and reads no file itself.
    from python_calamine import CalamineError, CalamineWorkbook, ZipError  # noqa: PLC0415

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if "xl/workbook.xml" not in names and "xl/workbook.bin" not in names:
                raise _Wrong(NO_WORKBOOK)
            if sum(entry.file_size for entry in archive.infolist()) > most_unpacked:
                raise _Wrong(TOO_LARGE)
            first = _first_sheet(archive, most_unpacked)
            # A part is read as it unpacks to: what its directory says of its size need not be true.
            raw = _bounded(archive, first, most_unpacked) if first in names else b""
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        # The cells to the left of and above the first that is filled count, too: lines are named as Excel does.
        cells = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        CalamineError,
        ZipError,
    ):
        raise _Wrong(DAMAGED) from None
    # One row more than is read says that there are too many.
    kept: Iterable[list[Any]] = cells[: most_rows + 2]
    formulas = [(int(found[2]), _column(found[1].decode())) for found in _FORMULA.finditer(raw)]
    return [[_cell(value) for value in row] for row in kept], formulas


def _first_sheet(archive: zipfile.ZipFile, most_unpacked: int) -> str:
    """The part that holds the sheet whose tab comes first; empty where it cannot be reported."""
    try:
        book = fromstring(_bounded(archive, "xl/workbook.xml", most_unpacked))
        links = fromstring(_bounded(archive, "xl/_rels/workbook.xml.rels", most_unpacked))
    except (KeyError, ParseError, DefusedXmlException):
        return ""
    sheet = book.find(".//{*}sheet")
    if sheet is None:
        return ""
    key = next((value for name, value in sheet.items() if name.endswith("}id")), "")
    target = next((str(link.get("Target")) for link in links if link.get("Id") == key), "")
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _bounded(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as part:
        raw = part.read(most + 1)
    if len(raw) > most:
        raise _Wrong(TOO_LARGE)
    return raw


def _column(letters: str) -> int:
    """`A` as 0, `AA` as 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _cell(value: Any) -> str:
    """A cell as a person reads it: a date without its midnight, a whole number without its point."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
