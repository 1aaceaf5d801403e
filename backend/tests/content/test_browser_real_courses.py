"""Real courses played in a real Chromium, on two real hosts."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, expect

from app.content import service
from app.db.models import User
from tests.content.conftest import Stage, subject_of
from tests.factories.packages import COURSE_PAGE, Sco, course

pytestmark = pytest.mark.browser


def test_the_real_golf_course(stage: Stage, samples: Path) -> None:
    stage.upload((samples / "scorm12" / "golf-basic.zip").read_bytes())
    page = stage.page()
    questions: list[str] = []

    def agree(dialog: Dialog) -> None:
        questions.append(dialog.message)
        dialog.accept()

    page.on("dialog", agree)
    golf = stage.open(page)
    shown = golf.frame_locator("#contentFrame").locator("body")
    expect(shown).to_contain_text("Golf")
    for _ in range(5):
        golf.get_by_role("button", name="Next").click()
    expect(golf.frame_locator("#contentFrame").locator("h1")).to_have_text("Etiquette - Care For the Course")
    page.wait_for_timeout(1000)
    page.get_by_role("link", name=re.compile("Leave lesson")).click()
    page.wait_for_url("**/learn")
    (attempt,) = stage.attempts()
    assert (attempt.location, attempt.exit, attempt.cmi_core_lesson_status) == ("5", "suspend", "incomplete")
    first_session = attempt.total_seconds
    assert first_session >= 1

    golf = stage.open(page)
    expect(golf.frame_locator("#contentFrame").locator("h1")).to_have_text("Etiquette - Care For the Course")
    assert questions == ["Would you like to resume from where you previously left off?"]
    for _ in range(10):
        golf.get_by_role("button", name="Next").click()
    quiz = golf.frame_locator("#contentFrame")
    quiz.get_by_role("button", name="Submit Answers").wait_for()
    for choice in quiz.locator(".correctAnswer input[type=radio]").all():
        choice.check()
    for blank in quiz.locator(".correctAnswer:has(input[type=text])").all():
        blank.locator("input").fill(re.sub(r"\D", "", blank.inner_text()))
    quiz.get_by_role("button", name="Submit Answers").click()
    expect(quiz.locator("#test")).to_contain_text("Score: 100")
    page.wait_for_timeout(1000)
    golf.get_by_role("button", name="Exit").click()
    expect(page.locator("#lesson-status")).to_have_text("Completed · 100%")
    (attempt,) = stage.attempts()
    assert (attempt.cmi_core_lesson_status, attempt.cmi_core_score_raw) == ("passed", 100)
    assert attempt.total_seconds > first_session
    assert attempt.finished_at is not None
    assert stage.completions()[0].score_pct == 100


def test_the_real_course_that_only_begins_and_ends(stage: Stage, samples: Path) -> None:
    stage.upload((samples / "scorm12" / "golf-minimum-calls-multi-sco.zip").read_bytes())
    page = stage.page()
    page.set_viewport_size({"width": 1280, "height": 800})
    golf = stage.open(page)
    expect(golf.locator("h1")).to_contain_text("Play")
    loaded = "() => document.readyState == 'complete' || new Promise(done => addEventListener('load', () => done(1)))"
    # A part begins once its page has loaded: whoever goes on before that has not begun it.
    for name, heading in (("Par?", "Par"), ("Keeping Score", "Scoring")):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("button", name=name)).to_have_attribute("aria-current", "true")
        expect(golf.locator("h1")).to_have_text(heading)
        golf.locator(":root").evaluate(loaded)
    expect(page.locator("#lesson-status")).to_contain_text("2 of 9 completed")
    assert [a.cmi_core_lesson_status for a in stage.attempts()] == ["completed", "completed", "not attempted"]


def test_a_course_that_sets_nothing_is_completed_when_it_ends(stage: Stage) -> None:
    page_only = "<!doctype html><script src='shared/api.js'></script><p id=s></p><script>api.LMSInitialize('')</script>"
    stage.upload(course(Sco("a", "A", href="bare.html"), files={"bare.html": page_only}))
    page = stage.page()
    stage.open(page)
    page.wait_for_function("() => document.getElementById('lesson-status').textContent.includes('0 of 1')")
    page.frame_locator("#player").frame_locator("#course").locator("#s").wait_for(state="attached")
    frame = next(f for f in page.frames if "bare.html" in f.url)
    assert frame.evaluate("() => String(api.LMSFinish(''))") == "true"
    expect(page.locator("#lesson-status")).to_have_text("Completed")
    result = None
    with stage.server.database.begin() as session:
        student = session.get(User, stage.ids["student"])
        assert student is not None
        result = service.lesson_result(session, subject_of(student), stage.ids["lesson"])
    assert result.complete
    assert COURSE_PAGE
