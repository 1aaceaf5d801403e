"""An exported lesson opened from a folder, without network and learning system, and in one that has little to offer."""

import json
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.content.authoring.schemas import PoolIn, Quiz
from app.db.models import ContentType
from tests.browser.axe import assert_accessible
from tests.content.authoring.conftest import add_file, picture, publish
from tests.content.conftest import School
from tests.content.exports.conftest import every_kind, exported

pytestmark = pytest.mark.browser
TEXT = "# Wash\n\n![Wet hands](hands.png)\n\nWater."
RUN_TIME = """
window.kept = JSON.parse(localStorage.kept ?? '{}');
window.refusing = false;
window.API = {
  LMSInitialize: () => 'true', LMSGetLastError: () => '0',
  LMSGetValue: name => kept[name] ?? '',
  LMSSetValue: (name, value) => {
    if (name.startsWith('cmi.interactions')) return 'false';
    kept[name] = value;
    return 'true';
  },
  LMSCommit: () => { if (refusing) return 'false'; localStorage.kept = JSON.stringify(kept); return 'true'; },
  LMSFinish: () => { kept.finished = 'yes'; localStorage.kept = JSON.stringify(kept); return 'true'; },
};
"""
"""A learning system that keeps no interactions."""


@pytest.fixture
def opened(school: School, browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """`opened(run_time, **rules)`: the SCORM 1.2 export of a lesson, from a folder, in a phone's width."""
    contexts = []

    def make(run_time: str = "", **rules: object) -> Page:
        school.lesson.content_type = ContentType.DOCUMENT
        school.session.flush()
        add_file(school, "hands.png", picture())
        pools = [PoolIn(draw=2, questions=[one.question_id for one in every_kind(school)])]
        publish(school, TEXT, Quiz(pools=pools, **rules))  # type: ignore[arg-type]
        with zipfile.ZipFile(BytesIO(exported(school, "scorm12"))) as package:
            package.extractall(tmp_path / "lesson")
        context = browser.new_context(viewport={"width": 390, "height": 844}, offline=True)
        contexts.append(context)
        if run_time:
            context.add_init_script(run_time)
        page = context.new_page()
        page.goto((tmp_path / "lesson" / "index.html").as_uri())
        return page

    yield make
    for context in contexts:
        context.close()


def test_it_plays_from_a_folder_and_says_that_nothing_is_kept(opened: Callable[..., Page]) -> None:
    page = opened(feedback="question")
    expect(page.locator("#note")).to_contain_text("not connected to a learning system")
    assert page.get_by_role("img", name="Wet hands").evaluate("one => one.naturalWidth") == 40
    assert_accessible(page)
    page.get_by_role("button", name="Start the quiz").click()
    expect(page.locator(".question")).to_have_count(2)
    first = page.locator("#question-1")
    field = first.locator(
        "input[type=text], select, input[type=radio], input[type=checkbox], .steps button"
    ).first
    expect(field).to_be_visible()
    if first.locator("select").count():
        first.locator("select").first.select_option(index=1)
    elif first.locator("input[type=text]").count():
        first.locator("input[type=text]").fill("1")
    elif first.locator(".steps").count():
        first.get_by_role("button", name="Move down").first.click()
    else:
        field.check()
    expect(first.locator(".state")).to_have_text("Saved.")
    first.get_by_role("button", name="Check this answer").click()
    expect(first.locator(".feedback")).to_be_visible()
    expect(field).to_be_disabled()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= 390")
    page.get_by_role("button", name="Submit the quiz").click()
    page.get_by_role("button", name="Submit now").click()
    expect(page.locator(".result summary")).to_contain_text("Attempt 1")


def test_a_refused_save_is_said_and_made_good(opened: Callable[..., Page]) -> None:
    page = opened(RUN_TIME, minutes=30)
    page.get_by_role("button", name="Start the quiz").click()
    expect(page.get_by_text("Time left: 29:")).to_be_visible()
    page.evaluate("refusing = true")
    page.get_by_role("button", name="Submit the quiz").click()
    page.get_by_role("button", name="Submit now").click()
    expect(page.locator("#quiz-trouble")).to_contain_text("did not save")
    page.evaluate("refusing = false")
    page.get_by_role("button", name="Submit now").click()
    expect(page.locator(".result summary")).to_contain_text("Attempt 1: 0% – Not passed")
    kept = json.loads(page.evaluate("localStorage.kept"))
    assert (kept["cmi.core.lesson_status"], kept["cmi.core.score.raw"]) == ("failed", "0")
    assert kept["cmi.core.exit"] == "suspend"
    assert len(kept["cmi.suspend_data"]) < 4096
    page.reload()
    expect(page.locator(".result summary")).to_contain_text("Attempt 1: 0% – Not passed")
    assert json.loads(page.evaluate("localStorage.kept"))["finished"] == "yes"


def test_time_goes_on_while_the_lesson_is_closed(opened: Callable[..., Page]) -> None:
    page = opened(RUN_TIME, minutes=1)
    page.get_by_role("button", name="Start the quiz").click()
    expect(page.get_by_text("Time left: 0:")).to_be_visible()
    page.evaluate(
        """() => {
          const state = JSON.parse(kept['cmi.suspend_data']);
          state.a[1] -= 120_000;
          kept['cmi.suspend_data'] = JSON.stringify(state);
          localStorage.kept = JSON.stringify(kept);
          const deaf = () => 'true'; // what is said while leaving is not heard
          Object.assign(API, { LMSSetValue: deaf, LMSCommit: deaf, LMSFinish: deaf });
        }"""
    )
    page.reload()
    expect(page.locator(".result summary")).to_contain_text("Attempt 1: 0% – Not passed")
    expect(page.get_by_text("It was submitted when the time was over.")).to_be_visible()
