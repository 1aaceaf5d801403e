"""Starts, answers, submissions and the end of the time at the same moment: one attempt, one submission."""

import threading
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.content import service as content
from app.content.authoring.schemas import Quiz
from app.content.bank import service as bank
from app.content.bank.schemas import CorrectionForm
from app.content.quizzes import endings, service
from app.content.quizzes.schemas import Answer, AnswerIn, SubmitIn
from app.core import clock
from app.db.models import AuditEntry, ContentType, QuizAnswer, QuizAttempt
from app.db.session import Database
from app.settings import Settings
from tests.content.authoring.conftest import publish
from tests.content.conftest import make_school, subject_of
from tests.content.quizzes.conftest import planner, pools_of, question


def at_once(database: Database, *acts: Callable[[Session], object]) -> list[BaseException]:
    """Do all in transactions of their own that begin together; what went wrong."""
    barrier, errors = threading.Barrier(len(acts)), []

    def run(act: Callable[[Session], object]) -> None:
        try:
            with database.begin() as session:
                barrier.wait(10)
                act(session)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


def test_it_is_started_once_and_submitted_once(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        school = make_school(session, live_settings)
        school.lesson.content_type = ContentType.DOCUMENT
        session.flush()
        version = question(school, "numeric", value="5")
        publish(school, "Text", Quiz(pools=pools_of(version), minutes=10, attempts=1))
        student, lesson_id = subject_of(school.student), school.lesson.id
    with live_database.begin() as session:
        token = content.launch(session, student, live_settings, lesson_id).player_url.split("/")[-2]

    start = [lambda session: service.start(session, token)] * 4
    assert at_once(live_database, *start) == []
    with live_database.begin() as session:
        number = session.scalars(select(QuizAttempt.id)).one()

    def answer(seq: int) -> Callable[[Session], object]:
        sent = AnswerIn(attempt=number, position=1, seq=seq, answer=Answer(value=str(seq)))
        return lambda session: service.answer(session, token, sent)

    # In whatever order they arrive, the newest stays.
    assert at_once(live_database, *(answer(seq) for seq in (3, 5, 1, 4, 2))) == []
    with live_database.begin() as session:
        assert session.scalars(select(QuizAnswer)).one().answer == {"value": "5"}
        # The time is over now.
        over = clock.now() - timedelta(minutes=1)
        session.execute(update(QuizAttempt).values(deadline_at=over, started_at=over - timedelta(minutes=10)))

    submit = SubmitIn(attempt=number)
    acts = [lambda session: service.submit(session, token, submit)] * 3
    acts += [lambda session: endings.close_overdue(session, number)] * 3
    assert at_once(live_database, *acts, answer(9)) == []
    with live_database.begin() as session:
        attempt = session.scalars(select(QuizAttempt)).one()
        assert (attempt.ended_by, attempt.points, attempt.number) == ("time limit", 1, 1)
        assert session.scalars(select(QuizAnswer)).one().answer == {"value": "5"}
        for action in ("quiz.started", "quiz.submitted"):
            assert session.scalar(select(func.count()).where(AuditEntry.action == action)) == 1


def test_who_submits_while_a_key_is_corrected_is_graded_by_the_right_one(
    live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        school = make_school(session, live_settings)
        school.lesson.content_type = ContentType.DOCUMENT
        session.flush()
        version = question(school, "numeric", value="5")
        publish(school, "Text", Quiz(pools=pools_of(version), attempts=3))
        student, lesson_id, question_id = subject_of(school.student), school.lesson.id, version.question_id
        by = planner(school)
    with live_database.begin() as session:
        token = content.launch(session, student, live_settings, lesson_id).player_url.split("/")[-2]
    # An earlier attempt is graded again by the correction, which needs the enrollment that the other holds.
    for value in ("1", "6"):
        with live_database.begin() as session:
            number = service.start(session, token)["open"]["attempt"]
            sent = AnswerIn(attempt=number, position=1, seq=1, answer=Answer(value=value))
            service.answer(session, token, sent)
        if value == "1":
            with live_database.begin() as session:
                service.submit(session, token, SubmitIn(attempt=number))

    errors: list[BaseException] = []

    def submit() -> None:
        try:
            with live_database.begin() as session:
                service.submit(session, token, SubmitIn(attempt=number))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=submit)
    with live_database.begin() as session:
        correction = CorrectionForm(version=1, value="6", reason="Wrong")
        bank.correct(session, by, question_id, correction)
        thread.start()
        thread.join(1)
        assert thread.is_alive(), "it waits for the correction"
    thread.join(30)
    assert errors == []
    with live_database.begin() as session:
        attempt = session.get_one(QuizAttempt, number)
        assert attempt.points == 1
