"""A student watches a film, listens to a recording and reads a document, in a real Chromium."""

import io

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from app.content import service
from app.db.models import ContentType
from tests.browser.axe import assert_accessible
from tests.content.conftest import Stage, subject_of
from tests.factories.media import captions, media
from tests.factories.pdfs import pdf

pytestmark = pytest.mark.browser

WORDS = captions(
    (0.5, 3, "Wet your hands."), (3, 6, "Lather."), (6, 9, "Scrub for twenty seconds."), (9, 11.8, "Rinse.")
)
CHAPTERS = captions((0, 6, "Before"), (6, 12, "After"))


def put(stage: Stage, kind: str, name: str, data: bytes, *beside: tuple[str, bytes]) -> None:
    with stage.server.database.begin() as session:
        school = stage._school(session)
        school.lesson.content_type = ContentType(kind)
        session.flush()
        service.import_package(
            session,
            subject_of(school.instructor),
            school.files,
            school.lesson.id,
            io.BytesIO(data),
            file_name=name,
            max_bytes=10**9,
            beside=[(other, io.BytesIO(content)) for other, content in beside],
        )


def opened(stage: Stage, page: Page) -> FrameLocator:
    page.goto(f"/learn/lessons/{stage.ids['lesson']}")
    return page.frame_locator("#player")


def line(lesson: FrameLocator, text: str) -> Locator:
    """A line of the transcript or the chapters."""
    return lesson.locator(".side button", has_text=text)


def test_a_film_is_watched_left_resumed_and_completed(stage: Stage) -> None:
    put(
        stage, "video", "film.mp4", media("film.mp4"), ("film.en.vtt", WORDS), ("film.chapters.vtt", CHAPTERS)
    )
    page = stage.page()
    lesson = opened(stage, page)
    expect(line(lesson, "Scrub for twenty seconds.")).to_be_visible()
    expect(line(lesson, "After")).to_be_visible()
    assert_accessible(page)
    sizes = lesson.locator("button, select, input").evaluate_all(
        "all => all.filter(one => one.offsetParent).map(one => [one.id, one.offsetHeight])"
    )
    assert [one for one in sizes if one[1] < 44] == []
    # Jumping to the end is not watching.
    line(lesson, "Rinse.").click()
    expect(lesson.locator("#time")).to_contain_text("0:09")
    expect(lesson.locator("#progress")).to_have_text("0% watched.")
    line(lesson, "Before").click()
    lesson.get_by_label("Speed").select_option("2")
    lesson.locator("#film").focus()
    page.keyboard.press("k")
    expect(lesson.get_by_role("button", name="Pause")).to_be_visible()
    stage.wait_for(lambda rows: any(row.cmi.get("seen") for row in rows), page)
    film = lesson.locator("#film")
    while film.evaluate("film => film.currentTime") < 4:
        page.wait_for_timeout(100)
    # However far it has come meanwhile: it is stopped, and set back to a place that was played.
    film.evaluate("film => { film.pause(); film.currentTime = 3.5 }")
    expect(lesson.get_by_role("button", name="Play", exact=True)).to_be_visible()
    left_at = 3_500
    stage.wait_for(
        lambda rows: rows[0].cmi["seen"][-1][1] > left_at and rows[0].cmi["place"] == left_at, page
    )
    # The tab is killed: what was acknowledged is there, and the film goes on where it was left.
    page.close()
    page = stage.contexts[0].new_page()
    lesson = opened(stage, page)
    expect(lesson.locator("#resumed")).to_contain_text("Continues at 0:0")
    assert abs(lesson.locator("#film").evaluate("film => film.currentTime * 1000") - left_at) < 300
    expect(lesson.get_by_label("Speed")).to_have_value("2")
    lesson.get_by_role("button", name="Play", exact=True).click()
    expect(lesson.locator("#progress")).to_contain_text("Completed.", timeout=20_000)
    expect(page.locator("#lesson-status")).to_contain_text("Completed")
    (attempt,) = stage.attempts()
    assert attempt.cmi_core_lesson_status == "completed"
    assert 3 <= attempt.total_seconds <= 12
    assert len(stage.completions()) == 1


def test_a_recording_is_heard_to_its_end(stage: Stage) -> None:
    put(stage, "video", "talk.mp3", media("talk.mp3"))
    page = stage.page()
    lesson = opened(stage, page)
    lesson.get_by_label("Speed").select_option("2")
    lesson.get_by_role("button", name="Play", exact=True).click()
    expect(lesson.locator("#progress")).to_have_text("Completed. 100% listened to.", timeout=20_000)
    expect(page.locator("#lesson-done")).to_contain_text("This lesson is completed.")
    assert_accessible(page)
    assert stage.attempts()[0].cmi_core_lesson_status == "completed"


def test_a_page_in_a_tab_that_was_hidden_is_read_once_the_tab_is_looked_at(stage: Stage) -> None:
    put(stage, "document", "read.pdf", pdf("The only page"))
    page = stage.page()
    page.add_init_script(
        "Object.defineProperty(Document.prototype, 'visibilityState',"
        " { get: () => self.isLookedAt ? 'visible' : 'hidden' })"
    )
    lesson = opened(stage, page)
    expect(lesson.frame_locator("#course").get_by_text("The only page")).to_be_attached()
    page.wait_for_timeout(2_500)
    expect(lesson.locator("#progress")).to_have_text("0 of 1 page read.")
    for frame in page.frames:
        frame.evaluate("self.isLookedAt = true; document.dispatchEvent(new Event('visibilitychange'))")
    expect(lesson.locator("#progress")).to_have_text("Completed. 1 of 1 page read.", timeout=15_000)
    # Each page and each percent would be read aloud; that it is done is said once.
    expect(lesson.locator("[role=status]", has_text="Completed.")).to_have_text("Completed.")


def test_a_document_is_read_page_by_page_and_opens_where_it_was_left(stage: Stage) -> None:
    put(stage, "document", "read.pdf", pdf("First page", "Second page", "Third page"))
    page = stage.page()
    page.set_viewport_size({"width": 1280, "height": 800})
    lesson = opened(stage, page)
    viewer = lesson.frame_locator("#course")
    expect(viewer.get_by_text("First page")).to_be_attached()
    expect(lesson.locator("#progress")).to_have_text("1 of 3 pages read.", timeout=15_000)
    lesson.get_by_role("button", name="Next page to read").click()
    expect(lesson.locator("#progress")).to_have_text("2 of 3 pages read.", timeout=15_000)
    stage.wait_for(lambda rows: rows[0].cmi.get("seen") == [[0, 2_000]], page)
    page.close()
    page = stage.contexts[0].new_page()
    page.set_viewport_size({"width": 1280, "height": 800})
    lesson = opened(stage, page)
    expect(lesson.locator("#progress")).to_contain_text("2 of 3 pages read.")
    assert_accessible(page)
    expect(lesson.frame_locator("#course").locator("#number")).to_have_value("2")
    lesson.get_by_role("button", name="Next page to read").click()
    expect(lesson.locator("#progress")).to_have_text("Completed. 3 of 3 pages read.", timeout=15_000)
    expect(lesson.get_by_role("button", name="Next page to read")).to_be_hidden()
    assert len(stage.completions()) == 1
