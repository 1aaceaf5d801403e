"""Away from class, on a phone and at a desk: a leave of absence from request to return, an absence that is excused."""

from collections.abc import Callable
from datetime import time, timedelta
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


def test_an_absence_is_reported_and_excused_and_the_roster_says_so(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: SignIn
) -> None:
    yesterday = clock.today(ZONE) - timedelta(days=1)
    with live_server.database.begin() as session:
        school = School(session)
        teacher, ana = school.instructor(full_name="Tess Carter"), school.student(full_name="Ana Alvarez")
        program = school.program(name="Dental Assistant")
        begins = yesterday - timedelta(days=60)
        record = school.school_class(
            program,
            code="DA-M",
            name="Chairside assisting",
            teacher=teacher,
            students=[
                school.enrollment(one, program, enrolled_at=begins)
                for one in (ana, school.student(full_name="Bea Brown"))
            ],
            starts_on=begins,
            ends_on=yesterday + timedelta(days=60),
        )
        session.add(
            ClassChange(
                class_id=record.id, kind="extra", day=yesterday, starts_at=time(8, 30), ends_at=time(12, 30)
            )
        )
        class_id = record.id
    signed_in_as(ana)
    page.goto("/hours")
    page.get_by_role("link", name="Report an absence").click()
    seen("absence-form")
    page.get_by_label("First day").fill(yesterday.isoformat())
    page.get_by_label("Reason").fill("I had a fever")
    page.get_by_role("button", name="Report the absence").click()
    expect(page.get_by_text("Not decided yet")).to_be_visible()
    expect(page.get_by_role("cell", name="Not marked")).to_be_visible()
    seen("absence-reported")

    signed_in_as(teacher)
    page.goto(f"/classes/{class_id}/attendance")
    page.get_by_role("button", name="Mark 1 present").click()
    ana_line = page.locator(".roster-student", has_text="Ana Alvarez")
    seen("roster-reported")
    ana_line.get_by_role("link", name="Reported absent").click()
    seen("absence-to-decide")
    page.get_by_role("button", name="Do not excuse").click()
    expect(page.get_by_text("why the absence is not excused").first).to_be_visible()
    page.get_by_label("Note").fill("Get well soon")
    page.get_by_role("button", name="Excuse", exact=True).click()
    expect(page.get_by_text("Decided by")).to_be_visible()
    page.goto("/attendance/absences?state=all")
    seen("absences")
    page.goto(f"/classes/{class_id}/attendance")
    expect(ana_line.locator(".tag", has_text="Excused")).to_be_visible()

    signed_in_as(ana)
    page.goto("/hours")
    expect(page.get_by_text("Get well soon")).to_be_visible()
    seen("hours-with-absence")


def test_a_leave_of_absence_from_the_request_to_the_return(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: SignIn
) -> None:
    today = clock.today(ZONE)
    with live_server.database.begin() as session:
        school = School(session)
        ana, office = school.student(full_name="Ana Alvarez"), school.admin(full_name="Rita Registrar")
        enrollment = school.enrollment(
            ana, school.program(name="Dental Assistant"), enrolled_at=today - timedelta(days=60)
        )
        enrollment_id = enrollment.id
    signed_in_as(ana)
    page.goto(f"/enrollments/{enrollment_id}")
    page.get_by_role("link", name="Leave of absence").click()
    page.get_by_label("First day of the leave").fill(today.isoformat())
    page.get_by_label("Expected return").fill((today + timedelta(days=30)).isoformat())
    page.get_by_label("Reason").fill("Surgery on my wrist")
    seen("leave-request")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("The office has not decided yet")).to_be_visible()

    signed_in_as(office)
    page.goto("/enrollments/leaves")
    page.get_by_role("link", name="Ana Alvarez").click()
    page.get_by_label("Approve").check()
    page.get_by_label("Note to the student").fill("Get well soon")
    seen("leave-to-decide")
    page.get_by_role("button", name="Save the decision").click()
    expect(page.get_by_text("Note from the office")).to_be_visible()

    signed_in_as(ana)
    page.goto("/hours")
    page.get_by_role("button", name="Clock in").click()
    expect(page.get_by_text("You are on a leave of absence from Dental Assistant")).to_be_visible()
    seen("hours-on-leave")

    signed_in_as(office)
    page.goto("/enrollments/leaves")
    seen("leaves")
    page.get_by_role("link", name="Ana Alvarez").click()
    page.get_by_role("button", name="Record the return").click()
    expect(page.get_by_text("Returned").first).to_be_visible()
    seen("leave-returned")

    signed_in_as(ana)
    page.goto("/hours")
    page.get_by_role("button", name="Clock in").click()
    expect(page.get_by_text("You are on a leave of absence")).to_have_count(0)
