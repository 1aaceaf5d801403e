"""Graduation: the checklist of a student, a class before the decision, and the decision for many at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.core.errors import Problem
from app.core.permissions import Subject
from app.enrollment import policy
from app.enrollment.completions.service import found
from app.enrollment.endings.service import complete
from app.enrollment.graduation import checklist as lists
from app.enrollment.graduation import queries, requirements
from app.enrollment.objections import Ending, objections_to_many
from app.rules import graduation as rules
from app.rules.graduation import Requirement
from app.web.paging import Paging

MOST = 200
"""Students of a class that are shown and decided at once."""


@dataclass(frozen=True, slots=True)
class Line:
    """A student of a class before the decision."""

    enrollment_id: int
    user_id: int
    full_name: str
    program: str
    requirements: Sequence[Requirement]
    objections: Sequence[str]
    """What must be done first, whatever the registrar decides."""

    @property
    def missing(self) -> list[Requirement]:
        """What the student lacks."""
        return rules.missing(self.requirements)

    @property
    def ready(self) -> bool:
        """Whether the student can graduate with the others."""
        return not self.missing and not self.objections


@dataclass(frozen=True, slots=True)
class Preview:
    """The active students of a class by name: `MOST` of them at most, and how many there are."""

    lines: Sequence[Line]
    total: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one student: graduated, or the sentence that says why not."""

    enrollment_id: int
    full_name: str
    graduated: bool
    sentence: str


def checklist(
    session: Session, subject: Subject, enrollment_id: int, today: date, zone: ZoneInfo
) -> list[Requirement]:
    """What a student needs to graduate, and how it stands, with addresses that this person may open. Raises NotFound
    for other people's."""
    record = found(session, enrollment_id)
    policy.require_read(session, subject, record.user_id)
    found_now = lists.of_enrollments(session, [enrollment_id], today, zone)[enrollment_id]
    return requirements.reachable(session, subject, record.user_id, found_now)


def decision(session: Session, subject: Subject, enrollment_id: int) -> Any | None:
    """The decision that completed an enrollment, with the checklist as it stood; None for one before there were any."""
    record = found(session, enrollment_id)
    policy.require_read(session, subject, record.user_id)
    return queries.decision(session, enrollment_id)


def preview(session: Session, subject: Subject, class_id: int, today: date, zone: ZoneInfo) -> Preview:
    """The active students of a class with what each lacks. Raises NotFound for another's class, Forbidden."""
    rows = _active(session, subject, class_id, zone)
    return Preview(_lines(session, subject, rows[:MOST], today, zone), len(rows))


def _active(session: Session, subject: Subject, class_id: int, zone: ZoneInfo) -> Sequence[Any]:
    policy.require_list(subject)
    seats = classes.roster(session, subject, class_id, Paging(), zone).rows()
    return queries.named(session, [seat.enrollment_id for seat in seats])


def _lines(
    session: Session, subject: Subject, rows: Sequence[Any], today: date, zone: ZoneInfo
) -> list[Line]:
    known = lists.of_enrollments(session, [row.id for row in rows], today, zone)
    endings = [Ending(row.id, row.user_id, zone, lock=False) for row in rows]
    objections = objections_to_many(session, subject, endings)
    return [
        Line(
            row.id,
            row.user_id,
            row.full_name,
            row.program,
            known[row.id],
            [one.sentence for one in objections.get(row.id, [])],
        )
        for row in rows
    ]


def graduate(
    session: Session,
    subject: Subject,
    class_id: int,
    enrollment_ids: Collection[int],
    today: date,
    zone: ZoneInfo,
) -> list[Outcome]:
    """Complete the enrollments of these students of a class, each by itself: all of a student's changes or none.

    One who lacks something by now does not graduate, and the outcome says what; exceptions are made on the
    student's own page, with their reason. Raises NotFound, Forbidden.
    """
    policy.require_end(subject)
    chosen = set(enrollment_ids)
    rows = [row for row in _active(session, subject, class_id, zone) if row.id in chosen]
    outcomes = [
        Outcome(number, "A student", False, "No longer active in this class. Open the page again.")
        for number in sorted(chosen - {row.id for row in rows})
    ]
    # In the order of their numbers, as every other change of several enrollments locks them.
    for row in sorted(rows, key=lambda row: row.id):
        try:
            with session.begin_nested():
                complete(session, subject, row.id, today=today, zone=zone)
        except Problem as problem:
            outcomes.append(Outcome(row.id, row.full_name, False, problem.detail))
        else:
            outcomes.append(Outcome(row.id, row.full_name, True, "Graduated."))
    return sorted(outcomes, key=lambda one: (one.graduated, one.full_name))
