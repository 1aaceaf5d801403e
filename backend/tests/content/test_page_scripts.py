"""Scripts of lessons by themselves, in a real Chromium: a page that is hidden, a network that fails."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

import app.content

pytestmark = pytest.mark.browser
ROOM = Path(app.content.__file__).parent
HERE = "http://lesson.example/"
LONG = 10_000


def page_with(browser: Browser, script: Path, body: str) -> Page:
    """A page that has the script as `/script.js` and knows no other address."""
    page = browser.new_context().new_page()

    def serve(route: Route) -> None:
        if route.request.url.endswith("/script.js"):
            route.fulfill(body=script.read_text(), content_type="text/javascript")
        else:
            route.fulfill(body=f"<!DOCTYPE html><title>Lesson</title>{body}", content_type="text/html")

    page.route(f"{HERE}**", serve)
    return page


def test_a_short_text_that_was_hidden_at_first_is_read_when_it_is_seen(browser: Browser) -> None:
    script = ROOM / "runtimes" / "written" / "reading.js"
    page = page_with(
        browser, script, '<main id="page"><p>Wash.</p><p id="end">End.</p></main><output></output>'
    )
    page.add_init_script(
        "window.seen = 'hidden'; Object.defineProperty(document, 'visibilityState', { get: () => window.seen });"
    )
    page.goto(HERE)
    page.evaluate(
        """async () => {
          const { reading } = await import("/script.js");
          reading(document.getElementById("page"), { end: false, place: 0 },
            now => { if (now.end) document.querySelector("output").textContent = "read"; });
        }"""
    )
    page.wait_for_timeout(1_500)
    expect(page.locator("output")).to_have_text("")
    page.evaluate("window.seen = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("output")).to_have_text("read", timeout=LONG)
    page.context.close()


def test_what_cmi5_sends_again_is_the_same_statement(browser: Browser) -> None:
    page = page_with(browser, ROOM / "exports" / "page" / "cmi5.js", "")
    sent: list[list[dict[str, Any]]] = []
    # The answer to the first try of each is lost on its way.
    lost = {"answered", "completed", "passed"}

    def store(route: Route) -> None:
        if "statements" not in route.request.url:
            route.fulfill(json={"launchMode": "Normal", "text": "", "said": {}})
            return
        statements = route.request.post_data_json
        sent.append(statements)
        verbs = {one["verb"]["display"]["en-US"] for one in statements}
        if verbs & lost:
            lost.difference_update(verbs)
            route.abort()
        else:
            route.fulfill(json=[])

    page.route(f"{HERE}lrs/**", store)
    page.route(f"{HERE}fetch", lambda route: route.fulfill(json={"auth-token": "x"}))
    page.goto(f"{HERE}?endpoint={HERE}lrs/&fetch={HERE}fetch&actor={{}}&registration=r&activityId={HERE}a")
    page.evaluate(
        """async () => {
          globalThis.LESSON_DATA = { id: "urn:lesson", quiz: true };
          const { connect, save } = await import("/script.js");
          await connect(LESSON_DATA);
          const answer = { id: "q", type: "numeric", names: {}, texts: {}, description: "How many?", response: "5",
            right: [{ low: 5, high: 5 }], points: "1", share: 1 };
          const now = { interactions: [answer], completed: true, success: true, scaled: "1", percent: "100",
            seconds: 1, attempts: 1, text: "" };
          for (let again = 0; again < 5; again++) await save({ ...now, seconds: again }).catch(() => {});
        }"""
    )
    ids: dict[str, list[str]] = {}
    for one in (one for several in sent for one in several):
        ids.setdefault(one["verb"]["display"]["en-US"], []).append(one["id"])
    assert {verb: len(given) for verb, given in ids.items()} == {
        "initialized": 1,
        "answered": 2,
        "completed": 2,
        "passed": 2,
    }
    assert all(len(set(given)) == 1 for given in ids.values())
    page.context.close()
