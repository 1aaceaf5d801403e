"""Exported lessons played in our own system, in a real Chromium: resumed after a kill, passed, and on record."""

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from app.core.permissions import Role
from app.db.models import ContentType, ScormData, User
from tests.browser.axe import assert_accessible
from tests.content.conftest import Stage
from tests.content.exports.conftest import exported, write_lesson

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
LONG = "# Wash\n\n![Wet hands](hands.png)\n\n" + "Wash your hands.\n\n" * 60


def stage_lesson(stage: Stage, standard: str, **rules: Any) -> None:
    """The stage's lesson is the export of a written one."""
    with stage.server.database.begin() as session:
        session.get_one(User, stage.ids["instructor"]).role = Role.ADMIN
        school = stage._school(session)
        write_lesson(school, text=LONG, shuffle_answers=False, **rules)
        package = exported(school, standard)
        school.lesson.content_type = ContentType.SCORM
        session.flush()
        school.upload(package)


def answer_wrong(lesson: FrameLocator) -> None:
    lesson.get_by_role("button", name="Start the quiz").or_(
        lesson.get_by_role("button", name="Take the quiz again")
    ).click()
    # What came of an earlier attempt stands on the page until the new one does.
    lesson.locator("#question-1").get_by_role("radio", name="Towel").check()
    lesson.locator("#question-5").get_by_label("Your answer, a number").fill("3")
    expect(lesson.locator("#question-5 .state")).to_have_text("Saved.")


def answer_right(lesson: FrameLocator) -> None:
    lesson.get_by_role("radio", name="Water").check()
    lesson.get_by_role("checkbox", name="Gloves").check()
    lesson.get_by_role("checkbox", name="Mask").check()
    for at, word in enumerate(["Wet", "Lather", "Scrub", "Rinse"]):
        for _ in range(4):
            words = lesson.locator("#question-3 .steps li > span").all_inner_texts()
            if words.index(word) <= at:
                break
            lesson.get_by_role("button", name=f"Move up: {word}").press("Enter")
    lesson.get_by_label("Autoclave").select_option(label="heat")
    lesson.get_by_label("Alcohol").select_option(label="cold")
    lesson.get_by_label("Your answer, a number").fill("20,1")
    lesson.locator(".picture img").click(position={"x": 5, "y": 5})
    for number in range(1, 7):
        expect(lesson.locator(f"#question-{number} .state")).to_have_text("Saved.")


def submit(lesson: FrameLocator) -> None:
    lesson.get_by_role("button", name="Submit the quiz").click()
    lesson.get_by_role("button", name="Submit now").click()
    expect(lesson.locator(".result summary").first).to_be_visible()


def read_to_end(lesson: FrameLocator) -> None:
    lesson.locator("#end").scroll_into_view_if_needed()


def is_passed(attempts: list[ScormData]) -> bool:
    return bool(attempts) and attempts[-1].cmi_core_lesson_status in ("passed", "completed")


@pytest.mark.parametrize("standard", ["scorm12", "scorm2004", "cmi5"])
def test_it_is_failed_killed_resumed_and_passed(stage: Stage, standard: str) -> None:
    stage_lesson(stage, standard, attempts=2)
    page = stage.page()
    errors: list[str] = []
    page.context.on("weberror", lambda found: errors.append(str(found.error)))
    lesson = stage.open(page)
    expect(lesson.get_by_role("heading", name="Wash", exact=True)).to_be_visible()
    expect(lesson.locator("#standing")).to_have_text("Read the text to its end to complete the lesson.")
    answer_wrong(lesson)
    assert_accessible(page)
    submit(lesson)
    expect(lesson.locator(".result summary")).to_have_text("Attempt 1: 0% – Not passed")
    expect(lesson.locator("#standing")).to_have_text("You have not passed the quiz yet.")
    if standard != "cmi5":  # there a session has one result, which is said at its end
        stage.wait_for(lambda found: bool(found) and found[-1].score_pct == 0, page)
    answer_wrong(lesson)
    page.close()  # in the middle of the second attempt

    page = stage.contexts[0].new_page()
    lesson = stage.open(page)
    expect(lesson.get_by_role("radio", name="Towel")).to_be_checked()
    expect(lesson.get_by_label("Your answer, a number")).to_have_value("3")
    answer_right(lesson)
    submit(lesson)
    # Everything but one pair of two: 5.5 of 6.
    expect(lesson.locator(".result summary").first).to_have_text("Attempt 2: 91.67% – Passed")
    expect(lesson.get_by_text("Partly right.")).to_be_visible()
    expect(lesson.get_by_role("button", name="Take the quiz again")).to_have_count(0)
    assert_accessible(page)
    read_to_end(lesson)
    expect(lesson.locator("#standing")).to_have_text("You have completed this lesson.", timeout=15_000)
    attempts = stage.wait_for(is_passed, page)
    assert attempts[-1].score_pct is not None
    assert Decimal("91.66") <= attempts[-1].score_pct <= Decimal("91.67")
    assert len(stage.completions()) == 1
    assert errors == []
    check_interactions(stage, standard, attempts[-1])
    narrow(page, lesson)


def test_cmi5_is_failed_and_passed_in_one_session(stage: Stage) -> None:
    """A session has one result: had “failed” been sent at once, “passed” would be refused."""
    stage_lesson(stage, "cmi5", attempts=2)
    page = stage.page()
    lesson = stage.open(page)
    answer_wrong(lesson)
    submit(lesson)
    lesson.get_by_role("button", name="Take the quiz again").click()
    answer_right(lesson)
    submit(lesson)
    read_to_end(lesson)
    expect(lesson.locator("#standing")).to_have_text("You have completed this lesson.", timeout=15_000)
    attempts = stage.wait_for(is_passed, page)
    assert attempts[-1].score_pct is not None
    assert attempts[-1].score_pct > 91
    assert len(stage.completions()) == 1


def narrow(page: Page, lesson: FrameLocator) -> None:
    wide = lesson.locator("html").evaluate("one => one.scrollWidth - one.clientWidth")
    assert wide == 0


def check_interactions(stage: Stage, standard: str, attempt: ScormData) -> None:
    if standard == "cmi5":
        return
    found = attempt.cmi["interactions"]
    found = list(found.values()) if isinstance(found, dict) else found
    assert len(found) == 12
    last = found[6:]
    answer = "student_response" if standard == "scorm12" else "learner_response"
    kinds = [one["type"] for one in last]
    assert kinds == ["choice", "choice", "sequencing", "matching", "numeric", "choice"]
    assert all(one[answer] for one in last), last
    assert [one["result"] for one in last] == ["correct", "correct", "correct", "0.5", "correct", "correct"]
    assert last[4][answer] == "20.1"
    if standard == "scorm2004":
        assert last[0][answer] == "Water"
        assert set(last[1][answer].split("[,]")) == {"Gloves", "Mask"}
