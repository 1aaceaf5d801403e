"""A table as CSV, XLSX or JSON, written row by row: memory does not grow with the number of rows."""

import csv
import io
import json
import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from app.core.clock import local
from app.web.reports.description import Column, Kind
from app.web.reports.pdf import Table

# OWASP, "CSV Injection": a cell that starts with one of these is a formula to a spreadsheet.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_LONGEST_XLSX_CELL = 32_767
MOST_XLSX_ROWS = 1_048_575
"""What a sheet holds under its heading."""
_CSV_CHUNK = 64 * 1024
_CREATED = datetime(2000, 1, 1, tzinfo=UTC)
"""The same table gives the same bytes, whenever it is written."""


# CSV


def csv_chunks(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The rows under their header in pieces: UTF-8 with a byte order mark, so that Excel reads the accents."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    text.write("\ufeff")
    lines.writerow([csv_cell(name) for name in header])
    for row in rows:
        lines.writerow([csv_cell(value) for value in row])
        if text.tell() >= _CSV_CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def csv_cell(value: object) -> object:
    """A value as a cell that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        # The quote shows in the cell: the price of a text that stays a text. Numbers are numbers already.
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    return value


def write_csv(table: Table, file: BinaryIO) -> None:
    """Times are ISO 8601 in the school's zone with their offset, money is dollars, durations are minutes."""
    for chunk in _csv_lines(table.columns, table.rows, table.zone):
        file.write(chunk)


def csv_stream(columns: Sequence[Column[Any]], items: Iterable[Any], zone: ZoneInfo) -> Iterator[bytes]:
    """The same in pieces as they are read, for what never changes and is too much to keep: statements."""
    return _csv_lines(columns, ([column.of(item) for column in columns] for item in items), zone)


def _csv_lines(
    columns: Sequence[Column[Any]], rows: Iterable[Sequence[Any]], zone: ZoneInfo
) -> Iterator[bytes]:
    header = [column.header(zone.key) for column in columns]
    cells = ([plain(column, value, zone) for column, value in zip(columns, row, strict=True)] for row in rows)
    return csv_chunks(header, cells)


def plain(column: Column[Any], value: Any, zone: ZoneInfo) -> Any:
    """A value as a file holds it: a local time, dollars with two decimals, a list as one text."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return local(value, zone)
    if column.kind is Kind.CENTS:
        return Decimal(value).scaleb(-2).quantize(Decimal("0.01"))
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value


# XLSX


def write_xlsx(table: Table, file: BinaryIO) -> None:
    """One sheet with the rows, one that says what they are. Text is text: no formula, no link is made of it."""
    import xlsxwriter  # noqa: PLC0415 - 3 MB for whoever asks for a workbook

    with tempfile.TemporaryDirectory(prefix="aada-report-") as folder:
        path = Path(folder) / "report.xlsx"
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        with xlsxwriter.Workbook(str(path), options) as book:
            book.set_properties({"title": table.title, "created": _CREATED.replace(tzinfo=None)})
            _rows_sheet(book, table)
            _about_sheet(book, table)
        with path.open("rb") as written:
            while chunk := written.read(_CSV_CHUNK):
                file.write(chunk)


_WIDTHS: dict[Kind, int] = {Kind.TEXT: 28, Kind.MOMENT: 22, Kind.DAY: 13}
_NUMBER_FORMATS = {Kind.CENTS: "#,##0.00", Kind.DAY: "yyyy-mm-dd", Kind.MOMENT: "yyyy-mm-dd hh:mm:ss"}


def _rows_sheet(book: Any, table: Table) -> None:
    sheet = book.add_worksheet(_sheet_name(table.title))
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    looks = {kind: book.add_format({"num_format": text}) for kind, text in _NUMBER_FORMATS.items()}
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, _WIDTHS.get(column.kind, 14))
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(table.columns):
        sheet.write_string(0, place, column.header(table.zone.key), bold)
    last = 0
    for last, row in enumerate(table.rows, start=1):
        for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
            _xlsx_cell(sheet, last, place, plain(column, value, table.zone), looks.get(column.kind))
    if table.columns:
        sheet.autofilter(0, 0, last, len(table.columns) - 1)


def _xlsx_cell(sheet: Any, row: int, place: int, value: Any, look: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_string(row, place, "yes" if value else "no")
    elif isinstance(value, int | float | Decimal) and math.isfinite(value):
        # A sheet's numbers have 15 digits; longer ones, such as account numbers of others, would change.
        if -(10**15) < value < 10**15:
            sheet.write_number(row, place, value, look)
        else:
            sheet.write_string(row, place, str(value))
    elif isinstance(value, datetime):
        sheet.write_datetime(row, place, value.replace(tzinfo=None), look)
    elif isinstance(value, date):
        sheet.write_datetime(row, place, value, look)
    else:
        text = str(value)
        if len(text) > _LONGEST_XLSX_CELL:
            # The library leaves a longer text out without a word.
            text = text[: _LONGEST_XLSX_CELL - 1] + "…"
        sheet.write_string(row, place, text)


def _about_sheet(book: Any, table: Table) -> None:
    sheet = book.add_worksheet("About this report")
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 60)
    for row, (label, text) in enumerate([("Report", table.title), *table.about]):
        sheet.write_string(row, 0, label)
        sheet.write_string(row, 1, text)


def _sheet_name(title: str) -> str:
    """A title as a sheet's name: 31 characters at most, without those that Excel refuses."""
    name = "".join(sign for sign in title if sign not in "[]:*?/\\").strip("'")[:31].strip()
    return name or "Report"


# JSON


def write_json(table: Table, file: BinaryIO) -> None:
    """An object with `columns` (name, label, kind, unit) and `rows`, each an object by the columns' names.

    Numbers are in the column's unit; times are ISO 8601 in the school's zone with their offset.
    """
    head = {
        "title": table.title,
        "made_at": local(table.made_at, table.zone).isoformat(),
        "time_zone": table.zone.key,
        "about": dict(table.about),
        "columns": [
            {
                "name": column.name,
                "label": column.label,
                "kind": column.kind.value,
                "unit": column.unit(),
            }
            for column in table.columns
        ],
    }
    file.write(json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "rows": [')
    names = [column.name for column in table.columns]
    for number, row in enumerate(table.rows):
        values = (
            _json_value(column, value, table.zone) for column, value in zip(table.columns, row, strict=True)
        )
        line = json.dumps(
            dict(zip(names, values, strict=True)), ensure_ascii=False, default=str, allow_nan=False
        )
        file.write((b",\n" if number else b"\n") + line.encode())
    file.write(b"\n]}\n")


def _json_value(column: Column[Any], value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, dict | list):
        return value
    found = plain(column, value, zone)
    if isinstance(found, datetime):
        return found.isoformat()
    if isinstance(found, Decimal):
        return float(found) if found.is_finite() else None
    return None if isinstance(found, float) and not math.isfinite(found) else found
