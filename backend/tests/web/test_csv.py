import asyncio
import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import StreamingResponse

from app.web.csv import csv_response


def body(response: StreamingResponse) -> bytes:
    async def collect() -> bytes:
        return b"".join([bytes(chunk) async for chunk in response.body_iterator])  # type: ignore[arg-type]

    # In a thread of its own: a browser test before this one may have left its event loop on the main thread.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, collect()).result()


def rows(response: StreamingResponse) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body(response).decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(start: str) -> None:
    assert rows(csv_response("x.csv", ["Name"], [[f"{start}cmd|' /C calc'!A0"]]))[1][0].startswith(
        "'" + start
    )


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2), max_size=5)
)
def test_no_cell_starts_like_a_formula_and_no_text_is_lost(table: list[list[str]]) -> None:
    found = rows(csv_response("x.csv", ["A", "B"], table))[1:]
    assert len(found) == len(table)
    for given_row, found_row in zip(table, found, strict=True):
        for before, after in zip(given_row, found_row, strict=True):
            assert not after.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
            assert after in (before, "'" + before)


def test_numbers_dates_and_nothing_keep_their_meaning() -> None:
    moment = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    table = [[-5, Decimal("-1.50"), date(2026, 11, 22), moment, None, True]]
    found = rows(csv_response("x.csv", list("abcdef"), table))[1]
    assert found == ["-5", "-1.50", "2026-11-22", "2026-11-22 14:05:00+00:00", "", "yes"]


def test_the_file_has_a_byte_order_mark_a_length_and_a_safe_name() -> None:
    response = csv_response('stu"dents\r\nX: ü.csv', ["Name"], [["Nguyễn"]])
    content = body(response)
    assert content.startswith(b"\xef\xbb\xbf")
    assert response.headers["content-length"] == str(len(content))
    assert (
        response.headers["content-disposition"]
        == "attachment; filename*=UTF-8''stu%22dents%0D%0AX%3A%20%C3%BC.csv"
    )


def test_an_error_in_a_row_comes_before_the_answer_starts() -> None:
    def broken() -> Iterator[list[str]]:
        yield ["first"]
        raise ValueError("the database went away")

    with pytest.raises(ValueError, match="went away"):
        csv_response("x.csv", ["Name"], broken())


def test_a_large_list_comes_whole() -> None:
    assert len(rows(csv_response("x.csv", ["N"], ([n, "x" * 50] for n in range(50_000))))) == 50_001
