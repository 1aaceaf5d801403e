"""Getting in, one's own account and the administration of people, played in a real Chromium."""

import pytest
from playwright.sync_api import Page, expect

from app.accounts.bootstrap import ensure_first_admin
from app.core import clock
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.browser

PASSWORD = "mulberry lantern gravel"


def test_the_administrators_first_day(page: Page, seen: Seen, live_server: LiveServer) -> None:
    with live_server.database.begin() as session:
        link = ensure_first_admin(session, live_server.settings)
        for number in range(40):
            UserFactory(session=session, last_sign_in_at=clock.now() if number % 3 else None)
    assert link is not None
    page.goto(link)
    seen("choose-password")
    page.get_by_label("New password").fill("AADA-Academy-2026")
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.get_by_text("the school’s name").first).to_be_visible()
    seen("choose-password-refused")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    page.goto("/people")
    seen("people")
    page.goto("/people?q=nobody-at-all")
    seen("people-none")

    page.goto("/people/new")
    page.get_by_role("button", name="Add and invite").click()
    seen("person-new-errors")
    page.get_by_label("Full legal name").fill("Nina Neu")
    page.get_by_label("Email address").fill("nina@example.org")
    page.get_by_label("Role").select_option("instructor")
    page.get_by_role("button", name="Add and invite").click()
    expect(page.get_by_role("heading", name="Nina Neu was added")).to_be_visible()
    expect(page.get_by_text("/set-password/")).to_be_visible()
    seen("person-link")

    page.goto("/people?q=nina")
    page.get_by_role("link", name="Edit Nina Neu").click()
    seen("person-edit")
    page.get_by_label("Full legal name").fill("Nina Neumann")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Nina Neumann")).to_be_visible()
    page.get_by_role("button", name="Delete this account").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    seen("person-delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(page).to_have_url(f"{live_server.url}/people/deleted")
    expect(page.get_by_text("Nina Neumann").first).to_be_visible()
    seen("people-deleted")

    page.goto("/people/new")
    page.get_by_label("Full legal name").fill("Nina Neu")
    page.get_by_label("Email address").fill("nina@example.org")
    page.get_by_label("Role").select_option("student")
    page.get_by_role("button", name="Add and invite").click()
    seen("person-new-deleted")
    page.get_by_role("button", name="Restore the deleted account").click()
    expect(page.get_by_role("heading", name="Nina Neumann")).to_be_visible()


def test_a_student_comes_in_by_keyboard_and_looks_after_the_account(
    page: Page, seen: Seen, live_server: LiveServer
) -> None:
    with live_server.database.begin() as session:
        UserFactory(session=session, full_name="Maria Lopez", email="maria@example.org")
    page.goto("/account")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    seen("sign-in")
    expect(page.get_by_label("Email address")).to_be_focused()
    page.keyboard.type("maria@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    expect(page.get_by_label("Email address")).to_have_value("maria@example.org")
    seen("sign-in-wrong")
    page.get_by_label("Password").focus()
    page.keyboard.type("violet canyon teaspoon")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    seen("account")

    page.get_by_role("link", name="Manage API tokens").click()
    page.get_by_label("Name", exact=True).fill("nightly export")
    page.get_by_role("button", name="Create a token").click()
    expect(page.get_by_text("Your new token")).to_be_visible()
    seen("account-token")
    page.goto("/account")
    page.get_by_label("Current password").fill("violet canyon teaspoon")
    page.get_by_label("New password").fill("maria@example.org")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_be_visible()
    seen("account-password-refused")
    page.get_by_label("Current password").fill("violet canyon teaspoon")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Your password was changed")).to_be_visible()
    page.locator("summary", has_text="your account").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    page.get_by_role("link", name="Forgot your password").click()
    seen("forgot")
    page.get_by_label("Email address").fill("maria@example.org")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    seen("forgot-sent")
    page.goto("/set-password/nonsense")
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()
    seen("link-gone")
