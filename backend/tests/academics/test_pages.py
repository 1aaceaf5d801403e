"""The pages of the programs: what they show, save, and say when something is wrong."""

import re
from collections.abc import Callable
from typing import TypeVar

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.db.models import Lesson, Module, Program
from tests.factories.school import School, subject_of
from tests.queries import counted

Row = TypeVar("Row", Program, Module, Lesson)
Browser = Callable[[Subject], TestClient]
FORM = {
    "name": "Dental Assistant Professional",
    "description": "Chairside, radiography, infection control.",
    "total_credits": "60.00",
    "duration_weeks": "52",
    "clock_hours": "",
    "tuition_amount_cents": "$12,000.00",
}
# A browser sends the type of a form also when the form has no fields; the test client only with one.
BUTTON = {"button": ""}


@pytest.fixture
def client(browser: Browser, admin: Subject) -> TestClient:
    return browser(admin)


def again(school: School, row: Row) -> Row:
    """The row as the database has it now."""
    school.session.refresh(row)
    return row


def version_in(page: str) -> str:
    found = re.search(r'name="version" value="([^"]+)"', page)
    assert found, page
    return found[1]


def test_from_an_empty_list_to_a_lesson(client: TestClient, session: Session) -> None:
    assert "Create a program" in client.get("/programs").text
    answer = client.post("/programs/new", data=FORM)
    assert answer.status_code == 303
    program = session.scalars(select(Program)).one()
    assert (program.tuition_amount_cents, program.clock_hours) == (1_200_000, None)
    outline = client.get(answer.headers["location"]).text
    assert "$12,000.00" in outline
    assert "This program has no modules yet" in outline

    answer = client.post(f"/programs/{program.id}/modules/new", data={"name": "Basics", "description": ""})
    module = session.scalars(select(Module)).one()
    assert answer.headers["location"] == f"/programs/{program.id}#module-{module.id}"
    answer = client.post(f"/modules/{module.id}/lessons/new", data={"title": "Golf", "content_type": "scorm"})
    lesson = session.scalars(select(Lesson)).one()
    assert answer.headers["location"] == f"/lessons/{lesson.id}/content"
    answer = client.post(
        f"/modules/{module.id}/lessons/new",
        data={"title": "Film", "content_type": "video", "content_url": "https://example.org/film"},
    )
    assert answer.headers["location"].startswith(f"/programs/{program.id}#lesson-")
    outline = client.get(f"/programs/{program.id}").text
    assert "No package yet" in outline
    assert outline.index("Golf") < outline.index("Film")


def test_a_wrong_form_comes_back_with_what_was_typed(client: TestClient, session: Session) -> None:
    answer = client.post(
        "/programs/new", data=FORM | {"tuition_amount_cents": "lots", "duration_weeks": "9999"}
    )
    assert answer.status_code == 422
    assert "“lots” is not a dollar amount" in answer.text
    assert "Enter 520 or less." in answer.text
    assert 'value="lots"' in answer.text
    assert "Dental Assistant Professional" in answer.text
    assert session.scalars(select(Program)).all() == []
    for bad in ({"name": "a\x00b"}, {"name": "   "}, {"name": "x" * 300}, {"total_credits": "NaN"}):
        assert client.post("/programs/new", data=FORM | bad).status_code == 422
    assert session.scalars(select(Program)).all() == []


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://example.org", "https://user:pw@example.org"]
)
def test_the_address_of_a_video_is_an_https_address(client: TestClient, school: School, address: str) -> None:
    module = school.module(school.program())
    answer = client.post(
        f"/modules/{module.id}/lessons/new",
        data={"title": "Film", "content_type": "video", "content_url": address},
    )
    assert answer.status_code == 422
    assert 'id="field-content_url-error"' in answer.text


def test_a_video_without_an_address_is_uploaded_next(client: TestClient, school: School) -> None:
    program = school.program()
    module = school.module(program)
    answer = client.post(f"/modules/{module.id}/lessons/new", data={"title": "Film", "content_type": "video"})
    assert answer.headers["location"].endswith("/content")
    assert "Video or audio" in client.get(answer.headers["location"]).text
    assert "No file yet" in client.get(f"/programs/{program.id}").text
    assert (
        "Students cannot open this lesson yet"
        in client.get(answer.headers["location"].removesuffix("/content")).text
    )


def test_an_h5p_lesson_gets_its_file_next(client: TestClient, school: School) -> None:
    module = school.module(school.program())
    assert "H5P (upload after saving)" in client.get(f"/modules/{module.id}/lessons/new").text
    answer = client.post(f"/modules/{module.id}/lessons/new", data={"title": "Quiz", "content_type": "h5p"})
    assert answer.headers["location"].endswith("/content")
    assert "The .h5p file with its libraries" in client.get(answer.headers["location"]).text
    lesson = answer.headers["location"].removesuffix("/content")
    assert "Students cannot open this lesson yet" in client.get(lesson).text


def test_editing_shows_what_is_there_and_refuses_a_stale_form(client: TestClient, school: School) -> None:
    program = school.program(name="Old", tuition_amount_cents=1_234_567, clock_hours=480)
    module = school.module(program, name="M")
    lesson = school.lesson(module, title="L")
    form = client.get(f"/programs/{program.id}/edit").text
    assert 'value="12345.67"' in form
    data = FORM | {"version": version_in(form)}
    assert client.post(f"/programs/{program.id}/edit", data=data).status_code == 303
    assert (again(school, program).name, program.clock_hours) == (FORM["name"], None)
    answer = client.post(f"/programs/{program.id}/edit", data=data | {"name": "Mine"})
    assert answer.status_code == 409
    assert "Someone else changed this" in answer.text
    for path, values in (
        (f"/modules/{module.id}/edit", {"name": "M2"}),
        (f"/lessons/{lesson.id}/edit", {"title": "L2", "content_type": "scorm"}),
    ):
        fresh = values | {"version": version_in(client.get(path).text)}
        assert client.post(path, data=fresh).status_code == 303
        assert client.post(path, data=fresh).status_code == 409


def test_moving_keeps_the_focus_on_the_button(client: TestClient, school: School) -> None:
    program = school.program()
    first, second, third = (school.module(program, name=name) for name in ("A", "B", "C"))
    answer = client.post(f"/modules/{third.id}/move", data={"direction": "up"})
    location = answer.headers["location"]
    assert location == f"/programs/{program.id}?moved=module-{third.id}-up"
    page = client.get(location).text
    assert re.search(r'aria-label="Move C up" autofocus', page)
    client.post(f"/modules/{third.id}/move", data={"direction": "up"})
    page = client.get(location).text
    assert re.search(r'aria-label="Move C up" disabled', page), "now the first"
    assert re.search(r'aria-label="Move C down" autofocus', page)
    assert [again(school, module).order_num for module in (first, second, third)] == [2, 3, 1]
    lessons = [school.lesson(first, title=title) for title in "XY"]
    client.post(f"/lessons/{lessons[1].id}/move", data={"direction": "up"})
    assert [again(school, lesson).order_num for lesson in lessons] == [2, 1]


def test_deleting_asks_first_and_says_why_not(client: TestClient, school: School, session: Session) -> None:
    program = school.program(name="Full")
    module = school.module(program)
    lesson = school.lesson(module, title="Worked in")
    enrollment = school.enrollment(school.student(), program)
    school.completion(enrollment, lesson)
    for path, sentence in (
        (f"/programs/{program.id}/delete", "There is 1 enrollment in this program"),
        (f"/modules/{module.id}/delete", "Students have worked in “Worked in”"),
        (f"/lessons/{lesson.id}/delete", "Students have worked in this lesson"),
    ):
        asked = client.get(path)
        assert sentence in asked.text
        assert "Delete the" not in asked.text
        refused = client.post(path, data=BUTTON)
        assert refused.status_code == 409
        assert sentence in refused.text
    empty = school.lesson(school.module(program))
    assert "This cannot be undone" in client.get(f"/lessons/{empty.id}/delete").text
    answer = client.post(f"/lessons/{empty.id}/delete", data=BUTTON)
    assert answer.headers["location"] == f"/programs/{program.id}"
    answer = client.post(f"/modules/{empty.module_id}/delete", data=BUTTON)
    assert answer.headers["location"] == f"/programs/{program.id}"
    assert session.scalars(select(Module.id)).all() == [module.id]


def test_the_list_as_csv(client: TestClient, school: School) -> None:
    school.program(name="=cmd|' /C calc'!A0", tuition_amount_cents=1_200_050, total_credits=60)
    answer = client.get("/programs?format=csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "'=cmd" in answer.text
    assert "12000.50" in answer.text


def test_names_are_text_and_not_markup(client: TestClient, school: School) -> None:
    bad = "<script>alert(1)</script>\"'&"
    program = school.program(name=bad, description=bad)
    lesson = school.lesson(school.module(program, name=bad, description=bad), title=bad)
    pages = ["/programs", f"/programs/{program.id}", f"/lessons/{lesson.id}", f"/lessons/{lesson.id}/delete"]
    for path in [*pages, f"/programs/{program.id}/edit", f"/lessons/{lesson.id}/edit"]:
        page = client.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;" in page.text


def test_the_outline_takes_the_same_statements_for_few_lessons_and_for_many(
    client: TestClient, school: School, session: Session
) -> None:
    def statements(modules: int, lessons: int) -> int:
        program = school.program()
        for _ in range(modules):
            module = school.module(program)
            for _ in range(lessons):
                school.lesson(module)
        session.commit()
        with counted(session.get_bind()) as seen:
            assert client.get(f"/programs/{program.id}").status_code == 200
        return len(seen)

    assert statements(1, 1) == statements(6, 8)


def test_who_may_open_what(browser: Browser, school: School, instructor: Subject, client: TestClient) -> None:
    lesson = school.lesson(school.module(school.program()))
    module, program = lesson.module_id, school.session.get_one(Module, lesson.module_id).program_id
    reading = ["/programs", f"/programs/{program}", f"/lessons/{lesson.id}"]
    changing = [
        "/programs/new",
        f"/programs/{program}/edit",
        f"/programs/{program}/delete",
        f"/programs/{program}/modules/new",
        f"/modules/{module}/edit",
        f"/modules/{module}/delete",
        f"/modules/{module}/lessons/new",
        f"/lessons/{lesson.id}/edit",
        f"/lessons/{lesson.id}/delete",
    ]
    reader, student = browser(instructor), browser(subject_of(school.student()))
    for path in reading:
        assert reader.get(path).status_code == 200
        assert "/edit" not in reader.get(path).text
        assert student.get(path).status_code == 403
    for path in changing:
        assert client.get(path).status_code == 200, path
        assert reader.get(path).status_code == 403
        assert reader.post(path, data={"name": "x"}).status_code == 403
    for move in (f"/modules/{module}/move", f"/lessons/{lesson.id}/move"):
        assert reader.post(move, data={"direction": "up"}).status_code == 403
    nobody = TestClient(client.app, base_url=str(client.base_url), follow_redirects=False)
    assert nobody.get("/programs?q=a").headers["location"] == "/sign-in?next=%2Fprograms%3Fq%3Da"
    for path in ("/programs/0", "/programs/99999999999999999999", "/lessons/x", "/modules/7777777/edit"):
        assert client.get(path).status_code == 404
