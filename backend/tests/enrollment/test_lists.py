"""The class, who is ready to graduate, which withdrawals wait: searched, sorted, a page at a time, and as files."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.db.models import Withdrawal
from tests.factories.school import School
from tests.queries import counted

LISTS = ("class-list", "graduation", "withdrawals")
NAMES = ("Ana 100%", "Bea Ruiz", "Cleo Moss")


@pytest.fixture
def client(browser: Callable[[Subject], TestClient], admin: Subject) -> TestClient:
    return browser(admin)


@pytest.fixture
def people(school: School, session: Session) -> School:
    """On each list the same three names, and one soft-deleted person who is on none."""
    dental, sterile = school.program(name="Dental_Assistant"), school.program(name="Sterile Processing")
    for number, name in enumerate((*NAMES, "Dana Deleted")):
        deleted_at = datetime(2026, 6, 1, tzinfo=UTC) if name == "Dana Deleted" else None
        program = dental if number < 2 else sterile
        student = school.student(full_name=name, email=f"mail{number}@example.org", deleted_at=deleted_at)
        school.enrollment(student, program, progress_pct=100, enrolled_at=date(2026, 1, 9 - number))
        gone = school.enrollment(student, program, status="withdrawn")
        session.add(
            Withdrawal(
                user_id=student.id,
                enrollment_id=gone.id,
                requested_at=datetime(2026, 3, 1 + number, 15, tzinfo=UTC),
                progress_pct_at_withdrawal=10 * number,
                reason=f"Moved to town {number}",
            )
        )
    session.flush()
    return school


def shown(client: TestClient, path: str, **query: str) -> list[str]:
    """The students' first names, from the top of the list."""
    answer = client.get(f"/enrollments/{path}", params=query)
    assert answer.status_code == 200, answer.text
    assert "Dana" not in answer.text
    return re.findall(r'<a href="/enrollments/\d+">(\w+)', answer.text)


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("path", LISTS)
def test_each_is_searched_and_sorted(client: TestClient, path: str) -> None:
    assert shown(client, path) == ["Ana", "Bea", "Cleo"]
    assert shown(client, path, q="ruiz DENTAL") == ["Bea"]
    assert shown(client, path, q="mail2@") == ["Cleo"]
    assert shown(client, path, q="100%") == ["Ana"], "wildcards are taken literally"
    assert shown(client, path, q="l_a") == ["Ana", "Bea"]
    assert shown(client, path, sort="-student") == ["Cleo", "Bea", "Ana"]
    assert shown(client, path, sort="-program")[0] == "Cleo"
    assert "Nothing matches “nobody”" in client.get(f"/enrollments/{path}?q=nobody").text


@pytest.mark.usefixtures("people")
def test_each_has_orders_of_its_own(client: TestClient) -> None:
    assert shown(client, "class-list", sort="enrolled") == ["Cleo", "Bea", "Ana"]
    assert shown(client, "graduation", sort="-enrolled") == ["Ana", "Bea", "Cleo"]
    assert shown(client, "withdrawals", sort="-requested") == ["Cleo", "Bea", "Ana"]
    assert shown(client, "withdrawals", sort="-progress") == ["Cleo", "Bea", "Ana"]
    assert shown(client, "withdrawals", q="town 2") == ["Cleo"]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("path", LISTS)
def test_pages_make_up_the_list_and_a_file_has_it_whole(client: TestClient, path: str) -> None:
    pages = [shown(client, path, per_page="2", page=str(number)) for number in (1, 2)]
    assert pages == [["Ana", "Bea"], ["Cleo"]]
    assert "Show 200 per page" in client.get(f"/enrollments/{path}?per_page=2").text
    assert "Show 200 per page" not in client.get(f"/enrollments/{path}").text
    assert "there is nothing on page 9" in client.get(f"/enrollments/{path}?per_page=2&page=9").text
    answer = client.get(f"/enrollments/{path}?format=csv&per_page=1&page=2&sort=-student&q=mail")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert [line.split(",")[0] for line in answer.text.splitlines()[1:]] == list(reversed(NAMES))


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("query", ["sort=reason", "sort=%00", "page=0", "per_page=x", "q=%00", "format=xml"])
def test_what_makes_no_sense_is_refused(client: TestClient, query: str) -> None:
    paths = [f"/enrollments/{path}" for path in LISTS]
    for path in (*paths, "/api/v1/enrollments/eligible-for-graduation", "/api/v1/withdrawals/pending"):
        assert client.get(f"{path}?{query}").status_code == 422, path


@pytest.mark.usefixtures("people")
def test_the_api_pages_them_as_well(client: TestClient) -> None:
    for path in ("enrollments/eligible-for-graduation", "withdrawals/pending"):
        page = client.get(f"/api/v1/{path}?per_page=1&page=2&sort=-student").json()
        assert (page["total"], page["pages"]) == (3, 3)
        assert [row["full_name"] for row in page["items"]] == ["Bea Ruiz"]


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_list_says_so(client: TestClient, path: str) -> None:
    page = client.get(f"/enrollments/{path}").text
    assert "Nobody" in page or "No withdrawals are waiting" in page


def test_the_number_of_statements_does_not_grow(client: TestClient, people: School, session: Session) -> None:
    def statements() -> int:
        with counted(session.get_bind()) as seen:
            assert client.get("/enrollments/class-list").status_code == 200
        return len(seen)

    few = statements()
    for _ in range(20):
        people.enrollment(people.student())
    assert statements() == few
