"""A student takes a quiz: answers are kept as they come, nothing right leaves the server early, the clock is ours."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.content import service as content
from app.content.quizzes import accommodations, endings
from app.content.quizzes.accommodations import AccommodationForm
from app.core import clock
from app.core.actions import Action
from app.core.errors import NotFound
from app.core.permissions import Duty, Role
from app.db.models import AuditEntry, LessonCompletion, QuizAttempt
from app.projections.service import SUBSCRIBERS
from tests.content.conftest import Play, School, subject_of
from tests.content.quizzes.conftest import Take, Taker, planner, question

QuizOf = Callable[..., School]
Time = Callable[[float], None]


def right_answer(school: School, asked: dict[str, Any]) -> dict[str, Any]:
    """The key, which the tests know from the bank and the page does not."""
    from app.content.bank import service as bank

    text = asked["prompt"]
    for one in bank.choices(school.session, planner(school), school.program.id):
        if one.prompt in text:
            return {"value": one.key["value"]} if one.kind == "numeric" else dict(one.key)
    raise AssertionError(text)


def everything(state: dict[str, Any]) -> str:
    return json.dumps(state)


def test_a_quiz_is_taken_and_completes_the_lesson_that_was_read(
    school: School, quiz_of: QuizOf, take: Take
) -> None:
    quiz_of(
        question(school, "choice"), question(school, "numeric", value="20", tolerance="1"), pass_percent=50
    )
    taker = take()
    assert (
        taker.played.send({"seq": 1, "cmi": {"end": True, "place": 1000, "seconds": 0}}).json()["complete"]
        is False
    )
    state = taker.start()
    assert len(state["open"]["questions"]) == 2
    for asked in state["open"]["questions"]:
        assert taker.answer(state, asked["position"], right_answer(school, asked)).json()["kept"] is True
    done = taker.submit(state)
    assert (done["past"][0]["percent"], done["past"][0]["passed"]) == (100.0, True)
    assert done["lesson_status"] == "passed"
    attempt = school.attempt()
    assert attempt.score_pct == 100
    completion = school.session.scalars(select(LessonCompletion)).one()
    assert (completion.source, completion.score_pct) == ("content", 100)
    actions = school.session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("quiz.%"))).all()
    assert sorted(actions) == ["quiz.started", "quiz.submitted"]


@pytest.mark.parametrize("kind", ["choice", "multiple", "numeric", "match", "order"])
def test_no_key_reaches_the_browser_before_the_quiz_is_submitted(
    school: School, quiz_of: QuizOf, take: Take, kind: str
) -> None:
    version = question(school, kind, value="7777" if kind == "numeric" else "", feedback="Because of 8888")
    quiz_of(version)
    taker = take()
    state = taker.start()
    taker.answer(
        state, 1, {"id": "x"} if kind == "choice" else {"value": "1"} if kind == "numeric" else {"ids": []}
    )
    for shown in (state, taker.get()):
        text = everything(shown)
        assert "8888" not in text
        assert "7777" not in text
        (asked,) = shown["open"]["questions"]
        assert set(asked) == {
            "position",
            "kind",
            "prompt",
            "points",
            "content",
            "image",
            "answer",
            "seq",
            "checked",
        }
        assert set(asked["content"]) <= {"options", "prompts"}
        assert all(set(one) == {"id", "text"} for part in asked["content"].values() for one in part)
    page = taker.played.host.get(taker.played.launch.player_url).text
    assert "8888" not in page
    if kind == "order":
        assert [one["id"] for one in asked["content"]["options"]] != version.key["ids"]
    if kind == "match":
        assert not {one["id"] for one in asked["content"]["prompts"]} & {
            one["id"] for one in asked["content"]["options"]
        }
    past = taker.submit(state)["past"][0]
    assert "8888" in everything(past)


def test_it_goes_on_on_another_device_with_what_was_answered(
    school: School, quiz_of: QuizOf, take: Take
) -> None:
    quiz_of(question(school, "choice"), question(school, "order"))
    taker = take()
    state = taker.start()
    first = state["open"]["questions"][0]
    given = right_answer(school, first)
    taker.answer(state, 1, given, seq=5)
    other = take()
    again = other.get()
    assert again["open"]["attempt"] == state["open"]["attempt"]
    assert again["open"]["questions"][0]["answer"] == given
    assert again["open"]["questions"][0]["content"] == first["content"]
    assert other.start()["open"]["attempt"] == state["open"]["attempt"]
    assert other.submit(again)["used"] == 1


def test_an_older_answer_that_comes_late_changes_nothing(school: School, quiz_of: QuizOf, take: Take) -> None:
    quiz_of(question(school, "numeric", value="5"))
    taker = take()
    state = taker.start()
    assert taker.answer(state, 1, {"value": "5"}, seq=9).json()["kept"] is True
    assert taker.answer(state, 1, {"value": "4"}, seq=8).json()["kept"] is False
    assert taker.answer(state, 1, {"value": "5"}, seq=9).json()["kept"] is False
    assert taker.submit(state)["past"][0]["percent"] == 100


def test_a_quiz_that_is_submitted_takes_no_answer_and_is_submitted_once(
    school: School, quiz_of: QuizOf, take: Take
) -> None:
    quiz_of(question(school, "numeric", value="5"), attempts=2)
    taker = take()
    state = taker.start()
    first = taker.submit(state)
    assert taker.answer(state, 1, {"value": "5"}).json() == {"kept": False, "closed": True}
    assert taker.submit(state) == first
    entries = select(AuditEntry).where(AuditEntry.action == "quiz.submitted")
    assert len(school.session.scalars(entries).all()) == 1


def test_attempts_run_out_and_more_can_be_granted(school: School, quiz_of: QuizOf, take: Take) -> None:
    quiz_of(question(school, "numeric", value="5"), attempts=1)
    taker = take()
    taker.submit(taker.start())
    assert taker.post("start", {}).status_code == 409
    form = AccommodationForm(enrollment_id=school.enrollment.id, extra_attempts=1, reason="Approved")
    accommodations.grant(school.session, planner(school), school.lesson.id, form)
    school.session.commit()
    assert taker.start()["attempts"] == 2


def test_the_time_limit_is_the_servers_and_what_was_saved_by_then_counts(
    school: School, quiz_of: QuizOf, take: Take, time: Time
) -> None:
    quiz_of(question(school, "numeric", value="5"), question(school, "choice"), minutes=10)
    taker = take()
    state = taker.start()
    assert state["open"]["seconds_left"] == 600
    at = next(one["position"] for one in state["open"]["questions"] if one["kind"] == "numeric")
    taker.answer(state, at, {"value": "5"})
    time(604)
    assert taker.answer(state, at, {"value": "5"}, seq=2).json()["kept"] is True
    time(2)
    assert taker.answer(state, at, {"value": "6"}, seq=3).json() == {"kept": False, "closed": True}
    (past,) = taker.get()["past"]
    assert (past["ended_by"], past["percent"]) == ("time limit", 50.0)


def test_it_is_submitted_when_the_time_is_over_also_if_the_browser_is_gone(
    school: School, quiz_of: QuizOf, take: Take, time: Time
) -> None:
    quiz_of(question(school, "numeric", value="5"), minutes=1)
    taker = take()
    state = taker.start()
    taker.answer(state, 1, {"value": "5"})
    number = state["open"]["attempt"]
    assert endings.close_overdue(school.session, number) is False
    time(66)
    assert endings.close_overdue(school.session, number) is True
    assert endings.close_overdue(school.session, number) is False
    attempt = school.session.get(QuizAttempt, number)
    assert attempt is not None
    assert (attempt.ended_by, attempt.points) == ("time limit", 1)
    jobs = school.session.connection().exec_driver_sql(
        "SELECT args ->> 'attempt_id' FROM procrastinate_jobs WHERE task_name = 'content.close_quiz'"
    )
    assert [row[0] for row in jobs] == [str(number)]


def test_more_time_is_the_students_share(school: School, quiz_of: QuizOf, take: Take) -> None:
    quiz_of(question(school, "numeric", value="5"), minutes=10)
    form = AccommodationForm(
        enrollment_id=school.enrollment.id, extra_time_percent=50, everywhere=True, reason="Approved"
    )
    accommodations.grant(school.session, planner(school), school.lesson.id, form)
    school.session.commit()
    assert take().start()["open"]["seconds_left"] == 900


def test_what_was_granted_ends_once(school: School, quiz_of: QuizOf, monkeypatch: pytest.MonkeyPatch) -> None:
    quiz_of(question(school, "numeric", value="5"))
    form = AccommodationForm(enrollment_id=school.enrollment.id, extra_attempts=1, reason="Approved")
    by, lesson_id = planner(school), school.lesson.id
    row = accommodations.grant(school.session, by, lesson_id, form)
    school.session.commit()
    # Both have read it before either ends it.
    read = accommodations.of_lesson(school.session, by, lesson_id)
    monkeypatch.setattr(accommodations, "of_lesson", lambda *_: read)
    accommodations.end(school.session, by, lesson_id, row.id)
    ended = row.ended_at
    with pytest.raises(NotFound, match="has ended"):
        accommodations.end(school.session, by, lesson_id, row.id)
    school.session.refresh(row)
    assert (row.ended_at, row.ended_by) == (ended, by.user_id)
    action = AuditEntry.action == Action.QUIZ_ACCOMMODATION_ENDED.value
    assert school.session.scalar(select(func.count()).select_from(AuditEntry).where(action)) == 1


def test_an_answer_that_is_checked_says_why_and_stays(school: School, quiz_of: QuizOf, take: Take) -> None:
    quiz_of(question(school, "numeric", value="5", feedback="Five **fingers**"), feedback="question")
    taker = take()
    state = taker.start()
    found = taker.answer(state, 1, {"value": "4"}, check=True).json()
    assert found["feedback"]["right"] is False
    assert found["feedback"]["key"] == ["5"]
    assert "<strong>fingers</strong>" in found["feedback"]["why"]
    assert taker.answer(state, 1, {"value": "5"}, seq=2).json()["kept"] is False
    assert taker.submit(state)["past"][0]["percent"] == 0


def test_who_does_not_check_is_shown_nothing_by_asking_for_it(
    school: School, quiz_of: QuizOf, take: Take
) -> None:
    quiz_of(question(school, "numeric", value="5"), feedback="submission")
    taker = take()
    state = taker.start()
    assert "feedback" not in taker.answer(state, 1, {"value": "4"}, check=True).json()


@pytest.mark.parametrize(
    ("feedback", "days", "shown"), [("none", 1, False), ("due", 0, False), ("due", 1, True)]
)
def test_right_answers_are_shown_when_the_rules_say_so(
    school: School, quiz_of: QuizOf, take: Take, time: Time, feedback: str, days: int, shown: bool
) -> None:
    quiz_of(question(school, "numeric", value="5"), feedback=feedback, due_at=clock.now() + timedelta(days=1))
    taker = take()
    taker.submit(taker.start())
    time(days * 86_400 + 60)
    past = take().get()["past"][0]
    assert (past["questions"] is not None) == shown


def test_nobody_begins_once_right_answers_are_shown_and_who_has_begun_does_not_see_them(
    school: School, quiz_of: QuizOf, take: Take, time: Time
) -> None:
    quiz_of(
        question(school, "numeric", value="5"), feedback="due", due_at=datetime(2031, 5, 6, 3, 59, tzinfo=UTC)
    )
    taker = take()
    taker.submit(taker.start())
    state = taker.start()
    assert state["due"] == "May 5, 2031, 11:59 PM EDT"
    time((datetime(2031, 5, 6, 4, tzinfo=UTC) - clock.now()).total_seconds())
    again = take()
    going_on = again.start()
    assert going_on["open"]["attempt"] == state["open"]["attempt"]
    assert going_on["past"][0]["questions"] is None
    done = again.submit(going_on)
    assert (done["closed"], [one["questions"] is None for one in done["past"]]) == (True, [False, False])
    refused = again.post("start", {})
    assert refused.status_code == 409
    assert "was due May 5, 2031, 11:59 PM EDT" in refused.json()["detail"]


def test_a_preview_is_graded_and_leaves_no_trace(school: School, quiz_of: QuizOf, take: Take) -> None:
    quiz_of(question(school, "numeric", value="5"))
    taker = take(preview=True)
    assert taker.get()["preview"] is True
    state = taker.start()
    assert taker.answer({"open": {"attempt": 1}}, 1, {"value": "5"}).json() == {
        "kept": False,
        "closed": False,
    }
    done = taker.post("submit", {"attempt": 0, "answers": {"1": {"value": "5"}}}).json()
    assert done["past"][0]["percent"] == 100
    assert state["open"]["attempt"] == 0
    assert school.session.scalars(select(QuizAttempt)).all() == []
    assert school.attempts() == []


@pytest.mark.parametrize(
    ("role", "duties", "sees"),
    [
        (Role.ADMIN, frozenset(), True),
        (Role.INSTRUCTOR, frozenset({Duty.REGISTRAR}), False),
        (Role.INSTRUCTOR, frozenset({Duty.AUDITOR}), True),
    ],
)
def test_a_preview_shows_right_answers_to_those_alone_to_whom_the_bank_does(
    school: School,
    quiz_of: QuizOf,
    play: Play,
    monkeypatch: pytest.MonkeyPatch,
    role: Role,
    duties: frozenset[Duty],
    sees: bool,
) -> None:
    quiz_of(question(school, "numeric", value="5"))
    person = replace(subject_of(school.instructor), role=role, duties=duties)
    monkeypatch.setattr("tests.content.conftest.subject_of", lambda _user: person)
    taker = Taker(play(preview=True))
    taker.start()
    done = taker.post("submit", {"attempt": 0, "answers": {"1": {"value": "4"}}}).json()
    asked = done["past"][0]["questions"][0]
    assert (asked["earned"], "feedback" in asked) == (0, sees)


def test_the_grade_book_is_given_what_the_attempts_come_to_passed_or_not(
    school: School, quiz_of: QuizOf, take: Take
) -> None:
    quiz_of(question(school, "numeric", value="5"), method="last", pass_percent=60)
    taker = take()
    taker.played.send({"seq": 1, "cmi": {"end": True, "place": 1000, "seconds": 0}})

    def scores() -> dict[int, object]:
        school.session.expire_all()
        return dict(content.lesson_scores(school.session, school.lesson.id, [school.enrollment.id]))

    assert scores() == {}
    for value, score in (("4", 0), ("5", 100), ("3", 0)):
        state = taker.start()
        taker.answer(state, 1, {"value": value})
        taker.submit(state)
        assert scores() == {school.enrollment.id: score}
    assert Action.QUIZ_SUBMITTED in SUBSCRIBERS["lesson_grades"].actions
