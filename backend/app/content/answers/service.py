"""What the content of a lesson reports of its questions and objectives, for those who teach its students.

All of it is said by the course in the student’s browser: evidence of work, and no proof.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy
from app.content.answers import queries
from app.content.packages.versions import find_version
from app.content.postgres_text import restored_json
from app.content.results import readable
from app.core.permissions import Subject, internal
from app.db.models import User
from app.rules import interactions
from app.rules.interactions import Interaction, ObjectiveReport, QuestionFigures
from app.rules.scorm12 import shown_percent
from app.web.listing import Computed
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of one attempt, with whose it is."""

    user_id: int
    full_name: str
    part: str
    version: int
    attempt_no: int
    reported_at: datetime
    said: Interaction


@dataclass(frozen=True, slots=True)
class Goal:
    """What one attempt reports of an objective."""

    user_id: int
    full_name: str
    part: str
    version: int
    attempt_no: int
    reported_at: datetime
    said: ObjectiveReport

    @property
    def objective(self) -> str:
        """What the course calls it."""
        return self.said.description or self.said.id


@dataclass(frozen=True, slots=True)
class Question:
    """How a question of one version did: the last answer of each student to it."""

    id: str
    part: str
    version: int
    text: str
    right_answers: tuple[str, ...]
    figures: QuestionFigures

    @property
    def right_percent(self) -> Decimal | None:
        share = self.figures.right
        return None if share is None else shown_percent(share * 100)


def answers(session: Session, subject: Subject, lesson_id: int, *, former: bool = False) -> list[Answer]:
    """Every answer in every attempt of the students one sees who study now, or of everybody with `former`, read once.
    Raises Forbidden, NotFound."""
    return [
        Answer(row.user_id, row.full_name, part, row.version, row.attempt_no, row.updated_at, one)
        for row, part, cmi in _reports(session, subject, lesson_id, former)
        for one in interactions.interactions_of(cmi)
    ]


@internal("sorts what was read")
def listing(session: Session, items: Sequence[Answer], paging: Paging) -> Computed[Answer]:
    """Answers as a list. Sorts: student, question, result, latency, at."""
    sorts = {
        "student": lambda one: one.full_name,
        "question": lambda one: one.said.question,
        "result": lambda one: one.said.result,
        "latency": lambda one: one.said.latency,
        "at": lambda one: one.reported_at,
    }
    return Computed(
        session, items, paging, sorts, "student", lambda one: [one.full_name, one.said.question, one.said.id]
    )


def goals(
    session: Session, subject: Subject, paging: Paging, lesson_id: int, *, former: bool = False
) -> Computed[Goal]:
    """What every attempt of the students one sees who study now reports of objectives, or of everybody with `former`.
    Raises Forbidden, NotFound.

    Sorts: student, objective, status, at.
    """
    items = [
        Goal(row.user_id, row.full_name, part, row.version, row.attempt_no, row.updated_at, one)
        for row, part, cmi in _reports(session, subject, lesson_id, former)
        for one in interactions.objectives_of(cmi)
    ]
    sorts = {
        "student": lambda one: one.full_name,
        "objective": lambda one: one.objective,
        "status": lambda one: one.said.status,
        "at": lambda one: one.reported_at,
    }
    return Computed(
        session, items, paging, sorts, "student", lambda one: [one.full_name, one.objective, one.said.id]
    )


@internal("adds up what was read")
def questions(items: Sequence[Answer]) -> list[Question]:
    """Each question of each version with the last answer of each student to it, the hardest first."""
    last: dict[tuple[int, int, str, str], Answer] = {}
    for one in items:
        last[one.user_id, one.version, one.part, one.said.id] = one
    by_question: dict[tuple[int, str, str], list[Answer]] = {}
    for one in last.values():
        by_question.setdefault((one.version, one.part, one.said.id), []).append(one)
    found = []
    for (version, part, name), given in by_question.items():
        newest = max(given, key=lambda one: one.reported_at).said
        said = [one.said for one in given]
        named = next((one.question for one in said if one.question != name), name)
        found.append(Question(name, part, version, named, newest.right_answers, interactions.figures(said)))
    none = 2  # after every share
    return sorted(
        found,
        key=lambda one: (
            none if one.figures.right is None else one.figures.right,
            one.part,
            one.id,
            -one.version,
        ),
    )


def _reports(
    session: Session, subject: Subject, lesson_id: int, former: bool
) -> Iterator[tuple[Any, str, dict[str, Any]]]:
    """Each attempt with the title of its part and what it reports."""
    policy.require_read_results(subject)
    academics.lesson_place(session, lesson_id)
    visible = policy.limit_attempts(session, subject, User.id)
    titles: dict[int, dict[str, str]] = {}
    for row in queries.reports_of_lesson(session, lesson_id, visible, former=former):
        if row.package_id not in titles:
            manifest = find_version(session, row.package_id).manifest
            titles[row.package_id] = {item.id: item.title for item in manifest.walk()}
        yield row, titles[row.package_id].get(row.sco_id, row.sco_id), _legible(restored_json(row.reported))


def _legible(value: Any) -> Any:
    """What a course sent, with nothing in it that no page or file could carry."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, dict):
        return {name: _legible(one) for name, one in value.items()}
    return [_legible(one) for one in value] if isinstance(value, list) else value
