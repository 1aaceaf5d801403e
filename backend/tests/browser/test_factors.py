"""Second factors in a real Chromium, with a virtual authenticator in place of a finger."""

import re
from collections.abc import Callable, Iterator

import pyotp
import pytest
from playwright.sync_api import CDPSession, Page, expect
from sqlalchemy import select

from app.core import clock, proof
from app.core.permissions import Role
from app.db.models import AuditEntry, Passkey, User, UserSession
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def device(page: Page) -> Iterator[CDPSession]:
    """A phone's own authenticator: it keeps passkeys and checks its user."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    yield device
    device.detach()


@pytest.fixture
def admin(live_server: LiveServer) -> User:
    with live_server.database.begin() as session:
        user: User = UserFactory(
            session=session, role=Role.ADMIN, email="ada@example.org", full_name="Ada Office"
        )
        UserFactory(session=session, role=Role.INSTRUCTOR, full_name="Iva Stone", email="iva@example.org")
    return user


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def grow_old(live_server: LiveServer) -> None:
    """Let everybody's last proof be more than ten minutes ago."""
    with live_server.database.begin() as session:
        for row in session.scalars(select(UserSession)):
            row.proved_at = clock.now() - 2 * proof.FRESH


def test_a_passkey_is_made_and_signs_in_alone(
    page: Page, device: CDPSession, seen: Seen, live_server: LiveServer, admin: User
) -> None:
    sign_in(page, admin.email)
    expect(page.get_by_text("Set up a second factor by")).to_be_visible()
    seen("factor-due")
    page.goto("/account/factors")
    seen("factors-none")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("My phone")
    seen("passkey-new")
    page.get_by_role("button", name="Create the passkey").click()
    expect(page.get_by_role("heading", name="Save your recovery codes")).to_be_visible()
    seen("recovery-codes")
    page.get_by_role("link", name="I have saved them").click()
    expect(page.get_by_text("10 of 10 left")).to_be_visible()
    seen("factors")
    sign_out(page)

    seen("sign-in-passkey")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("details.menu summary")).to_be_visible()
    with live_server.database.begin() as session:
        passkey = session.scalars(select(Passkey)).one()
        assert passkey.last_used_at is not None
        assert passkey.sign_count > 0

        # As if another one had been used meanwhile, with a counter far ahead.
        passkey.sign_count = 1000
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("its counter went back")
    seen("sign-in-passkey-copied")
    with live_server.database.begin() as session:
        assert session.scalar(select(AuditEntry).where(AuditEntry.action == "passkey.copied")) is not None


def test_a_passkey_that_is_not_there_says_so(page: Page, device: CDPSession, seen: Seen, admin: User) -> None:
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("No passkey was used")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_enabled()


def test_an_app_is_scanned_and_its_code_asked_for(page: Page, seen: Seen, admin: User) -> None:
    sign_in(page, admin.email)
    page.goto("/account/factors")
    page.get_by_role("link", name="Add an authenticator app").click()
    expect(page.get_by_alt_text("QR code")).to_be_visible()
    seen("authenticator-new")
    key = page.locator("code").inner_text().replace(" ", "")
    page.get_by_label("Name").fill("My phone")
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_role("alert")).to_contain_text("does not fit the key")
    seen("authenticator-wrong")
    page.get_by_label("Code").fill(pyotp.TOTP(key).now())
    page.get_by_role("button", name="Add the app").click()
    recovery = page.locator(".recovery-codes code").all_inner_texts()
    assert len(recovery) == 10
    page.get_by_role("link", name="I have saved them").click()
    sign_out(page)

    sign_in(page, admin.email)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    expect(page.get_by_label("Code")).to_be_focused()
    seen("second-step")
    page.get_by_label("Code").fill("123")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not right")
    seen("second-step-wrong")
    page.get_by_label("Code").fill(recovery[0])
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("details.menu summary")).to_be_visible()


@pytest.mark.parametrize("by", ["password", "passkey"])
def test_a_form_that_asks_again_loses_nothing(
    page: Page, device: CDPSession, seen: Seen, live_server: LiveServer, admin: User, by: str
) -> None:
    sign_in(page, admin.email)
    if by == "passkey":
        page.goto("/account/factors/passkeys/new")
        page.get_by_label("Name").fill("My phone")
        page.get_by_role("button", name="Create the passkey").click()
        page.get_by_role("link", name="I have saved them").click()
    with live_server.database.begin() as session:
        number = session.scalars(select(User.id).where(User.email == "iva@example.org")).one()
    page.goto(f"/people/{number}/duties")
    page.get_by_label("Duty").select_option("bursar")
    page.get_by_label("Reason").fill("Keeps the “books”")
    grow_old(live_server)
    page.get_by_role("button", name=re.compile("Assign|Give")).click()
    expect(page.get_by_role("heading", name="Confirm that it is you")).to_be_visible()
    seen(f"prove-{by}")
    if by == "passkey":
        page.get_by_role("button", name="Use a passkey").click()
    else:
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Confirm").click()
    expect(page).to_have_url(re.compile(r"/duties\?saved=given$"))
    expect(page.get_by_text("Keeps the “books”")).to_be_visible()


def test_two_administrators_reset_what_was_lost(
    page: Page,
    seen: Seen,
    live_server: LiveServer,
    admin: User,
    signed_in_as: Callable[[User], None],
) -> None:
    with live_server.database.begin() as session:
        other = UserFactory(session=session, role=Role.ADMIN, full_name="Bea Second")
        lost = session.scalars(select(User).where(User.email == "iva@example.org")).one()
        session.add(
            Passkey(
                user_id=lost.id,
                name="Lost",
                credential_id=b"lost",
                public_key=b"",
                sign_count=0,
                transports=[],
            )
        )
    signed_in_as(admin)
    page.goto(f"/people/{lost.id}/edit")
    page.get_by_role("link", name="Second factor").click()
    page.get_by_label("What happened").fill("Lost the phone; I know Iva.")
    seen("factor-reset-ask")
    page.get_by_role("button", name="Ask for a reset").click()
    expect(page.get_by_text("Another administrator must approve this.")).to_be_visible()
    seen("factor-resets-asked")
    signed_in_as(other)
    page.goto("/people/factor-resets")
    page.get_by_role("button", name="Approve").click()
    seen("factor-resets-approve")
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_text("The second factors were removed")).to_be_visible()
    seen("factor-resets-none")
