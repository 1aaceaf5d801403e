"""Files as people have them: every encoding and separator that is about, and everything that is no table."""

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter

from app.core.errors import Invalid
from app.web.imports import mapping, readers
from app.web.imports.description import Field, ImportKind
from app.web.imports.parser import MOST_COLUMNS, MOST_ROWS, Sheet, parse

TEXT = "Name,Email\r\nAna Núñez O’Hara,ana@example.org\r\n"
ROW = ["Ana Núñez O’Hara", "ana@example.org"]


def book(*rows: list[Any], formulas: tuple[tuple[str, str], ...] = ()) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as made:
        sheet = made.add_worksheet("People")
        dates = made.add_format({"num_format": "mm/dd/yyyy"})
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, place, datetime.combine(value, datetime.min.time()), dates)
                else:
                    sheet.write(number, place, value)
        for cell, formula in formulas:
            sheet.write_formula(cell, formula, value="Ana")
        made.add_worksheet("Other").write(0, 0, "not this one")
    return file.getvalue()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_any_common_encoding_and_separator(encoding: str, separator: str) -> None:
    sheet = parse(TEXT.replace(",", separator).encode(encoding))
    assert sheet.headers == ["Name", "Email"]
    assert sheet.rows == [(2, ROW)]


def test_a_separator_inside_quotes_is_text() -> None:
    sheet = parse(b'Name;Email;Note\n"Lopez; Ana";a@example.org;"a, b, c, d"\n')
    assert sheet.rows == [(2, ["Lopez; Ana", "a@example.org", "a, b, c, d"])]


def test_lines_are_numbered_as_the_sheet_shows_them() -> None:
    sheet = parse(b"sep=;\nName;Email\n\nAna;a@example.org\n;\nBo;b@example.org\n")
    assert [number for number, _ in sheet.rows] == [4, 6]
    assert [number for number, _ in parse(book([], ["Name"], [], ["Ana"])).rows] == [4]


def test_a_column_alone_needs_no_separator() -> None:
    assert parse(b"Email\na@example.org\n").rows == [(2, ["a@example.org"])]


def test_excel_cells_become_texts() -> None:
    sheet = parse(book(["Name", "Enrolled", "Number", "Yes"], ["Ana", date(2026, 11, 25), 7, True]))
    assert sheet.rows == [(2, ["Ana", "2026-11-25", "7", "yes"])]


def test_the_first_sheet_counts_and_its_formulas_are_named() -> None:
    sheet = parse(book(["Name", "Email"], ["Ana", "a@example.org"], formulas=(("A2", "=B2"),)))
    assert sheet.formulas == {(2, 0)}


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "only a mark": (b"\xef\xbb\xbf", "empty"),
    "blank lines": (b"\r\n\r\n  \n", "empty"),
    "header only": (b"Name,Email\n", "no rows"),
    "header only in Excel": (book(["Name"]), "no rows"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "save it as .xlsx or CSV"),
    "pdf": (b"%PDF-1.7 ...", "This is a PDF"),
    "broken zip": (b"PK\x03\x04" + b"x" * 100, "damaged or protected"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not a table"),
    "nonsense in 1252": (b"Name\nA\x81\n", "line 2 cannot be read"),
    "too many rows": (b"Name\n" + b"a\n" * (MOST_ROWS + 1), "more than 20,000 rows"),
    "too many columns": (b",".join([b"x"] * 300) + b"\n" + b",".join([b"y"] * 300), "has 300 columns"),
    "a huge cell": (b"Name\n" + b"x" * 20_000, "more than 10,000 characters"),
    "a cell past the library": (b"Name\n" + b"x" * 200_000, "cannot be read"),
    "odd utf-16": (b"\xff\xfe" + "Name\nA".encode("utf-16-le") + b"\x00", "cannot be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_table_is_answered_with_a_sentence(name: str) -> None:
    content, words = BAD[name]
    with pytest.raises(Invalid, match=words) as caught:
        parse(content)
    assert caught.value.detail.endswith(".")
    assert caught.value.errors[0].field == "file"


def test_a_zip_that_was_given_another_name() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("people.csv", "Name\nAna\n")
    with pytest.raises(Invalid, match="ZIP archive and not an Excel file"):
        parse(file.getvalue())


def test_an_excel_file_that_unpacks_to_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.imports.excel.MOST_UNPACKED", 10_000)
    with pytest.raises(Invalid, match="too large when unpacked"):
        parse(book(["Name"], *([f"person {number}"] for number in range(2_000))))


@pytest.mark.parametrize(
    ("row", "column"), [(1_048_575, 16_383), (19_999, 16_383)], ids=["the last cell", "far to the right"]
)
def test_a_stray_cell_far_away_ends_no_more_than_the_reading(row: int, column: int) -> None:
    # The library allots every cell between the first and the last: half a terabyte, and the process is aborted.
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        sheet.write(0, 0, "Email")
        sheet.write(row, column, "x")
    with pytest.raises(Invalid, match="far to the right or far down") as caught:
        parse(file.getvalue())
    assert caught.value.errors[0].field == "file"


def test_300_columns_are_refused_and_100_are_read() -> None:
    assert len(parse(book(["x"] * MOST_COLUMNS, ["y"] * MOST_COLUMNS)).headers) == MOST_COLUMNS
    with pytest.raises(Invalid, match="has 300 columns"):
        parse(book(["x"] * 300, ["y"] * 300))


# Values


@pytest.mark.parametrize(
    "text", ["11/25/2026", "2026-11-25", "11-25-2026", "2026-11-25T00:00:00", "１１/25/2026"]
)
def test_dates_are_american_or_iso(text: str) -> None:
    assert readers.day(text) == date(2026, 11, 25)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("25/11/2026", "month first"),
        ("13/13/2026", "no such day"),
        ("02/30/2026", "no such day"),
        ("11/25/26", "not a date"),
        ("yesterday", "not a date"),
        ("46000", "not a date"),
        ("1/1/1926", "Check the year"),
    ],
)
def test_other_dates_are_answered_with_a_sentence(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        readers.day(text)


# Columns

KIND = ImportKind(
    "things",
    "Things",
    "things",
    (
        Field("full_name", "Full name", readers.line, aliases=("Name",)),
        Field("email", "Email", readers.line, aliases=("Email address",)),
        Field("enrolled", "Enrolled", readers.day, required=False),
    ),
    require=lambda _subject: None,
    check=lambda *_: [],
    insert=lambda *_: [],
    undo=lambda *_: None,
)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["E-Mail Address*", "NAME"], {"email": 0, "full_name": 1}),
        (["full_name", "email", "Enrolled (month/day/year)"], {"full_name": 0, "email": 1, "enrolled": 2}),
        (["Émail", "Other"], {"email": 0}),
        (["Name", "Name"], {"full_name": 0}),
        ([], {}),
    ],
)
def test_columns_are_guessed_from_their_headings(headers: list[str], expected: dict[str, int]) -> None:
    assert mapping.guess(KIND, headers, {}) == expected


def test_what_was_chosen_before_counts_more() -> None:
    assert mapping.guess(KIND, ["Name", "Legal name"], {"full_name": "Legal name"}) == {"full_name": 1}


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"salary": 1}, "no field"),
        ({"email": 9}, "does not have this column"),
        ({"email": "x"}, "one of the file's columns"),
        ({"email": "٣"}, "one of the file's columns"),
        ({"email": 0, "full_name": 0}, "another field already"),
        ({"email": "9" * 400}, "does not have this column"),
    ],
)
def test_a_mapping_that_makes_no_sense(chosen: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        mapping.checked(KIND, ["A", "B"], chosen)


def test_each_bad_cell_is_named_and_good_rows_are_read() -> None:
    sheet = Sheet(
        ["Name", "Email", "Enrolled"],
        [
            (2, ["Ana", "a@example.org", "11/25/2026"]),
            (3, ["", "b@example.org", "never"]),
            (4, ["Bo"]),
            (5, ["=1+1", "c@example.org"]),
            (6, ["Cy", "c@example.org"]),
        ],
        {(6, 0)},
    )
    rows, faults = mapping.read(KIND, sheet, {"full_name": 0, "email": 1, "enrolled": 2})
    assert [row.values["enrolled"] for row in rows] == [date(2026, 11, 25)]
    assert [(fault.row, fault.field, fault.value) for fault in faults] == [
        (3, "Full name", ""),
        (3, "Enrolled", "never"),
        (4, "Email", ""),
        (5, "Full name", "=1+1"),
        (6, "Full name", "Cy"),
    ]
    assert all("formula" in fault.message for fault in faults if fault.row > 4)


def test_a_needed_column_that_is_missing_is_named() -> None:
    with pytest.raises(Invalid, match="No column of the file holds: Email"):
        mapping.read(KIND, Sheet(["Name"], [(2, ["Ana"])]), {"full_name": 0})
