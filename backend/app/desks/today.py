"""What each person finds first: the student the clock and the next lesson, the staff who is here and what waits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.academics.classes.service import ClassMeetingToday
from app.compliance.attendance import service as attendance
from app.compliance.attendance.service import (
    AttendanceFilter,
    AttendanceOut,
    AttendanceState,
    EnrollmentHours,
    WeekTotal,
)
from app.compliance.externships import service as externships
from app.content import service as content
from app.core import clock
from app.core.money import format_cents
from app.core.permissions import Subject
from app.db import ready
from app.db.ready import Page
from app.desks import audit, policy
from app.enrollment import service as enrollment
from app.enrollment.service import admission_papers
from app.finance.agreements import service as agreements
from app.finance.ledger.plans import service as plans
from app.rules.admission_documents import SOON
from app.school import service as school
from app.web import queue

SHOWN = 8
"""Rows of a kind on the first page; the whole list is a page of its own."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a student has done in a lesson so far."""

    seconds: int
    last: datetime


@dataclass(frozen=True, slots=True)
class NextLesson:
    """The lesson to go on with. `minutes_left` is None where the lesson says nothing about its length."""

    id: int
    title: str
    module: str
    program: str
    begun: bool
    minutes_left: int | None


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for the person."""

    text: str
    href: str
    action: str


@dataclass(frozen=True, slots=True)
class Studies:
    """One active enrollment: hours and lessons done."""

    hours: EnrollmentHours
    percent: int
    completed: int
    required: int
    explanation: str
    next_lesson: NextLesson | None


@dataclass(frozen=True, slots=True)
class StudentToday:
    clock: attendance.ClockState
    studies: list[Studies]
    next_lesson: NextLesson | None
    needs: list[Need]
    meetings: list[ClassMeetingToday]


@dataclass(slots=True)
class StaffToday:
    """None where the person's duties do not include it."""

    here: list[AttendanceOut] | None = None
    here_count: int = 0
    active_enrollments: int | None = None
    at_risk: int | None = None
    waiting: list[queue.Count] = field(default_factory=list)
    """How much of each kind of work waits for this person, by `app.web.queue`."""
    forgotten: list[AttendanceOut] = field(default_factory=list)
    activity: list[audit.Event] | None = None
    weeks: list[WeekTotal] | None = None
    meetings: list[ClassMeetingToday] = field(default_factory=list)


def student_today(session: Session, subject: Subject, zone: ZoneInfo) -> StudentToday:
    """The student's first page, in two round trips to the database for a student with one active enrollment."""
    today = clock.today(zone)
    soon = today + SOON
    ready.ahead(session, Page.STUDENTS_FIRST, user_id=subject.user_id, today=today, day=today, soon=soon)
    clock_state = attendance.clock_state(session, subject, zone)
    active = [item for item in clock_state.choices if item.status == "active"]
    totals = attendance.totals_of(
        session, subject, subject.user_id, active, zone, weeks=0, page=Page.STUDENTS_STUDIES
    )
    work = {
        lesson_id: Work(seconds, last)
        for lesson_id, seconds, last in content.work_by_lesson(session, subject, subject.user_id)
    }
    studies = [_studies(session, subject, hours, work) for hours in totals.enrollments]
    return StudentToday(
        clock=clock_state,
        studies=studies,
        next_lesson=_first(studies, work),
        needs=_agreements(session, subject)
        + _papers(session, subject, zone)
        + _disputes(session, subject)
        + _money(session, subject)
        + [
            Need(
                f"You did not clock out on {entry.clock_in:%B} {entry.clock_in.day}. Let the staff know "
                "when you left so that your hours can be counted.",
                f"/hours?month={entry.clock_in:%Y-%m}",
                "View that day",
            )
            for entry in clock_state.forgotten[:5]
        ],
        meetings=classes.today(session, subject, zone),
    )


def _agreements(session: Session, subject: Subject) -> list[Need]:
    """The enrollment agreements that wait for the student’s signature."""
    return [
        Need(
            f"Your enrollment agreement for {program} is ready to be signed.",
            f"/agreements/{number}",
            "Read and sign",
        )
        for number, program in agreements.own_to_sign(session, subject)
    ]


def _papers(session: Session, subject: Subject, zone: ZoneInfo) -> list[Need]:
    """The documents that the student still has to send."""
    to_do = admission_papers.own_to_do(session, subject, clock.today(zone))
    if not to_do:
        return []
    names = ", ".join(line.kind for line in to_do[:3]) + (" and more" if len(to_do) > 3 else "")
    return [
        Need(f"The school needs from you: {names}.", "/account/admission-documents", "Send a photo or PDF")
    ]


def _disputes(session: Session, subject: Subject) -> list[Need]:
    """Days at an externship site that the supervisor disputed."""
    days = externships.own_disputes(session, subject)
    if not days:
        return []
    said = "one day" if days == 1 else f"{days} days"
    return [Need(f"Your externship supervisor disputed {said}.", "/externship", "Correct your hours")]


def _money(session: Session, subject: Subject) -> list[Need]:
    """A plan to agree to, what of the plans is past due and due next; without a plan the balance."""
    (found, balance), see = plans.own_standing(session, subject), ("/account/money", "See your account")
    needs = []
    for one in found:
        if one.state == "proposed":
            needs.append(
                Need(
                    "The school proposes a payment plan to you.",
                    f"/account/money#plan-{one.id}",
                    "Read and agree",
                )
            )
            continue
        if one.past_due:
            since = one.past_due[0].due_on
            words = f"{format_cents(one.past_due_cents)} was due {since:%B} {since.day}."
            needs.append(Need(words, *see))
        if one.next:
            day = one.next.due_on
            needs.append(Need(f"{format_cents(one.next.unpaid_cents)} due {day:%b} {day.day}.", *see))
    if any(one.agreed_at for one in found):
        return needs
    if balance > 0:
        needs.append(Need(f"You owe the school {format_cents(balance)}.", *see))
    return needs


def _studies(session: Session, subject: Subject, hours: EnrollmentHours, work: Mapping[int, Work]) -> Studies:
    progress, lessons = enrollment.read_progress(session, subject, hours.enrollment_id)
    left = [lesson for lesson in lessons if lesson.completed_at is None]
    # Where the student was last; without a lesson begun, the first in the order of the program.
    begun = [lesson for lesson in left if lesson.id in work]
    chosen = max(begun, key=lambda lesson: work[lesson.id].last) if begun else next(iter(left), None)
    return Studies(
        hours=hours,
        percent=progress.percent,
        completed=progress.completed,
        required=progress.required,
        explanation=progress.explanation,
        next_lesson=None
        if chosen is None
        else NextLesson(
            id=chosen.id,
            title=chosen.title,
            module=chosen.module_name,
            program=hours.program,
            begun=chosen.id in work,
            minutes_left=_minutes_left(chosen.estimated_minutes, work.get(chosen.id)),
        ),
    )


def _minutes_left(estimated: int | None, work: Work | None) -> int | None:
    """What is left of the lesson's usual length; never less than a minute while it is not done."""
    if estimated is None:
        return None
    return max(1, estimated - (work.seconds // 60 if work else 0))


def _first(studies: Iterable[Studies], work: Mapping[int, Work]) -> NextLesson | None:
    lessons = [item.next_lesson for item in studies if item.next_lesson is not None]
    begun = [lesson for lesson in lessons if lesson.begun]
    return max(begun, key=lambda lesson: work[lesson.id].last) if begun else next(iter(lessons), None)


def staff_today(session: Session, subject: Subject, zone: ZoneInfo) -> StaffToday:
    """The staff's first page, with what the person's duties let them see: a fixed number of queries."""
    today = StaffToday()
    if policy.may_read_hours(subject):
        open_ends = AttendanceFilter(state=AttendanceState.NEEDS_CORRECTION)
        present = AttendanceFilter(state=AttendanceState.OPEN)
        today.here = attendance.recent_records(session, subject, present, zone, limit=SHOWN)
        today.here_count = attendance.count_records(session, subject, present, zone)
        today.weeks = attendance.school_weeks(session, subject, zone)
        today.at_risk = attendance.count_at_risk(session, subject)
        today.forgotten = attendance.recent_records(session, subject, open_ends, zone, limit=5)
    if policy.may_read_enrollments(subject):
        today.active_enrollments = enrollment.active_count(session, subject)
    today.waiting = queue.counts(session, subject, clock.today(zone), revision=school.seen_by(session))
    if policy.may_read_activity(subject):
        today.activity = audit.recent(session, subject)
    today.meetings = classes.today(session, subject, zone)
    return today
