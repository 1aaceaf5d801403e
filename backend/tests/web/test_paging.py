from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import Column, Integer, String, event, literal, select
from sqlalchemy.orm import Session
from starlette.requests import Request

from app.core.errors import Invalid, Problem
from app.db.models import Module, Program
from app.web.listing import Listing
from app.web.paging import MAX_PAGE, MAX_PER_PAGE, Form, Page, PageParams, Paging, fetch_page


class Item(BaseModel):
    name: str


class Row:
    def __init__(self, name: str) -> None:
        self.name = name
        self.secret = "not for the API"


@pytest.fixture(scope="module")
def client() -> TestClient:
    app = FastAPI()

    @app.exception_handler(Problem)
    def answer(_: Request, problem: Problem) -> JSONResponse:
        fields = {error.field: error.message for error in problem.errors}
        return JSONResponse({"detail": problem.detail, "fields": fields}, problem.status)

    @app.get("/list")
    def read(paging: PageParams) -> dict[str, Any]:
        return {"q": paging.q, "offset": paging.offset, "per_page": paging.per_page, "format": paging.format}

    @app.get("/items")
    def items(paging: PageParams) -> Page[Item]:
        return Page[Any](items=[Row("Ann"), Row("Bo")], total=52, page=paging.page, per_page=25)  # type: ignore[return-value]

    return TestClient(app)


def test_the_defaults_are_the_first_page(client: TestClient) -> None:
    assert client.get("/list").json() == {"q": "", "offset": 0, "per_page": 25, "format": ""}


def test_the_query_string_is_taken_to_its_bounds(client: TestClient) -> None:
    answer = client.get(f"/list?q=%20lopez%20&page={MAX_PAGE}&per_page={MAX_PER_PAGE}&format=csv").json()
    assert answer == {
        "q": "lopez",
        "offset": (MAX_PAGE - 1) * MAX_PER_PAGE,
        "per_page": MAX_PER_PAGE,
        "format": "csv",
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *(
            (f"page={bad}", "page")
            for bad in ("0", "-1", "1.5", "x", "", "٣", "1e3", str(MAX_PAGE + 1), "9" * 5000)
        ),
        ("per_page=0", "per_page"),
        (f"per_page={MAX_PER_PAGE + 1}", "per_page"),
        ("q=" + "x" * 201, "q"),
        ("q=a%00b", "q"),
        ("sort=" + "x" * 65, "sort"),
        ("format=exe", "format"),
        ("group=" + "x" * 65, "group"),
    ],
)
def test_values_that_make_no_sense_get_a_sentence(client: TestClient, query: str, field: str) -> None:
    answer = client.get(f"/list?{query}")
    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [field]
    assert answer.json()["detail"].endswith(".")


def test_all_mistakes_are_named_at_once(client: TestClient) -> None:
    assert list(client.get("/list?page=x&per_page=y").json()["fields"]) == ["page", "per_page"]


def test_a_page_of_records_becomes_a_page_of_the_api(client: TestClient) -> None:
    answer = client.get("/items?page=2").json()
    assert answer == {
        "items": [{"name": "Ann"}, {"name": "Bo"}],
        "total": 52,
        "page": 2,
        "per_page": 25,
        "pages": 3,
    }


def test_page_numbers_for_people() -> None:
    page = Page[int](items=[1, 2], total=52, page=3, per_page=25)
    assert (page.first, page.last, page.pages) == (51, 52, 3)
    nothing = Page[int](items=[], total=0)
    assert (nothing.first, nothing.last, nothing.pages) == (0, 0, 1)
    assert page.map(str).items == ["1", "2"]


def test_a_list_is_sorted_only_by_what_it_offers() -> None:
    columns = {"name": Column("name", String), "id": Column("id", Integer)}
    assert str(Paging(sort="-name").order(columns, "id")) == "name DESC NULLS LAST"
    assert str(Paging().order(columns, "-id")) == "id DESC NULLS LAST"
    with pytest.raises(
        Invalid, match=r"cannot be sorted by “password”\. Sort it by one of these: name, id"
    ) as caught:
        Paging(sort="password").order(columns, "id")
    assert caught.value.errors[0].field == "sort"


def test_a_page_is_fetched_in_two_statements_whatever_its_size(session: Session) -> None:
    session.add_all(Program(name=f"Course {number:03d}") for number in range(57))
    session.flush()
    statements: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *args: statements.append(args[2]))

    found = select(Program).where(Program.name.like("Course %")).order_by(Program.name)
    page = fetch_page(session, found, Paging(page=3, per_page=25))
    assert (page.total, page.pages, page.first, page.last) == (57, 3, 51, 57)
    assert [program.name for program in page.items] == [f"Course {number:03d}" for number in range(50, 57)]
    assert len(statements) == 2

    rows = fetch_page(
        session, select(Program.id, Program.name).order_by(Program.name), Paging(q="x", per_page=200)
    )
    assert len(rows.items) == rows.total
    assert fetch_page(session, found, Paging(page=9)).items == []


def test_a_screen_counts_so_far_and_no_further(session: Session) -> None:
    session.add_all(Program(name=f"Course {number:03d}") for number in range(57))
    session.flush()
    found = select(Program).where(Program.name.like("Course %")).order_by(Program.name)
    page = fetch_page(session, found, Paging(page=2, per_page=20), most=40)
    assert (page.total, page.more, page.pages) == (40, True, 2)
    assert page.items[-1].name == "Course 039"
    assert page.map(str).more
    beyond = fetch_page(session, found, Paging(page=3, per_page=20), most=40)
    assert (beyond.items, beyond.total, beyond.more) == ([], 40, True)
    exact = fetch_page(session, found, Paging(page=3, per_page=20), most=57)
    assert (len(exact.items), exact.total, exact.more) == (17, 57, False)
    assert "more" not in exact.model_dump()


@pytest.mark.parametrize("sort", ["name", "-name", "module"])
def test_rows_are_chosen_before_they_are_joined_where_that_is_possible(session: Session, sort: str) -> None:
    """The same page either way: chosen within the table that is sorted by, or after the join."""
    programs = [Program(name=f"Course {number % 7}") for number in range(20)]
    session.add_all(programs)
    session.flush()
    session.add_all(
        Module(program_id=program.id, name=f"M{number % 5}", order_num=1)
        for number, program in enumerate(programs)
    )
    session.flush()
    paging = Paging(page=2, per_page=6, sort=sort)
    ours = Program.id.in_([program.id for program in programs])
    order = paging.order({"name": Program.name, "module": Module.name}, "name")
    statement = (
        select(Program.id, Module.name)
        .join(Module, Module.program_id == Program.id)
        .where(ours)
        .order_by(order, Program.id)
    )
    counting = select(literal(1)).select_from(Program).where(ours)
    narrow = fetch_page(session, statement, paging, counting=counting, key=Program.id)
    assert narrow == fetch_page(session, statement, paging)
    assert len(narrow.items) == 6


@pytest.mark.parametrize(
    "asked", [{"q": "lopez"}, {"sort": "-id"}, {"group": "id"}, {"page": 2}, {"per_page": 2}]
)
def test_what_a_request_chooses_is_never_kept_for_others(session: Session, asked: dict[str, Any]) -> None:
    """A kept statement is everybody's: only the first page as it is first seen may be one."""
    session.add_all(Program(name=f"Kept {number}", clock_hours=10) for number in range(3))
    session.flush()

    def listing(paging: Paging, kept: bool) -> Listing[Any]:
        def statement() -> Any:
            return select(Program.id, Program.name).order_by(
                paging.order({"id": Program.id}, "id"), Program.id
            )

        form = Form(("test of what is kept", str(asked)), lambda: (statement(), None)) if kept else None
        return Listing(session, statement, paging, form=form)

    chosen = Paging(**asked)
    expected = [tuple(row) for row in listing(chosen, False).page().items]
    assert [tuple(row) for row in listing(chosen, True).page().items] == expected
    plain = [tuple(row) for row in listing(Paging(), False).page().items]
    assert [tuple(row) for row in listing(Paging(), True).page().items] == plain
    with pytest.raises(Invalid):
        listing(Paging(sort="nonsense", page=9), True).page()
