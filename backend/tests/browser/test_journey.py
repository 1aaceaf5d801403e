"""The journey the program exists for, as its people take it: from an empty school to a tracked lesson.

An administrator opens the school; a student on a phone clocks in, works through a lesson in the real player,
leaves, comes back to the same place, finishes and clocks out; the administrator finds all of it on the student's page.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, FrameLocator, Page, expect
from sqlalchemy import select, text

from app.accounts.bootstrap import ensure_first_admin
from app.db.models import Attendance, Enrollment, ScormData
from app.projections import service as projections
from app.projections.subscription import catch_up
from tests.browser.axe import assert_accessible
from tests.conftest import LiveServer
from tests.factories.packages import course

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
ADMIN_PASSWORD = "three unrelated words of mine"
STUDENT_PASSWORD = "a lantern under the blue bridge"


@pytest.fixture
def open_page(live_server: LiveServer, browser: Browser) -> Iterator[Callable[[dict[str, int]], Page]]:
    contexts = []

    def make(viewport: dict[str, int]) -> Page:
        context = browser.new_context(viewport=viewport, base_url=live_server.url)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        # A course may ask before it resumes or closes; the student says yes.
        page.on("dialog", Dialog.accept)
        return page

    yield make
    for context in contexts:
        context.close()


def choose_password(page: Page, link: str, password: str) -> None:
    page.goto(link)
    assert_accessible(page)
    page.get_by_label("New password").fill(password)
    page.get_by_role("button", name="Save and sign in").click()
    expect(page).to_have_url(re.compile(r"^http://localhost:\d+/$"))


def open_school(page: Page, package: Path) -> str:
    """Program, module, lesson with its package, student, enrollment; returns the student's invitation."""
    page.goto("/programs/new")
    page.get_by_label("Name").fill("Dental Assistant Professional")
    page.get_by_label("Credits").fill("60.00")
    page.get_by_label("Weeks").fill("52")
    page.get_by_label("Clock hours").fill("480")
    page.get_by_label("Tuition").fill("$12,000.00")
    page.get_by_role("button", name=re.compile("program", re.IGNORECASE)).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dental Assistant Professional")
    expect(page.get_by_text("$12,000.00")).to_be_visible()
    program = page.url

    page.get_by_role("link", name="Add a module").first.click()
    page.get_by_label("Name").fill("Chairside assisting")
    page.get_by_role("button", name=re.compile("module", re.IGNORECASE)).click()
    page.get_by_role("link", name=re.compile("Add a lesson")).click()
    page.get_by_label("Title").fill("Golf explained")
    page.get_by_label("Course package").check()
    page.get_by_label("Minutes").fill("20")
    page.get_by_role("button", name=re.compile("lesson", re.IGNORECASE)).click()
    page.get_by_label("Course package (SCORM 1.2, SCORM 2004, cmi5 or xAPI)").set_input_files(package)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("In use")).to_be_visible()
    assert_accessible(page)

    page.goto("/people/new")
    page.get_by_label("Full legal name").fill("Maria Lopez")
    page.get_by_label("Email address").fill("Maria.Lopez@student.aada.example")
    page.get_by_label("Role").select_option(label="Student")
    page.get_by_role("button", name="Add and invite").click()
    invitation = page.locator("main code").inner_text()

    page.goto(program)
    page.get_by_role("link", name="Enroll a student").click()
    page.get_by_label("Student’s email address").fill("maria.lopez@student.aada.example")
    page.get_by_role("button", name=re.compile("enroll", re.IGNORECASE)).click()
    expect(page.get_by_text("Maria Lopez").first).to_be_visible()
    return invitation


def sit_a_second(lesson: FrameLocator) -> None:
    """Content counts whole seconds from when it runs; there must be one to be found afterwards."""
    lesson.owner.page.wait_for_timeout(1100)


def own_first_half(lesson: FrameLocator) -> None:
    lesson.get_by_role("button", name="Next page").click()
    sit_a_second(lesson)
    lesson.get_by_role("button", name="Next page").click()
    expect(lesson.locator("#page")).to_have_text("3")


def own_second_half(lesson: FrameLocator) -> None:
    expect(lesson.locator("#entry")).to_have_text("resume")
    expect(lesson.locator("#page")).to_have_text("3")
    lesson.get_by_role("button", name="right").click()
    lesson.get_by_role("button", name="Finish").click()


def golf_first_half(lesson: FrameLocator) -> None:
    page = lesson.frame_locator("#contentFrame")
    expect(page.get_by_role("heading").first).to_have_text("Play of the game")
    sit_a_second(lesson)
    for _ in range(3):
        lesson.locator("#butNext").click()
    expect(page.get_by_role("heading").first).to_have_text(re.compile("Other Scoring", re.IGNORECASE))


def golf_second_half(lesson: FrameLocator) -> None:
    page = lesson.frame_locator("#contentFrame")
    expect(page.get_by_role("heading").first).to_have_text(re.compile("Other Scoring", re.IGNORECASE))
    for _ in range(12):
        lesson.locator("#butNext").click()
    expect(page.get_by_role("heading", name="Knowledge Check")).to_be_visible()
    for answer in page.locator(".correctAnswer input[type=radio]").all():
        answer.check()
    for question in page.locator(".correctAnswer:has(input[type=text])").all():
        right = re.findall(r"\d+", question.inner_text())
        question.locator("input").fill(right[0])
    page.get_by_role("button", name="Submit Answers").click()
    expect(page.get_by_text("Score: 100")).to_be_visible()
    lesson.get_by_role("button", name="Exit").click()


Play = tuple[Callable[[FrameLocator], None], Callable[[FrameLocator], None], int]


@pytest.fixture(params=["own", "golf"])
def package(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Play]:
    """A course and how to play it: the tests' own, and a real one where it is at hand."""
    if request.param == "own":
        path = tmp_path / "course.zip"
        path.write_bytes(course())
        return path, (own_first_half, own_second_half, 90)
    shared: Path = request.getfixturevalue("shared_folder")
    return shared / "content" / "scorm12" / "golf-basic.zip", (golf_first_half, golf_second_half, 100)


def test_from_an_empty_school_to_a_tracked_lesson(
    live_server: LiveServer, open_page: Callable[[dict[str, int]], Page], package: tuple[Path, Play]
) -> None:
    path, (first_half, second_half, score) = package
    with live_server.database.begin() as session:
        first_link = ensure_first_admin(session, live_server.settings, email="head@aada.example")
    assert first_link is not None

    admin = open_page(DESK)
    choose_password(admin, first_link, ADMIN_PASSWORD)
    invitation = open_school(admin, path)

    student = open_page(PHONE)
    choose_password(student, invitation, STUDENT_PASSWORD)
    assert_accessible(student)
    student.get_by_role("button", name="Clock in").click()
    expect(student.get_by_role("button", name="Clock out")).to_be_visible()

    lesson = open_lesson(student)
    first_half(lesson)
    student.get_by_role("link", name="Leave lesson").click()
    expect(student).to_have_url(re.compile(r"/learn"))
    expect(student.locator("#player")).to_have_count(0)

    lesson = open_lesson(student)
    second_half(lesson)
    expect(student.locator("#lesson-done")).to_contain_text("completed")
    student.goto("/")
    student.get_by_role("button", name="Clock out").click()
    expect(student.get_by_role("button", name="Clock in")).to_be_visible()

    with live_server.database.begin() as session:
        attempt = session.scalars(select(ScormData)).one()
        assert attempt.cmi_core_lesson_status in ("completed", "passed")
        assert attempt.cmi_core_score_raw == score
        assert attempt.location
        assert attempt.cmi
        if score == 90:
            assert json.loads(attempt.cmi_suspend_data or "")["page"] == 3
        # Two sittings of a few seconds each; the content counts whole ones.
        assert 0 < attempt.total_seconds < 300
        entry = session.scalars(select(Attendance)).one()
        assert entry.clock_out is not None
        assert entry.clock_out - entry.clock_in < timedelta(minutes=5)
        assert entry.total_minutes is not None
        enrollment = session.scalars(select(Enrollment)).one()
        assert enrollment.progress_pct == 100
        assert session.scalar(text("SELECT count(*) FROM audit_log")) > 8
        student_id = enrollment.user_id

    # What follows from the history follows after the commit: a worker does it, and none runs here.
    projections.prepare(live_server.database)
    catch_up(live_server.database, projections.SUBSCRIBERS["statements"])
    admin.goto(f"/people/{student_id}")
    main = admin.get_by_role("main")
    expect(main).to_contain_text("Maria Lopez")
    expect(main).to_contain_text("Dental Assistant Professional")
    # The rest comes once it is in sight.
    admin.locator("#lessons").scroll_into_view_if_needed()
    expect(main).to_contain_text("100")
    expect(main).to_contain_text(re.compile("completed|passed", re.IGNORECASE))
    expect(main).to_contain_text(str(score))
    # The learning activity is in the LRS, and reads in plain words.
    admin.locator("#activity").scroll_into_view_if_needed()
    expect(admin.locator("#activity")).to_contain_text("Golf explained")
    assert_accessible(admin)


def open_lesson(student: Page) -> FrameLocator:
    student.goto("/learn")
    assert_accessible(student)
    student.get_by_role("link", name=re.compile("Golf explained")).first.click()
    return student.frame_locator("#player").frame_locator("#course")
