"""What a course reports, and what is on record afterwards."""

from datetime import timedelta
from decimal import Decimal

import time_machine
from sqlalchemy import func, select

from app.content import service
from app.core import clock
from app.db.models import (
    ScormCommit,
)
from tests.content.conftest import Play, School, completions, score, subject_of
from tests.factories.packages import Sco, course


def test_the_journey_leaves_status_score_state_and_time(school: School, play: Play) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        first = play()
        assert first.boot()["cmi"]["core"]["entry"] == "ab-initio"
        time.shift(300)
        first.commit(
            lesson_status="incomplete",
            lesson_location="page-3",
            suspend_data="abc",
            session_time="0000:04:00.00",
            score=score("40", "0"),
        )
        first.commit(
            finish=True,
            lesson_status="incomplete",
            lesson_location="page-3",
            suspend_data="abc",
            session_time="0000:05:00.00",
            exit="suspend",
            score=score("40", "0"),
        )
        attempt = school.attempt()
        assert (attempt.cmi_core_lesson_status, attempt.location) == ("incomplete", "page-3")
        assert (attempt.cmi_suspend_data, attempt.total_seconds, attempt.finished_at) == ("abc", 300, None)
        assert completions(school) == []

        time.shift(3600)
        second = play()
        core = second.boot()["cmi"]["core"]
        assert (core["entry"], core["lesson_location"]) == ("resume", "page-3")
        assert (core["total_time"], core["score"]["raw"]) == ("0000:05:00.00", "40")
        assert second.boot()["cmi"]["suspend_data"] == "abc"
        time.shift(60)
        answer = second.commit(
            finish=True,
            lesson_status="completed",
            lesson_location="end",
            session_time="0000:01:00.00",
            score=score("90", "0"),
        )
    assert answer["complete"] is True
    attempt = school.attempt()
    assert (attempt.attempt_no, attempt.cmi_core_lesson_status) == (1, "completed")
    assert (attempt.cmi_core_score_raw, attempt.cmi_core_score_max) == (90, 100)
    assert (attempt.score_pct, attempt.total_seconds) == (Decimal("90.00"), 360)
    assert attempt.finished_at is not None
    (done,) = completions(school)
    assert (done.lesson_id, done.source, done.score_pct) == (school.lesson.id, "content", Decimal(90))


def test_after_a_finished_attempt_a_new_one_begins_and_the_result_stays(school: School, play: Play) -> None:
    play().commit(finish=True, lesson_status="passed", score=score("80"))
    again = play()
    assert again.launch.attempt_no == 2
    assert again.boot()["cmi"]["core"]["entry"] == "ab-initio"
    assert again.boot()["cmi"]["core"]["score"] == {}
    again.commit(finish=True, lesson_status="failed", score=score("10"))
    result = service.lesson_result(school.session, subject_of(school.student), school.lesson.id)
    assert (result.complete, result.score_pct, result.parts[0].attempts) == (True, 80, 2)


def test_a_session_that_was_broken_off_goes_on_where_it_was(school: School, play: Play) -> None:
    play().commit(leaving=True, lesson_status="incomplete", lesson_location="p2", suspend_data="x")
    again = play()
    assert again.launch.attempt_no == 1
    core = again.boot()["cmi"]["core"]
    assert (core["entry"], core["lesson_location"], core["lesson_status"]) == ("resume", "p2", "incomplete")


def test_a_status_never_gets_worse(school: School, play: Play) -> None:
    played = play()
    played.commit(lesson_status="passed", score=score("90"))
    played.commit(lesson_status="incomplete", score=score("10"))
    attempt = school.attempt()
    assert (attempt.cmi_core_lesson_status, attempt.cmi_core_score_raw) == ("passed", 90)
    logged = school.session.scalars(select(ScormCommit).order_by(ScormCommit.seq)).all()
    assert [row.payload["core"]["lesson_status"] for row in logged] == ["passed", "incomplete"]


def test_a_course_that_never_sets_a_status_is_completed_at_the_end(school: School, play: Play) -> None:
    answer = play().commit(finish=True, lesson_status="not attempted")
    assert (answer["lesson_status"], answer["complete"]) == ("completed", True)


def test_a_score_that_comes_after_completed_counts(school: School, play: Play) -> None:
    played = play()
    played.commit(lesson_status="completed")
    played.commit(lesson_status="completed", score=score("75"))
    (done,) = completions(school)
    school.session.refresh(done)
    assert done.score_pct == Decimal(75)


def test_the_mastery_score_of_the_manifest_decides(school: School, play: Play) -> None:
    school.upload(course(Sco("a", "A", extra="<adlcp:masteryscore>80</adlcp:masteryscore>")))
    played = play()
    assert played.boot()["cmi"]["student_data"]["mastery_score"] == "80"
    answer = played.commit(finish=True, lesson_status="completed", score=score("79"))
    assert (answer["lesson_status"], answer["complete"]) == ("failed", False)
    answer = play().commit(finish=True, lesson_status="completed", score=score("80"))
    assert (answer["lesson_status"], answer["complete"]) == ("passed", True)


def test_the_lesson_may_ask_for_a_score(school: School, play: Play) -> None:
    school.lesson.passing_score_pct = 70
    school.session.flush()
    assert play().commit(finish=True, lesson_status="completed", score=score("60"))["complete"] is False
    assert play().commit(finish=True, lesson_status="completed", score=score("70"))["complete"] is True


def test_all_parts_of_a_lesson_must_be_done(school: School, play: Play) -> None:
    school.upload(course(Sco("a", "One"), Sco("b", "Two"), Sco("c", "Three")))
    assert play().launch.sco_id == "a"
    assert play("a").commit(finish=True, lesson_status="completed")["complete"] is False
    assert play("c").commit(finish=True, lesson_status="passed")["complete"] is False
    assert play().launch.sco_id == "b", "the first part that is not done"
    assert play("b").commit(finish=True, lesson_status="completed")["complete"] is True


def test_no_more_time_is_credited_than_passed_by_the_clock(school: School, play: Play) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        played = play()
        time.shift(60)
        played.commit(session_time="0100:00:00.00")
        assert school.attempt().total_seconds == 60
        time.shift(60)
        played.commit(session_time="0000:01:30.00")
        assert school.attempt().total_seconds == 90
        played.commit(session_time="0000:00:10.00")
        assert school.attempt().total_seconds == 90, "credited time is not taken back"


def test_the_same_commit_again_changes_nothing(school: School, play: Play) -> None:
    played = play()
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=False):
        body = {
            "seq": 1,
            "finish": True,
            "cmi": played.cmi(lesson_status="completed", session_time="00:02:00"),
        }
        answers = [played.send(body).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert school.attempt().total_seconds == 120
    assert school.session.scalar(select(func.count()).select_from(ScormCommit)) == 1
    assert len(completions(school)) == 1


def test_a_commit_that_comes_late_does_not_overwrite_newer_state(school: School, play: Play) -> None:
    played = play()
    played.commit(seq=5, lesson_status="incomplete", lesson_location="p5", suspend_data="five")
    played.commit(
        seq=3, lesson_status="passed", lesson_location="p3", suspend_data="three", score=score("88")
    )
    attempt = school.attempt()
    assert (attempt.location, attempt.cmi_suspend_data) == ("p5", "five")
    assert (attempt.cmi_core_lesson_status, attempt.cmi_core_score_raw) == ("passed", 88)
    assert played.boot()["lastSeq"] == 5


def test_a_second_window_takes_over_once_it_has_saved(school: School, play: Play) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        first = play()
        first.commit(lesson_location="first-1")
        time.shift(5)
        second = play()
        first.commit(lesson_location="first-2")
        assert school.attempt().location == "first-2", "the old window still saves while the new one has not"
        second.commit(lesson_location="second-1")
        refused = first.send({"seq": 9, "cmi": first.cmi(lesson_location="first-3")})
    assert refused.status_code == 409
    assert "another window" in refused.json()["detail"]
    assert school.attempt().location == "second-1"
