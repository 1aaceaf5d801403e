"""Which students an inspection is about: what lines of text mean, and who is drawn."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.inspections import policy, queries
from app.core import history
from app.core.actions import Action
from app.core.errors import FieldError, Invalid
from app.core.permissions import Subject
from app.db.models import User
from app.rules.days import long_date
from app.rules.inspections import MOST_STUDENTS
from app.rules.inspections import draw as drawn_of

_SHOWN = 20
"""Students of one name that are offered."""


@dataclass(frozen=True, slots=True)
class Found:
    """A student whom a line may mean, with their programs in a few words."""

    student_id: int
    name: str
    email: str
    programs: str


@dataclass(frozen=True, slots=True)
class NamedLine:
    """A line that was typed, and whom it may mean: nobody, one student, or several to choose from."""

    text: str
    found: Sequence[Found]
    more: bool


@dataclass(frozen=True, slots=True)
class Draw:
    """Students drawn at random: repeated with the seed, it is the same."""

    seed: str
    among: str
    candidates: Sequence[int]
    students: Sequence[Found]

    @property
    def drawn_from(self) -> int:
        return len(self.candidates)


def find(session: Session, subject: Subject, text: str) -> list[NamedLine]:
    """What each line means: student number, email address, document number, or name. Raises Forbidden, Invalid."""
    policy.require_run(subject)
    lines = list(dict.fromkeys(" ".join(line.split()) for line in _lines(text)))
    if len(lines) > MOST_STUDENTS:
        raise _wrong(
            "students", f"A packet holds {MOST_STUDENTS} students at most. Name them in several parts."
        )
    visible = policy.visible(session, subject, User.id)
    rows = {line: queries.students_named(session, line, visible, _SHOWN + 1) for line in lines}
    programs = _programs(session, [row.id for found in rows.values() for row in found])
    return [
        NamedLine(line, [_found(row, programs) for row in found[:_SHOWN]], len(found) > _SHOWN)
        for line, found in rows.items()
    ]


def draw(session: Session, subject: Subject, count: int, among: str, seed: str | None = None) -> Draw:
    """`count` students at random, which the history records: who draws until the result pleases is seen.

    Without a seed the system takes one that nobody can guess. Raises Forbidden.
    """
    found = drawn_now(session, subject, count, among, seed)
    history.record(
        session,
        subject,
        Action.INSPECTION_DRAWN,
        None,
        seed=found.seed,
        among=among,
        drawn_from=found.drawn_from,
        students=[one.student_id for one in found.students],
    )
    return found


def drawn_now(session: Session, subject: Subject, count: int, among: str, seed: str | None) -> Draw:
    """The draw by itself, with the students of this moment. Raises Forbidden."""
    policy.require_run(subject)
    known = seed or secrets.token_hex(8)
    visible = policy.visible(session, subject, User.id)
    everybody = sorted(queries.to_draw_from(session, among, visible))
    if not everybody:
        raise _wrong("among", "There are no such students to draw from. Choose another group.")
    numbers = drawn_of(known, everybody, count)
    by_number = {one.student_id: one for one in chosen(session, subject, numbers)}
    return Draw(known, among, everybody, [by_number[number] for number in numbers])


def chosen(session: Session, subject: Subject, numbers: Sequence[int]) -> list[Found]:
    """The students with these numbers, by name. Raises Invalid where one of them is none."""
    policy.require_run(subject)
    rows = queries.students(session, numbers, policy.visible(session, subject, User.id))
    if missing := sorted(set(numbers) - {row.id for row in rows}):
        raise _wrong("students", f"There is no student with the number {missing[0]}. Nothing was started.")
    programs = _programs(session, numbers)
    return [_found(row, programs) for row in rows]


def unclear(lines: Sequence[NamedLine], numbers: Sequence[int]) -> list[str]:
    """The lines that mean nobody, or several of whom none was chosen."""
    known = set(numbers)
    return [
        line.text
        for line in lines
        if len(line.found) != 1 and not any(one.student_id in known for one in line.found)
    ]


def _lines(text: str) -> list[str]:
    # A pasted list has commas or semicolons between addresses and numbers; a name may have one: “Reyes, Ana”.
    parts: list[str] = []
    for line in text.replace("\t", " ").replace(";", "\n").splitlines():
        pieces = [piece.strip() for piece in line.split(",")]
        simple = all("@" in piece or piece.isdigit() for piece in pieces if piece)
        parts += pieces if simple else [" ".join(piece for piece in pieces if piece)]
    return [part for part in parts if part]


def _programs(session: Session, numbers: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for row in queries.enrollments(session, numbers):
        found.setdefault(row.user_id, []).append(
            f"{row.program}, {row.status.value} since {long_date(row.enrolled_at)}"
        )
    return found


def _found(row: Any, programs: dict[int, list[str]]) -> Found:
    known = [*programs.get(row.id, ["never enrolled"]), *(["account deleted"] if row.deleted_at else [])]
    return Found(row.id, row.full_name, row.email, "; ".join(known))


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
