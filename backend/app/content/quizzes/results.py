"""What came of a lesson's quiz: by student, by question, and the attempts of one student."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy as content_policy
from app.content import queries as content_queries
from app.content.bank import policy as bank_policy
from app.content.bank import service as bank
from app.content.bank.schemas import Asked
from app.content.quizzes import grading, queries
from app.content.quizzes.endings import drawn_of, percent_of
from app.core import views
from app.core.errors import NotFound
from app.core.permissions import Subject, internal
from app.core.views import Part
from app.db.models import QuizAnswer, QuizAttempt, User
from app.rules import quizzes
from app.rules.quiz_statistics import Figures, Given, choices_of, figures
from app.rules.scorm12 import shown_percent
from app.web.listing import Listing
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class StudentResult:
    """A student's attempts at a lesson's quiz."""

    user_id: int
    full_name: str
    attempts: int
    best: Decimal | None
    last: Decimal | None
    submitted_at: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """How a question did."""

    question_id: int
    prompt: str
    kind: str
    figures: Figures

    @property
    def correct_percent(self) -> Decimal | None:
        share = self.figures.correct
        return None if share is None else shown_percent(share * 100)


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """One attempt of a student with each of its answers."""

    number: int
    package_version: int
    started_at: datetime
    submitted_at: datetime | None
    ended_by: str | None
    percent: Decimal | None
    answers: list["AnswerResult"]


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """An answer in words."""

    prompt: str
    given: list[str]
    points: Decimal | None
    possible: Decimal


def by_student(session: Session, subject: Subject, paging: Paging, lesson_id: int) -> Listing[StudentResult]:
    """Students whom one sees, each with what their attempts came to. Raises Forbidden, NotFound."""
    listing: Listing[StudentResult] = queries.results(
        session, lesson_id, _visible(session, subject, lesson_id), paging
    ).map(_student)
    return listing


def by_question(session: Session, subject: Subject, lesson_id: int) -> list[QuestionResult]:
    """Each question that was asked, in all versions of the lesson: the last attempt of each student whom one sees.

    Raises Forbidden, NotFound.
    """
    last = queries.last_attempts(session, lesson_id, _visible(session, subject, lesson_id))
    given = queries.answers(session, [one.id for one in last])
    questions = bank.asked(session, {one.version for attempt in last for one in drawn_of(attempt)})
    collected: dict[int, list[Given]] = {}
    newest: dict[int, Asked] = {}
    for attempt in last:
        answers = {position: one.answer for position, one in given[attempt.id].items()}
        drawn = drawn_of(attempt)
        graded = grading.grade(drawn, questions, answers)
        for position, one in enumerate(drawn, 1):
            question, answer = questions[one.version], answers.get(position)
            share = graded.earned[position] / Fraction(question.points)
            known = newest.get(question.question_id)
            if known is None or question.version_id > known.version_id:
                newest[question.question_id] = question
            collected.setdefault(question.question_id, []).append(
                Given(share, graded.points - graded.earned[position], words_of(question, answer))
            )
    results = [
        QuestionResult(number, question.prompt, question.kind, figures(collected[number]))
        for number, question in newest.items()
    ]
    return sorted(results, key=lambda one: (one.figures.correct or Fraction(0), one.question_id))


@views.opens(Part.LESSONS, student="user_id")
def of_student(
    session: Session, subject: Subject, lesson_id: int, user_id: int
) -> tuple[str, list[AttemptResult]]:
    """The name and the attempts of one student, the latest first. Raises Forbidden, NotFound for one whom one does not
    see."""
    content_policy.require_read_results(subject)
    content_policy.require_read_attempts(session, subject, user_id)
    academics.lesson_place(session, lesson_id)
    name = content_queries.find_user_name(session, user_id)
    if name is None:
        raise NotFound("There is no such student.")
    rows = queries.attempts_of_lesson(session, lesson_id, User.id == user_id)
    given = queries.answers(session, [row.QuizAttempt.id for row in rows])
    questions = bank.asked(session, {one.version for row in rows for one in drawn_of(row.QuizAttempt)})
    found = [_attempt(row, given[row.QuizAttempt.id], questions) for row in rows]
    return name, found[::-1]


def may_open_bank(session: Session, subject: Subject, lesson_id: int) -> bool:
    """Whether the person may open the questions behind the figures."""
    return bank_policy.may_read(session, subject, academics.lesson_place(session, lesson_id).program_id)


def _visible(session: Session, subject: Subject, lesson_id: int) -> ColumnElement[bool]:
    content_policy.require_read_results(subject)
    academics.lesson_place(session, lesson_id)
    return content_policy.limit_attempts(session, subject, User.id)


def _student(row: Any) -> StudentResult:
    return StudentResult(
        row.user_id,
        row.full_name,
        row.attempts,
        None if row.best is None else shown_percent(Fraction(row.best)),
        None if row.last is None else shown_percent(Fraction(row.last)),
        row.submitted_at,
        row.is_open,
    )


def _attempt(row: Any, given: dict[int, QuizAnswer], questions: dict[int, Asked]) -> AttemptResult:
    attempt: QuizAttempt = row.QuizAttempt
    answers = []
    for position, one in enumerate(drawn_of(attempt), 1):
        question, answer = questions[one.version], given.get(position)
        points = None if attempt.submitted_at is None else Decimal(0) if answer is None else answer.points
        words = list(words_of(question, answer.answer if answer else None))
        answers.append(AnswerResult(question.prompt, words, points, question.points))
    percent = None if attempt.submitted_at is None else shown_percent(percent_of(attempt))
    return AttemptResult(
        attempt.number,
        row.package_version,
        attempt.started_at,
        attempt.submitted_at,
        attempt.ended_by,
        percent,
        answers,
    )


@internal("puts an answer that one has into words")
def words_of(question: Asked, answer: dict[str, Any] | None) -> tuple[str, ...]:
    """What an answer chose, in words."""
    area = None
    if question.kind == "hotspot" and answer:
        area = answer.get("id") or quizzes.area_at(question.content, answer.get("x"), answer.get("y"))
    return choices_of(question.kind, question.content, answer, area)
