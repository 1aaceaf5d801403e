"""From the phone to the tablet and back: a student hands in a photo, an instructor grades it, the student reads it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.core import clock, tokens
from app.db.models import UserSession
from tests.browser.axe import assert_accessible
from tests.conftest import LiveServer
from tests.content.assignments.conftest import make_set
from tests.factories.skills import picture

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
TABLET = {"width": 820, "height": 1180}
TOUCH = 44


@dataclass
class Stage:
    """A served school with one assignment, and windows of people in it."""

    server: LiveServer
    browser: Browser
    lesson_id: int
    students: list[int]
    teacher: int
    contexts: list[BrowserContext]

    def page(self, user_id: int, size: dict[str, int], **options: object) -> Page:
        clear, hashed = tokens.new_token()
        with self.server.database.begin() as session:
            session.add(
                UserSession(user_id=user_id, token_hash=hashed, expires_at=clock.now() + timedelta(days=1))
            )
        context = self.browser.new_context(viewport=size, base_url=self.server.url, **options)  # type: ignore[arg-type]
        context.add_cookies(
            [{"name": "aada_session", "value": clear, "url": self.server.url, "httpOnly": True}]
        )
        self.contexts.append(context)
        return context.new_page()


@pytest.fixture
def stage(live_server: LiveServer, browser: Browser) -> Iterator[Stage]:
    with live_server.database.begin() as session:
        made = make_set(session, live_server.settings)
        made.hand_in(student=1)
        found = Stage(
            live_server,
            browser,
            made.lesson.id,
            [one.user_id for one in made.enrollments],
            made.teacher.id,
            [],
        )
    yield found
    for context in found.contexts:
        context.close()


def assert_fits(page: Page) -> None:
    """Nothing is wider than the screen, and what is touched is large enough."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    small = page.locator("main a.btn, main button, main .level, main .hand-in-file").evaluate_all(
        "all => all.filter(one => one.offsetParent).map(one => [one.textContent.trim(), one.offsetHeight])"
    )
    assert [one for one in small if one[1] < TOUCH] == []


def test_a_photo_is_handed_in_graded_and_read(stage: Stage) -> None:
    phone = stage.page(stage.students[0], PHONE, has_touch=True)
    phone.goto("/learn")
    phone.get_by_role("link", name="Tray setup", exact=True).click()
    expect(phone.get_by_text("There is no due date.")).to_be_visible()
    assert_accessible(phone)
    assert_fits(phone)
    phone.get_by_label("Files or photos").set_input_files(
        [
            {"name": "setup.exe", "mimeType": "application/octet-stream", "buffer": b"MZ" + bytes(90)},
        ]
    )
    phone.get_by_role("button", name="Hand in").click()
    expect(phone.get_by_text("“setup.exe” is a program").first).to_be_visible()
    phone.get_by_label("Files or photos").set_input_files(
        [{"name": "IMG_0042.jpg", "mimeType": "image/jpeg", "buffer": picture()}]
    )
    expect(phone.get_by_text("1 chosen, 0.0 MB.")).to_be_visible()
    phone.get_by_role("button", name="Hand in").click()
    expect(phone.get_by_role("heading", name="Receipt: hand-in 1")).to_be_visible()
    expect(phone.get_by_role("link", name="IMG_0042.jpg")).to_be_visible()
    assert_accessible(phone)
    assert_fits(phone)

    tablet = stage.page(stage.teacher, TABLET, has_touch=True)
    tablet.goto("/")
    expect(tablet.get_by_text("Assignments to grade").first).to_be_visible()
    tablet.goto("/assignments")
    assert_accessible(tablet)
    tablet.get_by_role("link", name="Tray setup").click()
    assert_accessible(tablet)
    assert_fits(tablet)
    tablet.get_by_role("link", name="Ana Alvarez", exact=True).click()
    shown = tablet.get_by_alt_text("IMG_0042.jpg")
    expect(shown).to_be_visible()
    assert shown.evaluate("one => one.decode().then(() => one.naturalWidth)") == 64
    assert_accessible(tablet)
    assert_fits(tablet)
    # The rubric by keyboard alone.
    tablet.get_by_role("radio", name="Poor 0").focus()
    tablet.keyboard.press("3")
    tablet.keyboard.press("2")
    expect(tablet.get_by_text("4 of 4 points.")).to_be_visible()
    expect(tablet.get_by_label("Comment for the student")).to_be_focused()
    tablet.keyboard.type("Clean and complete.")
    tablet.get_by_label("Let the student see it now").check()
    tablet.get_by_role("button", name="Save and next").click()
    expect(tablet.get_by_role("heading", name="Bea Brown")).to_be_visible()
    tablet.get_by_role("link", name=re.compile("Previous.*Ana Alvarez")).click()
    expect(tablet.get_by_text("Released").first).to_be_visible()
    assert_accessible(tablet)

    phone.reload()
    expect(phone.get_by_text("Graded: 100%, passed")).to_be_visible()
    expect(phone.get_by_text("Clean and complete.")).to_be_visible()
    assert_accessible(phone)
    assert_fits(phone)
    phone.goto("/learn")
    expect(phone.get_by_text("100%").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_who_sets_it(stage: Stage, scheme: str) -> None:
    page = stage.page(stage.teacher, PHONE, color_scheme=scheme)
    page.goto(f"/lessons/{stage.lesson_id}")
    page.get_by_role("link", name="Assignment", exact=True).click()
    expect(page.get_by_role("heading", name="Due dates")).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_label("Day", exact=True).fill("2027-05-04")
    page.get_by_role("button", name="Set the date of").click()
    expect(page.get_by_text("Due May 4, 2027")).to_be_visible()
    page.goto(f"/lessons/{stage.lesson_id}/hand-ins")
    page.get_by_role("link", name="More time for Ana Alvarez").click()
    page.get_by_label("Hands in until").fill("2027-05-09")
    page.get_by_label("Reason").fill("A longer deadline was agreed")
    assert_accessible(page)
    page.get_by_role("button", name="Allow it").click()
    expect(page.get_by_text("has more time or tries")).to_be_visible()
