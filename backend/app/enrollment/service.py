"""Enrollments from the first day to the last: enroll, complete lessons, complete or withdraw.

Progress is written in the transaction of the event that changed it, with the enrollment locked, so that two events
at once cannot leave a percentage that neither of them saw. The other rooms use `record_lesson_completion`,
`progress_rewritten` and `active_enrollment_for`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Role, Subject
from app.db.models import Enrollment, EnrollmentStatus, LessonCompletion, Withdrawal
from app.enrollment import policy, queries
from app.rules import enrollment as states
from app.rules.progress import Progress, progress_of_counts
from app.web.paging import Page, Paging

Source = Literal["content", "student", "staff"]
NO_ENROLLMENT = policy.NO_ENROLLMENT
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class CompletionOutcome:
    """What became of a reported completion.

    `counted` is False when the enrollment is no longer active: nothing was written. `new` is True the first time
    a lesson is completed. `progress_pct` is the enrollment's progress afterwards.
    """

    counted: bool
    new: bool
    progress_pct: int


# Enrolling


def enroll(
    session: Session,
    subject: Subject,
    *,
    user_id: int,
    program_id: int,
    today: date,
    enrolled_at: date | None = None,
) -> Enrollment:
    """Enroll a student in a program, as of a date at the school (today unless given).

    Invalid for anybody but an undeleted student, an unknown program or a future date; Conflict while she has an
    active enrollment in the program.
    """
    policy.require_change(subject)
    student = queries.student(session, user_id)
    if student is None or student.deleted_at is not None:
        raise _wrong("user_id", "There is no such student. Choose one from the list of people.")
    if student.role is not Role.STUDENT:
        raise _wrong("user_id", f"{student.full_name} is not a student; only students are enrolled.")
    if queries.program(session, program_id) is None:
        raise _wrong("program_id", "There is no such program; it may have been deleted.")
    begins = enrolled_at or today
    if begins > today:
        raise _wrong(
            "enrolled_at", "The enrollment date lies in the future. Enter today's or an earlier date."
        )
    if queries.has_active(session, user_id, program_id):
        sentence = f"{student.full_name} already has an active enrollment in this program."
        raise Conflict(sentence, errors=[FieldError("program_id", sentence)])
    record = Enrollment(
        user_id=user_id, program_id=program_id, status=EnrollmentStatus.ACTIVE, enrolled_at=begins
    )
    # The index on active enrollments has the last word when two requests come at once.
    session.add(record)
    session.flush()
    audit.record(
        session,
        subject,
        "enrollment.created",
        "enrollments",
        record.id,
        user_id=user_id,
        program_id=program_id,
        enrolled_at=begins.isoformat(),
    )
    return record


def enroll_by_email(
    session: Session, subject: Subject, *, email: str, program_id: int, enrolled_at: date, today: date
) -> Enrollment:
    """Enroll the student with this e-mail address."""
    policy.require_change(subject)
    person = queries.user_with_enrollments(session, email.lower())
    if person is None or person.deleted_at is not None:
        raise _wrong(
            "email", "Nobody has an account with this e-mail address. Invite the student under People."
        )
    if person.role is not Role.STUDENT:
        raise _wrong("email", f"{person.full_name} is not a student; only students are enrolled.")
    for former in person.enrollments:
        if former.program_id == program_id and former.status is EnrollmentStatus.ACTIVE:
            sentence = f"{person.full_name} already has an active enrollment in this program."
            raise Conflict(sentence, errors=[FieldError("program_id", sentence)])
    return enroll(
        session, subject, user_id=person.id, program_id=program_id, enrolled_at=enrolled_at, today=today
    )


# Reading


def list_enrollments(
    session: Session,
    subject: Subject,
    paging: Paging,
    *,
    status: EnrollmentStatus | None = None,
    program_id: int | None = None,
    user_id: int | None = None,
) -> Page[Any]:
    """Enrollments that this person may see: staff all of them, a student her own."""
    if not subject.is_staff:
        if user_id not in (None, subject.user_id):
            return Page[Any](items=[], total=0, page=paging.page, per_page=paging.per_page)
        user_id = subject.user_id
    return queries.enrollments(session, paging, status=status, program_id=program_id, user_id=user_id)


def read_enrollment(session: Session, subject: Subject, enrollment_id: int) -> Row[Any]:
    """An enrollment with the names of student and program. NotFound for other people's."""
    row = queries.listed(session, enrollment_id)
    if row is None:
        raise NotFound(NO_ENROLLMENT)
    policy.require_read(subject, row.user_id)
    return row


def read_progress(
    session: Session, subject: Subject, enrollment_id: int
) -> tuple[Progress, list[queries.LessonRow]]:
    """The derivation of an enrollment's progress: the rule's result and the lessons it counts."""
    record = _get(session, enrollment_id)
    policy.require_read(subject, record.user_id)
    lessons = queries.lessons_of(session, record)
    return progress_of_counts(
        sum(lesson.completed_at is not None for lesson in lessons), len(lessons)
    ), lessons


def ready_to_graduate(session: Session, subject: Subject) -> Sequence[Row[Any]]:
    """Active enrollments with every lesson done and no transcript yet."""
    policy.require_staff(subject)
    return queries.eligible_for_graduation(session)


def withdrawals_pending(session: Session, subject: Subject) -> Sequence[Row[Any]]:
    """Withdrawals that wait for the administration, oldest first."""
    policy.require_staff(subject)
    return queries.pending_withdrawals(session)


def class_list(session: Session, subject: Subject) -> Sequence[Row[Any]]:
    """Every active enrollment, newest first."""
    policy.require_staff(subject)
    return queries.active_enrollments(session)


def active_enrollment_for(session: Session, *, user_id: int, lesson_id: int) -> int | None:
    """The number of the active enrollment that this student's work in a lesson counts for, None without one."""
    return queries.active_enrollment_for_lesson(session, user_id, lesson_id)


# Lessons completed


def record_lesson_completion(
    session: Session,
    *,
    enrollment_id: int,
    lesson_id: int,
    source: Source,
    score_pct: Decimal | int | float | None,
    at: datetime,
    subject: Subject | None = None,
) -> CompletionOutcome:
    """Write that a lesson is completed, and the enrollment's progress with it.

    Safe to repeat: the first completion's moment and source stay, the best score is kept. An enrollment that is
    no longer active is not changed (`counted` is False). NotFound for an enrollment that does not exist or a lesson
    that is not of its program; Invalid for a score outside 0 to 100.
    """
    score = _score(score_pct)
    record = _get(session, enrollment_id, lock=True)
    if queries.lesson_in_program(session, lesson_id, record.program_id) is None:
        raise NotFound("This lesson is not part of the enrollment's program.")
    if record.status is not EnrollmentStatus.ACTIVE:
        return CompletionOutcome(counted=False, new=False, progress_pct=record.progress_pct or 0)

    known = queries.completion(session, enrollment_id, lesson_id)
    if known is not None:
        if score is not None and (known.score_pct is None or score > known.score_pct):
            former = known.score_pct
            known.score_pct = score
            session.flush()
            audit.record(
                session,
                subject,
                "lesson_completion.improved",
                "lesson_completions",
                known.id,
                enrollment_id=enrollment_id,
                lesson_id=lesson_id,
                score_pct=[None if former is None else str(former), str(score)],
            )
        return CompletionOutcome(counted=True, new=False, progress_pct=record.progress_pct or 0)

    written = LessonCompletion(
        enrollment_id=enrollment_id, lesson_id=lesson_id, completed_at=at, source=source, score_pct=score
    )
    session.add(written)
    session.flush()
    result = _progress(session, record)
    before, record.progress_pct = record.progress_pct or 0, result.percent
    session.flush()
    audit.record(
        session,
        subject,
        "lesson.completed",
        "lesson_completions",
        written.id,
        enrollment_id=enrollment_id,
        lesson_id=lesson_id,
        source=source,
        score_pct=None if score is None else str(score),
        progress_pct=[before, result.percent],
    )
    return CompletionOutcome(counted=True, new=True, progress_pct=result.percent)


def mark_lesson(
    session: Session,
    subject: Subject,
    *,
    enrollment_id: int,
    lesson_id: int,
    at: datetime,
    score_pct: Decimal | None = None,
) -> CompletionOutcome:
    """A person says that a lesson is done: staff any lesson, a student a video or document of her own.

    Conflict when the enrollment is no longer active.
    """
    record = _get(session, enrollment_id)
    policy.require_read(subject, record.user_id)
    lesson = queries.lesson_in_program(session, lesson_id, record.program_id)
    if lesson is None:
        raise NotFound("This lesson is not part of the enrollment's program.")
    if not policy.may_mark(subject):
        if lesson.content_type.value not in ("video", "document"):
            raise Conflict("This lesson reports by itself when it is done; open it and work through it.")
        if score_pct is not None:
            raise _wrong("score_pct", "Only staff enter a score.")
    outcome = record_lesson_completion(
        session,
        enrollment_id=enrollment_id,
        lesson_id=lesson_id,
        source="staff" if policy.may_mark(subject) else "student",
        score_pct=score_pct,
        at=at,
        subject=subject,
    )
    if not outcome.counted:
        raise Conflict("This enrollment is no longer active, so nothing is added to it.")
    return outcome


@contextmanager
def progress_rewritten(session: Session, subject: Subject | None, program_id: int) -> Iterator[None]:
    """Around a change to a program's lessons: its active enrollments are locked before and their progress is
    written anew after it. A fixed number of statements, however many students there are."""
    former = queries.lock_active(session, program_id)
    yield
    if not former:
        return
    required = queries.lesson_count(session, program_id)
    done = queries.completed_counts(session, list(former))
    percents = {
        enrollment_id: progress_of_counts(done.get(enrollment_id, 0), required).percent
        for enrollment_id in former
    }
    changed = {number: percent for number, percent in percents.items() if percent != former[number]}
    if changed:
        queries.write_progress(session, changed)
        audit.record(
            session,
            subject,
            "progress.rewritten",
            "programs",
            program_id,
            enrollments=len(changed),
            lessons=required,
        )


# The end


def why_not_complete(session: Session, enrollment_id: int) -> str | None:
    """The sentence that refuses the completion, None when nothing speaks against it."""
    record = _get(session, enrollment_id)
    decision = states.may_complete(record.status.value, _progress(session, record))
    return None if decision.allowed else decision.reason


def complete(session: Session, subject: Subject, enrollment_id: int, *, today: date) -> Enrollment:
    """Complete an enrollment, as of today at the school. Conflict unless it is active and every lesson is done."""
    policy.require_change(subject)
    record = _get(session, enrollment_id, lock=True)
    result = _progress(session, record)
    decision = states.may_complete(record.status.value, result)
    if not decision.allowed:
        raise Conflict(decision.reason)
    record.status = EnrollmentStatus.COMPLETED
    record.completed_at = max(today, record.enrolled_at)
    record.progress_pct = result.percent
    session.flush()
    audit.record(
        session,
        subject,
        "enrollment.completed",
        "enrollments",
        record.id,
        completed_at=record.completed_at.isoformat(),
        derivation=decision.reason,
    )
    return record


def withdraw(
    session: Session,
    subject: Subject,
    enrollment_id: int,
    *,
    requested_at: datetime,
    now: datetime,
    enrolled_from: datetime,
    reason: str | None,
) -> Withdrawal:
    """Withdraw a student: the enrollment ends, and a withdrawal waits for the administration.

    `enrolled_from` is the first moment a request can have arrived (the enrollment date's midnight at the school).
    Conflict unless the enrollment is active, Invalid for a request before it began or in the future.
    """
    policy.require_change(subject)
    record = _get(session, enrollment_id, lock=True)
    decision = states.may_withdraw(record.status.value)
    if not decision.allowed:
        raise Conflict(decision.reason)
    if requested_at > now:
        raise _wrong("requested_at", "The request cannot have arrived in the future.")
    if requested_at < enrolled_from:
        raise _wrong("requested_at", "The request cannot have arrived before the enrollment began.")
    result = _progress(session, record)
    record.status = EnrollmentStatus.WITHDRAWN
    record.progress_pct = result.percent
    withdrawal = Withdrawal(
        user_id=record.user_id,
        enrollment_id=record.id,
        requested_at=requested_at,
        progress_pct_at_withdrawal=result.percent,
        reason=reason or None,
    )
    session.add(withdrawal)
    session.flush()
    audit.record(
        session,
        subject,
        "enrollment.withdrawn",
        "enrollments",
        record.id,
        withdrawal_id=withdrawal.id,
        requested_at=requested_at.isoformat(),
        derivation=result.explanation,
    )
    return withdrawal


# Helpers


def _get(session: Session, enrollment_id: int, *, lock: bool = False) -> Enrollment:
    record = queries.get(session, enrollment_id, lock=lock)
    if record is None:
        raise NotFound(NO_ENROLLMENT)
    return record


def _progress(session: Session, record: Enrollment) -> Progress:
    done = queries.completed_counts(session, [record.id]).get(record.id, 0)
    return progress_of_counts(done, queries.lesson_count(session, record.program_id))


def _score(value: Decimal | int | float | None) -> Decimal | None:
    if value is None:
        return None
    score = Decimal(str(value))
    if not score.is_finite() or not 0 <= score <= 100:
        raise _wrong("score_pct", "A score lies between 0 and 100 percent.")
    return score.quantize(_CENT, ROUND_HALF_UP)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
