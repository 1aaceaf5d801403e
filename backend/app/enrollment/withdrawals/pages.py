"""Pages of one withdrawal: recorded, noticed, canceled, processed by the office; canceled by the student."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.core import clock
from app.core.permissions import Permission, Subject
from app.enrollment import service as enrollment
from app.enrollment.leaves import service as leaves
from app.enrollment.schemas import EmptyForm
from app.enrollment.withdrawals import service
from app.enrollment.withdrawals.processing import service as processing
from app.enrollment.withdrawals.received import hour_of, received_at
from app.enrollment.withdrawals.schemas import (
    KINDS,
    METHODS,
    Notice,
    NoticeForm,
    ProcessForm,
    Recorded,
    RecordForm,
)
from app.settings import Settings
from app.web import formats
from app.web.field_types import OptionalId, PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
ENDS = [Requires(Permission.ENROLLMENTS_END)]
LIST = ("Enrollments", "/enrollments")


# Recorded


@router.get("/enrollments/{enrollment_id}/withdraw", dependencies=ENDS)
def ask_record(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    leave_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    """The form; a withdrawal that the staff recorded before is in it, to be changed. `leave_id` is a leave of absence
    from which the student did not return."""
    leave = leaves.read(db, subject, leave_id, settings.zone) if leave_id else None
    kind: str = "student"
    reason: str | None = None
    if leave is not None and leave.overdue and leave.enrollment_id == enrollment_id:
        kind = "administrative"
        reason = f"Did not return from a leave of absence on {formats.day(leave.return_on, settings.zone)}."
    known = service.read(db, subject, enrollment_id, settings.zone)
    waiting = known.withdrawal if known and known.withdrawal.admin_processed_at is None else None
    form = Form.blank(
        RecordForm,
        kind=waiting.kind if waiting else kind,
        requested_on=clock.local(waiting.requested_at if waiting else clock.now(), settings.zone).date(),
        requested_time=f"{hour_of(waiting, settings.zone):%H:%M}" if waiting else None,
        reason=waiting.reason if waiting else reason,
        notice_method=waiting.notice_method if waiting else None,
        notice_on=waiting.notice_on if waiting else None,
        notice_note=waiting.notice_note if waiting else None,
    )
    return _record_page(request, db, subject, settings, enrollment_id, form)


@router.post("/enrollments/{enrollment_id}/withdraw", dependencies=ENDS)
def record(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[RecordForm], Depends(posted(RecordForm))],
) -> Response:
    def act(values: RecordForm) -> Response:
        given = Recorded(
            values.kind,
            received_at(db, enrollment_id, values, settings.zone),
            values.reason,
            values.notice(),
            field="requested_on",
        )
        service.record(db, subject, enrollment_id, given, zone=settings.zone)
        return redirect(f"/enrollments/{enrollment_id}#withdrawal")

    return form.submit(db, act, lambda: _record_page(request, db, subject, settings, enrollment_id, form))


def _record_page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    enrollment_id: int,
    form: Form[RecordForm],
) -> Response:
    return _page(
        request,
        db,
        subject,
        settings,
        enrollment_id,
        "withdrawals/record.html",
        "Withdraw",
        form=form,
        kinds=list(KINDS.items()),
        methods=list(METHODS.items()),
    )


@router.post("/enrollments/{enrollment_id}/withdrawal/notice", dependencies=ENDS)
def notice(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[NoticeForm], Depends(posted(NoticeForm))],
) -> Response:
    """How and when the student was notified of an administrative withdrawal."""

    def act(values: NoticeForm) -> Response:
        given = Notice(values.notice_method, values.notice_on, values.notice_note)
        service.note_notice(db, subject, enrollment_id, given, zone=settings.zone)
        return redirect(f"/enrollments/{enrollment_id}/withdrawal")

    return form.submit(
        db,
        act,
        lambda: _process_page(
            request, db, subject, settings, enrollment_id, Form.blank(ProcessForm), notice=form
        ),
    )


@router.post("/enrollments/{enrollment_id}/withdrawal/cancel")
def cancel(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[EmptyForm], Depends(posted(EmptyForm))],
) -> Response:
    """Students cancel their own request, the staff what they recorded, until it is processed."""

    def act(_values: EmptyForm) -> Response:
        service.cancel(db, subject, enrollment_id)
        return redirect(f"/enrollments/{enrollment_id}")

    return form.submit(
        db,
        act,
        lambda: _page(
            request,
            db,
            subject,
            settings,
            enrollment_id,
            "withdrawals/not_canceled.html",
            "Withdrawal",
            form=form,
        ),
    )


# Processed


@router.get("/enrollments/{enrollment_id}/withdrawal", dependencies=ENDS)
def ask_process(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, enrollment_id: PathId
) -> Response:
    """What processing a withdrawal does, the figures that it freezes, and the note that is kept with it."""
    return _process_page(request, db, subject, settings, enrollment_id, Form.blank(ProcessForm))


@router.post("/enrollments/{enrollment_id}/withdrawal", dependencies=ENDS)
def process(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    enrollment_id: PathId,
    form: Annotated[Form[ProcessForm], Depends(posted(ProcessForm))],
) -> Response:
    def act(values: ProcessForm) -> Response:
        processing.process(db, subject, enrollment_id, note=values.note, zone=settings.zone)
        return redirect(f"/enrollments/{enrollment_id}#withdrawal")

    return form.submit(db, act, lambda: _process_page(request, db, subject, settings, enrollment_id, form))


def _process_page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    enrollment_id: int,
    form: Form[ProcessForm],
    notice: Form[NoticeForm] | None = None,
) -> Response:
    return _page(
        request,
        db,
        subject,
        settings,
        enrollment_id,
        "withdrawals/process.html",
        "Process the withdrawal",
        form=form,
        notice=notice or Form.blank(NoticeForm, notice_on=clock.today(settings.zone)),
        methods=list(METHODS.items()),
    )


def _page(
    request: Request,
    db: Db,
    subject: Subject,
    settings: Settings,
    enrollment_id: int,
    template: str,
    here: str,
    **context: Any,
) -> Response:
    record = enrollment.read_enrollment(db, subject, enrollment_id)
    name = record.program_name if subject.is_student else record.full_name
    return render(
        request,
        template,
        record=record,
        account=service.read(db, subject, enrollment_id, settings.zone),
        objections=enrollment.objections_to_ending(db, subject, enrollment_id, settings.zone),
        breadcrumbs=[
            ("Learn", "/learn") if subject.is_student else LIST,
            (name, f"/enrollments/{enrollment_id}"),
            (here, None),
        ],
        **context,
    )
