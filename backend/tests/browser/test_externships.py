"""A week at an externship site in a real Chromium: logged, confirmed by a link on a phone, seen, verified."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.core import clock
from app.core.sealing import box
from app.db.models import Externship, OutboxMessage, User
from app.rules.hours import week_of
from tests.browser.axe import assert_accessible
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories import externships as factory
from tests.factories.externships import PAPER
from tests.factories.school import School

pytestmark = pytest.mark.browser
ZONE = ZoneInfo("America/New_York")
SignIn = Callable[[User], None]


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """The supervisor's phone: a browser that nobody is signed in with."""
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": 390, "height": 844},
        reduced_motion="reduce",
        has_touch=True,
    )
    yield context.new_page()
    context.close()


def link_of(live_server: LiveServer) -> str:
    """The path of the link in the newest mail to a supervisor, as the mail server would send it."""
    with live_server.database.begin() as session:
        sealed = session.scalars(
            select(OutboxMessage.sealed_link)
            .where(OutboxMessage.sealed_link.is_not(None))
            .order_by(OutboxMessage.id.desc())
        ).first()
    assert sealed is not None
    return urlsplit(box(live_server.settings, "mail").open(sealed).decode()).path


def test_a_week_is_logged_confirmed_by_link_and_verified(
    live_server: LiveServer, page: Page, phone: Page, signed_in_as: SignIn, seen: Seen
) -> None:
    today = clock.today(ZONE)
    yesterday, before = today - timedelta(days=1), today - timedelta(days=2)
    with live_server.database.begin() as session:
        school = School(session)
        staff, student = school.admin(), school.student(full_name="Ana Alvarez")
        enrollment = school.enrollment(student, enrolled_at=today - timedelta(days=90))
        place = factory.site(
            session,
            name="Decatur Smiles",
            agreement=(today - timedelta(days=90), today + timedelta(days=300)),
        )
        overseer = factory.supervisor(session, place)
        record = factory.placement(
            session,
            enrollment,
            overseer,
            starts_on=today - timedelta(days=30),
            ends_on=today + timedelta(days=30),
        )
        number = record.id
    signed_in_as(student)
    page.goto("/externship")
    seen("externship-empty")
    for day in (before, yesterday):
        page.get_by_role("link", name="Log hours").click()
        page.get_by_label("Date").fill(day.isoformat())
        page.get_by_label("Start", exact=True).fill("09:00")
        page.get_by_label("End", exact=True).fill("17:30")
        page.get_by_label("What you did").fill("Chairside assisting")
        if day == before:
            seen("externship-log-hours")
        page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("8 h", exact=True)).to_have_count(2)
    # The same day again is refused with a sentence, and nothing is saved.
    page.get_by_role("link", name="Log hours").click()
    page.get_by_label("Date").fill(yesterday.isoformat())
    page.get_by_label("Start", exact=True).fill("16:00")
    page.get_by_label("End", exact=True).fill("18:00")
    page.get_by_label("What you did").fill("Twice")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("overlap")
    page.goto("/externship")
    seen("externship-logged")

    weeks = sorted({week_of(before), week_of(yesterday)})
    for place_in_order, week in enumerate(weeks):
        page.goto("/externship")
        page.get_by_role("button", name="Send the week of").first.click()
        address = link_of(live_server)
        phone.goto(address)
        assert_accessible(phone, where="supervisor")
        assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
        expect(phone.get_by_text("Ana A.").first).to_be_visible()
        expect(phone.get_by_text("Alvarez")).to_have_count(0)
        if place_in_order == 0:
            box_ = phone.locator("label.check").first.bounding_box()
            assert box_ is not None
            assert box_["height"] >= 44
            phone.get_by_role("checkbox").first.check()
            phone.get_by_label("What is wrong").fill("You left at noon")
        phone.get_by_role("button", name="Confirm the hours").click()
        expect(phone.get_by_text("Your answer is recorded")).to_be_visible()
        phone.goto(address)
        expect(phone.get_by_role("button", name="Confirm the hours")).to_have_count(0)
        assert week in weeks

    page.goto("/externship")
    expect(page.get_by_text("You left at noon")).to_be_visible()
    seen("externship-disputed")
    page.get_by_role("link", name="Change").first.click()
    page.get_by_label("End", exact=True).fill("12:30")
    page.get_by_label("Break in minutes").fill("0")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Send the week of").first.click()
    phone.goto(link_of(live_server))
    phone.get_by_role("button", name="Confirm the hours").click()
    expect(phone.get_by_text("Your answer is recorded")).to_be_visible()

    signed_in_as(staff)
    page.goto(f"/externships/{number}")
    seen("externship-to-verify")
    page.get_by_label("Supporting document").set_input_files(
        {"name": "sheet.pdf", "mimeType": "application/pdf", "buffer": PAPER}
    )
    page.get_by_role("button", name="Verify 11 hours").click()
    expect(page.get_by_text("11 hours were verified")).to_be_visible()
    seen("externship-verified")
    with live_server.database.begin() as session:
        row = session.get_one(Externship, number)
        assert (row.verified, row.total_hours, row.verification_doc_url) == (
            True,
            11,
            f"/externships/{number}/document",
        )
    for name in ("", "/hours", "/sites", "/sites/new", "/rubrics", "/new"):
        page.goto(f"/externships{name}")
        seen(f"externships{name.replace('/', '-')}")
    page.goto("/externships/sites")
    page.get_by_role("link", name="Decatur Smiles").click()
    seen("externship-site")
    signed_in_as(student)
    page.goto("/externship")
    expect(page.get_by_text("Verified by the school")).to_be_visible()
