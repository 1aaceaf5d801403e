"""The end of an attempt at a quiz: graded, recorded, and counted for the lesson."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from app.content import queries as content_queries
from app.content.bank import service as bank
from app.content.bank.schemas import Asked
from app.content.launches import commits
from app.content.packages.model import Item
from app.content.packages.versions import Version, find_version
from app.content.quizzes import grading, queries
from app.content.runtimes.written import judge
from app.content.scores import keep_score
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict
from app.core.permissions import internal
from app.db.models import Enrollment, Launch, QuizAttempt, ScormData
from app.enrollment import service as enrollment
from app.rules import quizzes
from app.rules.quiz_draws import Drawn
from app.rules.scorm12 import Score

Json = dict[str, Any]


@internal("the system ends what has run out")
def close_overdue(session: Session, attempt_id: int) -> bool:
    """Submit an attempt whose time is over, whoever has gone; whether it was."""
    attempt = queries.find(session, attempt_id)
    now = clock.now()
    if attempt is None or attempt.submitted_at is not None or not quizzes.is_over(attempt.deadline_at, now):
        return False
    bank.hold(session, [one.version for one in drawn_of(attempt)])
    # Held also where the student no longer studies: the attempt is graded all the same.
    with suppress(Conflict):
        enrollment.hold_for_study(session, attempt.enrollment_id)
    attempt = queries.find(session, attempt_id, lock=True)
    if attempt is None or attempt.submitted_at is not None:
        return False
    end(session, attempt, "time limit", now)
    return True


@internal("a step of taking a quiz")
def end(session: Session, attempt: QuizAttempt, by: str, now: datetime) -> None:
    """Grade an attempt, and count it for the lesson where the student still studies; the enrollment is held."""
    version = find_version(session, attempt.package_id)
    item = item_of(version)
    questions = questions_of(session, item.details["quiz"])
    given = queries.answers(session, [attempt.id])[attempt.id]
    drawn = drawn_of(attempt)
    graded = grading.grade(drawn, questions, {position: one.answer for position, one in given.items()})
    for position, one in given.items():
        one.points = grading.exact(graded.earned[position])
    attempt.submitted_at, attempt.ended_by = now, by
    attempt.points, attempt.points_possible = grading.exact(graded.points), grading.exact(graded.possible)
    session.flush()
    history.record(
        session,
        None,
        Action.QUIZ_SUBMITTED,
        attempt.id,
        student_id=attempt.user_id,
        enrollment_id=attempt.enrollment_id,
        occurred_at=now,
        lesson_id=attempt.lesson_id,
        sco_id=item.id,
        title=item.title,
        number=attempt.number,
        ended_by=by,
        points=attempt.points,
        points_possible=attempt.points_possible,
        answers=_answers(drawn, questions, graded, given),
    )
    count_for_lesson(session, attempt, now)


def _answers(
    drawn: list[Drawn], questions: Mapping[int, Asked], graded: grading.Graded, given: Mapping[int, Any]
) -> list[Json]:
    return [
        {
            "question_id": questions[one.version].question_id,
            "prompt": questions[one.version].prompt[:200],
            "earned": grading.exact(graded.earned[position]),
            "points": questions[one.version].points,
            "answered": bool(given.get(position) and given[position].answer),
        }
        for position, one in enumerate(drawn, 1)
    ]


@internal("a step of ending an attempt or correcting a key")
def count_for_lesson(session: Session, attempt: QuizAttempt, now: datetime) -> None:
    """Write what all attempts come to into the lesson's attempt, its status and the enrollment's progress.

    Nothing where the student no longer studies: what was answered is graded, and the record of the program stays.
    """
    launch = session.get(Launch, attempt.launch_id)
    version = find_version(session, attempt.package_id)
    item = item_of(version)
    if launch is None:
        return
    try:
        held: Enrollment = enrollment.hold_for_study(session, attempt.enrollment_id)
    except Conflict:
        return
    work = content_queries.attempt_of_launch(session, launch, lock=True)
    if work is None:
        return
    # That the session began is what the player's own report says.
    before = replace(commits.Before.of(work, launch), first=False)
    _keep(session, attempt, work, item)
    judge(work, item, now)
    work.updated_at = now
    session.flush()
    commits.record_news(session, launch, work, item, before, now, ending=None)
    commits.settle(session, launch, held, version, work, before, now, changed=True)


def _keep(session: Session, attempt: QuizAttempt, work: ScormData, item: Item) -> None:
    known = [
        one
        for one in queries.attempts(session, attempt.enrollment_id, attempt.package_id)
        if one.submitted_at is not None
    ]
    percents = [percent_of(one) for one in known]
    total = quizzes.overall(percents, item.details["quiz"]["method"])
    if total is None:
        return
    counts = next((one for one in known if percent_of(one) == total), None)
    if counts is not None and counts.points_possible:
        keep_score(work, Score(counts.points, Decimal(0), counts.points_possible))
    else:
        # A mean of several attempts is nobody's points: as a fraction of hundred it is exact.
        keep_score(work, Score(Decimal(total.numerator), Decimal(0), Decimal(total.denominator * 100)))


@internal("computes from an attempt that one has")
def percent_of(attempt: QuizAttempt) -> Fraction:
    """The score of a submitted attempt in percent, exactly."""
    if not attempt.points_possible:
        return Fraction(0)
    return Fraction(attempt.points or 0) * 100 / Fraction(attempt.points_possible)


@internal("names a part of a version that one has")
def item_of(version: Version) -> Item:
    return version.manifest.launchable()[0]


@internal("names what a quiz asks to the quiz that asks it")
def questions_of(session: Session, quiz: Json) -> dict[int, Asked]:
    return bank.asked(session, [one for pool in quiz["pools"] for one in pool["versions"]])


@internal("reads from an attempt that one has")
def drawn_of(attempt: QuizAttempt) -> list[Drawn]:
    return [Drawn(one["version"], tuple(one["order"])) for one in attempt.drawn]
