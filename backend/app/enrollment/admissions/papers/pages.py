"""Pages of admission documents: the student's own, the office's for one student, and the list of what is to do."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import NotFound
from app.core.permissions import Permission, Subject
from app.core.visibility import Records
from app.enrollment import service as enrollment
from app.enrollment.admissions import policy
from app.enrollment.admissions.papers import queries, service
from app.enrollment.admissions.papers.reports import LINES
from app.enrollment.admissions.papers.schemas import CheckForm, KindForm, PaperForm, RequirementsForm
from app.settings import Settings
from app.web import navigation, refusals, reports, scans, uploads
from app.web.field_types import OptionalId, PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
uploads.register("/people/*/admission-documents/new")
uploads.register("/account/admission-documents/new")
refusals.register_record("paper_id", "admission_documents", owner="user_id", kind=Records.STUDENTS)
navigation.register(
    NavItem(
        "Documents to bring", "/account/admission-documents", "file-upload", navigation.STUDENTS, order=61
    )
)

READS = [Requires(Permission.ADMISSIONS_READ)]
MANAGES = [Requires(Permission.ADMISSIONS_MANAGE)]
LIST = ("Admission documents", "/admissions/documents")
Standing = Annotated[
    Literal["missing", "rejected", "expired", "expiring", "received", "valid"] | None,
    BeforeValidator(blank_is_none),
    Query(),
]
UploadForm = Annotated[Form[PaperForm], Depends(posted(PaperForm))]


@router.get("/admissions/documents", dependencies=READS)
def lines(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    paging: PageParams,
    standing: Standing = None,
    program_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    found = service.list_lines(
        db, subject, paging, clock.today(settings.zone), standing=standing, program_id=program_id
    )
    programs = [(str(row.id), row.name) for row in enrollment.program_names(db, subject)]
    return reports.answer(
        request,
        db,
        subject,
        LINES,
        found,
        "admissions/documents.html",
        choices={"program_id": programs},
        tab="documents",
    )


# One student's


def _place(subject: Subject, user_id: int) -> str:
    own = subject.user_id == user_id
    return "/account/admission-documents" if own else f"/people/{user_id}/admission-documents"


def _crumbs(subject: Subject, user_id: int, name: str, here: str | None) -> list[tuple[str, str | None]]:
    place = _place(subject, user_id)
    end: list[tuple[str, str | None]] = [(here, None)] if here else []
    if subject.user_id == user_id:
        return [("Documents to bring", place if here else None), *end]
    return [
        ("People", "/people"),
        (name, f"/people/{user_id}"),
        ("Admission documents", place if here else None),
        *end,
    ]


@router.get("/account/admission-documents")
def own_papers(request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    if not subject.is_student:
        raise NotFound("Only students have documents to bring. Students’ documents are under Admissions.")
    return _papers(request, db, subject, settings, subject.user_id)


@router.get("/people/{user_id}/admission-documents")
def papers(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId
) -> Response:
    return _papers(request, db, subject, settings, user_id)


def _papers(request: Request, db: Session, subject: Subject, settings: Settings, user_id: int) -> Response:
    found = service.checklist(db, subject, user_id, clock.today(settings.zone))
    own = subject.user_id == user_id
    return render(
        request,
        "admissions/papers.html",
        found=found,
        own=own,
        base=f"/people/{user_id}/admission-documents",
        new=f"{_place(subject, user_id)}/new",
        may_add=own or policy.may_manage(subject),
        may_check=policy.may_manage(subject) and not own,
        breadcrumbs=_crumbs(subject, user_id, found.person.full_name, None),
    )


@router.get("/account/admission-documents/new")
def new_own_paper(
    request: Request, db: Db, subject: CurrentSubject, kind_id: Annotated[OptionalId, Query()] = None
) -> Response:
    return _new_page(request, db, subject, subject.user_id, Form.blank(PaperForm, kind_id=kind_id))


@router.post("/account/admission-documents/new")
def add_own_paper(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    form: UploadForm,
) -> Response:
    return _add(request, db, subject, settings, store, subject.user_id, form)


@router.get("/people/{user_id}/admission-documents/new", dependencies=MANAGES)
def new_paper(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    user_id: PathId,
    kind_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    return _new_page(request, db, subject, user_id, Form.blank(PaperForm, kind_id=kind_id))


@router.post("/people/{user_id}/admission-documents/new", dependencies=MANAGES)
def add_paper(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    user_id: PathId,
    form: UploadForm,
) -> Response:
    return _add(request, db, subject, settings, store, user_id, form)


def _add(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    store: FilesDep,
    user_id: int,
    form: Form[PaperForm],
) -> Response:
    def save(values: PaperForm) -> Response:
        content = values.file.file.read(scans.LARGEST_BYTES + 1)
        service.add_document(db, subject, store, user_id, values, content, clock.today(settings.zone))
        return redirect(_place(subject, user_id))

    return form.submit(db, save, again=lambda: _new_page(request, db, subject, user_id, form))


def _new_page(
    request: Request, db: Session, subject: Subject, user_id: int, form: Form[PaperForm]
) -> Response:
    person = policy.require_add_for(db, subject, user_id)
    known = service.list_kinds(db, subject)
    return render(
        request,
        "admissions/paper_new.html",
        form=form,
        kinds=[(kind.id, kind.name) for kind in known],
        described=[kind for kind in known if kind.help],
        accept=scans.ACCEPT,
        scan_help=scans.HELP,
        own=subject.user_id == user_id,
        back=_place(subject, user_id),
        breadcrumbs=_crumbs(
            subject,
            user_id,
            person.full_name,
            "Send a document" if subject.user_id == user_id else "Add a document",
        ),
    )


@router.get("/people/{user_id}/admission-documents/{paper_id}/file")
def paper_file(
    db: Db, subject: CurrentSubject, store: FilesDep, user_id: PathId, paper_id: PathId
) -> Response:
    content, media_type = service.read_document(db, subject, store, user_id, paper_id)
    return scans.answer(content, media_type, f"admission-document-{paper_id}")


@router.get("/people/{user_id}/admission-documents/{paper_id}", dependencies=READS)
def one_paper(
    request: Request, db: Db, subject: CurrentSubject, user_id: PathId, paper_id: PathId
) -> Response:
    record = service.get_document(db, subject, user_id, paper_id)
    return _check_page(request, db, subject, user_id, paper_id, Form.filled(CheckForm, record))


@router.post("/people/{user_id}/admission-documents/{paper_id}/accept", dependencies=MANAGES)
def accept(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: PathId,
    paper_id: PathId,
    form: Annotated[Form[CheckForm], Depends(posted(CheckForm))],
) -> Response:
    def act(values: CheckForm) -> Response:
        service.accept_document(db, subject, user_id, paper_id, values, clock.today(settings.zone))
        return redirect(_place(subject, user_id))

    return form.submit(db, act, again=lambda: _check_page(request, db, subject, user_id, paper_id, form))


@router.post("/people/{user_id}/admission-documents/{paper_id}/reject", dependencies=MANAGES)
def reject(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    user_id: PathId,
    paper_id: PathId,
    form: Annotated[Form[CheckForm], Depends(posted(CheckForm))],
) -> Response:
    def act(values: CheckForm) -> Response:
        service.reject_document(db, subject, user_id, paper_id, values.rejection)
        return redirect(_place(subject, user_id))

    return form.submit(db, act, again=lambda: _check_page(request, db, subject, user_id, paper_id, form))


def _check_page(
    request: Request,
    db: Session,
    subject: Subject,
    user_id: int,
    paper_id: int,
    form: Form[CheckForm],
) -> Response:
    record = service.get_document(db, subject, user_id, paper_id)
    person = policy.require_see_of(db, subject, user_id)
    kind = queries.kind(db, record.kind_id)
    return render(
        request,
        "admissions/paper.html",
        record=record,
        person=person,
        kind=kind,
        form=form,
        base=f"/people/{user_id}/admission-documents/{paper_id}",
        back=_place(subject, user_id),
        may_check=policy.may_manage(subject) and subject.user_id != user_id and record.state == "received",
        breadcrumbs=_crumbs(subject, user_id, person.full_name, kind.name if kind else "Document"),
    )


# What is asked for


@router.get("/admissions/requirements", dependencies=READS)
def requirements(request: Request, db: Db, subject: CurrentSubject) -> Response:
    return render(
        request,
        "admissions/requirements.html",
        kinds=service.list_kinds(db, subject, archived=True),
        required=service.requirements(db, subject),
        programs=queries.programs(db),
        may_manage=policy.may_manage(subject),
        breadcrumbs=[LIST, ("Required documents", None)],
    )


@router.get("/admissions/kinds/new", dependencies=MANAGES)
def new_kind(request: Request, subject: CurrentSubject) -> Response:
    return _kind_page(request, Form.blank(KindForm), None)


@router.post("/admissions/kinds/new", dependencies=MANAGES)
def add_kind(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[KindForm], Depends(posted(KindForm))],
) -> Response:
    def save(values: KindForm) -> Response:
        service.save_kind(db, subject, values)
        return redirect("/admissions/requirements")

    return form.submit(db, save, again=lambda: _kind_page(request, form, None))


@router.get("/admissions/kinds/{kind_id}/edit", dependencies=MANAGES)
def edit_kind(request: Request, db: Db, subject: CurrentSubject, kind_id: PathId) -> Response:
    found = next((one for one in service.list_kinds(db, subject, archived=True) if one.id == kind_id), None)
    if found is None:
        raise NotFound("There is no such kind of document, or you don’t have access to it.")
    return _kind_page(request, Form.filled(KindForm, found), kind_id)


@router.post("/admissions/kinds/{kind_id}/edit", dependencies=MANAGES)
def change_kind(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    kind_id: PathId,
    form: Annotated[Form[KindForm], Depends(posted(KindForm))],
) -> Response:
    def save(values: KindForm) -> Response:
        service.save_kind(db, subject, values, kind_id)
        return redirect("/admissions/requirements")

    return form.submit(db, save, again=lambda: _kind_page(request, form, kind_id))


@router.post("/admissions/kinds/{kind_id}/archive", dependencies=MANAGES)
def archive_kind(db: Db, subject: CurrentSubject, kind_id: PathId) -> Response:
    service.archive_kind(db, subject, kind_id)
    return redirect("/admissions/requirements")


@router.post("/admissions/kinds/{kind_id}/restore", dependencies=MANAGES)
def restore_kind(db: Db, subject: CurrentSubject, kind_id: PathId) -> Response:
    service.archive_kind(db, subject, kind_id, archived=False)
    return redirect("/admissions/requirements")


def _kind_page(request: Request, form: Form[KindForm], kind_id: int | None) -> Response:
    title = "Change the kind of document" if kind_id else "Add a kind of document"
    return render(
        request,
        "admissions/kind.html",
        form=form,
        title=title,
        breadcrumbs=[LIST, ("Required documents", "/admissions/requirements"), (title, None)],
    )


@router.post("/admissions/requirements/all", dependencies=MANAGES)
def require_of_all(
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[RequirementsForm], Depends(posted(RequirementsForm))],
) -> Response:
    service.require_kinds(db, subject, None, form.checked().kinds)
    return redirect("/admissions/requirements")


@router.post("/admissions/requirements/{program_id}", dependencies=MANAGES)
def require_of_program(
    db: Db,
    subject: CurrentSubject,
    program_id: PathId,
    form: Annotated[Form[RequirementsForm], Depends(posted(RequirementsForm))],
) -> Response:
    service.require_kinds(db, subject, program_id, form.checked().kinds)
    return redirect("/admissions/requirements")
