"""What a SCORM 2004 course reports, and what is on record afterwards."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from playwright.sync_api import expect

from app.core import clock
from app.db.models import ScormCommit
from tests.content.conftest import Play, Played, School, Stage, completions
from tests.factories.scorm2004 import Node, course

MASTERY = (
    "<imsss:objectives><imsss:primaryObjective objectiveID='main' satisfiedByMeasure='true'>"
    "<imsss:minNormalizedMeasure>0.8</imsss:minNormalizedMeasure></imsss:primaryObjective></imsss:objectives>"
)


def report(played: Played, *, finish: bool = False, leaving: bool = False, **cmi: Any) -> dict[str, Any]:
    """Report elements of `cmi`; the answer must be that it is kept."""
    played.seq += 1
    answer = played.send({"seq": played.seq, "finish": finish, "leaving": leaving, "cmi": cmi})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["result"] is True
    return body


def test_the_journey_leaves_statuses_score_state_and_time(school: School, play: Play) -> None:
    school.upload(course())
    interactions = {"0": {"id": "q1", "type": "choice", "result": "correct", "learner_response": "a"}}
    with time_machine.travel(clock.now(), tick=False) as time:
        first = play()
        assert first.boot()["cmi"]["entry"] == "ab-initio"
        time.shift(300)
        report(
            first,
            finish=True,
            completion_status="incomplete",
            success_status="unknown",
            location="page-3",
            suspend_data="abc",
            session_time="PT9M",
            exit="suspend",
            interactions=interactions,
        )
        attempt = school.attempt()
        assert (attempt.cmi_core_lesson_status, attempt.completion_status) == ("incomplete", "incomplete")
        assert (attempt.location, attempt.cmi_suspend_data, attempt.total_seconds) == ("page-3", "abc", 300)
        time.shift(3600)
        second = play()
        cmi = second.boot()["cmi"]
        assert (cmi["entry"], cmi["location"], cmi["suspend_data"]) == ("resume", "page-3", "abc")
        assert (cmi["total_time"], cmi["interactions"]) == ("PT0H5M0S", interactions)
        time.shift(60)
        answer = report(
            second,
            finish=True,
            completion_status="completed",
            success_status="passed",
            session_time="PT1M",
            exit="normal",
            score={"scaled": "0.9166666666666666", "raw": "91.66666666666666", "min": "", "max": "100"},
        )
    assert answer["complete"] is True
    attempt = school.attempt()
    assert (attempt.cmi_core_lesson_status, attempt.completion_status, attempt.success_status) == (
        "passed",
        "completed",
        "passed",
    )
    assert attempt.score_scaled == Decimal("0.9166666666666666")
    assert attempt.score_raw == Decimal("91.66666666666666")
    assert (attempt.cmi_core_score_raw, attempt.cmi_core_score_max) == (92, 100)
    assert (attempt.score_pct, attempt.total_seconds) == (Decimal("91.67"), 360)
    assert attempt.cmi["interactions"] == interactions
    assert completions(school)[0].score_pct == Decimal("91.67")


def test_the_scaled_score_is_what_counts(school: School, play: Play) -> None:
    school.upload(course())
    school.lesson.passing_score_pct = 80
    school.session.flush()
    answer = report(
        play(),
        finish=True,
        completion_status="completed",
        score={"scaled": "0.8", "raw": "4", "min": "0", "max": "9"},
    )
    assert answer["complete"] is True
    assert school.attempt().score_pct == 80


def test_the_last_status_of_a_session_wins_and_passed_never_falls_back(school: School, play: Play) -> None:
    school.upload(course())
    played = play()
    assert report(played, completion_status="completed")["complete"] is True
    answer = report(
        played, finish=True, completion_status="completed", success_status="failed", score={"scaled": "0.27"}
    )
    assert (answer["complete"], answer["lesson_status"], completions(school)) == (False, "failed", [])
    again = play()
    report(again, success_status="passed", completion_status="completed", score={"scaled": "0.9"})
    report(again, success_status="failed", completion_status="incomplete", score={"scaled": "0.1"})
    attempt = school.attempts()[-1]
    assert (attempt.cmi_core_lesson_status, attempt.success_status, attempt.score_pct) == (
        "passed",
        "passed",
        90,
    )


def test_the_primary_objective_decides_by_its_measure(school: School, play: Play) -> None:
    school.upload(course(Node("a", sequencing=MASTERY)))
    played = play()
    cmi = played.boot()["cmi"]
    assert (cmi["scaled_passing_score"], cmi["objectives"]) == ("0.8", {"0": {"id": "main"}})
    report(played, success_status="passed", completion_status="completed", score={"scaled": "0.79"})
    assert school.attempt().cmi_core_lesson_status == "failed"
    report(played, success_status="failed", completion_status="completed", score={"scaled": "0.8"})
    assert school.attempt().cmi_core_lesson_status == "passed"


def test_a_session_that_was_broken_off_goes_on_where_it_was(school: School, play: Play) -> None:
    school.upload(course())
    report(play(), leaving=True, completion_status="incomplete", location="7")
    cmi = play().boot()["cmi"]
    assert (cmi["entry"], cmi["location"], cmi["completion_status"]) == ("resume", "7", "incomplete")


def test_the_same_commit_counts_once_and_a_late_one_takes_nothing_back(school: School, play: Play) -> None:
    school.upload(course())
    played = play()
    report(played, completion_status="incomplete", location="1")
    body = {
        "seq": 1,
        "finish": False,
        "leaving": False,
        "cmi": {"completion_status": "incomplete", "location": "1"},
    }
    assert played.send(body).status_code == 200
    played.seq = 4
    report(played, completion_status="completed", location="5")
    played.seq = 2
    report(played, completion_status="incomplete", location="3")
    attempt = school.attempt()
    assert (attempt.location, attempt.completion_status) == ("5", "completed")
    assert school.session.query(ScormCommit).count() == 3


BAD: list[dict[str, Any]] = [
    {"completion_status": "finished", "success_status": 5, "score": {"scaled": "1.5", "raw": "x"}},
    {"score": "high", "location": ["a"], "suspend_data": {"a": 1}, "exit": "bye", "session_time": "soon"},
    {"progress_measure": "7", "objectives": 3, "interactions": "none", "unknown": {"element": True}},
    {"score": {"scaled": -7}, "session_time": "P99999999999999999999Y", "completion_status": None},
    {"completion_status": "\u0000", "location": "\ud800", "suspend_data": "\x00"},
]


@pytest.mark.parametrize("cmi", BAD)
def test_nonsense_loses_only_itself(school: School, play: Play, cmi: dict[str, Any]) -> None:
    school.upload(course())
    played = play()
    report(played, completion_status="completed", score={"scaled": "0.5"}, location="9")
    report(played, **{"completion_status": "completed", **cmi})
    attempt = school.attempt()
    assert attempt.score_scaled == Decimal("0.5")
    assert attempt.total_seconds <= 5
    assert play().boot()["cmi"]["learner_id"] == str(school.student.id)


def test_what_cannot_be_taken_is_refused_and_leaves_the_record_alone(school: School, play: Play) -> None:
    school.upload(course())
    played = play()
    report(played, completion_status="incomplete", location="2", suspend_data="kept")
    for body, status in (
        ('{"seq": 2, "cmi": ', 400),
        (json.dumps({"seq": 2, "cmi": []}), 422),
        (json.dumps({"seq": 0, "cmi": {}}), 422),
        (json.dumps({"seq": 2, "cmi": {"suspend_data": "x" * 10_000_000}}), 413),
        ('{"seq": 2, "cmi": {"score": {"scaled": NaN}}}', 400),
    ):
        answer = played.send(body)
        assert (answer.status_code, answer.json()["result"]) == (status, False), body[:60]
    forged = Played(
        played.host,
        played.launch.model_copy(update={"player_url": f"{played.origin}/p/forged/player"}),
        played.origin,
    )
    assert forged.send({"seq": 1, "cmi": {}}).status_code == 404
    attempt = school.attempt()
    assert (attempt.location, attempt.cmi_suspend_data) == ("2", "kept")


def test_nothing_is_taken_after_the_session_is_over(school: School, play: Play) -> None:
    school.upload(course())
    with time_machine.travel(clock.now(), tick=False) as time:
        played = play()
        report(played, completion_status="incomplete")
        time.shift(timedelta(hours=3))
        answer = played.send({"seq": 2, "cmi": {"completion_status": "completed"}})
    assert (answer.status_code, answer.json()["slug"]) == (401, "unauthorized")
    assert school.attempt().completion_status == "incomplete"


def test_a_plain_page_is_done_when_it_was_shown(school: School, play: Play) -> None:
    school.upload(course(Node("a", scorm_type="asset")))
    played = play()
    assert played.boot()["isSco"] is False
    assert report(played, finish=True, completion_status="completed")["complete"] is True


# In a browser


@pytest.mark.browser
def test_a_part_plays_is_tracked_and_resumes_after_the_tab_is_killed(stage: Stage) -> None:
    stage.upload(course(Node("a", "Hand washing", parameters="?part=Hand washing&fill=ä")))
    page = stage.page()
    part = stage.open(page)
    expect(part.locator("#entry")).to_have_text("ab-initio")
    for _ in range(40):
        part.locator("#next").click()
    expect(part.locator("#page")).to_have_text("41")
    stage.wait_for(lambda attempts: attempts[0].location == "41", page)
    page.context.close()  # nothing of the page runs any more

    page = stage.page()
    part = stage.open(page)
    expect(part.locator("#page")).to_have_text("41")
    expect(part.locator("#entry")).to_have_text("resume")
    part.locator("#right").click()
    part.locator("#finish").click()
    expect(part.locator("#last")).to_have_text("true")
    expect(page.locator("#lesson-status")).to_have_text("Completed · 91.67%")
    (attempt,) = stage.attempts()
    assert (attempt.completion_status, attempt.success_status) == ("completed", "passed")
    assert attempt.score_scaled is not None
    assert attempt.cmi["interactions"]["0"]["result"] == "correct"
    assert attempt.cmi_suspend_data is not None
    assert len(attempt.cmi_suspend_data.encode()) > 64 * 1024, "more than a beacon carries"
    assert attempt.total_seconds >= 1
    assert len(stage.completions()) == 1


@pytest.mark.browser
def test_a_course_that_begins_again_on_each_page_goes_on(stage: Stage) -> None:
    stage.upload(course())
    page = stage.page()
    part = stage.open(page)
    part.locator("#next").click()
    part.locator("#later").click()
    expect(part.locator("#last")).to_have_text("true")
    part.locator("body").evaluate("() => location.reload()")
    expect(part.locator("#page")).to_have_text("2")
    expect(part.locator("#entry")).to_have_text("resume")
    part.locator("#finish").click()
    expect(page.locator("#lesson-status")).to_have_text("Completed")
    assert len(stage.attempts()) == 1
