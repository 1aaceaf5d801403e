"""One description, every file: what a reader, a spreadsheet and a machine get of the same list."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from python_calamine import CalamineWorkbook
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.core.permissions import Role
from app.db.models import AuditEntry, Program, User
from app.web.listing import CHUNK, Listing
from app.web.paging import Paging
from app.web.reports import Column, Kind, Table, register_pdf
from app.web.reports import pdf as pdf_frame
from app.web.reports.files import write_csv, write_json, write_xlsx
from tests.factories.school import School

ZONE = ZoneInfo("America/New_York")


@dataclass
class Row:
    name: Any = "Ana"
    minutes: Any = 460
    cents: Any = 123450
    day: Any = date(2026, 11, 25)
    at: Any = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    role: Any = Role.STUDENT


COLUMNS: list[Column[Row]] = [
    Column("name", "Name", lambda row: row.name),
    Column("minutes", "Time", lambda row: row.minutes, Kind.MINUTES),
    Column("cents", "Tuition", lambda row: row.cents, Kind.CENTS),
    Column("day", "Enrolled", lambda row: row.day, Kind.DAY),
    Column("at", "Clock-in", lambda row: row.at, Kind.MOMENT),
    Column("role", "Role", lambda row: row.role, Kind.STATUS),
]


def table(*rows: Row, title: str = "Hours") -> Table:
    values = ([column.of(row) for column in COLUMNS] for row in rows)
    return Table(title, [("School", "=AADA")], COLUMNS, values, ZONE, datetime(2026, 11, 25, tzinfo=UTC))


def written(write: Callable[[Table, Any], None], *rows: Row, title: str = "Hours") -> bytes:
    file = io.BytesIO()
    write(table(*rows, title=title), file)
    return file.getvalue()


def sheet(*rows: Row, title: str = "Hours") -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(written(write_xlsx, *rows, title=title)))
    return book.get_sheet_by_index(0).to_python()


def test_headers_name_the_unit_and_the_zone() -> None:
    header = written(write_csv).decode("utf-8-sig").strip()
    assert header == ("Name,Time (minutes),Tuition (dollars),Enrolled,Clock-in (America/New_York),Role")
    assert sheet()[0] == header.split(",")


def test_csv_has_numbers_for_units_and_local_times_with_their_offset() -> None:
    line = written(write_csv, Row()).decode("utf-8-sig").splitlines()[1]
    # The hour that the change of clocks repeats: the offset says which one is meant.
    assert line == "Ana,460,1234.50,2026-11-25,2026-11-01 01:30:00-04:00,student"


def test_xlsx_has_typed_cells() -> None:
    assert sheet(Row())[1] == [
        "Ana",
        460,
        1234.5,
        date(2026, 11, 25),
        datetime.fromisoformat("2026-11-01T01:30"),
        "student",
    ]


def test_json_describes_its_columns() -> None:
    found = json.loads(written(write_json, Row(), Row(name=None, minutes=Decimal("1.5"))))
    assert found["time_zone"] == "America/New_York"
    assert found["columns"][1] == {"name": "minutes", "label": "Time", "kind": "minutes", "unit": "minutes"}
    assert found["rows"][0]["at"] == "2026-11-01T01:30:00-04:00"
    assert [found["rows"][1][name] for name in ("name", "minutes")] == [None, 1.5]
    assert json.loads(written(write_json))["rows"] == []


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_text_is_a_formula(start: str) -> None:
    evil = f"{start}1+1"
    assert f"'{start}" in written(write_csv, Row(name=evil)).decode()
    assert sheet(Row(name=evil))[1][0].startswith(start.strip("\r\t\n") or ("\t", "\n", "_x000D_", "\r"))
    raw = zipfile.ZipFile(io.BytesIO(written(write_xlsx, Row(name=evil))))
    for name in raw.namelist():
        if name.startswith("xl/worksheets"):
            assert b"<f>" not in raw.read(name)


def test_an_array_formula_and_a_link_stay_text_in_a_sheet() -> None:
    rows = sheet(Row(name="{=1+1}"), Row(name="https://example.org"), Row(name="007"))
    assert [row[0] for row in rows[1:]] == ["{=1+1}", "https://example.org", "007"]


def test_a_text_longer_than_a_cell_is_cut_and_not_lost() -> None:
    found = sheet(Row(name="x" * 40_000))[1][0]
    assert len(found) == 32_767
    assert found.endswith("…")


def test_numbers_that_a_sheet_cannot_hold_stay_exact() -> None:
    rows = sheet(Row(minutes=2**63), Row(minutes=float("nan")), Row(minutes=float("inf")))
    assert [row[1] for row in rows[1:]] == ["9223372036854775808", "nan", "inf"]


def test_the_same_table_gives_the_same_bytes() -> None:
    assert written(write_xlsx, Row()) == written(write_xlsx, Row())


@pytest.mark.parametrize("title", ["Hours: [a]/b?*\\", "x" * 60, "", "'quoted'", "History"])
def test_any_title_can_name_a_sheet(title: str) -> None:
    assert sheet(Row(), title=title)[1][0] == "Ana"


# Reading


def test_a_file_is_read_in_chunks(session: Session) -> None:
    session.add_all(Program(name=f"Course {number:05d}") for number in range(CHUNK + 5))
    session.flush()
    session.expunge_all()
    statement = select(Program).where(Program.name.like("Course %")).order_by(Program.name)
    sizes: list[int] = []

    def note(items: Any) -> Any:
        sizes.append(len(items))
        return items

    fetched: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *args: fetched.append(type(args[1]).__name__))
    rows = Listing[Any](session, statement, Paging()).map_many(note).rows()
    assert next(rows).name == "Course 00000"
    assert sizes == [CHUNK], "the second chunk is read when it is wanted"
    assert fetched == ["ServerCursor"]
    assert len(list(rows)) == CHUNK + 4
    assert sizes == [CHUNK, 5]


# A list's address


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@pytest.fixture
def office(school: School, signed_in: Callable[[User], TestClient]) -> TestClient:
    return signed_in(school.admin(full_name="Rita Boss"))


@pytest.fixture
def pdf_writer() -> Iterator[list[str]]:
    seen: list[str] = []

    def write(given: Table, file: Any) -> None:
        seen.extend(str(row[1]) for row in given.rows)
        file.write(b"%PDF-1.7")

    before = pdf_frame.writer()
    register_pdf(write)
    yield seen
    pdf_frame._writers[:] = [] if before is None else [before]


def test_every_format_of_a_list_has_every_page_of_it(
    office: TestClient, school: School, pdf_writer: list[str]
) -> None:
    for number in range(30):
        school.student(full_name=f"Learner {number:02d}")
    query = "/people?q=learner&role=student&sort=-name&page=2&format="
    csv_file = office.get(query + "csv")
    assert csv_file.headers["content-type"] == "text/csv; charset=utf-8"
    assert csv_file.headers["content-disposition"] == "attachment; filename*=UTF-8''people.csv"
    names = [line.split(",")[1] for line in csv_file.content.decode("utf-8-sig").splitlines()[1:]]
    assert names == [f"Learner {number:02d}" for number in reversed(range(30))]
    book = CalamineWorkbook.from_filelike(io.BytesIO(office.get(query + "xlsx").content))
    assert [row[1] for row in book.get_sheet_by_index(0).to_python()[1:]] == names
    about = dict(book.get_sheet_by_index(1).to_python())
    assert about["Role"] == "Student"
    assert about["Search"] == "learner"
    assert about["Taken out"].endswith("by Rita Boss")
    found = office.get(query + "json").json()
    assert [row["full_name"] for row in found["rows"]] == names
    assert office.get(query + "pdf").content == b"%PDF-1.7"
    assert pdf_writer == names


def test_a_file_with_names_leaves_a_row_in_the_history(
    office: TestClient, school: School, session: Session
) -> None:
    school.student()
    office.get("/people?q=&role=student&format=csv")
    office.get("/programs?format=csv")
    rows = session.scalars(select(AuditEntry).where(AuditEntry.action == "report.exported")).all()
    assert [(row.target, row.target_id, row.actor_name) for row in rows] == [
        ("reports", "people", "Rita Boss")
    ]
    assert rows[0].details == {"format": "csv", "rows": 1, "filters": {"Role": "Student"}}


def test_a_page_does_not_leave_one(office: TestClient, session: Session) -> None:
    office.get("/people")
    assert not session.scalars(select(AuditEntry).where(AuditEntry.action == "report.exported")).all()


def test_without_a_renderer_there_is_no_pdf(office: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_frame, "_writers", [])
    answer = office.get("/people?format=pdf")
    assert answer.status_code == 422
    assert "CSV or Excel" in answer.text
    assert "format=pdf" not in office.get("/people").text


def test_a_file_that_would_be_too_large_is_refused_with_a_sentence(
    office: TestClient, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    school.student()
    monkeypatch.setattr("app.web.reports.files.MOST_XLSX_ROWS", 1)
    answer = office.get("/people?format=xlsx")
    assert answer.status_code == 422
    assert "holds 1 rows, and this list has 2" in answer.text


def test_a_list_is_added_up_by_a_grouping(office: TestClient, school: School) -> None:
    for _ in range(3):
        school.student()
    school.instructor()
    page = office.get("/people?group=role").text
    assert "People by role" in page
    assert 'data-chart="pie"' in page
    rows = office.get("/people?group=role&format=json").json()["rows"]
    assert [(row["group"], row["count"]) for row in rows[:1]] == [("student", 3)]
    assert {row["group"]: row["count"] for row in rows} == {"student": 3, "instructor": 1, "admin": 1}
    by_name = office.get("/people?group=role&sort=group&format=json").json()["rows"]
    # In the order of the database's enum.
    assert [row["group"] for row in by_name] == ["student", "instructor", "admin"]


@pytest.mark.parametrize(
    "query", ["group=password", "group=" + "x" * 80, "group=role&sort=name", "format=exe"]
)
def test_nonsense_is_answered_with_a_sentence(office: TestClient, query: str) -> None:
    answer = office.get(f"/people?{query}")
    assert answer.status_code == 422


def test_the_page_offers_the_downloads_with_search_and_order(office: TestClient) -> None:
    page = office.get("/people?q=rita&sort=name&page=1").text
    for form in ("csv", "xlsx", "json"):
        assert f'href="/people?q=rita&amp;sort=name&amp;format={form}" download' in page


def test_a_column_for_administrators_is_in_no_other_page(
    school: School, signed_in: Callable[[User], TestClient]
) -> None:
    school.student(full_name="Maria Lopez")
    teacher = signed_in(school.instructor())
    assert 'data-label="Edit"' not in teacher.get("/people").text
    assert "list-role" not in teacher.get("/people").text
