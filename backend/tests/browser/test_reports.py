"""Lists as reports, in a real browser: the Download menu, and a list that is added up."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.core.permissions import Role
from app.db.models import User
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_no_column_of_the_people_is_cut_off(
    page: Page, live_server: LiveServer, signed_in_as: Callable[[User], None], width: int
) -> None:
    with live_server.database.begin() as session:
        office = UserFactory(session=session, role=Role.ADMIN)
        UserFactory(
            session=session, full_name="Abigail Rodriguez", email="abigail.rodriguez@demo.aada.example"
        )
    signed_in_as(office)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/people")
    assert page.locator(".rows-box").evaluate("box => box.scrollWidth <= box.clientWidth")
    filters = page.locator(".list-search :is(select, button)").evaluate_all(
        "all => all.map(one => Math.round(one.getBoundingClientRect().top))"
    )
    if width == 1280:
        assert len(set(filters)) == 1, "the filters stand in one row"


def test_a_list_is_grouped_and_downloaded(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: Callable[[User], None]
) -> None:
    with live_server.database.begin() as session:
        office = UserFactory(session=session, role=Role.ADMIN)
        for _ in range(12):
            UserFactory(session=session)
    signed_in_as(office)
    page.goto("/people")
    page.get_by_text("Download").click()
    expect(page.get_by_role("link", name="Excel (XLSX)")).to_be_visible()
    seen("report-download")
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel (XLSX)").click()
    assert download.value.suggested_filename == "people.xlsx"
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Excel (XLSX)")).to_be_hidden()
    page.get_by_label("Group by").select_option("role")
    page.get_by_role("button", name="Search").last.click()
    expect(page.get_by_text("People by role")).to_be_visible()
    expect(page.locator("[data-chart] canvas")).to_be_visible()
    seen("report-grouped")
