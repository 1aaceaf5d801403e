"""The demo's own SCORM lessons: sound packages, played from start to end in a real browser."""

import io
import json
import tomllib
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from app.content.packages.archive import Archive
from app.content.packages.recognition import read_package
from app.demo import packages
from app.demo.catalog import PROGRAMS
from tests.browser.axe import assert_accessible

NAMES = packages.names()
RUN_TIME = """
window.kept = JSON.parse(sessionStorage.getItem('kept') || '{}');
window.calls = [];
window.API = {
  LMSInitialize() { calls.push('Initialize'); return 'true'; },
  LMSGetValue(name) { return kept[name] || (name === 'cmi.core.lesson_status' ? 'not attempted' : ''); },
  LMSSetValue(name, value) { kept[name] = value; return 'true'; },
  LMSCommit() { calls.push('Commit'); sessionStorage.setItem('kept', JSON.stringify(kept)); return 'true'; },
  LMSFinish() { calls.push('Finish'); sessionStorage.setItem('kept', JSON.stringify(kept)); return 'true'; },
};
"""


def test_every_lesson_of_the_catalog_has_its_package_and_none_is_left_over() -> None:
    used = {lesson.package for program in PROGRAMS for lesson in program.lessons if lesson.package}
    assert used == set(NAMES)
    assert all(
        (lesson.package is None) != (lesson.url is None) for program in PROGRAMS for lesson in program.lessons
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_package_is_read_without_a_warning_and_always_the_same(name: str) -> None:
    data = packages.built(name)
    packages.built.cache_clear()
    assert packages.built(name) == data
    manifest = read_package(Archive(io.BytesIO(data))).manifest
    assert manifest.standard == "scorm12"
    assert manifest.warnings == ()
    items = [item for top in manifest.items for item in top.walk() if item.opens]
    assert [(item.id, item.path, item.is_sco, item.mastery_score) for item in items] == [
        (packages.ITEM, "index.html", True, 80)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_has_pages_and_five_questions_with_one_right_answer(name: str) -> None:
    lesson = tomllib.loads((packages.LESSONS / f"{name}.toml").read_text(encoding="utf-8"))
    assert len(lesson["pages"]) >= 4
    assert len(lesson["questions"]) == 5
    for question in lesson["questions"]:
        assert len(set(question["answers"])) == 3
        assert question["right"] in range(3)
        assert question["why"]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A telephone on which the lesson `name` of the address `http://lesson.test/name/` is served."""
    context = browser.new_context(viewport={"width": 375, "height": 740})
    page = context.new_page()
    page.add_init_script(RUN_TIME)
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))

    def answer(route: Route) -> None:
        _, name, path = route.request.url.removeprefix("http://").split("/", 2)
        with zipfile.ZipFile(io.BytesIO(packages.built(name))) as package:
            body = package.read(path or "index.html")
        kinds = {"css": "text/css", "js": "text/javascript"}
        route.fulfill(body=body, content_type=kinds.get(path.rpartition(".")[2], "text/html"))

    page.route("http://lesson.test/**", answer)
    yield page
    context.close()
    assert failed == []


def kept(page: Page) -> dict[str, Any]:
    return dict(page.evaluate("kept"))


def answer_all(page: Page, name: str, *, wrong: int = 0) -> None:
    lesson = tomllib.loads((packages.LESSONS / f"{name}.toml").read_text(encoding="utf-8"))
    for number, question in enumerate(lesson["questions"]):
        right = question["answers"][question["right"]]
        chosen = next(text for text in question["answers"] if text != right) if number < wrong else right
        page.get_by_role("group", name=f"{number + 1}. ").get_by_label(chosen, exact=True).check()


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_played_to_the_end_and_passes(page: Page, name: str) -> None:
    page.goto(f"http://lesson.test/{name}/")
    assert kept(page)["cmi.core.lesson_status"] == "incomplete"
    while page.get_by_role("button", name="Next").is_visible():
        assert_accessible(page, where=f"{name}, {page.locator('#place').inner_text()}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.get_by_role("button", name="Next").click()
        expect(page.locator("section:visible h1")).to_be_focused()
    assert_accessible(page, where=f"{name}, questions")
    page.get_by_role("button", name="Check my answers").click()
    expect(page.get_by_role("alert").filter(has_text="Question 1 has no answer yet.")).to_be_visible()
    answer_all(page, name, wrong=1)
    page.get_by_role("button", name="Check my answers").click()
    expect(page.get_by_text("You passed with 80%.")).to_be_visible()
    assert_accessible(page, where=f"{name}, result")
    found = kept(page)
    assert found["cmi.core.lesson_status"] == "passed"
    assert (found["cmi.core.score.raw"], found["cmi.core.score.max"]) == ("80", "100")
    page.reload()  # the record survived
    expect(page.get_by_text("You passed with 80%.")).to_be_visible()


@pytest.mark.browser
def test_a_lesson_goes_on_where_it_was_left_and_can_be_tried_again(page: Page) -> None:
    page.goto("http://lesson.test/hand-hygiene/")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Back").click()
    page.reload()
    expect(page.get_by_role("heading", name="When")).to_be_visible()
    state = json.loads(kept(page)["cmi.suspend_data"])
    assert state["page"] == kept(page)["cmi.core.lesson_location"] == "page-2"
    while page.get_by_role("button", name="Next").is_visible():
        page.get_by_role("button", name="Next").click()
    answer_all(page, "hand-hygiene", wrong=2)
    page.reload()  # answers are kept as well
    page.get_by_role("button", name="Check my answers").click()
    expect(page.get_by_text("You have 60%")).to_be_visible()
    assert kept(page)["cmi.core.lesson_status"] == "failed"
    assert page.get_by_role("listitem").filter(visible=True).count() == 5
    page.get_by_role("button", name="Answer the questions again").click()
    answer_all(page, "hand-hygiene")
    page.get_by_role("button", name="Check my answers").click()
    expect(page.get_by_text("You passed with 100%.")).to_be_visible()
    assert kept(page)["cmi.core.lesson_status"] == "passed"


@pytest.mark.browser
def test_a_lesson_without_a_run_time_says_so_and_nonsense_kept_for_it_does_no_harm(page: Page) -> None:
    page.add_init_script(
        "sessionStorage.setItem('kept', JSON.stringify({'cmi.suspend_data': '{\"page\": 1, \"answers\": 5'}));"
    )
    page.goto("http://lesson.test/tooth-numbering/")
    expect(page.get_by_role("heading", name="Four quarters")).to_be_visible()
    page.add_init_script("delete window.API;")
    page.goto("http://lesson.test/tooth-numbering/")
    expect(page.get_by_role("alert").filter(has_text="nothing you do here is saved")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="1 to 32")).to_be_visible()
