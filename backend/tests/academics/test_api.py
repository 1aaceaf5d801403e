"""Programs, modules and lessons as JSON: what works, who may, and what bad input ends in."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.db.models import Lesson, Module, Program
from tests.factories.school import School, subject_of

Browser = Callable[[Subject], TestClient]
PROGRAM = {
    "name": "Dental Assistant Professional",
    "total_credits": "60.00",
    "duration_weeks": 52,
    "tuition_amount_cents": 1_200_000,
}


@pytest.fixture
def client(browser: Browser, admin: Subject) -> TestClient:
    return browser(admin)


def made(client: TestClient, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    result: dict[str, Any] = answer.json()
    return result


def test_a_program_from_nothing_to_an_outline(client: TestClient) -> None:
    program = made(client, "programs", **PROGRAM)
    assert (program["total_credits"], program["tuition_amount_cents"]) == ("60.00", 1_200_000)
    modules = [made(client, "modules", program_id=program["id"], name=name) for name in ("A", "B")]
    lessons = [
        made(client, "lessons", module_id=modules[0]["id"], title="One", content_type="scorm"),
        made(
            client,
            "lessons",
            module_id=modules[0]["id"],
            title="Two",
            content_type="video",
            content_url="https://example.org/two",
            estimated_minutes=15,
        ),
    ]
    order = client.put(
        f"/api/v1/programs/{program['id']}/modules/order", json={"ids": [modules[1]["id"], modules[0]["id"]]}
    )
    assert [module["name"] for module in order.json()["modules"]] == ["B", "A"]
    swapped = client.put(
        f"/api/v1/modules/{modules[0]['id']}/lessons/order",
        json={"ids": [lessons[1]["id"], lessons[0]["id"]]},
    )
    assert [lesson["title"] for lesson in swapped.json()] == ["Two", "One"]
    outline = client.get(f"/api/v1/programs/{program['id']}").json()
    assert [(m["name"], [x["title"] for x in m["lessons"]]) for m in outline["modules"]] == [
        ("B", []),
        ("A", ["Two", "One"]),
    ]
    changed = client.patch(f"/api/v1/lessons/{lessons[1]['id']}", json={"estimated_minutes": None})
    assert (changed.json()["estimated_minutes"], changed.json()["title"]) == (None, "Two")
    assert client.patch(f"/api/v1/modules/{modules[1]['id']}", json={"name": "Z"}).json()["name"] == "Z"
    for path in (f"lessons/{lessons[0]['id']}", f"modules/{modules[0]['id']}", f"programs/{program['id']}"):
        assert client.delete(f"/api/v1/{path}").status_code == 204
        assert client.get(f"/api/v1/{path}").status_code == 404


def test_lists_are_paged_sorted_and_searched(client: TestClient, school: School) -> None:
    for number in range(7):
        school.lesson(school.module(school.program(name=f"Program {number}", total_credits=number)))
    page = client.get("/api/v1/programs?per_page=3&page=2&sort=-credits").json()
    assert ([item["name"] for item in page["items"]], page["total"], page["pages"]) == (
        ["Program 3", "Program 2", "Program 1"],
        7,
        3,
    )
    assert client.get("/api/v1/programs?q=GRAM+4").json()["total"] == 1
    program_id = page["items"][0]["id"]
    for path in ("modules", "lessons"):
        assert client.get(f"/api/v1/{path}").json()["total"] == 7
        assert client.get(f"/api/v1/{path}?program_id={program_id}").json()["total"] == 1
    assert client.get("/api/v1/lessons?module_id=2000000000").json()["total"] == 0


NUL = "a\x00b"
BAD_PROGRAMS: list[tuple[dict[str, Any], str]] = [
    ({}, "name"),
    ({"name": None}, "name"),
    ({"name": ""}, "name"),
    ({"name": "  \n "}, "name"),
    ({"name": NUL}, "name"),
    ({"name": "\ud800"}, "name"),
    ({"name": "x" * 256}, "name"),
    ({"name": 7}, "name"),
    ({"name": ["x"]}, "name"),
    ({"name": "x", "description": NUL}, "description"),
    ({"name": "x", "total_credits": 1000}, "total_credits"),
    ({"name": "x", "total_credits": "1.234"}, "total_credits"),
    ({"name": "x", "total_credits": "NaN"}, "total_credits"),
    ({"name": "x", "total_credits": -1}, "total_credits"),
    ({"name": "x", "total_credits": "1e400"}, "total_credits"),
    ({"name": "x", "duration_weeks": 0}, "duration_weeks"),
    ({"name": "x", "duration_weeks": 1.5}, "duration_weeks"),
    ({"name": "x", "duration_weeks": 10**30}, "duration_weeks"),
    ({"name": "x", "tuition_amount_cents": "12000"}, "tuition_amount_cents"),
    ({"name": "x", "tuition_amount_cents": -1}, "tuition_amount_cents"),
    ({"name": "x", "tuition_amount_cents": 10**20}, "tuition_amount_cents"),
    ({"name": "x", "tuition_amount_cents": True}, "tuition_amount_cents"),
    ({"name": "x", "tuition": 5}, "tuition"),
    ({"name": "x", "id": 5}, "id"),
]


@pytest.mark.parametrize(("body", "field"), BAD_PROGRAMS)
def test_a_wrong_program_names_the_field_and_makes_nothing(
    client: TestClient, session: Session, body: dict[str, Any], field: str
) -> None:
    import json

    answer = client.post(
        "/api/v1/programs", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [item["field"] for item in answer.json()["errors"]] == [field]
    assert session.scalar(select(func.count()).select_from(Program)) == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"name": 1e999999}']
)
def test_what_is_no_program_at_all_is_no_error_of_ours(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/v1/programs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"content_type": "flash"}, "content_type"),
        ({"content_type": "h5p", "content_url": "https://example.org"}, "content_url"),
        ({"content_url": "https://example.org"}, "content_url"),
        ({"content_type": "video", "content_url": "javascript:alert(1)"}, "content_url"),
        ({"content_type": "video", "content_url": "http://example.org"}, "content_url"),
        ({"content_type": "document", "content_url": "https://example.org/" + "x" * 512}, "content_url"),
        ({"title": NUL}, "title"),
        ({"estimated_minutes": 0}, "estimated_minutes"),
        ({"estimated_minutes": 10**12}, "estimated_minutes"),
        ({"passing_score_pct": 101}, "passing_score_pct"),
        ({"passing_score_pct": -1}, "passing_score_pct"),
        ({"order_num": 3}, "order_num"),
    ],
)
def test_a_wrong_lesson_names_the_field(
    client: TestClient, school: School, session: Session, change: dict[str, Any], field: str
) -> None:
    module = school.module(school.program())
    good = {"title": "L", "content_type": "scorm"}
    answer = client.post("/api/v1/lessons", json={"module_id": module.id} | good | change)
    assert answer.status_code == 422, answer.text
    assert [item["field"] for item in answer.json()["errors"]] == [field]
    lesson = made(client, "lessons", module_id=module.id, **good)
    patched = client.patch(f"/api/v1/lessons/{lesson['id']}", json=change)
    assert patched.status_code == 422, patched.text
    assert session.scalar(select(func.count()).select_from(Lesson)) == 1


def test_unknown_parents_are_not_found(client: TestClient, session: Session) -> None:
    for path, body in (
        ("modules", {"program_id": 2_000_000_000, "name": "M"}),
        ("lessons", {"module_id": 2_000_000_000, "title": "L", "content_type": "scorm"}),
    ):
        assert client.post(f"/api/v1/{path}", json=body).status_code == 404
    for number in (0, -1, 10**10, "x", "1.5"):
        body = {"program_id": number, "name": "M"}
        assert client.post("/api/v1/modules", json=body).status_code == 422
    assert session.scalar(select(func.count()).select_from(Module)) == 0


@pytest.mark.parametrize("number", ["0", "-1", "x", "1.5", "2147483648", "9" * 40, "%00", "2000000000"])
def test_numbers_that_no_record_has_are_404(client: TestClient, number: str) -> None:
    for path in ("programs", "modules", "lessons"):
        for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
            answer = client.request(method, f"/api/v1/{path}/{number}", json=body)
            assert answer.status_code == 404, (method, path, answer.text)


@pytest.mark.parametrize("ids", [["x"], [10**12], [0], "1", {"1": 2}, [None], None])
def test_an_order_of_the_wrong_kind_is_422(client: TestClient, school: School, ids: Any) -> None:
    program = school.program()
    answer = client.put(f"/api/v1/programs/{program.id}/modules/order", json={"ids": ids})
    assert answer.status_code == 422
    assert client.put(f"/api/v1/programs/{program.id}/modules/order", json={"ids": [1]}).status_code == 409


@pytest.mark.parametrize(
    "query",
    [
        "sort=secret",
        "page=0",
        "page=x",
        "per_page=100000",
        "q=%00",
        f"q={'x' * 300}",
        "program_id=x",
        "sort=%27",
    ],
)
def test_a_list_asked_for_wrongly_is_422(client: TestClient, query: str) -> None:
    assert client.get(f"/api/v1/lessons?{query}").status_code == 422


def test_a_program_with_enrollments_is_409(client: TestClient, school: School) -> None:
    enrollment = school.enrollment(school.student())
    answer = client.delete(f"/api/v1/programs/{enrollment.program_id}")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        (
            "There is 1 enrollment in this program, so it cannot be deleted: the records of its current "
            "and former students refer to it."
        ),
    )


def test_staff_read_administrators_change_and_nobody_is_asked_to_sign_in(
    browser: Browser, school: School, instructor: Subject, client: TestClient
) -> None:
    lesson = school.lesson(school.module(school.program()))
    paths = ["programs", "modules", "lessons", f"lessons/{lesson.id}"]
    reader = browser(instructor)
    assert {reader.get(f"/api/v1/{path}").status_code for path in paths} == {200}
    assert reader.post("/api/v1/programs", json=PROGRAM).status_code == 403
    assert reader.delete(f"/api/v1/lessons/{lesson.id}").status_code == 403
    student = browser(subject_of(school.student()))
    assert {student.get(f"/api/v1/{path}").status_code for path in paths} == {403}
    nobody = TestClient(client.app, base_url=str(client.base_url))
    answer = nobody.get("/api/v1/programs")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
