"""What the player of a quiz is not to send is refused with a sentence, and changes nothing."""

import json
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.db.models import Enrollment, EnrollmentStatus, QuizAnswer, QuizAttempt
from tests.content.conftest import Play, School
from tests.content.quizzes.conftest import Take, Taker, question

QuizOf = Callable[..., School]


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        "[" * 30_000,
        json.dumps({"attempt": 1}),
        json.dumps({"attempt": 1, "position": 1, "seq": 1, "answer": {"value": "\u0000"}}),
        json.dumps({"attempt": 1, "position": 1, "seq": 1, "answer": {"value": "\ud800"}}),
        json.dumps({"attempt": 1, "position": 1, "seq": 1, "answer": {"ids": ["x" * 100]}}),
        json.dumps({"attempt": 1, "position": 1, "seq": 1, "answer": {"x": 1e400}}),
        json.dumps({"attempt": 1, "position": 1, "seq": 1, "answer": {"key": "a"}}),
        json.dumps({"attempt": 1, "position": 1, "seq": 10**30, "answer": {}}),
        json.dumps({"attempt": 1, "position": 0, "seq": 1, "answer": {}}),
        "x" * 100_000,
    ],
)
def test_nonsense_is_refused_with_a_sentence_and_changes_nothing(
    school: School, quiz_of: QuizOf, take: Take, body: str
) -> None:
    quiz_of(question(school, "numeric", value="5"))
    taker = take()
    taker.start()
    answer = taker.played.host.post(
        f"{taker.played.base}/quiz/answer", content=body, headers={"Origin": taker.played.origin}
    )
    assert answer.status_code in (400, 413, 422)
    assert answer.json()["detail"].endswith(".")
    assert school.session.scalars(select(QuizAnswer)).all() == []


def test_only_the_player_may_answer(school: School, quiz_of: QuizOf, take: Take) -> None:
    quiz_of(question(school, "numeric", value="5"))
    taker = take()
    assert taker.post("start", {}, Origin="https://evil.example").status_code == 403
    assert school.session.scalars(select(QuizAttempt)).all() == []


def test_another_students_attempt_is_not_found(
    school: School, quiz_of: QuizOf, take: Take, play: Play, host: TestClient
) -> None:
    quiz_of(question(school, "numeric", value="5"))
    taker = take()
    state = taker.start()
    school.session.add(
        Enrollment(
            user_id=school.stranger.id,
            program_id=school.program.id,
            status=EnrollmentStatus.ACTIVE,
            enrolled_at=school.enrollment.enrolled_at,
        )
    )
    school.session.flush()
    school.student = school.stranger
    other = Taker(play())
    assert other.answer(state, 1, {"value": "5"}).status_code == 404
    assert other.post("submit", {"attempt": state["open"]["attempt"]}).status_code == 404
    assert host.get("/p/nothing/quiz").status_code == 404


def test_a_question_that_the_quiz_does_not_have_is_refused(
    school: School, quiz_of: QuizOf, take: Take
) -> None:
    quiz_of(question(school, "numeric", value="5"))
    taker = take()
    assert taker.answer(taker.start(), 2, {"value": "5"}).status_code == 422
