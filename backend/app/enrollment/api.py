"""Enrollments, progress and withdrawals as JSON. Staff see all, a student their own; administrators change."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from app.core import clock
from app.core.permissions import Subject
from app.db.models import EnrollmentStatus
from app.enrollment import service
from app.enrollment.lists import service as lists
from app.enrollment.schemas import (
    CompleteIn,
    CompletionIn,
    CompletionOut,
    EnrollIn,
    EnrollmentOut,
    GraduateOut,
    LessonProgress,
    PendingWithdrawalOut,
    ProgressOut,
)
from app.web.field_types import PathId, RecordId
from app.web.paging import Page, PageParams
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(prefix="/api/v1", tags=["enrollments"])


@router.get("/enrollments")
def list_enrollments(
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    status: Annotated[EnrollmentStatus | None, Query(description="Only with this status.")] = None,
    program_id: Annotated[RecordId | None, Query(description="Only in this program.")] = None,
    user_id: Annotated[RecordId | None, Query(description="Only for this student.")] = None,
) -> Page[EnrollmentOut]:
    """Enrollments, newest first; a student sees their own. Sorts: student, program, status, enrolled, progress."""
    page = service.list_enrollments(
        db, subject, paging, status=status, program_id=program_id, user_id=user_id
    ).page()
    return page.map(EnrollmentOut.model_validate)


@router.post("/enrollments", status_code=201)
def enroll(db: Db, subject: CurrentSubject, settings: SettingsDep, body: EnrollIn) -> EnrollmentOut:
    """Enroll a student. 409 while the student has an active enrollment in the program."""
    record = service.enroll(
        db,
        subject,
        user_id=body.user_id,
        program_id=body.program_id,
        enrolled_at=body.enrolled_at,
        today=clock.today(settings.zone),
    )
    return _out(db, subject, record.id)


@router.get("/enrollments/eligible-for-graduation")
def eligible_for_graduation(db: Db, subject: CurrentSubject, paging: PageParams) -> Page[GraduateOut]:
    """Active enrollments that may be completed, with no transcript yet. Sorts: student, program, enrolled."""
    return lists.ready_to_graduate(db, subject, paging).page().map(GraduateOut.model_validate)


@router.get("/withdrawals/pending")
def pending_withdrawals(db: Db, subject: CurrentSubject, paging: PageParams) -> Page[PendingWithdrawalOut]:
    """Withdrawals the administration has not processed, oldest first. Sorts: student, program, requested, progress."""
    return lists.pending_withdrawals(db, subject, paging).page().map(PendingWithdrawalOut.model_validate)


@router.get("/enrollments/{enrollment_id}")
def get_enrollment(db: Db, subject: CurrentSubject, enrollment_id: PathId) -> EnrollmentOut:
    """One enrollment."""
    return _out(db, subject, enrollment_id)


@router.get("/enrollments/{enrollment_id}/progress")
def get_progress(db: Db, subject: CurrentSubject, enrollment_id: PathId) -> ProgressOut:
    """Progress with its derivation, lesson by lesson."""
    result, lessons = service.read_progress(db, subject, enrollment_id)
    return ProgressOut(
        enrollment_id=enrollment_id,
        percent=result.percent,
        completed=result.completed,
        required=result.required,
        explanation=result.explanation,
        lessons=[LessonProgress.model_validate(lesson) for lesson in lessons],
    )


@router.put("/enrollments/{enrollment_id}/lessons/{lesson_id}/completion")
def complete_lesson(
    db: Db,
    subject: CurrentSubject,
    enrollment_id: PathId,
    lesson_id: PathId,
    body: Annotated[CompletionIn | None, Body()] = None,
) -> CompletionOut:
    """Mark a lesson as done: staff any, a student a video or document of their own. Safe to repeat."""
    outcome = service.mark_lesson(
        db,
        subject,
        enrollment_id=enrollment_id,
        lesson_id=lesson_id,
        at=clock.now(),
        score_pct=body.score_pct if body else None,
    )
    return CompletionOut(counted=outcome.counted, new=outcome.new, progress_pct=outcome.progress_pct)


@router.post("/enrollments/{enrollment_id}/complete")
def complete(
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    body: Annotated[CompleteIn | None, Body()] = None,
) -> EnrollmentOut:
    """Complete an enrollment as of today.

    409 unless active, with enough lessons done and the student clocked out, and, without the reason for an exception,
    every requirement met.
    """
    service.complete(
        db,
        subject,
        enrollment_id,
        today=clock.today(settings.zone),
        zone=settings.zone,
        exception=body.exception if body else None,
    )
    return _out(db, subject, enrollment_id)


def _out(db: Db, subject: Subject, enrollment_id: int) -> EnrollmentOut:
    row: Any = service.read_enrollment(db, subject, enrollment_id)
    return EnrollmentOut.model_validate(row)
