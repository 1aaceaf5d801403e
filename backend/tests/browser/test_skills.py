"""Check-offs in a real Chromium: a class checked off by touch on a tablet, and the student's phone."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import select

from app.core import clock
from app.db.models import SkillAttempt, User
from tests.browser.conftest import Seen
from tests.conftest import LiveServer
from tests.factories import skills as given
from tests.factories.school import School

pytestmark = pytest.mark.browser
ZONE = ZoneInfo("America/New_York")
SKILL = "Expose a bitewing radiograph"
SignIn = Callable[[User], None]
VIEWS = {"phone": ((390, 844), "dark"), "tablet": ((820, 1180), "light")}


@pytest.fixture(params=VIEWS)
def page(request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Both with touch; no script may have failed."""
    (width, height), theme = VIEWS[request.param]
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
        has_touch=True,
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert [text for text in complaints if "status of 4" not in text] == []


class Room:
    """A class of two with a list of one skill."""

    def __init__(self, live_server: LiveServer) -> None:
        self.database = live_server.database
        with self.database.begin() as session:
            school = School(session)
            self.teacher, program = school.instructor(full_name="Tess Carter"), school.program()
            self.students = [school.student(full_name=name) for name in ("Ana Alvarez", "Bea Brown")]
            self.admin = school.admin()
            today = clock.today(ZONE)
            record = school.school_class(
                program,
                code="DA-M",
                teacher=self.teacher,
                students=[
                    school.enrollment(one, program, enrolled_at=today - timedelta(days=60))
                    for one in self.students
                ],
                starts_on=today - timedelta(days=60),
                ends_on=today + timedelta(days=60),
            )
            given.skill(session, program.id)
            self.class_id, self.program_id = record.id, program.id

    def outcomes(self) -> list[tuple[bool, bool, bool]]:
        """Passed, with a photo, with a drawn signature; in the order they were recorded."""
        with self.database.begin() as session:
            rows = session.scalars(select(SkillAttempt).order_by(SkillAttempt.id))
            return [(one.passed, bool(one.photo_sha256), bool(one.signature_sha256)) for one in rows]


def radio(page: Page, criterion: int, level: str) -> Locator:
    """A level of a criterion, from 0."""
    return page.locator(".criterion").nth(criterion).get_by_role("radio", name=re.compile(f"^{level}"))


def tap(page: Page, *levels: str) -> None:
    """One level of each criterion, by touch."""
    for place, level in enumerate(levels):
        radio(page, place, level).tap()


def test_a_class_is_checked_off_by_touch_and_the_student_sees_it(
    page: Page, seen: Seen, live_server: LiveServer, signed_in_as: SignIn
) -> None:
    room = Room(live_server)
    signed_in_as(room.teacher)
    page.goto("/check-offs")
    seen("check-offs")
    page.get_by_role("link", name="DA-M").tap()
    expect(page.get_by_role("heading", name="Check-offs of DA-M")).to_be_visible()
    seen("check-offs-of-a-class")
    with page.expect_navigation():
        page.get_by_role("link", name=re.compile(f"^{SKILL}")).locator("visible=true").tap()
    seen("check-offs-of-a-skill")
    page.get_by_role("link", name=re.compile("Ana Alvarez")).tap()
    # Everything but a critical step.
    tap(page, "Not done", "Alone", "Done", "Done")
    expect(page.get_by_role("status")).to_have_text("4 of 5 points: not passed, a critical step was missed.")
    seen("check-off")
    radio(page, 0, "Done").tap()
    expect(page.get_by_role("status")).to_have_text("5 of 5 points: passed.")
    page.get_by_label("Note for the student").fill("Steady hand")
    page.get_by_label("Evidence photo").set_input_files(
        {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": given.picture()}
    )
    box = page.locator("canvas")
    box.scroll_into_view_if_needed()
    place = box.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 30, place["y"] + 80)
    page.mouse.down()
    page.mouse.move(place["x"] + 150, place["y"] + 30, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="Save and go to Bea Brown").tap()
    expect(page.get_by_role("heading", name="Bea Brown")).to_be_visible()
    # By keyboard, without signing: the page says what is missing, and keeps what was chosen.
    for place_of, level in enumerate(("Done", "Wrong", "Done", "Not done")):
        radio(page, place_of, level).press("Space")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Sign in the box, or check the confirmation below it.")
    expect(page.get_by_role("status")).to_contain_text("2 of 5 points: not passed")
    page.get_by_label(re.compile("I, Tess Carter, observed")).press("Space")
    page.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(page.get_by_role("link", name=re.compile("Ana Alvarez"))).to_contain_text("Passed")
    expect(page.get_by_role("link", name=re.compile("Bea Brown"))).to_contain_text("Attempted")
    assert room.outcomes() == [(True, True, True), (False, False, False)]
    page.goto("/skills")
    seen("skills-by-student")
    page.goto("/skills/attempts")
    seen("skill-attempts")
    page.get_by_role("link", name=SKILL).first.tap()
    page.get_by_label("Reason").fill("Rated too strictly")
    seen("skill-attempt-to-void")
    page.get_by_role("button", name="Void the attempt").tap()
    expect(page.get_by_text("Voided: this attempt does not count")).to_be_visible()

    signed_in_as(room.students[0])
    page.goto("/grades")
    expect(page.get_by_text("1 of 1 passed").first).to_be_visible()
    page.get_by_role("link", name="See the skills and attempts").tap()
    expect(page.get_by_text("Steady hand")).to_be_visible()
    seen("skills-of-a-student")
    page.get_by_role("link", name=re.compile("5 of 5 points")).tap()
    photo = page.get_by_role("img", name="Evidence photo of the attempt")
    expect(photo).to_be_visible()
    assert photo.evaluate("image => image.decode().then(() => image.naturalWidth)") == 64
    seen("skill-attempt")

    signed_in_as(room.admin)
    page.goto(f"/skills/lists/{room.program_id}")
    seen("skill-list")
    with page.expect_navigation():
        page.get_by_role("link", name=SKILL).tap()
    seen("skill")
    with page.expect_navigation():
        page.get_by_role("link", name="Change").tap()
    seen("skill-form")
