"""Outcome counts by program and fiscal year, and the records of employment that they rest on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.outcomes import policy, queries
from app.compliance.outcomes.schemas import OutcomeForm
from app.core import clock, history, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Actor, Subject
from app.core.views import Part
from app.db.models import EmploymentOutcome, EnrollmentStatus
from app.db.models import User as _User
from app.rules.outcomes import Counts, Enrolled, count, year_name
from app.school import service as school
from app.web.listing import Listing
from app.web.paging import Paging

_MOST_YEARS = 15
_EMPLOYED = ("in_field", "out_of_field")


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """A fiscal year of the school, as its details say it begins."""

    first: date
    last: date

    @property
    def name(self) -> str:
        return year_name(self.last)

    @property
    def value(self) -> str:
        """The year as an address names it: its last day."""
        return self.last.isoformat()


@dataclass(frozen=True, slots=True)
class ProgramCounts:
    """The counts of one program, or of all of them where `program_id` is None."""

    program_id: int | None
    program: str
    year: FiscalYear
    counts: Counts


@dataclass(frozen=True, slots=True)
class Graduate:
    """A graduate with every record of their employment, the newest first, and what this person may do."""

    enrollment: Row[Any]
    records: Sequence[Row[Any]]
    may_record: bool


def years(session: Session, subject: Actor) -> list[FiscalYear]:
    """The fiscal years since the first enrollment, the latest first. Raises Forbidden."""
    policy.require_read(subject)
    facts = school.facts(session)
    day = clock.today(facts.zone)
    begun = queries.first_day(session) or day
    found: list[FiscalYear] = []
    while len(found) < _MOST_YEARS:
        found.append(FiscalYear(*facts.fiscal_year_of(day)))
        if found[-1].first <= begun:
            break
        day = found[-1].first - timedelta(days=1)
    return found


def year_of(session: Session, subject: Actor, value: str | None) -> FiscalYear:
    """The fiscal year that a day, or a year such as 2026, names; the present one for nothing. Raises Invalid."""
    known = years(session, subject)
    if not value:
        return known[0]
    words = value.strip().removeprefix("FY").strip()
    if len(words) == 4 and words.isascii() and words.isdigit():
        found = next((one for one in known if one.last.year == int(words)), None)
        if found is not None:
            return found
    else:
        try:
            day = date.fromisoformat(words)
        except ValueError:
            day = None
        found = next((one for one in known if day is not None and one.first <= day <= one.last), None)
        if found is not None:
            return found
    offered = ", ".join(str(one.last.year) for one in known)
    raise _wrong("year", f"“{value}” is not a fiscal year of the school. Choose one of these: {offered}.")


def counts(session: Session, subject: Actor, year: FiscalYear) -> list[ProgramCounts]:
    """The counts of each program that had students in a fiscal year, by name, and the sum of all. Raises Forbidden."""
    policy.require_read(subject)
    zone = school.facts(session).zone
    names: dict[int, str] = {}
    spans: dict[int, list[Enrolled]] = {}
    for program_id, name, one in queries.enrollments(session, zone):
        names[program_id] = name
        spans.setdefault(program_id, []).append(one)
    rows = [
        ProgramCounts(number, names[number], year, count(spans[number], year.first, year.last))
        for number in sorted(names, key=lambda number: (names[number].lower(), number))
    ]
    rows = [row for row in rows if row.counts != Counts()]
    total = sum((row.counts for row in rows), Counts())
    return [*rows, ProgramCounts(None, "All programs", year, total)]


def list_graduates(
    session: Session,
    subject: Actor,
    paging: Paging,
    *,
    year: FiscalYear | None = None,
    program_id: int | None = None,
    outcome: str | None = None,
) -> Listing[Any]:
    """Graduates with what is known of their employment. Sorts: completed, student, program, outcome, employer."""
    policy.require_read(subject)
    return queries.graduates(
        session,
        paging,
        policy.visible(session, subject, _User.id),
        school.facts(session).zone,
        between=(year.first, year.last) if year else None,
        program_id=program_id,
        outcome=outcome,
    )


def programs(session: Session, subject: Actor) -> list[tuple[int, str]]:
    """Programs to choose from."""
    policy.require_read(subject)
    return queries.programs(session)


@views.opens(Part.ENROLLMENT, student=lambda found, _given: found.enrollment.user_id)
def read_graduate(session: Session, subject: Subject, enrollment_id: int) -> Graduate:
    """A graduate with the records of their employment. Raises NotFound, Forbidden, Conflict for who is none."""
    policy.require_read(subject)
    row = _graduate(session, subject, enrollment_id)
    own = subject.user_id == row.user_id
    return Graduate(row, queries.records_of(session, enrollment_id), policy.may_record(subject) and not own)


def record_outcome(
    session: Session, subject: Subject, enrollment_id: int, values: OutcomeForm, today: date
) -> EmploymentOutcome:
    """Record what is known of a graduate's employment; it takes the place of the record before it.

    Raises NotFound, Forbidden, Conflict where somebody recorded another one meanwhile, Invalid for what does not
    belong together and for a day to come.
    """
    row = _graduate(session, subject, enrollment_id, records=True)
    before = queries.records_of(session, enrollment_id)
    last = before[0].EmploymentOutcome.id if before else None
    if values.after != last:
        raise Conflict(
            "Somebody else has recorded an outcome of this graduate meanwhile. Nothing was saved; open the page again."
        )
    _check(values, row, today)
    employed = values.status in _EMPLOYED
    made = EmploymentOutcome(
        enrollment_id=enrollment_id,
        status=values.status,
        employer=values.employer if employed else None,
        title=values.title if employed else None,
        since=values.since,
        reason=values.reason if values.status == "unavailable" else None,
        evidence=values.evidence,
        recorded_by=subject.user_id,
        supersedes_id=last,
    )
    queries.add(session, made)
    history.record(
        session,
        subject,
        Action.OUTCOME_RECORDED,
        made.id,
        student_id=row.user_id,
        enrollment_id=enrollment_id,
        status=made.status,
        supersedes=last,
    )
    return made


def _check(values: OutcomeForm, row: Row[Any], today: date) -> None:
    faults = []
    if values.status in _EMPLOYED:
        if not values.employer:
            faults.append(FieldError("employer", "Enter the employer."))
        if not values.title:
            faults.append(FieldError("title", "Enter the job title."))
        if values.since is None:
            faults.append(FieldError("since", "Enter the first day of work."))
    if values.status == "unavailable" and values.reason is None:
        faults.append(FieldError("reason", "Choose why the graduate is unavailable."))
    if values.since is not None and values.since > today:
        faults.append(
            FieldError("since", "This day is in the future. Record it when the graduate has begun.")
        )
    if faults:
        raise Invalid(" ".join(fault.message for fault in faults), errors=faults)


def _graduate(session: Session, subject: Actor, enrollment_id: int, *, records: bool = False) -> Row[Any]:
    """A completed enrollment, locked for somebody who `records` something of it, if they may."""
    row = queries.enrollment(session, enrollment_id, lock=records)
    if row is None or not policy.may_see(session, subject, row.user_id):
        raise NotFound(policy.NO_ENROLLMENT)
    if records:
        policy.require_record(subject, row.user_id)
    if row.status is not EnrollmentStatus.COMPLETED:
        raise Conflict("This enrollment is not completed. Employment is recorded of graduates.")
    return row


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
