"""Pages of complaints: the student's own, and how the school handles them, which anybody may read."""

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.compliance.complaints import office_pages, service
from app.compliance.complaints.papers import paper_of
from app.compliance.complaints.schemas import AppealForm, FileForm, OwnForm, StepForm
from app.core import clock
from app.core.errors import NotFound
from app.core.permissions import Subject
from app.rules.complaints import GNPEC, KINDS, OUTCOMES
from app.settings import Settings
from app.web import navigation, scans, uploads
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.pace import PUBLIC, Paced
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, OptionalSubject, SettingsDep

router = APIRouter(include_in_schema=False)
router.include_router(office_pages.router)
navigation.register(NavItem("Complaints", "/account/complaints", "message", navigation.STUDENTS, order=57))
for _path in ("/account/complaints/new", "/account/complaints/*/files"):
    uploads.register(_path)
LIST = ("Complaints", "/account/complaints")


@router.get("/complaints-procedure", dependencies=[Paced(PUBLIC)])
def procedure(request: Request, db: Db, subject: OptionalSubject, settings: SettingsDep) -> Response:
    """How the school handles complaints, with the state’s agency."""
    return render(
        request,
        "complaints/procedure.html",
        terms=service.procedure(db, clock.today(settings.zone)),
        agency=GNPEC,
        signed_in=subject is not None,
        is_student=subject is not None and subject.is_student,
    )


def _student(subject: Subject) -> int:
    if not subject.is_student:
        raise NotFound("This page is for students. The staff’s list is under Complaints.")
    return subject.user_id


@router.get("/account/complaints")
def own(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """One's own complaints."""
    rows = service.of_student(db, subject, _student(subject))
    return render(
        request,
        "complaints/own.html",
        rows=rows,
        kinds=KINDS,
        breadcrumbs=[("Your account", "/account"), ("Complaints", None)],
    )


@router.get("/account/complaints/new")
def new(request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    _student(subject)
    return _new_page(request, db, subject, settings, Form.blank(OwnForm, request=uuid4()))


@router.post("/account/complaints/new")
def file(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    form: Annotated[Form[OwnForm], Depends(posted(OwnForm))],
) -> Response:
    def act(values: OwnForm) -> Response:
        row = service.file_own(db, subject, values, clock.today(settings.zone), paper_of(store, values.file))
        return redirect(f"/account/complaints/{row.id}")

    return form.submit(db, act, lambda: _new_page(request, db, subject, settings, form))


def _new_page(
    request: Request, db: Session, subject: Subject, settings: Settings, form: Form[Any]
) -> Response:
    _student(subject)
    return render(
        request,
        "complaints/new.html",
        form=form,
        kinds=list(KINDS.items()),
        staff=service.staff_choices(db, subject.user_id),
        terms=service.procedure(db, clock.today(settings.zone)),
        help=scans.HELP,
        accept=scans.ACCEPT,
        breadcrumbs=[LIST, ("New", None)],
    )


@router.get("/account/complaints/{complaint_id}")
def one(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, complaint_id: PathId
) -> Response:
    """One's own complaint: how it stands, and what can follow."""
    return _page(request, db, subject, settings, complaint_id, Form.blank(AppealForm))


def _page(
    request: Request, db: Session, subject: Subject, settings: Settings, complaint_id: int, form: Form[Any]
) -> Response:
    _student(subject)
    found = service.read(db, subject, complaint_id, clock.today(settings.zone))
    return render(
        request,
        "complaints/own_one.html",
        found=found,
        row=found.row,
        form=form,
        appeal=form if form.model is AppealForm else Form.blank(AppealForm),
        paper=form if form.model is FileForm else Form.blank(FileForm),
        kinds=KINDS,
        outcomes=OUTCOMES,
        agency=GNPEC,
        help=scans.HELP,
        accept=scans.ACCEPT,
        breadcrumbs=[LIST, (found.row.number, None)],
    )


@router.post("/account/complaints/{complaint_id}/appeal")
def appeal(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    complaint_id: PathId,
    form: Annotated[Form[AppealForm], Depends(posted(AppealForm))],
) -> Response:
    def act(values: AppealForm) -> Response:
        _student(subject)
        service.appeal(db, subject, complaint_id, values, clock.today(settings.zone))
        return redirect(f"/account/complaints/{complaint_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, complaint_id, form))


@router.post("/account/complaints/{complaint_id}/withdraw")
def withdraw(
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    complaint_id: PathId,
    form: Annotated[Form[StepForm], Depends(posted(StepForm))],
) -> Response:
    _student(subject)
    service.withdraw(db, subject, complaint_id, form.checked().words, clock.today(settings.zone))
    return redirect(f"/account/complaints/{complaint_id}")


@router.post("/account/complaints/{complaint_id}/accept")
def accept(
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    complaint_id: PathId,
    form: Annotated[Form[StepForm], Depends(posted(StepForm))],
) -> Response:
    """The student is content with the decision, and the complaint is closed."""
    _student(subject)
    service.close(db, subject, complaint_id, form.checked().words, clock.today(settings.zone))
    return redirect(f"/account/complaints/{complaint_id}")


@router.post("/account/complaints/{complaint_id}/files")
def add_file(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    complaint_id: PathId,
    form: Annotated[Form[FileForm], Depends(posted(FileForm))],
) -> Response:
    def act(values: FileForm) -> Response:
        _student(subject)
        service.add_paper(db, subject, complaint_id, paper_of(store, values.file))
        return redirect(f"/account/complaints/{complaint_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, settings, complaint_id, form))
