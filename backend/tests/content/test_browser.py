"""Lessons played in a real Chromium, on two real hosts."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, FrameLocator, Page, expect
from sqlalchemy import select

from app.content import service
from app.core import clock, tokens
from app.db.models import Enrollment, LessonCompletion, ScormData, User, UserSession
from tests.browser.axe import assert_accessible
from tests.conftest import LiveServer
from tests.content.conftest import School, make_school, subject_of
from tests.factories.packages import COURSE_PAGE, COURSE_SCRIPT, Sco, course

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


@dataclass
class Stage:
    """A served school with one lesson, and windows of people in it."""

    server: LiveServer
    browser: Browser
    ids: dict[str, int]
    contexts: list[BrowserContext]

    def upload(self, package: bytes) -> None:
        with self.server.database.begin() as session:
            school = self._school(session)
            school.upload(package)

    def _school(self, session) -> School:  # type: ignore[no-untyped-def]
        from app.core.files import open_store
        from app.db.models import Lesson, Program

        return School(
            session,
            self.server.settings,
            open_store(self.server.settings),
            session.get(Program, self.ids["program"]),
            session.get(Lesson, self.ids["lesson"]),
            session.get(User, self.ids["student"]),
            session.get(User, self.ids["student"]),
            session.get(User, self.ids["instructor"]),
            session.get(Enrollment, self.ids["enrollment"]),
        )

    def page(self, who: str = "student", **options: object) -> Page:
        clear, hashed = tokens.new_token()
        with self.server.database.begin() as session:
            session.add(
                UserSession(
                    user_id=self.ids[who], token_hash=hashed, expires_at=clock.now() + timedelta(days=1)
                )
            )
        context = self.browser.new_context(viewport=PHONE, base_url=self.server.url, **options)  # type: ignore[arg-type]
        context.add_cookies(
            [{"name": "aada_session", "value": clear, "url": self.server.url, "httpOnly": True}]
        )
        self.contexts.append(context)
        return context.new_page()

    def open(self, page: Page) -> FrameLocator:
        page.goto(f"/learn/lessons/{self.ids['lesson']}")
        return course_in(page)

    def attempts(self) -> list[ScormData]:
        with self.server.database.begin() as session:
            return list(session.scalars(select(ScormData).order_by(ScormData.id)))

    def wait_for(self, check: Callable[[list[ScormData]], bool], page: Page) -> list[ScormData]:
        """Until what is on record satisfies the check; commits come from the browser in their own time."""
        for _ in range(100):
            attempts = self.attempts()
            if check(attempts):
                return attempts
            page.wait_for_timeout(100)
        pytest.fail(f"not on record: {[(a.cmi_core_lesson_status, a.location) for a in self.attempts()]}")

    def completions(self) -> list[LessonCompletion]:
        with self.server.database.begin() as session:
            return list(session.scalars(select(LessonCompletion)))


@pytest.fixture
def stage(live_server: LiveServer, browser: Browser) -> Iterator[Stage]:
    with live_server.database.begin() as session:
        school = make_school(session, live_server.settings)
        ids = {
            "program": school.program.id,
            "lesson": school.lesson.id,
            "student": school.student.id,
            "instructor": school.instructor.id,
            "enrollment": school.enrollment.id,
        }
    stage = Stage(live_server, browser, ids, [])
    yield stage
    for context in stage.contexts:
        context.close()


def course_in(page: Page) -> FrameLocator:
    return page.frame_locator("#player").frame_locator("#course")


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
    expect(page.locator("#lesson-status")).to_have_text("Completed · 90 %")
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
    (attempt,) = stage.wait_for(lambda found: bool(found[0].cmi_suspend_data), page)
    page.wait_for_timeout(500)
    (attempt,) = stage.attempts()
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


def test_a_hostile_course_sees_nothing_of_the_school(stage: Stage) -> None:
    script = """
    <!doctype html><p id=out></p><script>
    (async () => {
      const seen = { cookie: document.cookie };
      const attempt = async (name, act) => {
        try { seen[name] = String(await act()); } catch (e) { seen[name] = 'refused'; }
      };
      await attempt('dom', () => top.document.body.innerHTML);
      await attempt('storage', () => top.localStorage.length);
      await attempt('api', async () => (await fetch('APP/api/v1/lessons/1/result', {credentials: 'include'})).status);
      await attempt('image', () => new Promise((yes, no) => {
        const i = new Image(); i.onload = yes; i.onerror = no; i.src = 'APP/static/favicon.svg'; }));
      await attempt('post', async () => (await fetch('APP/api/v1/lessons/1/launches',
        {method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}'})).type);
      await attempt('away', () => { top.location = 'https://evil.example/'; return 'went'; });
      document.cookie = 'aada_session=stolen; path=/';
      await attempt('worker', () => navigator.serviceWorker.register('read.js'));
      document.getElementById('out').textContent = JSON.stringify(seen);
    })();
    </script>""".replace("APP", stage.server.url)
    stage.upload(course(Sco("a", "A", href="evil.html"), files={"evil.html": script, "read.js": "//"}))
    page = stage.page()
    out = stage.open(page).locator("#out")
    expect(out).not_to_be_empty()
    seen = json.loads(out.inner_text())
    assert seen["cookie"] == ""
    for name in ("dom", "storage", "api", "image", "post", "away", "worker"):
        assert seen[name] == "refused", f"{name}: {seen[name]}"
    assert page.url.startswith(stage.server.url)
    # Messages of the course itself are not the player's.
    frame = next(f for f in page.frames if "/files/" in f.url)
    frame.evaluate("() => top.postMessage({aada: 'finished'}, '*')")
    page.wait_for_timeout(300)
    expect(page.locator("#lesson-done")).to_be_hidden()


def test_a_session_that_is_over_offers_the_way_back(stage: Stage) -> None:
    stage.upload(course())
    page = stage.page()
    lesson = stage.open(page)
    lesson.get_by_role("button", name="Next page").click()
    stage.wait_for(lambda found: found[0].location == "2", page)
    with stage.server.database.begin() as session:
        from app.db.models import Launch

        for launch in session.scalars(select(Launch)):
            launch.expires_at = clock.now()
    lesson.get_by_role("button", name="Next page").click()
    player = page.frame_locator("#player")
    expect(player.locator("#over")).to_contain_text("saved step is kept")
    player.get_by_role("button", name="Open the lesson again").click()
    expect(lesson.locator("#entry")).to_have_text("resume")
    expect(lesson.locator("#page")).to_have_text("2")


def test_staff_upload_and_preview_without_a_record(stage: Stage, tmp_path: Path) -> None:
    page = stage.page("instructor")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"/lessons/{stage.ids['lesson']}/content")
    assert_accessible(page)
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"no zip")
    page.get_by_label("SCORM 1.2 package").set_input_files(bad)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("The file is not a zip.").first).to_be_visible()
    assert_accessible(page)
    good = tmp_path / "good.zip"
    good.write_bytes(course())
    page.get_by_label("SCORM 1.2 package").set_input_files(good)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("Version 1: Infection control")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Preview as a student").click()
    lesson = course_in(page)
    lesson.get_by_role("button", name="Finish").click()
    expect(page.locator("#lesson-done")).to_contain_text("Nothing was recorded")
    assert stage.attempts() == []


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
    expect(page.locator("#lesson-status")).to_have_text("Completed · 100 %")
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
    for name in ("Par?", "Keeping Score"):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("button", name=name)).to_have_attribute("aria-current", "true")
        expect(golf.locator("h1")).to_be_visible()
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
