"""What becomes of submitted quizzes when a wrong key is corrected."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from sqlalchemy.orm import Session

from app.content import policy as content_policy
from app.content import queries as content_queries
from app.content.bank import service as bank
from app.content.bank.lines import Parsed
from app.content.bank.schemas import Foreseen, Regraded
from app.content.packages.versions import find_version
from app.content.quizzes import endings, grading, queries
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict
from app.core.permissions import Subject, internal
from app.db.models import Launch, QuestionVersion, QuizAttempt, User
from app.enrollment import service as enrollment
from app.rules.scorm12 import shown_percent


@internal("a step of correcting a key")
def foresee(session: Session, subject: Subject, wrong: Sequence[int], right: Parsed) -> Foreseen:
    """What the right key would make of the submitted attempts that were asked one of the wrong versions."""
    rows = queries.asked_of(session, wrong, content_policy.limit_attempts(session, subject, User.id))
    given = queries.answers(session, [row.QuizAttempt.id for row in rows])
    versions = {one.version for row in rows for one in endings.drawn_of(row.QuizAttempt)}
    questions = {
        number: replace(one, content=right.content, key=right.key) if number in wrong else one
        for number, one in bank.asked(session, versions).items()
    }
    changes, others = [], 0
    for row in rows:
        attempt: QuizAttempt = row.QuizAttempt
        answers = {position: one.answer for position, one in given[attempt.id].items()}
        graded = grading.grade(endings.drawn_of(attempt), questions, answers)
        before, after = endings.percent_of(attempt), _percent(grading.exact(graded.points), attempt)
        if before == after:
            continue
        if not row.visible:
            others += 1
            continue
        pass_percent = endings.item_of(find_version(session, attempt.package_id)).details["quiz"][
            "pass_percent"
        ]
        changes.append(
            Regraded(
                row.user_id,
                row.full_name,
                row.lesson_title,
                attempt.number,
                shown_percent(before),
                shown_percent(after),
                before >= pass_percent,
                after >= pass_percent,
            )
        )
    return Foreseen(len(rows), changes, others)


def _percent(points: Decimal, attempt: QuizAttempt) -> Fraction:
    return (
        Fraction(points) * 100 / Fraction(attempt.points_possible) if attempt.points_possible else Fraction(0)
    )


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


bank.on_key_corrected(sys.modules[__name__])
