"""What the parts of a SCORM 2004 course share, what their scores weigh, and how long they may take."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.content.launches.navigation import ReportMissing
from app.core import clock
from app.db.models import ScormCourse
from tests.content.conftest import Play, School, Stage, course_in
from tests.content.test_scorm2004 import report
from tests.content.test_scorm2004_sequencing import BOTH, BY_CONTENT, FLOW, go, result
from tests.factories.packages import Sco
from tests.factories.packages import course as course_1_2
from tests.factories.scorm2004 import Node, course


def objective(name: str, target: str, **maps: str) -> str:
    words = " ".join(f"{word}='{value}'" for word, value in maps.items())
    return (
        "<imsss:objectives><imsss:primaryObjective objectiveID='main'/>"
        f"<imsss:objective objectiveID='{name}'><imsss:mapInfo targetObjectiveID='{target}' {words}/>"
        "</imsss:objective></imsss:objectives>"
    )


def store(*maps: tuple[str, bool, bool]) -> str:
    inside = "".join(
        f"<adlcp:map targetID='{name}' readSharedData='{str(reads).lower()}' "
        f"writeSharedData='{str(writes).lower()}'/>"
        for name, reads, writes in maps
    )
    return f"<adlcp:data>{inside}</adlcp:data>"


def objectives(cmi: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in cmi["objectives"].values()}


def test_a_part_starts_with_what_its_objectives_read_from_others(school: School, play: Play) -> None:
    writes = objective("said", "shared", writeSatisfiedStatus="true", writeNormalizedMeasure="true")
    reads = objective("read", "shared")
    school.upload(course(Node("a", sequencing=writes), Node("b", sequencing=reads), sequencing=FLOW))
    first = play()
    assert "success_status" not in objectives(first.boot()["cmi"])["said"]
    said = {"0": {"id": "said", "success_status": "failed", "score": {"scaled": "0.25"}}}
    report(first, finish=True, completion_status="completed", objectives=said, exit="normal")
    go(school, "continue", "a")
    found = objectives(play().boot()["cmi"])["read"]
    assert (found["success_status"], found["score"]) == ("failed", {"scaled": "0.25"})


def test_what_the_4th_edition_adds_to_maps_is_handed_on(school: School, play: Play) -> None:
    more = (
        "<adlseq:objectives><adlseq:objective objectiveID='{}'><adlseq:mapInfo targetObjectiveID='shared' {}/>"
        "</adlseq:objective></adlseq:objectives>"
    )
    written = " ".join(f"write{w}='true'" for w in ("RawScore", "CompletionStatus", "ProgressMeasure"))
    a = objective("said", "elsewhere") + more.format("said", written)
    b = objective("read", "elsewhere") + more.format("read", "readProgressMeasure='false'")
    school.upload(course(Node("a", sequencing=a), Node("b", sequencing=b), sequencing=FLOW))
    said = {
        "id": "said",
        "score": {"raw": "7", "max": "9"},
        "completion_status": "completed",
        "progress_measure": "1",
    }
    report(play(), finish=True, completion_status="completed", objectives={"0": said}, exit="normal")
    go(school, "continue", "a")
    found = objectives(play().boot()["cmi"])["read"]
    assert (found["score"], found["completion_status"]) == ({"raw": "7"}, "completed")
    assert "progress_measure" not in found


def test_what_a_part_puts_into_a_store_another_finds_there(school: School, play: Play) -> None:
    a = Node("a", extra=store(("log", True, True), ("mine", True, False)))
    b = Node("b", extra=store(("log", True, False)))
    school.upload(course(a, b, Node("c"), sequencing=BOTH))
    first = play("a")
    assert first.boot()["given"]["stores"] == {}
    text = "x" * 64_000 + "\ud800\u0000"
    given = {"log": text, "mine": "not mine to write", "unknown": "1", "nonsense": 3}
    report(first, completion_status="incomplete", shared_data=given)
    second = play("b")
    assert second.boot()["given"] == {
        "maps": [{"target": "log", "reads": True, "writes": False}],
        "stores": {"log": text},
    }
    report(second, completion_status="incomplete", shared_data={"log": "overwritten"})
    (row,) = school.session.scalars(select(ScormCourse))
    assert list(row.stores) == ["log"]
    assert play("a").boot()["given"]["stores"] == {"log": text}
    assert play("c").boot()["given"] is None
    assert play("a", preview=True).boot()["given"]["stores"] == {}, "a preview sees nobody's"


@pytest.mark.parametrize("nonsense", ["x", [1], {"log": {"a": 1}}, None, 7])
def test_nonsense_in_stores_loses_nothing_else(school: School, play: Play, nonsense: Any) -> None:
    school.upload(course(Node("a", extra=store(("log", True, True)))))
    report(play(), completion_status="incomplete", location="4", shared_data=nonsense)
    assert play().boot()["given"]["stores"] == {}
    assert school.attempt().location == "4"


def test_the_score_of_a_course_weighs_its_parts(school: School, play: Play) -> None:
    def weighs(weight: str) -> str:
        return f"<imsss:rollupRules objectiveMeasureWeight='{weight}'/>"

    nodes = (
        Node("intro", sequencing=weighs("0")),
        Node("quiz", sequencing=weighs("0.25")),
        Node("exam", sequencing=weighs("0.75")),
    )
    school.upload(course(*nodes, sequencing=BOTH))
    school.lesson.passing_score_pct = 80
    scores = {"intro": "0.1", "quiz": "0.4", "exam": "1"}
    for name, scaled in scores.items():
        answer = report(
            play(name), finish=True, completion_status="completed", score={"scaled": scaled}, exit="normal"
        )
    assert result(school).score_pct == 85
    assert answer["complete"] is True


def test_scores_that_weigh_nothing_weigh_alike(school: School, play: Play) -> None:
    none = "<imsss:rollupRules objectiveMeasureWeight='0'/>"
    school.upload(course(Node("a", sequencing=none), Node("b", sequencing=none), sequencing=BOTH))
    for name, scaled in (("a", "0.5"), ("b", "1")):
        report(play(name), finish=True, completion_status="completed", score={"scaled": scaled})
    assert result(school).score_pct == 75


def test_a_rule_asks_whether_the_time_is_up(school: School, play: Play) -> None:
    limit = "<imsss:limitConditions attemptAbsoluteDurationLimit='PT10M'/>"
    over = (
        "<imsss:sequencingRules><imsss:postConditionRule><imsss:ruleConditions>"
        "<imsss:ruleCondition condition='timeLimitExceeded'/></imsss:ruleConditions>"
        "<imsss:ruleAction action='exitAll'/></imsss:postConditionRule></imsss:sequencingRules>"
    )
    school.upload(course(Node("a", sequencing=over + limit + BY_CONTENT), Node("b"), sequencing=FLOW))
    for seconds, leads_to in ((599, "b"), (600, None)):
        with time_machine.travel(clock.now(), tick=False) as time:
            played = play()
            assert played.boot()["cmi"]["max_time_allowed"] == "PT10M"
            time.shift(timedelta(seconds=seconds))
            report(
                played,
                finish=True,
                completion_status="incomplete",
                session_time=f"PT{seconds}S",
                exit="normal",
            )
            moved = go(school, "continue", "a")
            assert moved.opens == leads_to
            assert moved.over is (leads_to is None)
            if leads_to:
                go(school, "exitAll", "b")


def test_a_wish_waits_for_the_last_report_of_its_part(school: School, play: Play) -> None:
    school.upload(course(Node("a"), Node("b"), sequencing=FLOW))
    played = play()
    report(played, completion_status="incomplete")
    with pytest.raises(ReportMissing):
        go(school, "continue", "a", launch_id=played.launch.launch_id, seq=2)
    school.session.rollback()
    report(played, finish=True, completion_status="completed", exit="normal")
    assert go(school, "continue", "a", launch_id=played.launch.launch_id, seq=2).opens == "b"


# In a browser


def call(page: Page, script: str) -> Any:
    return course_in(page).locator("body").evaluate(f"() => {script}")


@pytest.mark.browser
def test_stores_in_the_run_time(stage: Stage) -> None:
    a = Node("a", extra=store(("log", True, True)))
    b = Node("b", extra=store(("other", True, True), ("log", True, False)))
    stage.upload(course(a, b, sequencing=BOTH))
    page = stage.page()
    stage.open(page)
    expect(course_in(page).locator("#part")).to_have_text("a")
    assert call(page, "api.GetValue('adl.data._count')") == "1"
    assert call(page, "[api.GetValue('adl.data.0.store'), api.GetLastError()]") == ["", "403"]
    assert call(page, "api.SetValue('adl.data.0.store', 'seen')") == "true"
    stage.wait_for(lambda all_: bool(all_[0].cmi.get("shared_data")), page)
    page.locator("#lesson-controls").get_by_role("button", name="Continue").click()
    expect(course_in(page).locator("#part")).to_have_text("b")
    assert call(page, "api.GetValue('adl.data.1.id')") == "log"
    assert call(page, "api.GetValue('adl.data.1.store')") == "seen"
    assert call(page, "[api.SetValue('adl.data.1.store', 'x'), api.GetLastError()]") == ["false", "404"]


@pytest.mark.browser
def test_the_time_of_a_part_runs_out(stage: Stage) -> None:
    limit = "<adlcp:maxtimeallowed>0000:00:02</adlcp:maxtimeallowed>"
    limit += "<adlcp:timelimitaction>exit,message</adlcp:timelimitaction>"
    stage.upload(course_1_2(Sco("a", "Part", extra=limit)))
    page = stage.page()
    stage.open(page)
    course_in(page).locator("#next").click()
    player = page.frame_locator("#player")
    expect(player.locator("#outside")).to_have_text("The time for this part is up.", timeout=15_000)
    (attempt,) = stage.wait_for(lambda all_: all_[0].finished_at is not None, page)
    assert (attempt.exit, attempt.location) == ("time-out", "2")
    expect(page.locator("#lesson-done")).to_be_visible()
