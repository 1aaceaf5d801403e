"""Pages of corrections: the list, the page of who decides, hours from another school."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.compliance.attendance.corrections import service
from app.compliance.attendance.corrections.evidence import asked_page, evidence_of
from app.compliance.attendance.corrections.reports import CORRECTIONS
from app.compliance.attendance.corrections.schemas import DecisionForm, State, TransferForm, TransferIn
from app.compliance.attendance.pages import views
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.settings import Settings
from app.web import refusals, reports, scans, uploads
from app.web.field_types import OptionalId, PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
refusals.register_record("correction_id", "attendance_corrections")
uploads.register("/attendance/transfers/new")
LISTS = [Requires(*Records.ATTENDANCE.value)]
CORRECTS = [Requires(Permission.ATTENDANCE_CORRECT)]
ATTENDANCE = ("Attendance", "/attendance")
EVERYTHING = "all"
Wanted = Annotated[
    Literal["all", "waiting", "endorsed", "approved", "declined"] | None,
    BeforeValidator(blank_is_none),
    Query(alias="state"),
]


# The staff's list, and who decides


@router.get("/attendance/corrections", dependencies=LISTS)
def corrections(
    request: Request, db: Db, subject: CurrentSubject, paging: PageParams, state: Wanted = None
) -> Response:
    """Requests: those that wait, unless others are asked for."""
    wanted = None if state in (None, EVERYTHING) else State(state)
    listing = service.list_corrections(db, subject, paging, state=wanted, undecided=state is None)
    return reports.answer(
        request, db, subject, CORRECTIONS, listing, "attendance/corrections.html", views=views(request)
    )


def _correction_page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    correction_id: int,
    form: Form[DecisionForm],
) -> Response:
    view = service.read(db, subject, correction_id, settings.zone)
    found = view.correction
    crumbs = (
        [("Hours", "/hours"), (found.title, None)]
        if subject.is_student
        else [ATTENDANCE, ("Corrections", "/attendance/corrections"), (found.student, None)]
    )
    return render(
        request, "attendance/correction.html", view=view, found=found, form=form, breadcrumbs=crumbs
    )


@router.get("/attendance/corrections/{correction_id}")
def correction(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, correction_id: PathId
) -> Response:
    """A request with what it would change."""
    return _correction_page(request, db, subject, settings, correction_id, Form.blank(DecisionForm))


@router.post("/attendance/corrections/{correction_id}", dependencies=CORRECTS)
def decide(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    correction_id: PathId,
    form: Annotated[Form[DecisionForm], Depends(posted(DecisionForm))],
) -> Response:
    def save(values: DecisionForm) -> Response:
        service.decide(db, subject, correction_id, values, settings.zone)
        return redirect(f"/attendance/corrections/{correction_id}")

    return form.submit(
        db, save, again=lambda: _correction_page(request, db, subject, settings, correction_id, form)
    )


@router.get("/attendance/corrections/{correction_id}/document")
def document(db: Db, subject: CurrentSubject, store: FilesDep, correction_id: PathId) -> Response:
    """The document of a request, as a download."""
    content, media_type = service.read_document(db, subject, store, correction_id)
    return scans.answer(content, media_type, f"correction-{correction_id}")


# Hours from another school


def _transfer_page(
    request: Request, db: Session, subject: Subject, form: Form[TransferForm], user_id: int | None
) -> Response:
    choices = service.enrollment_choices(db, subject, user_id)
    return render(
        request,
        "attendance/transfer.html",
        form=form,
        options=[(item.id, f"{item.full_name} – {item.program_name}") for item in choices],
        scan_help=scans.HELP,
        scan_accept=scans.ACCEPT,
        cancel=f"/people/{user_id}" if user_id else "/attendance",
        breadcrumbs=[ATTENDANCE, ("Transferred hours", None)],
    )


@router.get("/attendance/transfers/new", dependencies=CORRECTS)
def new_transfer(
    request: Request, db: Db, subject: CurrentSubject, user_id: Annotated[OptionalId, Query()] = None
) -> Response:
    return _transfer_page(request, db, subject, Form.blank(TransferForm), user_id)


@router.post("/attendance/transfers/new", dependencies=CORRECTS)
def transfer(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    store: FilesDep,
    form: Annotated[Form[TransferForm], Depends(posted(TransferForm))],
    user_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    def ask(values: TransferForm) -> Response:
        wanted = TransferIn(**values.model_dump(exclude={"file"}))
        made = service.request_transfer(db, subject, wanted, evidence_of(store, values.file))
        return redirect(asked_page(subject, made.id))

    return form.submit(db, ask, again=lambda: _transfer_page(request, db, subject, form, user_id))
