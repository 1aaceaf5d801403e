"""The upload of a large file in a browser: how much is sent, and everything wrong with it on the same page."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.content.conftest import Stage
from tests.factories.packages import Sco, course


@pytest.mark.browser
def test_an_upload_says_how_far_it_is_and_what_is_wrong(stage: Stage, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(course())
    bad.write_bytes(course(Sco("a", "Part", href="missing.html")))
    page = stage.page("instructor")
    page.goto(f"/lessons/{stage.ids['lesson']}/content")
    seen = page.evaluate_handle(
        "() => { const seen = []; new MutationObserver(() => {"
        " const line = document.querySelector('[data-upload-line] span');"
        " if (line && seen.at(-1) !== line.textContent) seen.push(line.textContent); })"
        ".observe(document, { subtree: true, childList: true, characterData: true }); return seen; }"
    )
    page.get_by_label("Course package").set_input_files(bad)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("region", name="What is wrong with the package")).to_contain_text("missing.html")
    said = seen.json_value()
    assert said[0] == "0% sent"
    assert any("checked" in one for one in said)
    # The page that says what is wrong sends the next file the same way.
    page.get_by_label("Course package").set_input_files(good)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="Version 1")).to_be_visible()
