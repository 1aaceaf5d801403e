"""What becomes of submitted quizzes when a wrong key is corrected."""

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal

from sqlalchemy.orm import Session

from app.content import queries as content_queries
from app.content.bank import service as bank
from app.content.quizzes import endings, grading, queries
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict
from app.core.permissions import Subject, internal
from app.db.models import Launch, QuestionVersion, QuizAttempt
from app.enrollment import service as enrollment


@internal("a step of correcting a key")
def regrade(session: Session, subject: Subject, wrong: Sequence[int], right: QuestionVersion) -> int:
    """Grade again every submitted attempt that was asked one of the wrong versions, and count it for its lesson;
    answers how many attempts that were. Each whose points change is in the history with who and why."""
    numbers = queries.asked_with(session, wrong)
    for number in numbers:
        attempt = queries.find(session, number)
        if attempt is None:
            continue
        # As whoever takes a quiz does: the enrollment first. Who no longer studies is graded all the same.
        with suppress(Conflict):
            enrollment.hold_for_study(session, attempt.enrollment_id)
        attempt = queries.find(session, number, lock=True)
        if attempt is not None:
            _regrade(session, subject, attempt, right)
    return len(numbers)


def _regrade(session: Session, subject: Subject, attempt: QuizAttempt, right: QuestionVersion) -> None:
    given = queries.answers(session, [attempt.id])[attempt.id]
    drawn = endings.drawn_of(attempt)
    questions = bank.asked(session, [one.version for one in drawn])
    graded = grading.grade(drawn, questions, {position: one.answer for position, one in given.items()})
    for position, one in given.items():
        one.points = grading.exact(graded.earned[position])
    before, after = attempt.points or Decimal(0), grading.exact(graded.points)
    if before == after:
        return
    attempt.points = after
    session.flush()
    scored = _score(session, attempt)
    endings.count_for_lesson(session, attempt, clock.now())
    history.record(
        session,
        subject,
        Action.QUIZ_REGRADED,
        attempt.id,
        student_id=attempt.user_id,
        enrollment_id=attempt.enrollment_id,
        reason=right.reason,
        lesson_id=attempt.lesson_id,
        question_id=right.question_id,
        number=attempt.number,
        points=[before, after],
        score_pct=[scored, _score(session, attempt)],
    )


def _score(session: Session, attempt: QuizAttempt) -> Decimal | None:
    launch = session.get(Launch, attempt.launch_id)
    work = None if launch is None else content_queries.attempt_of_launch(session, launch)
    return None if work is None else work.score_pct


bank.on_key_corrected(regrade)
