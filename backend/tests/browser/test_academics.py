"""Programs, enrollments, Learn and Operations in a real Chromium: usable by keyboard, accessible, fitting."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from app.db.models import ContentPackage, Lesson, User, Withdrawal
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories.school import School

pytestmark = pytest.mark.browser
SignIn = Callable[[User], None]


def package(session: Session, lesson: Lesson) -> None:
    session.add(
        ContentPackage(
            lesson_id=lesson.id,
            version=1,
            standard="scorm12",
            title="Course",
            file_name="course.zip",
            sha256="0" * 64,
            size_bytes=1,
            manifest={},
        )
    )


def test_an_administrator_builds_a_program(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: SignIn
) -> None:
    with live_server.database.begin() as session:
        admin = School(session).admin(full_name="Ada Admin")
    signed_in_as(admin)
    page.goto("/programs")
    seen("programs-empty")
    page.get_by_role("link", name="Create a program").click()
    seen("program-new")
    page.get_by_role("textbox", name="Name").fill("Dental Assistant Professional")
    page.get_by_label("Credits").fill("60.00")
    page.get_by_label("Weeks").fill("52 weeks")
    page.get_by_label("Tuition").fill("$12,000.00")
    page.get_by_role("button", name="Create the program").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter a whole number.")
    seen("program-new-errors")
    page.get_by_label("Weeks").fill("52")
    page.get_by_role("button", name="Create the program").click()
    expect(page.get_by_role("heading", name="Dental Assistant Professional")).to_be_visible()
    expect(page.get_by_text("$12,000.00")).to_be_visible()
    seen("program-empty")

    for name in ("Infection control", "Chairside assisting"):
        page.get_by_role("link", name="Add a module").click()
        if name == "Infection control":
            seen("module-new")
        page.get_by_role("textbox", name="Name").fill(name)
        page.get_by_role("button", name="Add the module").click()
    for title, kind in (("Hand washing", "Course package"), ("Instruments", "Video")):
        page.get_by_role("link", name="Add a lesson to Infection control").click()
        page.get_by_role("textbox", name="Title").fill(title)
        page.get_by_label(kind, exact=False).first.check()
        if kind == "Video":
            page.get_by_role("textbox", name="Web address").fill("http://example.org/film")
            page.get_by_role("button", name="Add the lesson").click()
            expect(page.get_by_role("alert")).to_contain_text("begins with https://")
            seen("lesson-new-errors")
            page.get_by_role("textbox", name="Web address").fill("https://example.org/film")
            page.get_by_role("textbox", name="Minutes").fill("25")
        page.get_by_role("button", name="Add the lesson").click()
        if kind == "Course package":
            expect(page).to_have_url(re.compile("/content$"))
            page.get_by_role("link", name="Dental Assistant Professional").click()
    seen("program")

    # The arrow stays under the fingers: after the move the focus is on it, or on its fellow at the end.
    page.get_by_role("button", name="Move Instruments up").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Move Instruments up")).to_be_disabled()
    expect(page.get_by_role("button", name="Move Instruments down")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Move Instruments up")).to_be_focused()

    page.get_by_role("link", name="Instruments", exact=True).click()
    seen("lesson")
    page.get_by_role("link", name="Delete").click()
    seen("lesson-delete")
    page.get_by_role("button", name="Delete the lesson").click()
    expect(page.get_by_role("heading", name="Dental Assistant Professional")).to_be_visible()
    expect(page.get_by_text("Instruments")).to_have_count(0)
    page.goto("/programs")
    seen("programs")


def test_an_administrator_enrolls_and_lets_go(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: SignIn
) -> None:
    with live_server.database.begin() as session:
        school = School(session)
        admin = school.admin(full_name="Ada Admin")
        program = school.program(name="Dental Assistant Professional")
        module = school.module(program, name="Infection control")
        for title in ("Hand washing", "Instruments"):
            school.lesson(module, title=title)
        school.student(full_name="Maria Lopez-Hernandez", email="maria@example.org")
        for number in range(30):
            status = ("active", "active", "completed", "withdrawn")[number % 4]
            enrollment = school.enrollment(
                school.student(), program, status=status, progress_pct=number * 100 // 29
            )
            if status == "withdrawn":
                session.add(
                    Withdrawal(
                        user_id=enrollment.user_id,
                        enrollment_id=enrollment.id,
                        requested_at=datetime(2026, 3, 1, 15, tzinfo=UTC),
                        progress_pct_at_withdrawal=enrollment.progress_pct,
                        reason="Moved to another state and found a school nearer to family.",
                    )
                )
    signed_in_as(admin)
    page.goto("/enrollments")
    seen("enrollments")
    page.get_by_label("Status", exact=True).select_option("withdrawn")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_text("1–7 of 7")).to_be_visible()
    for name in ("Active students", "Ready to graduate", "Pending withdrawals"):
        page.get_by_role("navigation", name="Lists of enrollments").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        seen(name.lower().replace(" ", "-"))

    page.goto("/enrollments/new")
    page.get_by_label("email address").fill("maria@example.org")
    page.get_by_label("Program", exact=True).select_option("Dental Assistant Professional")
    seen("enroll")
    page.get_by_role("button", name="Enroll the student").click()
    expect(page.get_by_role("heading", name="Maria Lopez-Hernandez")).to_be_visible()
    page.get_by_role("button", name="Mark as done “Instruments”").click()
    seen("enrollment-mark-asks")
    page.get_by_role("dialog").get_by_role("button", name="Mark as done").click()
    expect(page.get_by_text("1 of 2 lessons completed")).to_be_visible()
    seen("enrollment")
    page.get_by_role("link", name="Complete").click()
    expect(page.get_by_text("Not yet possible")).to_be_visible()
    seen("enrollment-complete-refused")
    page.get_by_role("link", name="Go back").click()
    page.get_by_role("link", name="Withdraw").click()
    page.get_by_label("Reason").fill("Moving away")
    seen("enrollment-withdraw")
    page.get_by_role("button", name="Record the withdrawal").click()
    expect(page.get_by_text("Moving away")).to_be_visible()
    page.get_by_role("link", name="Process the withdrawal").click()
    page.get_by_label("Note").fill("Exit interview held")
    seen("enrollment-process-withdrawal")
    page.get_by_role("button", name="Process the withdrawal").click()
    expect(page.get_by_text("These figures were kept")).to_be_visible()
    seen("enrollment-withdrawn")

    page.goto("/operations")
    expect(page.get_by_role("heading", name="Operations", level=1)).to_be_visible()
    seen("operations")


def test_a_student_finds_the_way(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: SignIn
) -> None:
    with live_server.database.begin() as session:
        school = School(session)
        student = school.student(full_name="Maria Lopez")
        program = school.program(name="Dental Assistant Professional")
        first = school.module(
            program, name="Infection control", description="Hands, instruments, surfaces, waste."
        )
        second = school.module(program, name="Chairside assisting")
        washing = school.lesson(first, title="Hand washing", estimated_minutes=20)
        school.lesson(
            first,
            title="Sterilizing instruments",
            content_type="video",
            content_url="https://media.example.org/film",
            estimated_minutes=15,
        )
        school.lesson(
            second,
            title="Four-handed dentistry",
            content_type="document",
            content_url="https://media.example.org/reading.pdf",
            estimated_minutes=95,
        )
        school.lesson(second, title="Practice on the mannequin")
        package(session, washing)
        enrollment = school.enrollment(student, program, progress_pct=25)
        school.completion(enrollment, washing, score_pct=92)
        school.enrollment(student, school.program(name="Radiography"), status="completed", progress_pct=100)
    signed_in_as(student)
    page.goto("/learn")
    expect(page.get_by_text("1 of 4 lessons completed")).to_be_visible()
    seen("learn")
    page.get_by_role("link", name="Start: Sterilizing instruments").click()
    expect(page.get_by_role("link", name="Open the video")).to_have_attribute(
        "href", "https://media.example.org/film"
    )
    seen("material")
    page.get_by_role("button", name="Mark as done").click()
    expect(page.get_by_text("You completed this lesson on")).to_be_visible()
    seen("material-done")
    page.get_by_role("link", name="Next: Four-handed dentistry").click()
    page.get_by_role("button", name="Mark as done").click()
    page.get_by_role("link", name="Back to Learn").click()
    expect(page.get_by_text("3 of 4 lessons completed")).to_be_visible()
    page.get_by_role("link", name="How this is calculated in Dental Assistant Professional").click()
    expect(page.get_by_text("Marked by the student").first).to_be_visible()
    seen("learn-enrollment")
