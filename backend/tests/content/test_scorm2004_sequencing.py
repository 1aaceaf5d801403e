"""Courses that decide themselves which part comes next, on real rows and in a browser."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import select

from app.content import service
from app.content.schemas import NavigationIn, NavigationOut
from app.core.errors import Conflict, Invalid, NotFound
from app.db.models import ContentPackage, ScormCourse
from tests.content.conftest import Play, School, Stage, completions, course_in, subject_of
from tests.content.test_scorm2004 import report
from tests.factories.packages import course as course_1_2
from tests.factories.scorm2004 import Node, course

FLOW = "<imsss:controlMode choice='false' flow='true'/>"
BOTH = "<imsss:controlMode choice='true' flow='true'/>"
BY_CONTENT = "<imsss:deliveryControls completionSetByContent='true' objectiveSetByContent='true'/>"


def rule(kind: str, action: str, *conditions: str) -> str:
    inside = "".join(f"<imsss:ruleCondition {condition}/>" for condition in conditions)
    return (
        f"<imsss:sequencingRules><imsss:{kind}ConditionRule><imsss:ruleConditions>{inside}</imsss:ruleConditions>"
        f"<imsss:ruleAction action='{action}'/></imsss:{kind}ConditionRule></imsss:sequencingRules>"
    )


def go(
    school: School, request: str, at: str | None, target: str | None = None, **after: object
) -> NavigationOut:
    asked = NavigationIn.model_validate({"request": request, "at": at, "target": target, **after})
    moved = service.navigate(school.session, subject_of(school.student), school.lesson.id, asked)
    school.session.commit()
    return moved


def result(school: School) -> Any:
    return service.lesson_result(school.session, subject_of(school.student), school.lesson.id)


def available(school: School) -> list[str]:
    return [part.sco_id for part in result(school).parts if part.available and part.opens]


def test_the_parts_of_a_course_follow_each_other(school: School, play: Play) -> None:
    school.upload(course(Node("a"), Node("b"), Node("c"), sequencing=FLOW))
    first = play()
    assert first.launch.sco_id == "a"
    assert first.boot()["allowed"]["continue"] is True
    report(first, finish=True, completion_status="completed", exit="normal")
    assert available(school) == []
    assert result(school).navigation.requests == ["continue", "exitAll", "suspendAll"]
    with pytest.raises(Invalid, match="does not let you open"):
        school.launch("c")
    school.session.rollback()
    assert go(school, "continue", "a").opens == "b"
    assert go(school, "continue", "a").opens == "b", "the same wish again changes nothing"
    second = play()
    assert second.launch.sco_id == "b"
    report(second, completion_status="incomplete", location="4", leaving=True)
    again = play()
    assert (again.launch.sco_id, again.boot()["cmi"]["location"]) == ("b", "4"), "the tab was killed"
    report(again, finish=True, completion_status="completed", exit="normal")
    assert go(school, "continue", "b").opens == "c"
    report(play(), finish=True, completion_status="completed", exit="normal")
    assert completions(school) != []
    ended = go(school, "continue", "c")
    assert (ended.opens, ended.over) == (None, True)
    assert result(school).complete


def test_a_course_without_rules_leaves_the_choice_to_the_student(school: School, play: Play) -> None:
    school.upload(course(Node("a"), Node("b"), Node("chapter", children=[Node("c")])))
    assert play().launch.sco_id == "a"
    assert available(school) == ["a", "b", "c"]
    assert result(school).navigation.requests == ["exitAll", "suspendAll"]
    refused = go(school, "continue", "a")
    assert (refused.opens, refused.over) == (None, False)
    assert refused.sentence.startswith("The course does not let you")
    assert play("c").launch.sco_id == "c"
    assert play().launch.sco_id == "c", "where the student was"


def test_a_test_that_is_passed_first_leaves_nothing_to_do(school: School, play: Play) -> None:
    passed = "<imsss:objectives><imsss:primaryObjective objectiveID='p'><imsss:mapInfo targetObjectiveID='known' {}/>"
    passed += "</imsss:primaryObjective></imsss:objectives>"
    skip = rule("pre", "skip", "condition='satisfied'")
    out = "<adlseq:rollupConsiderations requiredForCompleted='ifNotSkipped'/>"
    test = Node("test", sequencing=passed.format("writeSatisfiedStatus='true'") + BY_CONTENT)
    lesson = Node("lesson", sequencing=skip + passed.format("") + BY_CONTENT + out)
    school.upload(course(test, lesson, sequencing=FLOW))
    answer = report(
        play(), finish=True, completion_status="completed", success_status="passed", exit="normal"
    )
    assert answer["allowed"]["continue"] is False, "there is nothing behind"
    ended = go(school, "continue", "test")
    assert (ended.opens, ended.over) == (None, True)
    found = result(school)
    assert (found.complete, found.done, found.total) == (True, 2, 2)
    assert completions(school) != []


def test_a_course_that_is_failed_as_a_whole_completes_nothing(school: School, play: Play) -> None:
    measured = (
        "<imsss:objectives><imsss:primaryObjective satisfiedByMeasure='true'><imsss:minNormalizedMeasure>0.8"
        "</imsss:minNormalizedMeasure></imsss:primaryObjective></imsss:objectives>"
    )
    school.upload(course(Node("a"), Node("b"), sequencing=BOTH + measured))
    report(play(), finish=True, completion_status="completed", score={"scaled": "1"}, exit="normal")
    go(school, "continue", "a")
    answer = report(
        play(), finish=True, completion_status="completed", score={"scaled": "0.5"}, exit="normal"
    )
    assert answer["complete"] is False
    assert completions(school) == []
    assert "failed by its own rules" in result(school).reason
    assert play("b").launch.attempt_no == 2
    played = play()
    assert report(played, completion_status="completed", score={"scaled": "0.7"})["complete"] is True


def test_what_a_session_has_completed_it_may_take_back_and_a_later_one_may_not(
    school: School, play: Play
) -> None:
    school.upload(course(Node("a", sequencing=BY_CONTENT)))
    first = play()
    for completion, complete in (("completed", True), ("incomplete", False), ("completed", True)):
        first.seq += 1
        session = {"before": "", "reached": []}
        sent = {
            "seq": first.seq,
            "session": session,
            "cmi": {"completion_status": completion, "exit": "normal"},
        }
        assert first.send({**sent, "finish": first.seq == 3}).json()["complete"] is complete
        assert bool(completions(school)) is complete
    later = play()
    assert later.launch.attempt_no == 2
    assert (
        report(later, finish=True, completion_status="incomplete", success_status="failed")["complete"]
        is True
    )


def test_suspended_parts_resume_and_ended_ones_begin_again(school: School, play: Play) -> None:
    school.upload(course(Node("a"), Node("b"), sequencing=BOTH))
    report(play(), finish=True, completion_status="incomplete", location="2", exit="suspend")
    assert go(school, "suspendAll", "a").sentence.startswith("You left the course")
    resumed = play()
    assert (resumed.launch.sco_id, resumed.boot()["cmi"]["entry"]) == ("a", "resume")
    report(resumed, finish=True, completion_status="incomplete", location="3", exit="suspend")
    go(school, "continue", "a")
    back = play("a")
    assert (back.launch.attempt_no, back.boot()["cmi"]["location"]) == (1, "3")
    report(back, finish=True, completion_status="incomplete", exit="normal")
    go(school, "choice", "a", "b")
    again = play("a")
    assert (again.launch.attempt_no, again.boot()["cmi"]["entry"]) == (2, "ab-initio")


def test_ending_the_course_begins_it_from_the_start_and_keeps_the_result(school: School, play: Play) -> None:
    school.upload(course(Node("a"), Node("b"), sequencing=FLOW))
    report(play(), finish=True, completion_status="completed", exit="normal")
    go(school, "continue", "a")
    report(play(), finish=True, completion_status="completed", exit="normal")
    assert go(school, "exitAll", "b").over
    assert result(school).complete
    again = play()
    assert (again.launch.sco_id, again.launch.attempt_no) == ("a", 2)
    report(again, completion_status="incomplete")
    assert result(school).complete


def test_attempts_that_are_used_up_are_said(school: School, play: Play) -> None:
    limit = "<imsss:limitConditions attemptLimit='1'/>"
    school.upload(course(Node("a", sequencing=limit)))
    report(play(), finish=True, completion_status="completed", exit="normal")
    with pytest.raises(Conflict, match="used up"):
        school.launch()


def test_other_lessons_and_other_people(school: School, play: Play) -> None:
    school.upload(course(Node("a"), Node("b"), sequencing=BOTH))
    asked = NavigationIn(request="continue", at="a")
    with pytest.raises(Conflict, match="not been opened"):
        service.navigate(school.session, subject_of(school.student), school.lesson.id, asked)
    play()
    with pytest.raises(NotFound):
        service.navigate(school.session, subject_of(school.stranger), school.lesson.id, asked)
    preview = school.launch("b", preview=True)
    assert preview.sco_id == "b", "a preview opens anything"


def test_a_course_without_sequencing_is_not_navigated(school: School, play: Play) -> None:
    school.upload(course_1_2())
    play()
    with pytest.raises(Invalid, match="any order"):
        service.navigate(
            school.session,
            subject_of(school.student),
            school.lesson.id,
            NavigationIn(request="continue", at="a"),
        )


def test_bad_wishes_are_refused_over_http(
    school: School, play: Play, signed_in: Callable[..., TestClient]
) -> None:
    school.upload(course(Node("a"), Node("b"), sequencing=BOTH))
    play()
    client = signed_in(school.student)
    address = f"/api/v1/lessons/{school.lesson.id}/navigation"
    bad: list[Any] = [{}, [], {"request": "fly"}, {"request": None}]
    bad += [{"request": "choice", "target": target} for target in ("", "x" * 300)]
    for body in bad:
        assert client.post(address, json=body).status_code == 422, body
    for target in ("nowhere", "\x00", None):
        answer = client.post(address, json={"request": "choice", "target": target, "at": "a"})
        assert (answer.status_code, answer.json()["opens"]) == (200, None), target
    answer = client.post(address, json={"request": "choice", "target": "b", "at": "a"})
    assert answer.json() == {"opens": "b", "over": False, "sentence": ""}
    assert school.session.scalars(select(ScormCourse.status)).all() == ["incomplete"]


def test_a_part_that_was_never_shown_is_not_completed(school: School, play: Play) -> None:
    school.upload(course(Node("a"), Node("b"), Node("c"), sequencing=FLOW))
    play()
    assert go(school, "continue", "a").opens == "b"
    assert go(school, "continue", "b").opens == "c"
    report(play(), finish=True, exit="normal")
    assert go(school, "continue", "c").over
    found = result(school)
    assert (found.complete, found.done) == (False, 1)
    assert [part.status for part in found.parts if part.opens][2] == "completed"


def test_a_pause_keeps_the_place_of_content_that_says_it_has_ended(school: School, play: Play) -> None:
    school.upload(course(Node("a"), Node("b"), sequencing=FLOW))
    report(play(), finish=True, completion_status="incomplete", location="7", exit="normal")
    go(school, "suspendAll", "a")
    again = play()
    cmi = again.boot()["cmi"]
    assert (again.launch.sco_id, again.launch.attempt_no) == ("a", 1)
    assert (cmi["entry"], cmi["location"]) == ("resume", "7")


def test_only_the_4th_edition_jumps(school: School, play: Play) -> None:
    school.upload(course(Node("a"), Node("b"), sequencing=FLOW, version="2004 3rd Edition"))
    assert play().boot()["allowed"]["jump"] == []
    assert go(school, "jump", "a", "b").opens is None


def test_hidden_parts_are_listed_only_while_they_are_open(school: School, play: Play) -> None:
    school.upload(course(Node("a"), Node("b"), sequencing=FLOW))
    row = school.session.scalars(select(ContentPackage)).one()
    items = [{**item, "visible": item["id"] != "b"} for item in row.manifest["items"]]
    row.manifest = {**row.manifest, "items": items}
    school.session.commit()
    report(play(), finish=True, completion_status="completed", exit="normal")
    assert [part.sco_id for part in result(school).parts] == ["a"]
    go(school, "continue", "a")
    assert [part.sco_id for part in result(school).parts] == ["a", "b"]


# In a browser


def heading(page: Page) -> Any:
    return course_in(page).locator("#part")


@pytest.mark.browser
def test_a_course_is_gone_through_by_keyboard_on_a_phone(stage: Stage) -> None:
    stage.upload(
        course(Node("a"), Node("b", parameters="?part=b&request=previous"), Node("c"), sequencing=BOTH)
    )
    page = stage.page()
    stage.open(page)
    expect(heading(page)).to_have_text("a")
    controls = page.locator("#lesson-controls")
    onward = controls.get_by_role("button", name="Continue")
    expect(onward).to_be_visible()
    expect(controls.get_by_role("button", name="Previous")).to_be_hidden()
    course_in(page).locator("#done").click()
    onward.focus()
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text("b")
    expect(controls.get_by_role("button", name="Previous")).to_be_visible()
    # The course asks itself to go back.
    course_in(page).locator("#onward").click()
    expect(heading(page)).to_have_text("a")
    page.get_by_role("button", name="Parts").click()
    page.locator('[data-open="c"]').click()
    expect(heading(page)).to_have_text("c")
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 390
    page.context.close()

    page = stage.page()
    stage.open(page)
    expect(heading(page)).to_have_text("c")
    course_in(page).locator("#finish").click()
    expect(page.locator("#lesson-status")).to_have_text("Completed")


@pytest.mark.browser
def test_the_real_remediation_course(stage: Stage, samples: Path) -> None:
    stage.upload((samples / "scorm2004" / "golf-sequencing-remediation-3rd-edition.zip").read_bytes())
    page = stage.page()
    page.on("dialog", Dialog.accept)
    stage.open(page)
    onward = page.locator("#lesson-controls").get_by_role("button", name="Continue")
    seen = list(_through(page, onward, wrong={"Etiquette"}))
    assert seen == ["Playing", "Etiquette", "Handicapping", "HavingFun", *(f"quiz {n}" for n in QUIZZES)]
    # The part that the quiz has found missing comes again, and then its quiz and the last one.
    again = list(_through(page, onward, wrong=set()))
    assert again == ["Etiquette", "quiz Etiquette", "quiz HavingFun"]
    expect(page.locator("#lesson-status")).to_contain_text("Completed")
    assert len(stage.completions()) == 1


QUIZZES = ("Playing", "Etiquette", "Handicapping", "HavingFun")


def _through(page: Page, onward: Any, *, wrong: set[str]) -> Iterator[str]:
    """Go through the course as far as the last quiz; answers the parts that came."""
    while True:
        outer = course_in(page)
        inner = outer.frame_locator("#contentFrame")
        inner.locator("h1, #test").first.wait_for()
        address = inner.locator("body").evaluate("() => location.pathname + location.search")
        quiz = address.partition("questions=")[2]
        if quiz:
            _answer(inner, right=quiz not in wrong)
            yield f"quiz {quiz}"
        else:
            while outer.get_by_role("button", name="Next").is_enabled():
                outer.get_by_role("button", name="Next").click()
            yield address.split("/")[-2]
        before = _address(page)
        onward.click()
        for _ in range(200):
            if _address(page) not in (before, None):
                break
            page.wait_for_timeout(100)
        if quiz == QUIZZES[-1]:
            return


def _address(page: Page) -> str | None:
    """Where the course is; each part is opened at an address of its own."""
    return next(
        (f.url for f in page.frames if f.parent_frame and f.parent_frame.url.endswith("/player")), None
    )


def _answer(quiz: Any, *, right: bool) -> None:
    quiz.get_by_role("button", name="Submit Answers").wait_for()
    if right:
        for choice in quiz.locator(".correctAnswer input[type=radio]").all():
            choice.check()
        for blank in quiz.locator(".correctAnswer:has(input[type=text])").all():
            blank.locator("input").fill(re.sub(r"\D", "", blank.inner_text()))
    quiz.get_by_role("button", name="Submit Answers").click()
    expect(quiz.locator("#test")).to_contain_text("Score")
