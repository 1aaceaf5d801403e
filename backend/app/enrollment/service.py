"""Enrollments: who is in which program, since when, and how far.

Progress is written in the transaction of the event that changed it, with the enrollment locked, so that two events
at once cannot leave a percentage that neither of them saw. The other rooms use `record_lesson_completion` and
`study_for`, and register what stands in the way of an end (`register_objection`); the end itself is in `endings`.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core import history, views, visibility
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, NotFound
from app.core.permissions import Actor, Role, Subject, internal
from app.core.views import Part
from app.core.visibility import Records
from app.db.models import Enrollment, EnrollmentStatus
from app.enrollment import imports as _imports  # noqa: F401 - enrollments can be imported
from app.enrollment import policy, queries
from app.enrollment import queue as _queue  # noqa: F401 - what waits is in the queue
from app.enrollment.admissions.papers import service as admission_papers
from app.enrollment.completions.self_marked import register as register_self_marked
from app.enrollment.completions.service import (
    CompletionOutcome,
    completions_of,
    found,
    has_package,
    is_lesson_done,
    lesson_scores,
    mark_lesson,
    record_lesson_completion,
    withdraw_lesson_completion,
    wrong,
)
from app.enrollment.endings.processed import (
    Attended,
    CountedRecord,
    Figures,
    Hours,
    ProcessedWithdrawal,
    Segment,
    WithdrawalKind,
    register_hours,
)
from app.enrollment.endings.processed import register as on_withdrawal_processed
from app.enrollment.endings.service import (
    complete,
    objections_to_ending,
    why_not_complete,
)
from app.enrollment.graduation.requirements import Candidate
from app.enrollment.graduation.requirements import register as register_requirement
from app.enrollment.leaves.notices import send_notice as send_leave_notice
from app.enrollment.leaves.service import days_of as leave_days
from app.enrollment.lesson_pages import register as register_lesson_page
from app.enrollment.lists import queries as lists
from app.enrollment.lists.refund_days import register as register_refund_days
from app.enrollment.objections import Ending, Objection
from app.enrollment.objections import register as register_objection
from app.enrollment.policy import require_own
from app.enrollment.queries import Learner
from app.enrollment.study_access import (
    Study,
    find_study,
    hold_for_study,
    require_open,
    study_for,
    why_not_open,
)
from app.enrollment.study_access import register_end as on_ended
from app.enrollment.withdrawals.moments import register as register_time_to_cancel
from app.enrollment.withdrawals.moments import register_hour as register_hour_that_decides
from app.enrollment.withdrawals.notices import send_notice as send_withdrawal_notice
from app.enrollment.withdrawals.processing.service import process as process_withdrawal
from app.enrollment.withdrawals.service import (
    cancel as cancel_withdrawal,
)
from app.enrollment.withdrawals.service import frozen_figures, note_notice
from app.enrollment.withdrawals.service import read as read_withdrawal
from app.enrollment.withdrawals.service import record as record_withdrawal
from app.enrollment.withdrawals.service import request as request_withdrawal
from app.enrollment.withdrawals.staying import why_leaving
from app.rules.progress import Progress, progress_of_counts
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = [
    "NO_ENROLLMENT",
    "Attended",
    "Candidate",
    "CompletionOutcome",
    "CountedRecord",
    "Ending",
    "Figures",
    "Hours",
    "Learner",
    "Objection",
    "ProcessedWithdrawal",
    "Segment",
    "Study",
    "WithdrawalKind",
    "active_count",
    "admission_papers",
    "cancel_withdrawal",
    "complete",
    "completions_of",
    "enroll",
    "enroll_by_email",
    "find_study",
    "frozen_figures",
    "has_package",
    "hold_for_study",
    "is_lesson_done",
    "learners",
    "leave_days",
    "lesson_scores",
    "list_enrollments",
    "mark_lesson",
    "note_notice",
    "objections_to_ending",
    "on_ended",
    "on_withdrawal_processed",
    "process_withdrawal",
    "program_names",
    "read_enrollment",
    "read_progress",
    "read_withdrawal",
    "record_lesson_completion",
    "record_withdrawal",
    "register_hour_that_decides",
    "register_hours",
    "register_lesson_page",
    "register_objection",
    "register_refund_days",
    "register_requirement",
    "register_self_marked",
    "register_time_to_cancel",
    "request_withdrawal",
    "require_open",
    "require_own",
    "send_leave_notice",
    "send_withdrawal_notice",
    "status_counts",
    "student_email",
    "student_suggestions",
    "study_for",
    "why_leaving",
    "why_not_complete",
    "why_not_open",
    "withdraw_lesson_completion",
]
NO_ENROLLMENT = policy.NO_ENROLLMENT


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

    Invalid for anybody but an undeleted student, an unknown program or a future date; Conflict while the student has an
    active enrollment in the program.
    """
    policy.require_change(subject)
    student = queries.student(session, user_id)
    if student is None or student.deleted_at is not None:
        raise wrong("user_id", "There is no such student. Choose one from the list of people.")
    if student.role is not Role.STUDENT:
        raise wrong("user_id", f"{student.full_name} is not a student; only students are enrolled.")
    if accounts.status_of(student) == "applicant":
        raise wrong(
            "user_id", f"{student.full_name} is an applicant. Accept the application under Admissions."
        )
    if queries.program(session, program_id) is None:
        raise wrong("program_id", "This program does not exist; it may have been deleted.")
    begins = enrolled_at or today
    if begins > today:
        raise wrong(
            "enrolled_at", "The enrollment date is in the future. Enter today's date or an earlier one."
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
    history.record(
        session,
        subject,
        Action.ENROLLMENT_CREATED,
        record.id,
        student_id=user_id,
        enrollment_id=record.id,
        program_id=program_id,
        enrolled_at=begins,
    )
    return record


def enroll_by_email(
    session: Session, subject: Subject, *, email: str, program_id: int, enrolled_at: date, today: date
) -> Enrollment:
    """Enroll the student with this email address."""
    policy.require_change(subject)
    person = queries.user_with_enrollments(session, email.lower())
    if person is None or person.deleted_at is not None:
        raise wrong("email", "Nobody has an account with this email address. Add the student under People.")
    if person.role is not Role.STUDENT:
        raise wrong("email", f"{person.full_name} is not a student; only students are enrolled.")
    for former in person.enrollments:
        if former.program_id == program_id and former.status is EnrollmentStatus.ACTIVE:
            sentence = f"{person.full_name} already has an active enrollment in this program."
            raise Conflict(sentence, errors=[FieldError("program_id", sentence)])
    return enroll(
        session, subject, user_id=person.id, program_id=program_id, enrolled_at=enrolled_at, today=today
    )


# Reading


@views.opens(Part.ENROLLMENT, student="user_id")
def list_enrollments(
    session: Session,
    subject: Actor,
    paging: Paging,
    *,
    status: EnrollmentStatus | None = None,
    program_id: int | None = None,
    user_id: int | None = None,
) -> Listing[Any]:
    """Enrollments that this person may see; those of deleted people only where one is asked for by number."""
    return queries.enrollments(
        session,
        paging,
        lambda: policy.visible(session, subject),
        kept=visibility.kept_as(session, subject, Records.ENROLLMENTS),
        status=status,
        program_id=program_id,
        user_id=user_id,
    )


@views.opens(Part.ENROLLMENT, student=lambda row, _given: row.user_id)
def read_enrollment(session: Session, subject: Subject, enrollment_id: int) -> Row[Any]:
    """An enrollment with the names of student and program. NotFound for other people's."""
    row = queries.listed(session, enrollment_id)
    if row is None:
        raise NotFound(NO_ENROLLMENT)
    policy.require_read(session, subject, row.user_id)
    return row


@views.opens(
    Part.ENROLLMENT,
    student=lambda _found, given: found(given["session"], given["enrollment_id"]).user_id,
)
def read_progress(
    session: Session, subject: Subject, enrollment_id: int
) -> tuple[Progress, list[queries.LessonRow]]:
    """The derivation of an enrollment's progress: the rule's result and the lessons it counts."""
    known = queries.lessons_of(session, enrollment_id)
    if known is None:
        raise NotFound(NO_ENROLLMENT)
    owner_id, lessons = known
    policy.require_read(session, subject, owner_id)
    counting = [lesson for lesson in lessons if not lesson.optional]
    done = sum(lesson.completed_at is not None for lesson in counting)
    return progress_of_counts(done, len(counting)), lessons


def status_counts(session: Session, subject: Subject) -> dict[EnrollmentStatus, int]:
    """How many enrollments stand in each state."""
    policy.require_list(subject)
    return lists.status_counts(session, policy.visible(session, subject))


def program_names(session: Session, subject: Subject) -> Sequence[Row[Any]]:
    """Every program's number and name, to choose from."""
    policy.require_list(subject)
    return queries.program_names(session)


def student_suggestions(session: Session, subject: Subject) -> Sequence[Row[Any]]:
    """Email address and name of the students who joined last, to choose from while typing."""
    policy.require_change(subject)
    return queries.students(session, limit=500)


def student_email(session: Session, subject: Subject, user_id: int) -> str | None:
    """The address of a present student, None for anybody else."""
    policy.require_change(subject)
    person = queries.student(session, user_id)
    return person.email if person and person.role is Role.STUDENT and person.deleted_at is None else None


def active_count(session: Session, subject: Subject) -> int:
    """How many enrollments are active, without soft-deleted people."""
    policy.require_list(subject)
    return lists.status_counts(session, policy.visible(session, subject)).get(EnrollmentStatus.ACTIVE, 0)


# For statements


@internal("names of what the history speaks of, for statements")
def learners(session: Session, enrollment_ids: Collection[int]) -> dict[int, Learner]:
    """Students and programs by the number of the enrollment."""
    return {one.enrollment_id: one for one in queries.learners(session, enrollment_ids)}
