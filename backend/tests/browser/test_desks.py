"""The desks played in a real Chromium on a phone and a desk: the clock, the hours, the staff's pages.

AADA_SCREENSHOTS=folder keeps a picture of every page that is seen.
"""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, history, mail, tokens
from app.core.actions import Action
from app.db.models import Attendance, User, UserSession
from app.enrollment.admissions.applications import service as applications
from app.enrollment.admissions.applications.schemas import ApplicationForm
from tests.browser.axe import assert_accessible
from tests.conftest import LiveServer
from tests.factories.school import School, subject_of

pytestmark = pytest.mark.browser

# Two suffice: every macro is tested in all four combinations by the tests of the look.
VIEWS = [("phone", "dark"), ("desk", "light")]
SIZES = {"phone": (390, 844), "desk": (1280, 900)}
COOKIE = "aada_session"


@dataclass(frozen=True)
class People:
    """Secrets of sessions, and numbers for addresses."""

    student: str
    waiting: str
    admin: str
    student_id: int
    application_id: int
    record_id: int
    message_id: int


def _session_of(session: Session, user: User) -> str:
    clear, hashed = tokens.new_token()
    session.add(UserSession(user_id=user.id, token_hash=hashed, expires_at=clock.now() + timedelta(days=1)))
    return clear


@pytest.fixture
def people(live_server: LiveServer) -> People:
    """A small school with something to show on every page."""
    with live_server.database.begin() as session:
        school = School(session)
        program = school.program(name="Dental Assistant Professional", clock_hours=480)
        module = school.module(program, name="Chairside skills")
        lessons = [school.lesson(module, title=f"Instruments, part {number}") for number in range(4)]
        now = clock.now()
        student = school.student(full_name="Maria Lopez-Diaz", email="maria@example.org")
        enrollment = school.enrollment(
            student, program, enrolled_at=(now - timedelta(days=60)).date(), progress_pct=25
        )
        for back in range(50, 1, -1):
            record = school.attendance(enrollment, now - timedelta(days=back), minutes=200 + back)
        school.completion(enrollment, lessons[0])
        for number, lesson in enumerate(lessons[:2]):
            school.scorm_data(
                enrollment,
                lesson,
                cmi_core_lesson_status="passed" if number == 0 else "incomplete",
                cmi_core_score_raw=90,
                cmi_core_score_max=100,
                cmi_suspend_data="page=3",
                total_seconds=600,
            )
        here = school.enrollment(school.student(full_name="Jasmine Carter"), program)
        school.attendance(here, now - timedelta(hours=1), clock_out=None)
        forgot = school.student(full_name="Sofia Ramirez")
        school.attendance(school.enrollment(forgot, program), now - timedelta(hours=30), clock_out=None)
        school.enrollment(forgot, school.program(name="Dental Office Administration"))
        admin = school.admin(full_name="Ada Admin")
        times = {"clock_in": now, "clock_out": now}
        history.record(session, subject_of(admin), Action.ATTENDANCE_CORRECTED, record.id,
            student_id=student.id, reason="Left early",
            before={**times, "total_minutes": 300}, after={**times, "total_minutes": 250},
        )  # fmt: skip
        mail.send(
            session, "maria@example.org", "email_changed", school="AADA", name="Maria Lopez", by="Ada Admin"
        )
        values = ApplicationForm.model_validate(
            {
                "last_name": "Neu",
                "email": "nina@example.org",
                "birth_date": "2001-02-03",
                "program_id": program.id,
            }
        )
        application = applications.apply(session, subject_of(admin), values, now.date())
        return People(
            student=_session_of(session, student),
            waiting=_session_of(session, forgot),
            admin=_session_of(session, admin),
            student_id=student.id,
            application_id=application.id,
            record_id=record.id,
            message_id=1,
        )


@dataclass
class Visitor:
    """Opens pages as one person; remembers what the browser complained of."""

    context: BrowserContext
    view: str
    complaints: list[str]

    def open(self, path: str) -> Page:
        page = self.context.pages[0] if self.context.pages else self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: self.complaints.append(message.text) if message.type == "error" else None,
        )
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        return page

    def check(self, page: Page, name: str) -> None:
        """The page as it stands is accessible and no wider than the window."""
        folder = os.environ.get("AADA_SCREENSHOTS")
        if folder:
            page.screenshot(path=Path(folder) / f"desks-{name}-{self.view}.png", full_page=True)
        assert_accessible(page, where=f"{name} on a {self.view}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    visitors: list[Visitor] = []

    def make(secret: str, size: str = "phone", theme: str = "light", **options: bool) -> Visitor:
        width, height = SIZES[size]
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
            java_script_enabled=options.get("scripts", True),
        )
        context.add_cookies([{"name": COOKIE, "value": secret, "url": live_server.url}])
        visitors.append(Visitor(context, f"{size}-{theme}", []))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()
    assert [text for visitor in visitors for text in visitor.complaints if "status of 4" not in text] == []


@pytest.mark.parametrize(("size", "theme"), VIEWS)
def test_every_desk_is_accessible_and_fits(people: People, visit: Visit, size: str, theme: str) -> None:
    student = visit(people.student, size, theme)
    for name, path in {
        "today": "/",
        "hours": "/hours",
        "hours-empty-month": "/hours?month=2001-01",
        "search-lessons": "/search?q=instruments",
        "my-file": "/account/file",
        "my-phone": f"/people/{people.student_id}/phones/new",
        "name-request": "/account/file/name-request/new",
        "documents-to-bring": "/account/admission-documents",
        "send-a-document": "/account/admission-documents/new",
        "my-grades": "/grades",
    }.items():
        student.check(student.open(path), name)
    waiting = visit(people.waiting, size, theme)
    waiting.check(waiting.open("/"), "today-forgotten-and-two-programs")
    staff = visit(people.admin, size, theme)
    for name, path in {
        "staff-today": "/",
        "student": f"/people/{people.student_id}",
        "search": "/search?q=ma",
        "search-nothing": "/search?q=zzz",
        "student-file": f"/people/{people.student_id}/file",
        "student-grades": f"/grades/students/{people.student_id}",
        "student-documents": f"/people/{people.student_id}/admission-documents",
        "student-notes": f"/people/{people.student_id}/notes",
        "identifier": f"/people/{people.student_id}/identifiers/new",
        "contacts": "/people/contacts",
        "name-requests": "/people/name-requests",
        "admissions": "/admissions",
        "application": f"/admissions/{people.application_id}",
        "application-new": "/admissions/new",
        "admission-documents": "/admissions/documents",
        "required-documents": "/admissions/requirements",
        "academic-progress": "/academic-progress",
        "final-grades": "/grades",
        "grade-changes": "/grades/changes",
        "student-fields": "/school/student-fields",
        "student-field-new": "/school/student-fields/new",
        "retention": "/operations/retention",
        "retention-policy": "/school/policies/retention/new",
        "attendance": "/attendance",
        "attendance-none": "/attendance?to=2001-01-01",
        "here": "/attendance/here",
        "by-student": "/attendance/students",
        "enter": "/attendance/new",
        "correct": f"/attendance/{people.record_id}",
        "audit": "/audit",
        "outbox": "/outbox",
        "message": f"/outbox/{people.message_id}",
        "security": "/security",
        "operations": "/operations",
        "account": "/account",
        "factors": "/account/factors",
        "devices": "/account/devices",
        "tokens": "/account/tokens",
    }.items():
        staff.check(staff.open(path), name)
    page = student.open("/account/views")
    expect(page.get_by_text("Ada Admin").first).to_be_visible()
    student.check(page, "who-has-seen-my-records")


def test_in_and_out_on_a_phone(people: People, visit: Visit, live_server: LiveServer) -> None:
    student = visit(people.student)
    page = student.open("/")
    expect(page.get_by_role("heading", name="Instruments, part 1")).to_be_visible()
    expect(page.get_by_text("About 20 min left")).to_be_visible()
    page.get_by_role("button", name="Clock in").click()
    expect(page.get_by_role("button", name="Clock out")).to_be_visible()
    student.check(page, "today-clocked-in")
    before = page.get_by_role("timer").inner_text()
    expect(page.get_by_role("timer")).not_to_have_text(before)
    page.get_by_role("button", name="Clock out").click()
    expect(page.get_by_role("button", name="Clock in")).to_be_visible()
    with live_server.database.begin() as session:
        latest = session.scalars(
            select(Attendance).where(Attendance.user_id == people.student_id).order_by(Attendance.id.desc())
        ).first()
    assert latest is not None
    assert latest.total_minutes == 0


def test_the_clock_works_without_scripts(people: People, visit: Visit) -> None:
    page = visit(people.student, scripts=False).open("/")
    page.get_by_role("button", name="Clock in").click()
    expect(page.get_by_role("timer")).to_contain_text("0:00:0")
    page.get_by_role("button", name="Clock out").click()
    expect(page.get_by_role("button", name="Clock in")).to_be_visible()


def test_two_taps_at_once_clock_in_once(people: People, live_server: LiveServer) -> None:
    answers: list[tuple[int, str]] = []
    start = threading.Barrier(4)

    def tap() -> None:
        with httpx2.Client(base_url=live_server.url, cookies={COOKIE: people.student}) as client:
            start.wait()
            answer = client.post("/hours/clock-in", data={"enrollment_id": ""})
            answers.append((answer.status_code, answer.text))

    threads = [threading.Thread(target=tap) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(status for status, _ in answers) == [303, 409, 409, 409]
    assert all("You have been clocked in since" in text for status, text in answers if status == 409)


def test_search_by_the_keyboard_alone(people: People, visit: Visit) -> None:
    page = visit(people.admin, "desk").open("/attendance")
    page.keyboard.press("/")
    page.keyboard.type("lopez")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Maria Lopez-Diaz")).to_be_visible()
    page.wait_for_load_state()  # the list is seen before its script answers the arrow keys
    page.get_by_label("Students and programs", exact=True).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Maria Lopez-Diaz", level=1)).to_be_visible()
    page.locator("#lessons").scroll_into_view_if_needed()
    expect(page.get_by_text("reported by the content")).to_be_visible()


def test_a_students_page_is_printed_whole(people: People, visit: Visit) -> None:
    """Sections come when they are in sight, and all of them before a page is printed."""
    page = visit(people.admin, "desk").open(f"/people/{people.student_id}")
    page.evaluate("() => { window.print = () => { document.body.dataset.printed = 'yes' } }")
    page.get_by_role("button", name="Print").click()
    expect(page.locator("body[data-printed]")).to_be_attached()
    expect(page.locator(".later")).to_have_count(0)
    expect(page.locator("#timeline")).not_to_contain_text("Show timeline")


def test_the_staff_ask_to_put_a_forgotten_clock_out_right(people: People, visit: Visit) -> None:
    """Someone else decides; until then the record is as it was."""
    staff = visit(people.admin, "desk")
    page = staff.open("/")
    page.get_by_role("link", name="Correct the record of Sofia Ramirez").click()
    expect(page.get_by_text("never clocked")).to_be_visible()
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("Nothing was saved yet")).to_be_visible()
    staff.check(page, "correct-errors")
    page.get_by_label("Clock-out").fill(page.get_by_label("Clock-in").input_value())
    page.get_by_label("Reason").fill("Was not there")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("Was not there").first).to_be_visible()
    expect(staff.open("/attendance/here").get_by_text("Sofia Ramirez").first).to_be_visible()
