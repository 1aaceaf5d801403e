"""An import in a real browser: from the file to the confirmation, on a phone and on a desk."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.core.permissions import Role
from app.db.models import DataImport, User
from app.web.imports import jobs
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.browser

FILE = "Legal name;Mail;Role\nAna O'Hara-Núñez;ana@example.org;student\nBo;not-an-address;student\n"


def test_people_are_imported(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: Callable[[User], None]
) -> None:
    with live_server.database.begin() as session:
        office = UserFactory(session=session, role=Role.ADMIN)
    signed_in_as(office)
    page.goto("/imports")
    seen("imports-none")
    page.get_by_role("link", name="Import people").click()
    seen("import-new")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("alert").get_by_text("This field is required")).to_be_visible()
    page.get_by_label("File").set_input_files(
        {"name": "fall.csv", "mimeType": "text/csv", "buffer": FILE.encode("cp1252")}
    )
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("No column of the file holds: Full name")).to_be_visible()
    page.get_by_label("Full name").select_option(index=1)
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("not-an-address").first).to_be_visible()
    seen("import-checked")
    page.get_by_role("button", name="Import the good rows").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    seen("import-asks")
    page.get_by_role("dialog").get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("This page updates automatically")).to_be_visible()
    with live_server.database.begin() as session:
        number = session.query(DataImport.id).scalar()
    jobs.work(live_server.database, live_server.settings, number)
    expect(page.get_by_text("1 row imported")).to_be_visible(timeout=10_000)
    seen("import-done")
    page.get_by_role("button", name="Undo this import").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("This import was undone")).to_be_visible()
    page.goto("/imports")
    seen("imports")
