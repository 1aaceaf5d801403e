"""Attendance in a real Chromium: a roster by taps on a tablet, a correction that one asks for and another approves."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from app.core import clock
from app.db.models import ClassChange, User
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories.school import School

pytestmark = pytest.mark.browser
ZONE = ZoneInfo("America/New_York")
SignIn = Callable[[User], None]


def test_a_roster_is_taken_by_taps_and_a_correction_is_approved_by_another_person(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: SignIn
) -> None:
    yesterday = clock.today(ZONE) - timedelta(days=1)
    with live_server.database.begin() as session:
        school = School(session)
        teacher, office = school.instructor(full_name="Tess Carter"), school.admin(full_name="Rita Registrar")
        program = school.program(name="Dental Assistant")
        begins = yesterday - timedelta(days=60)
        people = [school.student(full_name=name) for name in ("Ana Alvarez", "Bea Brown", "Cem Castillo")]
        record = school.school_class(
            program,
            code="DA-M",
            name="Chairside assisting",
            teacher=teacher,
            students=[school.enrollment(one, program, enrolled_at=begins) for one in people],
            starts_on=begins,
            ends_on=yesterday + timedelta(days=60),
        )
        session.add(
            ClassChange(
                class_id=record.id, kind="extra", day=yesterday, starts_at=time(8, 30), ends_at=time(12, 30)
            )
        )
        ana, class_id = people[0], record.id

    if (page.viewport_size or {"width": 0})["width"] > 600:
        page.set_viewport_size({"width": 820, "height": 1180})
    signed_in_as(teacher)
    page.goto(f"/classes/{class_id}/attendance")
    seen("roster-empty")
    page.get_by_role("button", name="Mark 3 present").click()
    expect(page.get_by_text("4 h counted")).to_have_count(3)
    page.get_by_role("button", name="Absent: Bea Brown").click()
    expect(page.get_by_text("4 h counted")).to_have_count(2)
    # The meeting is over, so nobody can know from a tap when somebody came.
    page.get_by_role("button", name="Late: Cem Castillo").click()
    expect(page.get_by_text("Enter the time at which they arrived")).to_be_visible()
    cem = page.locator(".roster-student", has_text="Cem Castillo")
    cem.locator("summary").click()
    cem.get_by_label("Came or left at").fill("09:30")
    cem.get_by_role("button", name="Late").click()
    expect(cem.get_by_text("3 h counted")).to_be_visible()
    page.get_by_role("button", name="Undo the mark of Bea Brown").click()
    expect(page.locator(".roster-student", has_text="Bea Brown").get_by_text("Not marked")).to_be_visible()
    seen("roster-marked")
    buttons = page.locator(".roster-taps button")
    targets = buttons.evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert min(targets) >= 44

    signed_in_as(ana)
    page.goto(f"/hours?month={yesterday:%Y-%m}")
    page.get_by_role("link", name="Request a correction of").click()
    ended = datetime.combine(yesterday, time(13, 0))
    page.get_by_label("Clock-out").fill(ended.isoformat(timespec="minutes"))
    page.get_by_label("Reason").fill("The lab ended at one")
    seen("correction-request")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("The lab ended at one")).to_be_visible()
    seen("correction-requested")

    signed_in_as(office)
    page.goto("/")
    with page.expect_navigation():
        page.get_by_role("link", name="Corrections of hours to decide").click()
    seen("corrections-in-the-queue")
    page.goto("/attendance/corrections")
    seen("corrections")
    page.get_by_role("link", name="Open the request of Ana Alvarez").click()
    expect(page.get_by_text("What an approval changes")).to_be_visible()
    seen("correction-preview")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved").first).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)

    signed_in_as(ana)
    page.goto(f"/hours?month={yesterday:%Y-%m}")
    expect(page.get_by_text("Approved")).to_be_visible()
    expect(page.get_by_text("4 h 30 min").first).to_be_visible()
    page.get_by_role("link", name="Attendance", exact=True).click()
    seen("standing")
