"""Filing a refund policy in a real Chromium: an error by its field, worked examples first, then what is in force."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app.core import clock
from app.db.models import User
from app.school import service as schools
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories.school import School

pytestmark = pytest.mark.browser


def test_an_administrator_files_a_policy_after_its_worked_examples(
    page: Page, seen: Seen, proved: Callable[[User], None], live_server: LiveServer
) -> None:
    with live_server.database.begin() as session:
        schools.ensure(session, live_server.settings)
        ada = School(session).admin(full_name="Ada Administrator")
        tomorrow = clock.today(schools.facts(session).zone) + timedelta(days=1)
        session.flush()
        session.expunge_all()
    proved(ada)
    page.goto("/refund-policy")
    expect(page.get_by_role("table", name="Worked examples of GNPEC Standards 12 and 13")).to_be_visible()
    seen("refund-policy")

    page.get_by_role("link", name="File a new version").click()
    page.locator("#field-rule").select_option("filed")
    page.get_by_label("Effective from").fill(tomorrow.isoformat())
    page.get_by_label("Approved by").fill("Board of Directors")
    page.locator("#field-policy_name").fill("Refund policy 2027")
    page.get_by_label("The rule in words").fill(
        "Through a tenth of the program 80% comes back, through a quarter 60%, then nothing."
    )
    page.get_by_label("Schedule").select_option("tiers")
    page.get_by_label("Steps").fill("ten 80")
    page.get_by_role("button", name="Show what it gives").click()
    summary = page.get_by_role("alert").filter(has_text="is not a step")
    expect(summary).to_be_visible()
    expect(page.get_by_label("Steps")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Steps")).to_have_value("ten 80")
    seen("refund-policy-error")

    page.get_by_label("Steps").fill("10 80\n25 60")
    page.get_by_label("Hours to cancel").fill("72")
    page.get_by_role("button", name="Show what it gives").click()
    examples = page.get_by_role("table", name="Worked examples of Refund policy 2027")
    expect(examples.get_by_role("row").filter(has_text="48 of 480 hours")).to_contain_text("$4,032.00")
    expect(examples.get_by_role("row").filter(has_text="48 of 480 hours")).to_contain_text("$4,536.00")
    expect(page.get_by_text("it gives less than GNPEC’s rule")).to_be_visible()
    seen("refund-policy-examples")

    # A value that was changed after the examples is looked at once more, and nothing is filed by it.
    page.get_by_label("Steps").fill("10 80\n25 75")
    page.get_by_role("button", name="File this version").click()
    expect(examples.get_by_role("row").filter(has_text="120 of 480 hours")).to_contain_text("$3,780.00")
    page.get_by_role("button", name="File this version").click()
    version = page.locator("#versions li").filter(has_text="Refund policy 2027")
    expect(version).to_contain_text("Upcoming")
    expect(page.locator("#in-force")).to_contain_text("GNPEC Standards 12 and 13")
    seen("refund-policy-filed")


def test_an_open_point_is_settled_after_its_effect_was_seen(
    page: Page, seen: Seen, proved: Callable[[User], None], live_server: LiveServer
) -> None:
    with live_server.database.begin() as session:
        schools.ensure(session, live_server.settings)
        ada = School(session).admin(full_name="Ada Administrator")
        today = clock.today(schools.facts(session).zone)
        session.flush()
        session.expunge_all()
    proved(ada)
    page.goto("/refund-policy/settings")
    seen("refund-open-points")
    page.get_by_role("link", name="Change").first.click()
    page.get_by_label("Effective from").fill(today.isoformat())
    page.get_by_label("Approved by").fill("Board of Directors")
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_text("Nothing changes")).to_be_visible()
    page.get_by_label("Exactly half of the program").select_option("refund")
    page.get_by_role("button", name="Show what changes").click()
    point = page.locator("#point-threshold_edge")
    expect(point).to_contain_text("Until now")
    expect(point).to_contain_text("A refund is owed: $2,520.00")
    seen("refund-open-point-change")
    page.get_by_role("button", name="Keep this version").click()
    expect(page.locator("#point-threshold_edge")).to_contain_text("A refund is owed")
    seen("refund-open-points-kept")
