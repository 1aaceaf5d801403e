"""Pages of who asks: hours that no record has, a student's own, a record with what was asked for it."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.compliance.attendance import policy
from app.compliance.attendance import service as attendance
from app.compliance.attendance.corrections import service
from app.compliance.attendance.corrections.evidence import asked_page, evidence_of
from app.compliance.attendance.corrections.pages import ATTENDANCE, CORRECTS, LISTS
from app.compliance.attendance.corrections.schemas import ChangeForm, HoursForm
from app.compliance.attendance.kiosk.punches import service as kiosk
from app.compliance.attendance.schemas import AttendanceOut, CorrectionForm, CorrectionIn, HoursIn
from app.core.errors import NotFound
from app.core.permissions import Subject
from app.rules import hours as hours_rules
from app.settings import Settings
from app.web import scans, uploads
from app.web.field_types import OptionalId, PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, SettingsDep

router = APIRouter(include_in_schema=False)
for _path in ("/hours/requests/*", "/attendance/*"):
    uploads.register(_path)


# Hours that no record has yet


def _entry_page(
    request: Request,
    db: Session,
    subject: Subject,
    form: Form[HoursForm],
    user_id: int | None,
    zone: ZoneInfo,
) -> Response:
    choices = service.enrollment_choices(db, subject, user_id)
    own = subject.is_student
    return render(
        request,
        "attendance/form.html",
        form=form,
        record=None,
        own=own,
        corrections=[],
        punches=[],
        person=choices[0] if user_id is not None and not own else None,
        options=[
            (item.id, item.program_name if own else f"{item.full_name} – {item.program_name}")
            for item in choices
        ],
        twice=_twice(form, zone),
        may_ask=True,
        scan_help=scans.HELP,
        scan_accept=scans.ACCEPT,
        cancel="/hours" if own else f"/people/{user_id}" if user_id else "/attendance",
        breadcrumbs=[("Hours", "/hours"), ("Request hours", None)]
        if own
        else [ATTENDANCE, ("Enter hours", None)],
    )


def _entered(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    store: FilesDep,
    form: Form[HoursForm],
    user_id: int | None,
) -> Response:
    def ask(values: HoursForm) -> Response:
        first, last = _instants(values, settings.zone)
        entry = HoursIn(
            enrollment_id=values.enrollment_id, clock_in=first, clock_out=last, reason=values.reason
        )
        made = service.request_hours(
            db, subject, entry, settings.zone, evidence_of(store, values.file), kind=values.kind
        )
        return redirect(asked_page(subject, made.id))

    return form.submit(db, ask, again=lambda: _entry_page(request, db, subject, form, user_id, settings.zone))


@router.get("/attendance/new", dependencies=CORRECTS)
def new_entry(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    return _entry_page(request, db, subject, Form.blank(HoursForm), user_id, settings.zone)


@router.post("/attendance/new", dependencies=CORRECTS)
def enter(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    form: Annotated[Form[HoursForm], Depends(posted(HoursForm))],
    user_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    return _entered(request, db, subject, settings, store, form, user_id)


# The student's own


def _require_student(subject: Subject) -> None:
    if not subject.is_student:
        raise NotFound("Only students request corrections here. Students’ hours are under Attendance.")


@router.get("/hours/requests/new")
def new_request(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    record_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    """A student asks for a correction of one record, or for hours that are missing."""
    _require_student(subject)
    if record_id is None:
        return _entry_page(request, db, subject, Form.blank(HoursForm), None, settings.zone)
    record = attendance.get(db, subject, record_id, settings.zone)
    form = Form.blank(ChangeForm, **_as_shown(record))
    return _record_page(request, db, subject, record, form, settings.zone)


@router.post("/hours/requests/new")
def ask_hours(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    form: Annotated[Form[HoursForm], Depends(posted(HoursForm))],
) -> Response:
    """Hours that are missing."""
    _require_student(subject)
    return _entered(request, db, subject, settings, store, form, None)


@router.post("/hours/requests/{record_id}")
def ask_change(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    record_id: PathId,
    form: Annotated[Form[ChangeForm], Depends(posted(ChangeForm))],
) -> Response:
    """Another time for one of the student's own records."""
    _require_student(subject)
    return _changed(request, db, subject, settings, store, record_id, form)


# A record, and what is asked for it


def _record_page(
    request: Request,
    db: Session,
    subject: Subject,
    record: AttendanceOut,
    form: Form[ChangeForm],
    zone: ZoneInfo,
) -> Response:
    own = subject.is_student
    crumbs = (
        [("Hours", "/hours"), ("Request a correction", None)]
        if own
        else [ATTENDANCE, (record.student, f"/people/{record.user_id}"), ("Record", None)]
    )
    return render(
        request,
        "attendance/form.html",
        form=form,
        record=record,
        own=own,
        corrections=service.of_record(db, subject, record.id),
        punches=kiosk.of_record(db, subject, record.id, record.user_id),
        person=None,
        options=[],
        twice=_twice(form, zone),
        may_ask=policy.may_ask(db, subject, record.user_id),
        scan_help=scans.HELP,
        scan_accept=scans.ACCEPT,
        cancel="/hours" if own else "/attendance",
        breadcrumbs=crumbs,
    )


def _changed(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    store: FilesDep,
    record_id: int,
    form: Form[ChangeForm],
) -> Response:
    record = attendance.get(db, subject, record_id, settings.zone)

    def ask(values: ChangeForm) -> Response:
        first, last = _instants(values, settings.zone)
        no_hours = first == last
        first = _exactly(first, record.clock_in)
        last = first if no_hours else _exactly(last, record.clock_out)
        correction = CorrectionIn(clock_in=first, clock_out=last, reason=values.reason)
        made = service.request_change(
            db, subject, record_id, correction, settings.zone, evidence_of(store, values.file)
        )
        return redirect(asked_page(subject, made.id))

    return form.submit(db, ask, again=lambda: _record_page(request, db, subject, record, form, settings.zone))


# Last, because its address takes whatever the ones above do not.


@router.get("/attendance/{record_id}", dependencies=LISTS)
def show_record(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, record_id: PathId
) -> Response:
    record = attendance.get(db, subject, record_id, settings.zone)
    form = Form.blank(ChangeForm, **_as_shown(record))
    return _record_page(request, db, subject, record, form, settings.zone)


@router.post("/attendance/{record_id}", dependencies=CORRECTS)
def correct(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    record_id: PathId,
    form: Annotated[Form[ChangeForm], Depends(posted(ChangeForm))],
) -> Response:
    return _changed(request, db, subject, settings, store, record_id, form)


# Helpers


def _as_shown(record: AttendanceOut) -> dict[str, object]:
    """A record's times as the form's fields show them: the school's clock, to the minute."""
    present: dict[str, object] = {}
    for name, moment in (("clock_in", record.clock_in), ("clock_out", record.clock_out)):
        if moment is not None:
            present[name] = moment.replace(tzinfo=None, fold=0, second=0, microsecond=0)
            present[f"{name}_second"] = moment.fold == 1
    return present


def _exactly(typed: datetime, recorded: datetime | None) -> datetime:
    """The recorded instant when the form still shows it: the form knows minutes, the record seconds."""
    same = recorded is not None and recorded.replace(second=0, microsecond=0) == typed
    return recorded if recorded is not None and same else typed


def _instants(values: CorrectionForm, zone: ZoneInfo) -> tuple[datetime, datetime]:
    first = attendance.instant(values.clock_in, "clock_in", zone, second=values.clock_in_second)
    last = attendance.instant(values.clock_out, "clock_out", zone, second=values.clock_out_second)
    return first, last


def _twice(form: Form[Any], zone: ZoneInfo) -> set[str]:
    """The names of the fields whose time came twice that day, so that the form asks which one is meant."""
    found = set()
    for name in ("clock_in", "clock_out"):
        try:
            present = datetime.fromisoformat(form.text(name)).replace(tzinfo=None)
        except ValueError:
            continue
        if hours_rules.read_wall_clock(present, zone).ambiguous:
            found.add(name)
    return found
