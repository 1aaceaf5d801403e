"""Classes in a real Chromium: made, given hours, filled and read, by keyboard and on a phone."""

from collections.abc import Callable
from datetime import time

import pytest
from playwright.sync_api import Page, expect

from app.core import clock
from app.db.models import User
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories.school import School

pytestmark = pytest.mark.browser
HOURS = (time(9), time(11))
SignIn = Callable[[User], None]


def test_the_registrar_makes_a_class_and_its_instructor_reads_it(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: SignIn
) -> None:
    with live_server.database.begin() as session:
        school = School(session)
        admin, teacher = school.admin(full_name="Ada Admin"), school.instructor(full_name="Tess Carter")
        program = school.program(name="Dental Assistant Professional")
        for name in ("Ana Alvarez", "Bea Brown", "Cleo Castillo"):
            school.enrollment(school.student(full_name=name), program)
        school.school_class(
            program, code="DA-OTHER", room="Room 2", teacher=teacher, weekly=[(clock.now().weekday(), *HOURS)]
        )
    signed_in_as(admin)
    page.goto("/classes")
    seen("classes")
    page.get_by_role("link", name="New class").click()
    seen("class-new")
    page.get_by_label("Code", exact=True).fill("DA-M")
    page.get_by_label("Name", exact=True).fill("Chairside assisting, mornings")
    page.get_by_label("Program", exact=True).select_option(label="Dental Assistant Professional")
    page.get_by_role("textbox", name="Room").fill("Room 2")
    page.get_by_role("button", name="Create the class").click()
    expect(page.get_by_text("no weekly meetings yet")).to_be_visible()
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        page.get_by_label(day, exact=True).check()
    page.get_by_label("Start time", exact=True).fill("08:30")
    page.get_by_label("End time", exact=True).fill("13:30")
    page.get_by_role("button", name="Add meetings").click()
    expect(page.get_by_text("Room 2 is also used by DA-OTHER")).to_be_visible()
    seen("class-timetable")
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Instructors").click()
    page.get_by_label("Instructor", exact=True).select_option(label="Tess Carter")
    page.get_by_role("button", name="Add the instructor").click()
    seen("class-instructors")
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Add students").first.click()
    seen("class-add-students")
    page.get_by_label("Ana Alvarez").check()
    page.get_by_label("Bea Brown").check()
    page.get_by_role("button", name="Add the selected students").click()
    expect(page.get_by_role("link", name="Ana Alvarez")).to_be_visible()
    seen("class")
    page.get_by_role("link", name="Remove students from this class").click()
    seen("class-removal")

    signed_in_as(teacher)
    page.goto("/classes")
    expect(page.get_by_role("button", name="New class")).to_have_count(0)
    page.get_by_role("link", name="DA-M").click()
    expect(page.get_by_role("link", name="Bea Brown")).to_be_visible()
    seen("class-for-its-instructor")
