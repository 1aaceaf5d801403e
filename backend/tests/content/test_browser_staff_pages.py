"""Pages of the staff around a lesson: accessible and within the window on a phone in the dark and on a desk."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from app.content import service
from app.content.authoring.schemas import Quiz
from app.content.schemas import CommitIn
from app.core import clock
from app.core.permissions import Role
from app.db.models import ClassInstructor, ClassSeat, ContentType, Lesson, SchoolClass, User
from tests.browser.axe import assert_accessible
from tests.content.authoring.conftest import publish
from tests.content.conftest import School, Stage
from tests.content.quizzes.conftest import pools_of, question

pytestmark = pytest.mark.browser
REPORTED = {
    "core": {"lesson_status": "failed", "score": {"raw": "40", "max": "100"}},
    "interactions": {
        "0": {"id": "q1", "type": "choice", "student_response": "b", "result": "wrong"},
        "1": {"id": "q2", "type": "choice", "student_response": "a", "result": "correct"},
    },
    "objectives": {"0": {"id": "hygiene", "status": "failed", "score": {"raw": "40"}}},
}


def taught(school: School) -> int:
    begun: date = clock.today(school.settings.zone) - timedelta(days=30)
    record = SchoolClass(
        program_id=school.program.id,
        code="DA-1",
        name="Mornings",
        starts_on=begun,
        ends_on=begun + timedelta(days=90),
    )
    school.session.add(record)
    school.session.flush()
    school.session.add_all(
        [
            ClassInstructor(class_id=record.id, user_id=school.instructor.id, starts_on=begun),
            ClassSeat(class_id=record.id, enrollment_id=school.enrollment.id, starts_on=begun),
        ]
    )
    return record.id


@pytest.fixture
def pages(stage: Stage) -> list[str]:
    """A course that was failed, a written lesson with a quiz, and a class; the addresses of their pages."""
    with stage.server.database.begin() as session:
        school = stage._school(session)
        session.get_one(User, stage.ids["instructor"]).role = Role.ADMIN
        school.upload()
        token = school.launch().player_url.split("/p/")[1].partition("/")[0]
        service.commit(session, token, CommitIn(seq=1, finish=True, cmi=REPORTED))
        number = taught(school)
        course, student = f"/lessons/{school.lesson.id}", school.student.id
        school.lesson = Lesson(
            module_id=school.lesson.module_id,
            title="Gloves",
            content_type=ContentType.DOCUMENT,
            order_num=2,
        )
        session.add(school.lesson)
        session.flush()
        publish(school, "# Wash\n\nWith **soap**.", Quiz(pools=pools_of(question(school, "choice"))))
        written, program = f"/lessons/{school.lesson.id}", f"/programs/{school.program.id}"
        module = f"/modules/{school.lesson.module_id}"
    return [
        *(f"{course}/{name}" for name in ("content", "content/students", "content/reuse", "answers")),
        *(f"{course}/{name}" for name in ("objectives", f"students/{student}")),
        *(f"{written}/{name}" for name in ("write", "write/quiz/edit", "write/export/new", "quiz")),
        f"{written}/quiz/accommodations",
        *(f"{program}/questions{name}" for name in ("", "/new", "/new?kind=order", "/import/new")),
        f"{module}/content",
        f"/classes/{number}/lessons",
        "/authoring",
        "/assignments",
    ]


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_pages_around_a_lesson(stage: Stage, pages: list[str], width: int, scheme: str) -> None:
    page = stage.page("instructor", color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    for address in pages:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        assert_accessible(page, where=f"{address}, {width} px, {scheme}")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{address} is {wide} px wider than its window"


def test_a_course_that_was_failed_says_so(stage: Stage, pages: list[str]) -> None:
    page = stage.page()
    lesson = stage.open(page)
    expect(page.locator("#lesson-status")).to_have_text("Not passed · 40%")
    expect(lesson.locator("#entry")).to_have_text("ab-initio")
    frame = next(f for f in page.frames if "/files/" in f.url)
    said = "() => [api.LMSSetValue('cmi.core.lesson_status', 'failed'), api.LMSFinish('')]"
    assert frame.evaluate(said) == ["true", "true"]
    done = page.locator("#lesson-done")
    expect(done).to_contain_text("This lesson is not passed yet.")
    assert done.get_attribute("data-good") is None
    assert_accessible(page)
    assert len(pages) > 10
