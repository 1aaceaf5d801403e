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
from app.enrollment.endings.service import complete, objections_to_ending
from app.enrollment.graduation import checklist as lists
from app.enrollment.graduation import queries, requirements
from app.rules import graduation as rules
from app.rules.graduation import Requirement
from app.web.paging import Paging

MOST = 200
"""Students of a class that are decided at once."""


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


def preview(session: Session, subject: Subject, class_id: int, today: date, zone: ZoneInfo) -> list[Line]:
    """The active students of a class with what each lacks. Raises NotFound for another's class, Forbidden."""
    policy.require_list(subject)
    seats = classes.roster(session, subject, class_id, Paging(per_page=MOST), zone).page().items
    return _lines(session, subject, [seat.enrollment_id for seat in seats], today, zone)


def _lines(
    session: Session, subject: Subject, enrollment_ids: Collection[int], today: date, zone: ZoneInfo
) -> list[Line]:
    rows = queries.named(session, enrollment_ids)
    known = lists.of_enrollments(session, [row.id for row in rows], today, zone)
    return [
        Line(
            row.id,
            row.user_id,
            row.full_name,
            row.program,
            known[row.id],
            [one.sentence for one in objections_to_ending(session, subject, row.id, zone)],
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
    lines = [
        line for line in preview(session, subject, class_id, today, zone) if line.enrollment_id in chosen
    ]
    outcomes = [
        Outcome(number, "A student", False, "No longer active in this class. Open the page again.")
        for number in sorted(chosen - {line.enrollment_id for line in lines})
    ]
    # In the order of their numbers, as every other change of several enrollments locks them.
    for line in sorted(lines, key=lambda line: line.enrollment_id):
        try:
            with session.begin_nested():
                complete(session, subject, line.enrollment_id, today=today, zone=zone)
        except Problem as problem:
            outcomes.append(Outcome(line.enrollment_id, line.full_name, False, problem.detail))
        else:
            outcomes.append(Outcome(line.enrollment_id, line.full_name, True, "Graduated."))
    return sorted(outcomes, key=lambda one: (one.graduated, one.full_name))
