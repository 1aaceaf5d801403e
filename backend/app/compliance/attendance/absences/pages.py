"""Pages of absences: the student reports one, the staff's list, and one absence with its decision."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.compliance.attendance import checks
from app.compliance.attendance.absences import service
from app.compliance.attendance.absences.reports import ABSENCES
from app.compliance.attendance.absences.schemas import (
    AbsenceDecisionForm,
    AbsenceForm,
    AbsenceIn,
    AbsenceState,
    DaysForm,
    MeetingForm,
    WithdrawForm,
)
from app.compliance.attendance.corrections.evidence import evidence_of
from app.compliance.attendance.corrections.pages import ATTENDANCE, LISTS
from app.compliance.attendance.pages import views
from app.core.errors import NotFound
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.settings import Settings
from app.web import formats, refusals, reports, scans, uploads
from app.web.field_types import PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
refusals.register_record("absence_id", "absence_requests", owner="user_id", kind=Records.ATTENDANCE)
uploads.register("/hours/absences/*")
F = TypeVar("F", bound=AbsenceForm)
EXCUSES = [Requires(Permission.ATTENDANCE_EXCUSE)]
Wanted = Annotated[
    Literal["all", "requested", "excused", "not_excused", "withdrawn"] | None,
    BeforeValidator(blank_is_none),
    Query(alias="state"),
]


# The student


@router.get("/hours/absences/new")
def new(request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    """Report an absence from whole days."""
    return _report_page(request, db, subject, settings, Form.blank(DaysForm, request=uuid4()))


@router.post("/hours/absences/new")
def report(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    form: Annotated[Form[DaysForm], Depends(posted(DaysForm))],
) -> Response:
    def asked(values: DaysForm) -> AbsenceIn:
        last = values.ends_on or values.starts_on
        return AbsenceIn(starts_on=values.starts_on, ends_on=last, **_shared(values))

    return _reported(request, db, subject, settings, store, form, asked)


@router.get("/hours/absences/meeting")
def new_meeting(request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    """Report an absence from one class meeting."""
    return _report_page(request, db, subject, settings, Form.blank(MeetingForm, request=uuid4()))


@router.post("/hours/absences/meeting")
def report_meeting(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    form: Annotated[Form[MeetingForm], Depends(posted(MeetingForm))],
) -> Response:
    def asked(values: MeetingForm) -> AbsenceIn:
        number, _, moment = values.meeting.partition("@")
        try:
            starts = datetime.fromisoformat(moment)
            day = starts.astimezone(settings.zone).date()
            return AbsenceIn(
                starts_on=day, ends_on=day, class_id=int(number), meeting_at=starts, **_shared(values)
            )
        except (ValueError, OverflowError):
            raise checks.wrong("meeting", "Choose the class meeting that you miss.") from None

    return _reported(request, db, subject, settings, store, form, asked)


def _shared(values: AbsenceForm) -> dict[str, Any]:
    return values.model_dump(include={"request", "enrollment_id", "reason"})


def _reported(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    store: FilesDep,
    form: Form[F],
    asked: Callable[[F], AbsenceIn],
) -> Response:
    _require_student(subject)

    def send(values: F) -> Response:
        evidence = evidence_of(store, values.file)
        made = service.report(db, subject, asked(values), settings.zone, evidence)
        return redirect(f"/attendance/absences/{made.id}")

    return form.submit(db, send, again=lambda: _report_page(request, db, subject, settings, form))


def _report_page(
    request: Request, db: Session, subject: Subject, settings: Settings, form: Form[Any]
) -> Response:
    _require_student(subject)
    enrollments, meetings = service.meetings_to_miss(db, subject, settings.zone)
    several = len(enrollments) > 1
    places = (("Whole days", "/hours/absences/new"), ("One class meeting", "/hours/absences/meeting"))
    return render(
        request,
        "attendance/absence_form.html",
        form=form,
        views=[(label, path, request.url.path == path) for label, path in places],
        whole_days=request.url.path == places[0][1],
        programs=[(one.id, one.program_name) for one in enrollments],
        meetings=[
            (
                f"{record.id}@{meeting.starts.isoformat()}",
                f"{formats.local_time(meeting.starts, settings.zone)}, {record.code}"
                + (f" ({one.program_name})" if several else ""),
            )
            for one, record, meeting in meetings
        ],
        scan_help=scans.HELP,
        scan_accept=scans.ACCEPT,
        breadcrumbs=[("Hours", "/hours"), ("Report an absence", None)],
    )


def _require_student(subject: Subject) -> None:
    if not subject.is_student:
        raise NotFound("Only students report absences here. Students’ absences are under Attendance.")


# The staff's list


@router.get("/attendance/absences", dependencies=LISTS)
def absences(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    state: Wanted = None,
) -> Response:
    """Absences: those that wait, unless others are asked for."""
    wanted = None if state == "all" else AbsenceState(state or "requested")
    return reports.answer(
        request,
        db,
        subject,
        ABSENCES,
        service.list_absences(db, subject, paging, settings.zone, state=wanted),
        "attendance/absences.html",
        views=views(request),
    )


# One absence


@router.get("/attendance/absences/{absence_id}")
def absence(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, absence_id: PathId
) -> Response:
    """An absence as it was reported, and what can be done with it."""
    return _page(request, db, subject, settings, absence_id, Form.blank(AbsenceDecisionForm))


@router.post("/attendance/absences/{absence_id}", dependencies=EXCUSES)
def decide(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    absence_id: PathId,
    form: Annotated[Form[AbsenceDecisionForm], Depends(posted(AbsenceDecisionForm))],
) -> Response:
    def save(values: AbsenceDecisionForm) -> Response:
        service.decide(db, subject, absence_id, values, settings.zone)
        return redirect(f"/attendance/absences/{absence_id}")

    return form.submit(db, save, again=lambda: _page(request, db, subject, settings, absence_id, form))


@router.post("/attendance/absences/{absence_id}/withdraw")
def withdraw(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    absence_id: PathId,
    form: Annotated[Form[WithdrawForm], Depends(posted(WithdrawForm))],
) -> Response:
    """Students withdraw what is not decided yet."""

    def act(_values: WithdrawForm) -> Response:
        service.withdraw(db, subject, absence_id)
        return redirect(f"/attendance/absences/{absence_id}")

    return form.submit(
        db,
        act,
        again=lambda: _page(
            request, db, subject, settings, absence_id, Form.blank(AbsenceDecisionForm), refused=form
        ),
    )


@router.get("/attendance/absences/{absence_id}/document")
def document(
    db: Db, subject: CurrentSubject, settings: SettingsDep, store: FilesDep, absence_id: PathId
) -> Response:
    """The document that came with it, as a download."""
    content, media_type = service.read_document(db, subject, store, absence_id, settings.zone)
    return scans.answer(content, media_type, f"absence-{absence_id}")


def _page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    absence_id: int,
    form: Form[AbsenceDecisionForm],
    refused: Form[WithdrawForm] | None = None,
) -> Response:
    view = service.read(db, subject, absence_id, settings.zone)
    found = view.absence
    return render(
        request,
        "attendance/absence.html",
        view=view,
        found=found,
        form=form,
        refused=refused,
        breadcrumbs=[("Hours", "/hours"), ("Absence", None)]
        if subject.is_student
        else [ATTENDANCE, ("Absences", "/attendance/absences"), (found.student, None)],
    )
