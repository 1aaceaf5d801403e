"""Habits of real courses that a session has to put up with, played in a real Chromium."""

import pytest
from playwright.sync_api import expect

from tests.content.conftest import Stage
from tests.factories.packages import Sco, course

pytestmark = pytest.mark.browser

FIND = """<!doctype html><meta charset=utf-8><title>T</title><script>
function find(w) { for (let i = 0; w && i < 10; i++, w = w.parent) { if (w.API) return w.API;
  if (w === w.parent) return w.opener ? find(w.opener) : null; } return null; }
const api = find(window); const set = (k, v) => String(api.LMSSetValue('cmi.core.' + k, v));
</script><pre id=out></pre>"""


def pages(**written: str) -> bytes:
    files = {f"{name}.html": FIND + text for name, text in written.items()}
    return course(Sco("a", "A", href=f"{next(iter(written))}.html"), files=files)


@pytest.mark.parametrize("saved_between", [False, True])
@pytest.mark.parametrize(
    ("statuses", "outcome", "done"),
    [
        ("completed:90 failed:27", ("failed", 27), False),
        ("completed:90 incomplete:27", ("incomplete", 27), False),
        ("failed:27 completed:60", ("completed", 60), True),
        ("failed:27 passed:80 failed:10 incomplete:0", ("passed", 80), True),
        ("passed:80 passed:95 passed:60", ("passed", 95), True),
    ],
)
def test_the_outcome_does_not_depend_on_when_something_is_saved(
    stage: Stage,
    statuses: str,
    outcome: tuple[str, int],
    done: bool,
    saved_between: bool,
) -> None:
    stage.upload(pages(page="<script>api.LMSInitialize('')</script>"))
    page = stage.page()
    expect(stage.open(page).locator("#out")).to_be_attached()
    frame = next(f for f in page.frames if "page.html" in f.url)
    for number, step in enumerate(statuses.split()):
        status, score = step.split(":")
        frame.evaluate(
            "([s, n]) => { set('score.raw', n); set('score.min', '0'); set('score.max', '100');"
            " set('lesson_status', s); }",
            [status, score],
        )
        if saved_between:
            assert frame.evaluate("String(api.LMSCommit(''))") == "true", number
    assert frame.evaluate("String(api.LMSFinish(''))") == "true"
    (attempt,) = stage.attempts()
    assert (attempt.cmi_core_lesson_status, attempt.cmi_core_score_raw) == outcome
    assert len(stage.completions()) == done


PAGE = """<a id=next href="{next}.html">Next</a><script>
const ok = String(api.LMSInitialize('')) === 'true';
out.textContent = ok ? api.LMSGetValue('cmi.core.entry') + ' ' + api.LMSGetValue('cmi.core.lesson_location')
  : 'error ' + api.LMSGetLastError();
set('lesson_location', '{here}'); set('session_time', '0000:00:01.00'); {more}
addEventListener('pagehide', () => {ends});</script>"""


@pytest.mark.parametrize("ends", ["api.LMSFinish('')", "0"])
def test_a_course_that_begins_again_on_each_page_goes_on_with_the_attempt(stage: Stage, ends: str) -> None:
    def written(here: str, following: str, more: str) -> str:
        text = PAGE.replace("{next}", following).replace("{here}", here).replace("{more}", more)
        return text.replace("{ends}", ends)

    incomplete = "set('lesson_status', 'incomplete'); api.LMSCommit('')"
    stage.upload(
        pages(
            p1=written("one", "p2", incomplete),
            p2=written("two", "p3", incomplete),
            p3=written(
                "three",
                "p1",
                "set('score.raw', '90'); set('lesson_status', 'completed'); set('exit', ''); api.LMSCommit('')",
            ),
        )
    )
    page = stage.page()
    lesson = stage.open(page)
    expect(lesson.locator("#out")).to_have_text("ab-initio ")
    page.wait_for_timeout(1500)
    lesson.locator("#next").click()
    expect(lesson.locator("#out")).to_have_text("resume one")
    page.wait_for_timeout(1500)
    lesson.locator("#next").click()
    expect(lesson.locator("#out")).to_have_text("resume two")
    expect(page.locator("#lesson-status")).to_have_text("Completed · 90%")
    lesson.locator("#next").click()
    expect(lesson.locator("#out")).to_have_text("resume three")
    (attempt,) = stage.wait_for(lambda found: found[0].location == "one", page)
    assert (attempt.attempt_no, attempt.cmi_core_lesson_status, attempt.cmi_core_score_raw) == (
        1,
        "completed",
        90,
    )
    assert attempt.total_seconds >= 3, "the time of each page counts"


def test_a_course_in_a_window_of_its_own_reports_through_its_opener(stage: Stage) -> None:
    stage.upload(
        pages(
            start="<button onclick=\"window.open('own.html', 'own', 'width=500,height=400')\">Start</button>",
            own="<script>out.textContent = api ? String(api.LMSInitialize('')) : 'no API'</script>",
        )
    )
    page = stage.page()
    lesson = stage.open(page)
    with page.expect_popup() as opened:
        lesson.get_by_role("button", name="Start").click()
    window = opened.value
    expect(window.locator("#out")).to_have_text("true")
    window.evaluate(
        "set('score.raw', '70'); set('lesson_status', 'completed'); set('lesson_location', 'end')"
    )
    window.close()
    (attempt,) = stage.wait_for(lambda found: bool(found) and found[0].location == "end", page)
    assert (attempt.cmi_core_lesson_status, attempt.cmi_core_score_raw) == ("completed", 70)
