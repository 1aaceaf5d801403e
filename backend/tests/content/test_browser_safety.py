"""What a course in a real Chromium cannot reach, and what staff see."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.core import clock
from tests.browser.axe import assert_accessible
from tests.content.conftest import Stage, course_in
from tests.factories.packages import Sco, course

pytestmark = pytest.mark.browser


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
    page.get_by_label("Course package (SCORM 1.2, SCORM 2004, cmi5 or xAPI)").set_input_files(bad)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("The file is not a zip.").first).to_be_visible()
    assert_accessible(page)
    good = tmp_path / "good.zip"
    good.write_bytes(course())
    page.get_by_label("Course package (SCORM 1.2, SCORM 2004, cmi5 or xAPI)").set_input_files(good)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("Version 1: Infection control")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Preview as a student").click()
    lesson = course_in(page)
    lesson.get_by_role("button", name="Finish").click()
    expect(page.locator("#lesson-done")).to_contain_text("Nothing was recorded")
    assert stage.attempts() == []
