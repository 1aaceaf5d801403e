"""Withdrawals as JSON: recorded, canceled and processed by the office, read with the figures they froze."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel

from app.core import clock
from app.core.errors import NotFound
from app.core.permissions import Subject
from app.enrollment.endings.processed import WithdrawalKind
from app.enrollment.withdrawals import service
from app.enrollment.withdrawals.processing import service as processing
from app.enrollment.withdrawals.schemas import NoticeMethod, ProcessForm, Recorded, RecordIn
from app.rules.withdrawals import Event
from app.settings import Settings
from app.web.field_types import PathId
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(prefix="/api/v1/enrollments/{enrollment_id}", tags=["enrollments"])


class SegmentOut(BaseModel):
    """A part of the program; `total_minutes` is null where no class meets for it."""

    name: str
    completed_minutes: int
    total_minutes: int | None


class WithdrawalOut(BaseModel):
    """A withdrawal. `frozen` says whether the figures are final; `corrected_minutes` is what attendance records that
    were corrected since would add."""

    id: int
    enrollment_id: int
    user_id: int
    kind: WithdrawalKind
    requested_at: datetime
    withdrawn_at: datetime
    date_basis: Event | None
    """What gave `withdrawn_at`; null for a withdrawal from before it was kept."""
    reason: str | None
    notice_method: NoticeMethod | None
    notice_on: date | None
    admin_processed_at: datetime | None
    progress_pct: int
    frozen: bool
    completed_minutes: int
    total_minutes: int | None
    segments: list[SegmentOut]
    attendance_record_ids: list[int]
    corrected_minutes: int


@router.get("/withdrawal")
def read(db: Db, subject: CurrentSubject, settings: SettingsDep, enrollment_id: PathId) -> WithdrawalOut:
    """The latest withdrawal of an enrollment. 404 without one, and for those who may not know why students left."""
    return _out(db, subject, settings, enrollment_id)


@router.post("/withdraw")
def record(
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    body: Annotated[RecordIn | None, Body()] = None,
) -> WithdrawalOut:
    """Record a withdrawal. The enrollment ends when it is processed. 409 unless the enrollment is active."""
    values = body or RecordIn()
    given = Recorded(values.kind, values.requested_at or clock.now(), values.reason, values.notice())
    service.record(db, subject, enrollment_id, given, zone=settings.zone)
    return _out(db, subject, settings, enrollment_id)


@router.post("/withdrawal/cancel")
def cancel(db: Db, subject: CurrentSubject, enrollment_id: PathId) -> dict[str, bool]:
    """Cancel a pending withdrawal: students their own, the staff what they recorded."""
    service.cancel(db, subject, enrollment_id)
    return {"canceled": True}


@router.post("/withdrawal/process")
def process(
    db: Db, subject: CurrentSubject, settings: SettingsDep, enrollment_id: PathId, body: ProcessForm
) -> WithdrawalOut:
    """Process a pending withdrawal: the enrollment ends and the figures freeze. 409 while the student is clocked in."""
    processing.process(db, subject, enrollment_id, note=body.note, zone=settings.zone)
    return _out(db, subject, settings, enrollment_id)


def _out(db: Db, subject: Subject, settings: Settings, enrollment_id: int) -> WithdrawalOut:
    account = service.read(db, subject, enrollment_id, settings.zone)
    if account is None:
        raise NotFound("There is no withdrawal of this enrollment, or you don’t have access to it.")
    one, figures = account.withdrawal, account.figures
    kind: WithdrawalKind = one.kind  # type: ignore[assignment]
    basis: Event | None = one.date_basis  # type: ignore[assignment]
    method: NoticeMethod | None = one.notice_method  # type: ignore[assignment]
    return WithdrawalOut(
        id=one.id,
        enrollment_id=one.enrollment_id,
        user_id=one.user_id,
        kind=kind,
        requested_at=one.requested_at,
        withdrawn_at=one.moment,
        date_basis=basis,
        reason=one.reason,
        notice_method=method,
        notice_on=one.notice_on,
        admin_processed_at=one.admin_processed_at,
        progress_pct=figures.percent,
        frozen=account.frozen,
        completed_minutes=figures.hours.completed_minutes,
        total_minutes=figures.hours.total_minutes,
        segments=[
            SegmentOut(
                name=part.name, completed_minutes=part.completed_minutes, total_minutes=part.total_minutes
            )
            for part in figures.hours.segments
        ],
        attendance_record_ids=[entry.id for entry in figures.hours.records],
        corrected_minutes=sum(change.minutes for change in account.differences),
    )
