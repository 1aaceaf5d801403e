"""Lessons played in a real Chromium, on two real hosts."""

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.db.models import Enrollment
from tests.browser.axe import assert_accessible
from tests.content.conftest import Stage
from tests.factories.packages import COURSE_SCRIPT, Sco, course

pytestmark = pytest.mark.browser


def test_answer_leave_resume_finish(stage: Stage) -> None:
    stage.upload(course())
    page = stage.page()
    lesson = stage.open(page)
    expect(lesson.locator("#entry")).to_have_text("ab-initio")
    expect(lesson.locator("#learner")).to_have_text("Lopez, Maria")
    assert_accessible(page)
    lesson.get_by_role("button", name="Next page").click()
    lesson.get_by_role("button", name="Next page").click()
    lesson.get_by_role("button", name="right").click()
    page.wait_for_timeout(1100)
    lesson.get_by_role("button", name="Continue later").click()
    expect(lesson.locator("#status")).to_have_text("true")
    (attempt,) = stage.attempts()
    assert (attempt.cmi_core_lesson_status, attempt.location, attempt.exit) == ("incomplete", "3", "suspend")
    assert attempt.cmi_core_score_raw == 90
    assert attempt.total_seconds >= 1
    assert stage.completions() == []

    page.close()
    page = stage.page()
    lesson = stage.open(page)
    expect(lesson.locator("#entry")).to_have_text("resume")
    expect(lesson.locator("#page")).to_have_text("3")
    lesson.get_by_role("button", name="Finish").click()
    expect(page.locator("#lesson-done")).to_contain_text("This lesson is completed.")
    expect(page.locator("#lesson-status")).to_have_text("Completed · 90%")
    assert_accessible(page)
    (attempt,) = stage.attempts()
    assert attempt.cmi_core_lesson_status == "completed"
    assert attempt.finished_at is not None
    (done,) = stage.completions()
    assert done.source == "content"
    with stage.server.database.begin() as session:
        assert session.scalars(select(Enrollment.progress_pct)).one() == 100


def test_what_was_not_finished_is_saved_when_the_window_closes(stage: Stage) -> None:
    stage.upload(course())
    page = stage.page()
    lesson = stage.open(page)
    lesson.get_by_role("button", name="Next page").click()
    # At once, before anything can have been saved in the background.
    page.close(run_before_unload=False)
    page = stage.page()
    page.goto("about:blank")
    stage.wait_for(lambda found: bool(found) and found[0].location == "2", page)
    lesson = stage.open(page)
    expect(lesson.locator("#entry")).to_have_text("resume")
    expect(lesson.locator("#page")).to_have_text("2")


def test_it_is_saved_when_the_student_goes_to_another_page(stage: Stage) -> None:
    stage.upload(course())
    page = stage.page()
    stage.open(page).get_by_role("button", name="Next page").click()
    page.goto("about:blank")
    stage.wait_for(lambda found: found[0].location == "2", page)


FINISHES_ON_UNLOAD = (
    COURSE_SCRIPT
    + """
window.addEventListener('EVENT', () => {
  api.LMSSetValue('cmi.suspend_data', (new URLSearchParams(location.search).get('fill') || 'x').repeat(60000));
  api.LMSSetValue('cmi.core.exit', 'suspend');
  api.LMSFinish('');
});
"""
)


@pytest.mark.parametrize("event", ["unload", "pagehide", "beforeunload"])
@pytest.mark.parametrize("character", ["x", "歯"])
def test_sixty_thousand_characters_set_while_leaving_are_kept(
    stage: Stage, character: str, event: str
) -> None:
    files = {"shared/api.js": FINISHES_ON_UNLOAD.replace("EVENT", event)}
    stage.upload(course(Sco("a", "A", parameters=f"?fill={character}"), files=files))
    page = stage.page()
    lesson = stage.open(page)
    expect(lesson.locator("#entry")).to_have_text("ab-initio")
    page.get_by_role("link", name=re.compile("Leave lesson")).click()
    page.wait_for_url("**/learn")
    (attempt,) = stage.attempts()
    assert attempt.cmi_suspend_data == character * 60_000
    assert attempt.exit == "suspend"


@pytest.mark.parametrize("event", ["unload", "pagehide", "beforeunload"])
def test_a_course_that_ends_while_the_window_is_left_is_ended(stage: Stage, event: str) -> None:
    stage.upload(course(files={"shared/api.js": FINISHES_ON_UNLOAD.replace("EVENT", event)}))
    page = stage.page()
    lesson = stage.open(page)
    lesson.get_by_role("button", name="Next page").click()
    page.goto("about:blank")
    (attempt,) = stage.wait_for(lambda found: found[0].exit == "suspend", page)
    assert (attempt.location, attempt.exit) == ("2", "suspend")
    assert attempt.cmi_suspend_data == "x" * 60_000


def test_sixty_four_thousand_two_byte_characters_survive_terminate(stage: Stage) -> None:
    stage.upload(course())
    page = stage.page()
    lesson = stage.open(page)
    expect(lesson.locator("#entry")).to_have_text("ab-initio")
    frame = next(f for f in page.frames if "/files/" in f.url)
    answers = frame.evaluate(
        """() => [api.LMSSetValue('cmi.suspend_data', 'é'.repeat(64000)),
                  api.LMSSetValue('cmi.core.exit', 'suspend'), api.LMSFinish('')]"""
    )
    assert answers == ["true", "true", "true"]
    assert stage.attempts()[0].cmi_suspend_data == "é" * 64_000
    lesson = stage.open(page)
    expect(lesson.locator("#notes")).to_have_text("64000")


def test_a_dead_network_is_said_and_made_good(stage: Stage) -> None:
    stage.upload(course())
    page = stage.page()
    lesson = stage.open(page)
    expect(lesson.locator("#entry")).to_have_text("ab-initio")
    page.context.set_offline(True)
    lesson.get_by_role("button", name="Next page").click()
    trouble = page.frame_locator("#player").locator("#trouble")
    expect(trouble).to_contain_text("Not saved")
    lesson.get_by_role("button", name="Next page").click()
    frame = next(f for f in page.frames if "/files/" in f.url)
    assert frame.evaluate("() => String(api.LMSCommit(''))") == "false", "not saved is not called saved"
    assert stage.attempts()[0].location is None
    page.context.set_offline(False)
    expect(trouble).to_be_hidden()
    stage.wait_for(lambda found: found[0].location == "3", page)


def test_a_finish_that_failed_is_sent_again(stage: Stage) -> None:
    stage.upload(course())
    page = stage.page()
    lesson = stage.open(page)
    lesson.get_by_role("button", name="right").click()
    page.route("**/commit", lambda route: route.abort())
    lesson.get_by_role("button", name="Finish").click()
    expect(page.frame_locator("#player").locator("#trouble")).to_be_visible()
    assert stage.completions() == []
    page.unroute("**/commit")
    stage.wait_for(lambda found: found[0].finished_at is not None, page)
    assert len(stage.completions()) == 1


def test_a_lesson_of_several_parts(stage: Stage) -> None:
    stage.upload(course(Sco("a", "First part"), Sco("b", "Second part")))
    page = stage.page()
    lesson = stage.open(page)
    lesson.get_by_role("button", name="Finish").click()
    expect(page.locator("#lesson-status")).to_have_text("1 of 2 completed")
    page.get_by_role("button", name="Next: Second part").click()
    expect(lesson.locator("#entry")).to_have_text("ab-initio")
    page.get_by_role("button", name="Parts").click()
    expect(page.get_by_role("button", name="Second part")).to_have_attribute("aria-current", "true")
    assert_accessible(page)
    page.keyboard.press("Escape")
    lesson.get_by_role("button", name="Finish").click()
    expect(page.locator("#lesson-status")).to_have_text("Completed")
    assert [(a.sco_id, a.cmi_core_lesson_status) for a in stage.attempts()] == [
        ("a", "completed"),
        ("b", "completed"),
    ]


def test_changing_the_part_saves_the_one_left(stage: Stage) -> None:
    stage.upload(course(Sco("a", "First part"), Sco("b", "Second part")))
    page = stage.page()
    page.set_viewport_size({"width": 1280, "height": 800})
    lesson = stage.open(page)
    lesson.get_by_role("button", name="Next page").click()
    page.get_by_role("button", name="Second part").click()
    expect(page.get_by_role("button", name="Second part")).to_have_attribute("aria-current", "true")
    expect(lesson.locator("#page")).to_have_text("1")
    assert stage.attempts()[0].location == "2"
    assert_accessible(page)


def test_a_plain_page_is_done_when_it_was_opened(stage: Stage) -> None:
    stage.upload(
        course(Sco("a", "To read", scorm_type="asset", href="read.html"), files={"read.html": "<p>Read"})
    )
    page = stage.page()
    expect(stage.open(page).locator("p")).to_have_text("Read")
    expect(page.locator("#lesson-status")).to_have_text("Completed")
