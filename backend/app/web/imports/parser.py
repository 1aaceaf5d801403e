"""A file as a table of texts: CSV in the encodings and with the separators that are about, or the first sheet of XLSX.

Every way in which a file can be something else ends in Invalid with a sentence that says what to do.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from app.core.errors import FieldError, Invalid
from app.web.imports import excel

MOST_ROWS = 20_000
MOST_COLUMNS = 100
MOST_CELL = 10_000
_SEPARATORS = (",", ";", "\t", "|")
_SAMPLE = 64 * 1024
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Headings, and rows of texts with their line in the sheet. `formulas` are (line, column) that hold one."""

    headers: list[str]
    rows: list[tuple[int, list[str]]]
    formulas: set[tuple[int, int]] = field(default_factory=set)


def parse(content: bytes) -> Sheet:
    """Read a whole file. Raises Invalid for one that is empty, too large, or no table."""
    if not content.strip(b"\x00 \r\n\t\xef\xbb\xbf\xff\xfe"):
        raise wrong("The file is empty. Choose a file with a header and at least one row.")
    if content.startswith(_OLD_EXCEL):
        raise wrong(
            "This is an old Excel file (.xls). Open it in Excel, save it as .xlsx or CSV, and send that."
        )
    if content.startswith(b"%PDF"):
        raise wrong("This is a PDF. Send the list as an Excel file (.xlsx) or CSV.")
    if content.startswith(_ZIP):
        cells, formulas = excel.read(content, MOST_ROWS)
        if len(cells) > MOST_ROWS + 1:
            _too_many_rows()
        return _table(cells, formulas)
    return _table(_csv(_text(content)), set())


def wrong(sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError("file", sentence)])


# CSV


def _text(content: bytes) -> str:
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if content.startswith(mark):
            return _decoded(content, encoding)
    sample = content[:1000]
    if b"\x00" in sample:
        # Latin text as UTF-16 has a zero in every second byte.
        if sample[1::2].count(0) > len(sample) // 4:
            return _decoded(content, "utf-16-le")
        if sample[0::2].count(0) > len(sample) // 4:
            return _decoded(content, "utf-16-be")
        raise wrong("This is not a table. Send the list as an Excel file (.xlsx) or CSV.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded(content, "cp1252")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise wrong(
            f"The characters in line {line:,} cannot be read. Open the file in Excel, save it as "
            "“CSV UTF-8 (Comma delimited)”, and send that."
        ) from None
    if "\x00" in text:
        raise wrong("This is not a table. Send the list as an Excel file (.xlsx) or CSV.")
    return text


def _csv(text: str) -> Iterator[list[str]]:
    first, _, rest = text.partition("\n")
    announced = re.fullmatch(r"sep=(.)", first.strip())
    if announced:
        # Excel's own first line; an empty one in its place keeps the numbers of the lines.
        text, separator = f"\n{rest}", announced[1]
    else:
        separator = _separator(text[:_SAMPLE])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        yield from reader
    except csv.Error:
        raise wrong(
            f"Line {reader.line_num:,} cannot be read: its quotation marks do not match, or a cell is too long. "
            "Put it right and send the file again."
        ) from None


def _separator(sample: str) -> str:
    """The separator that cuts the most lines into the same number of cells, more than one."""
    best, found = (0, 0), ","
    for separator in _SEPARATORS:
        widths = []
        try:
            for row in csv.reader(io.StringIO(sample, newline=""), delimiter=separator):
                if row:
                    widths.append(len(row))
                if len(widths) == 20:
                    break
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            score = (widths.count(widths[0]), widths[0])
            if score > best:
                best, found = score, separator
    return found


# Both


def _table(lines: Iterable[Sequence[str]], formulas: set[tuple[int, int]]) -> Sheet:
    headers: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    with_formula = {line for line, _ in formulas}
    for number, cells in enumerate(lines, start=1):
        texts = [cell.strip() for cell in cells]
        if not any(texts) and number not in with_formula:
            continue
        if len(texts) > MOST_COLUMNS and any(texts[MOST_COLUMNS:]):
            raise wrong(
                f"Line {number:,} has {len(texts):,} columns; at most {MOST_COLUMNS} are read. Delete the columns "
                "that are not needed and send the file again."
            )
        if any(len(text) > MOST_CELL for text in texts):
            raise wrong(
                f"A cell in line {number:,} has more than {MOST_CELL:,} characters. Check that this is the right file."
            )
        if not headers:
            headers = texts[:MOST_COLUMNS]
            continue
        rows.append((number, texts))
        if len(rows) > MOST_ROWS:
            _too_many_rows()
    if not rows:
        raise wrong("The file has a header and no rows under it. Choose a file with at least one row.")
    while headers and not headers[-1]:
        headers.pop()
    return Sheet(headers, rows, formulas)


def _too_many_rows() -> None:
    raise wrong(
        f"The file has more than {MOST_ROWS:,} rows. Split it into several files and import one after the other."
    )
