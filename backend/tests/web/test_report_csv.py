import csv
import io
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.reports.answers import download
from app.web.reports.files import csv_chunks


def rows(header: list[str], table: Iterable[list[Any]]) -> list[list[str]]:
    content = b"".join(csv_chunks(header, table))
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    assert rows(["Name"], [[f"{start}cmd|' /C calc'!A0"]])[1][0].startswith("'" + start)


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), max_size=5)
)
def test_no_cell_starts_like_a_formula_and_no_text_is_lost(table: list[list[str]]) -> None:
    found = rows(["A", "B"], table)[1:]
    assert len(found) == len(table)
    for given_row, found_row in zip(table, found, strict=True):
        for before, after in zip(given_row, found_row, strict=True):
            assert not after.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
            assert after in (before, "'" + before)


def test_numbers_dates_and_nothing_keep_their_meaning() -> None:
    moment = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    table = [[-5, Decimal("-1.50"), date(2026, 11, 22), moment, None, True]]
    found = rows(list("abcdef"), table)[1]
    assert found == ["-5", "-1.50", "2026-11-22", "2026-11-22 14:05:00+00:00", "", "yes"]


def test_the_file_has_a_length_and_a_safe_name() -> None:
    file = io.BytesIO()
    file.write("Nguyễn".encode())
    headers = download(file, 'stu"dents\r\nX: ü.csv', "text/csv").headers
    assert headers["content-length"] == "8"
    assert headers["content-disposition"] == "attachment; filename*=UTF-8''stu%22dents%0D%0AX%3A%20%C3%BC.csv"


def test_a_large_list_comes_in_pieces_and_whole() -> None:
    pieces = list(csv_chunks(["N"], ([n, "x" * 50] for n in range(50_000))))
    assert max(len(piece) for piece in pieces) < 70_000
    assert b"".join(pieces).count(b"\r\n") == 50_001
