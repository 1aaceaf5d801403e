"""PDFs in courses, films on other servers, and browsers that give a course no storage, in a real Chromium."""

import re
from datetime import date

import pytest
from playwright.sync_api import expect

from app.core.permissions import SYSTEM
from app.school import service as school
from tests.browser.axe import assert_accessible
from tests.content.conftest import NO_STORAGE, Stage
from tests.factories.packages import Sco, course
from tests.factories.pdfs import pdf

pytestmark = pytest.mark.browser

LINKS = """<!doctype html><title>Resources</title><h1>Resources</h1>
<p><a id="blank" href="docs/handout.pdf" target="_blank">In a tab</a> <a id="same" href="docs/handout.pdf">Here</a></p>
<iframe src="docs/handout.pdf" width="300" height="300" title="Handout"></iframe>
<embed id="old" src="docs/handout.pdf" type="application/pdf" width="300" height="300">
<script src="shared/api.js"></script><script>api.LMSInitialize('')</script>"""


def test_a_pdf_is_shown_wherever_a_course_has_it(stage: Stage) -> None:
    files = {"links.html": LINKS, "docs/handout.pdf": pdf("Rinse for twenty seconds", "Dry well")}
    stage.upload(course(Sco("a", "A", href="links.html"), files=files))
    page = stage.page()
    lesson = stage.open(page)
    text = lesson.frame_locator("iframe[title=Handout]").get_by_text("Rinse for twenty seconds")
    expect(text).to_be_attached()
    expect(lesson.frame_locator("iframe#old").get_by_text("Rinse for twenty seconds")).to_be_attached()
    with page.context.expect_page() as new:
        lesson.locator("#blank").click()
    expect(new.value.get_by_text("Rinse for twenty seconds")).to_be_attached()
    assert_accessible(new.value)
    new.value.close()
    lesson.locator("#same").click()
    expect(lesson.get_by_text("Rinse for twenty seconds")).to_be_attached()
    with page.expect_download() as download:
        lesson.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes() == files["docs/handout.pdf"]


def test_a_part_that_is_a_pdf_is_done_when_it_was_shown(stage: Stage) -> None:
    stage.upload(
        course(
            Sco("a", "To read", scorm_type="asset", href="read.pdf"),
            Sco("b", "Broken", scorm_type="asset", href="broken.pdf"),
            files={"read.pdf": pdf("Read me"), "broken.pdf": b"no PDF at all"},
        )
    )
    page = stage.page()
    page.set_viewport_size({"width": 1280, "height": 800})
    lesson = stage.open(page)
    expect(lesson.get_by_text("Read me")).to_be_attached()
    expect(page.locator("#lesson-status")).to_have_text("1 of 2 completed")
    page.get_by_role("button", name="not attempted Broken").click()
    expect(lesson.locator("#status")).to_contain_text("cannot be shown")
    page.wait_for_timeout(300)
    assert [a.cmi_core_lesson_status for a in stage.attempts()] == ["completed", "not attempted"]


def test_what_is_on_another_server_is_said_and_may_be_allowed(stage: Stage) -> None:
    film = '<h1>Film</h1><iframe src="https://films.example.net/1" title="Film"></iframe>'
    stage.upload(course(Sco("a", "A", href="film.html"), files={"film.html": film}))
    page = stage.page()
    page.route(
        "https://films.example.net/**",
        lambda route: route.fulfill(body="<p>A film</p>", content_type="text/html"),
    )
    lesson = stage.open(page)
    said = page.frame_locator("#player").locator("#outside")
    expect(said).to_contain_text("comes from films.example.net, which your school has not allowed")
    with stage.server.database.begin() as session:
        school.policies.add(
            session,
            SYSTEM,
            school.PolicyKind.LESSON_CONTENT,
            effective_from=date(2026, 1, 1),
            values={"outside_hosts": ["https://Films.example.net/1"]},
            approved_by="Director",
            today=date(2026, 11, 26),
        )
    lesson = stage.open(page)
    expect(lesson.frame_locator("iframe").get_by_text("A film")).to_be_visible()
    expect(said).to_be_hidden()


def test_a_course_has_a_storage_also_where_the_browser_gives_it_none(stage: Stage) -> None:
    keeps = """<!doctype html><html><head><script>
      localStorage.setItem('page', '4'); localStorage.other = 'x'; sessionStorage.setItem('s', '1');
    </script></head><body><p id="out"></p><script>
      document.getElementById('out').textContent =
        [localStorage.getItem('page'), localStorage.other, localStorage.length, Object.keys(localStorage)].join(' ');
    </script><a href="next.html">Next</a></body></html>"""
    reads = "<p id='out'></p><script>document.getElementById('out').textContent = localStorage.getItem('page')</script>"
    stage.upload(course(Sco("a", "A", href="keeps.html"), files={"keeps.html": keeps, "next.html": reads}))
    page = stage.page()
    page.add_init_script(NO_STORAGE)
    lesson = stage.open(page)
    expect(lesson.locator("#out")).to_have_text("4 x 2 page,other")
    lesson.get_by_role("link", name="Next").click()
    expect(lesson.locator("#out")).to_have_text("4")
    assert any(re.search(r"/kept/files/", frame.url) for frame in page.frames)
