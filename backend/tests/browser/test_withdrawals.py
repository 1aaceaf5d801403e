"""A student sees what leaving would refund and asks to leave; the office notifies another, and processes both."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from playwright.sync_api import Page, expect

from app.core import clock
from app.db.models import User
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories.school import School, subject_of
from tests.factories.withdrawals import ZONE, record

pytestmark = pytest.mark.browser


def test_from_the_cost_to_the_end(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: Callable[[User], None]
) -> None:
    with live_server.database.begin() as session:
        school = School(session)
        program = school.program(name="Dental Assistant", clock_hours=480, tuition_amount_cents=504_000)
        student, admin = school.student(full_name="Maria Lopez"), school.admin(full_name="Ada Admin")
        enrollment = school.enrollment(student, program)
        school.attendance(enrollment, datetime(2026, 5, 4, 12, tzinfo=UTC), minutes=480)
        gone = school.enrollment(school.student(full_name="Gone Gary"), program)
        # A day at the school, whose clocks may have changed since.
        decided = datetime.combine(clock.today(ZONE) - timedelta(days=41), time(12), ZONE)
        record(session, subject_of(admin), gone.id, kind="administrative", requested_at=decided)
    signed_in_as(student)
    page.goto("/account/refund")
    page.get_by_role("link", name="Request to withdraw").click()
    expect(page.get_by_text("If you leave today")).to_be_visible()
    seen("leave")
    page.get_by_label("Reason").fill("Moving away")
    page.get_by_role("checkbox", name="I have read the estimated refund").check()
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("You are still enrolled")).to_be_visible()
    seen("leave-waiting")

    page.context.clear_cookies()
    signed_in_as(admin)
    page.goto("/enrollments/withdrawals")
    expect(page.get_by_text("4 of 45")).to_be_visible()
    seen("withdrawals-pending")
    page.get_by_role("link", name="Gone Gary").click()
    page.get_by_role("link", name="Process the withdrawal").click()
    expect(page.get_by_text("Notify the student first")).to_be_visible()
    seen("withdrawal-notice")
    page.get_by_label("How the student was notified").select_option("Letter")
    page.get_by_label("What proves the notice").fill("Certified mail 9400 1")
    page.get_by_role("button", name="Record the notice").click()
    expect(page.get_by_text("Certified mail 9400 1")).to_be_visible()
    page.goto(f"/enrollments/{enrollment.id}/withdrawal")
    page.get_by_label("Note").fill("Exit interview held")
    seen("withdrawal-process")
    page.get_by_role("button", name="Process the withdrawal").click()
    expect(page.get_by_text("These figures were kept")).to_be_visible()
    expect(page.get_by_text("1%").first).to_be_visible()
    seen("withdrawal-processed")
