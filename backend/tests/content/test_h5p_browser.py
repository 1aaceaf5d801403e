"""A student works through H5P content in a real Chromium; the content is a small one of our own."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Error, FrameLocator, Page, expect
from sqlalchemy import text

from app.db.models import ContentType
from tests.browser.axe import assert_accessible
from tests.content.conftest import NO_STORAGE, Stage
from tests.factories.h5p import h5p_content

pytestmark = pytest.mark.browser


@pytest.fixture
def lesson(stage: Stage) -> Stage:
    with stage.server.database.begin() as session:
        school = stage._school(session)
        school.lesson.content_type = ContentType.H5P
        session.flush()
        school.upload(h5p_content(), "hands.h5p")
    return stage


def opened(stage: Stage, page: Page) -> FrameLocator:
    page.goto(f"/learn/lessons/{stage.ids['lesson']}")
    return inside(page)


def until(page: Page, check: Callable[[], object]) -> None:
    for _ in range(100):
        if check():
            return
        page.wait_for_timeout(100)
    pytest.fail("did not happen")


def inside(page: Page) -> FrameLocator:
    return page.frame_locator("#player").frame_locator(".h5p-iframe")


def test_content_plays_is_left_goes_on_and_completes(lesson: Stage) -> None:
    page = lesson.page()
    content = opened(lesson, page)
    expect(content.get_by_role("heading", name="Twenty seconds with soap")).to_be_visible()
    lesson.wait_for(lambda rows: rows[0].cmi_core_lesson_status == "incomplete", page)
    content.locator("#next").click()
    content.locator("#next").click()
    content.locator("#part").click()
    lesson.wait_for(lambda rows: '\\"page\\":3' in (rows[0].cmi_suspend_data or ""), page)
    assert_accessible(page)
    # The tab is killed: what was acknowledged is there.
    page.close()
    page = lesson.contexts[0].new_page()
    content = opened(lesson, page)
    expect(content.locator("#page")).to_have_text("3")
    content.locator("#right").click()
    expect(page.locator("#lesson-status")).to_contain_text("Completed · 66.67%")
    expect(page.locator("#lesson-done")).to_contain_text("This lesson is completed.")
    (attempt,) = lesson.attempts()
    assert (attempt.cmi_core_lesson_status, attempt.attempt_no) == ("passed", 1)
    assert len(lesson.completions()) == 1
    with lesson.server.database.begin() as session:
        query = text(
            "SELECT args FROM procrastinate_jobs WHERE task_name = 'content.store_statements' ORDER BY id"
        )
        said = [one for (args,) in session.execute(query) for one in args["statements"]]
    verbs = [one["verb"]["id"].rpartition("/")[2] for one in said]
    assert sorted(verbs) == ["answered", "answered", "attempted", "attempted", "progressed", "progressed"]
    assert {one["actor"]["account"]["name"] for one in said} == {str(lesson.ids["student"])}
    # Nothing that is kept has the launch's token in it.
    assert "/p/" not in json.dumps(said)


def test_what_was_done_last_is_saved_when_the_student_leaves(lesson: Stage) -> None:
    page = lesson.page()
    content = opened(lesson, page)
    content.locator("#next").click()
    page.get_by_role("link", name="Leave lesson").click()
    page.wait_for_url("**/learn")
    assert '\\"page\\":2' in (lesson.attempts()[0].cmi_suspend_data or "")


def test_a_failed_try_is_said_and_the_next_launch_is_a_new_one(lesson: Stage) -> None:
    page = lesson.page()
    content = opened(lesson, page)
    content.locator("#next").click()
    content.locator("#wrong").click()
    expect(page.frame_locator("#player").locator("#again")).to_be_visible()
    expect(page.locator("#lesson-status")).to_contain_text("Not passed")
    content = opened(lesson, page)
    expect(content.locator("#page")).to_have_text("1")
    # Content from before there were statements says its result with an event.
    content.locator("#old").click()
    expect(page.locator("#lesson-status")).to_contain_text("Completed · 66.67%")
    assert [one.cmi_core_lesson_status for one in lesson.attempts()] == ["failed", "completed"]


def test_it_fits_a_phone_grows_with_its_content_and_fills_the_screen(lesson: Stage) -> None:
    page = lesson.page()
    content = opened(lesson, page)
    player = page.frame_locator("#player")
    frame = player.locator(".h5p-iframe")
    expect(content.locator("#taller")).to_be_visible()
    content.locator("#taller").click()
    until(page, lambda: frame.evaluate("one => one.offsetHeight") > 1_200)
    stage = player.locator("#h5p")
    assert stage.evaluate("one => one.scrollWidth <= one.clientWidth && one.scrollHeight > one.clientHeight")
    content.get_by_role("button", name="Fullscreen").click()
    until(page, lambda: stage.evaluate("() => Boolean(document.fullscreenElement)"))


def test_it_plays_where_the_browser_gives_it_no_storage(lesson: Stage) -> None:
    page = lesson.page()
    page.add_init_script(NO_STORAGE)
    content = opened(lesson, page)
    content.locator("#done").click()
    expect(page.locator("#lesson-status")).to_contain_text("Completed · 66.67%")


def test_without_a_connection_it_says_so_and_sends_again(lesson: Stage) -> None:
    page = lesson.page()
    content = opened(lesson, page)
    expect(content.locator("#done")).to_be_visible()
    lesson.wait_for(lambda rows: rows[0].cmi_core_lesson_status == "incomplete", page)
    page.context.set_offline(True)
    content.locator("#done").click()
    trouble = page.frame_locator("#player").locator("#trouble")
    expect(trouble).to_contain_text("Not saved")
    page.context.set_offline(False)
    expect(trouble).to_be_hidden(timeout=15_000)
    expect(page.locator("#lesson-status")).to_contain_text("Completed · 66.67%")
    assert len(lesson.completions()) == 1


def test_content_that_is_broken_says_what_to_do(stage: Stage) -> None:
    with stage.server.database.begin() as session:
        school = stage._school(session)
        school.lesson.content_type = ContentType.H5P
        session.flush()
        school.upload(h5p_content(**{"H5P.HandWash-1.0/hand.js": "throw new Error('broken');"}), "hands.h5p")
    page = stage.page()
    page.clock.install()
    page.goto(f"/learn/lessons/{stage.ids['lesson']}")
    player = page.frame_locator("#player")
    expect(player.locator("#h5p iframe")).to_be_attached()
    # The broken content fails in a timer of its own; one that is due only now stops the clock there.
    try:
        page.clock.fast_forward(40_000)
    except Error:
        page.clock.fast_forward(40_000)
    expect(player.get_by_role("alert")).to_contain_text("This lesson cannot be shown.")


def put(stage: Stage, data: bytes) -> None:
    with stage.server.database.begin() as session:
        school = stage._school(session)
        school.lesson.content_type = ContentType.H5P
        session.flush()
        school.upload(data, "content.h5p")


def test_a_real_true_or_false_question_is_answered_and_kept(stage: Stage, samples: Path) -> None:
    put(stage, (samples / "h5p" / "true-false.h5p").read_bytes())
    page = stage.page()
    content = opened(stage, page)
    content.get_by_role("radio").first.click()
    content.get_by_role("button", name="Check").click()
    stage.wait_for(lambda rows: rows[0].cmi_core_lesson_status in ("passed", "failed"), page)
    (attempt,) = stage.attempts()
    assert attempt.score_pct in (0, 100)
    content = opened(stage, page)
    expect(content.get_by_role("radio").first).to_be_visible()


def test_a_real_multiple_choice_question_goes_on_where_it_was_left(stage: Stage, samples: Path) -> None:
    put(stage, (samples / "h5p" / "multiple-choice.h5p").read_bytes())
    page = stage.page()
    content = opened(stage, page)
    first = content.locator(".h5p-answer").first
    first.click()
    expect(first).to_have_attribute("aria-checked", "true")
    stage.wait_for(
        lambda rows: re.search(r'answers\\":\[\d', rows[0].cmi_suspend_data or "") is not None, page
    )
    page.close()
    page = stage.contexts[0].new_page()
    content = opened(stage, page)
    expect(content.locator(".h5p-answer[aria-checked=true]")).to_have_count(1)
    content.get_by_role("button", name="Check").click()
    stage.wait_for(lambda rows: rows[0].cmi_core_lesson_status in ("passed", "failed", "completed"), page)
    assert stage.attempts()[0].score_pct is not None
