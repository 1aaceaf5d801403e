"""Pages of legal names: changes by the office, requests of students."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.accounts.names import service
from app.accounts.names.reports import REQUESTS
from app.accounts.names.schemas import AnswerForm, NameChangeForm
from app.accounts.people import queries as people
from app.accounts.profiles import policy
from app.accounts.profiles.pages import PEOPLE, crumbs, file_address
from app.core import clock
from app.core.permissions import Permission, Subject
from app.db.models import User
from app.web import reports, scans, uploads
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
uploads.register("/people/*/name-changes/new")
uploads.register("/account/file/name-request/new")

LISTS = [Requires(Permission.STUDENT_FILES_READ)]
CHANGES = [Requires(Permission.STUDENT_FILES_CHANGE)]
REQUESTS_CRUMB = ("Name change requests", "/people/name-requests")
ChangeForm = Annotated[Form[NameChangeForm], Depends(posted(NameChangeForm))]


def _content(values: NameChangeForm) -> bytes:
    return values.document.file.read(scans.LARGEST_BYTES + 1)


@router.get("/people/{user_id}/name-changes/new", dependencies=CHANGES)
def new_change(request: Request, db: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    return _change_page(request, db, subject, user_id, Form.blank(NameChangeForm))


@router.post("/people/{user_id}/name-changes/new", dependencies=CHANGES)
def change_name(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    user_id: PathId,
    form: ChangeForm,
) -> Response:
    def save(values: NameChangeForm) -> Response:
        today = clock.today(settings.zone)
        service.change_name(db, subject, store, user_id, values, _content(values), today)
        return redirect(file_address(subject, user_id))

    return form.submit(db, save, again=lambda: _change_page(request, db, subject, user_id, form))


def _change_page(
    request: Request, db: Session, subject: Subject, user_id: int, form: Form[NameChangeForm]
) -> Response:
    return _form_page(request, subject, policy.require_change(db, subject, user_id), form)


@router.get("/people/{user_id}/name-changes/{former_name_id}/document")
def document(
    db: Db, subject: CurrentSubject, store: FilesDep, user_id: PathId, former_name_id: PathId
) -> Response:
    content, media_type = service.read_document(db, subject, store, user_id, former_name_id)
    return scans.answer(content, media_type, f"name-change-{former_name_id}")


# Requests


@router.get("/account/file/name-request/new")
def new_request(request: Request, db: Db, subject: CurrentSubject) -> Response:
    return _ask_page(request, db, subject, Form.blank(NameChangeForm))


@router.post("/account/file/name-request/new")
def ask(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    form: ChangeForm,
) -> Response:
    def save(values: NameChangeForm) -> Response:
        today = clock.today(settings.zone)
        service.ask(db, subject, store, subject.user_id, values, _content(values), today)
        return redirect("/account/file")

    return form.submit(db, save, again=lambda: _ask_page(request, db, subject, form))


def _ask_page(request: Request, db: Session, subject: Subject, form: Form[NameChangeForm]) -> Response:
    return _form_page(request, subject, policy.require_own(db, subject, subject.user_id), form)


def _form_page(request: Request, subject: Subject, person: User, form: Form[NameChangeForm]) -> Response:
    own = subject.user_id == person.id
    return render(
        request,
        "accounts/name_change.html",
        person=person,
        form=form,
        own=own,
        accept=scans.ACCEPT,
        scan_help=scans.HELP,
        back=file_address(subject, person.id),
        breadcrumbs=crumbs(
            subject, person.id, person.full_name, "Request a name change" if own else "Name change"
        ),
    )


@router.get("/people/name-requests", dependencies=LISTS)
def requests(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    state: Annotated[str, Query(description="waiting or decided")] = "",
) -> Response:
    found = service.list_requests(db, subject, paging, decided=state == "decided")
    return reports.answer(
        request,
        db,
        subject,
        REQUESTS,
        found,
        "accounts/name_requests.html",
        breadcrumbs=[PEOPLE, ("Name change requests", None)],
    )


@router.get("/people/name-requests/{name_request_id}", dependencies=LISTS)
def one_request(request: Request, db: Db, subject: CurrentSubject, name_request_id: PathId) -> Response:
    return _request_page(request, db, subject, name_request_id, Form.blank(AnswerForm))


@router.get("/people/name-requests/{name_request_id}/document", dependencies=LISTS)
def request_document(db: Db, subject: CurrentSubject, store: FilesDep, name_request_id: PathId) -> Response:
    content, media_type = service.read_request_document(db, subject, store, name_request_id)
    return scans.answer(content, media_type, f"name-request-{name_request_id}")


AnswerDep = Annotated[Form[AnswerForm], Depends(posted(AnswerForm))]


@router.post("/people/name-requests/{name_request_id}/approve", dependencies=CHANGES)
def approve(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    store: FilesDep,
    name_request_id: PathId,
    form: AnswerDep,
) -> Response:
    def act(values: AnswerForm) -> Response:
        today = clock.today(settings.zone)
        service.approve(db, subject, store, name_request_id, values.answer, today)
        return redirect(f"/people/name-requests/{name_request_id}")

    return form.submit(db, act, again=lambda: _request_page(request, db, subject, name_request_id, form))


@router.post("/people/name-requests/{name_request_id}/decline", dependencies=CHANGES)
def decline(
    request: Request, db: Db, subject: CurrentSubject, name_request_id: PathId, form: AnswerDep
) -> Response:
    def act(values: AnswerForm) -> Response:
        service.decline(db, subject, name_request_id, values.answer)
        return redirect(f"/people/name-requests/{name_request_id}")

    return form.submit(db, act, again=lambda: _request_page(request, db, subject, name_request_id, form))


def _request_page(
    request: Request, db: Session, subject: Subject, name_request_id: int, form: Form[AnswerForm]
) -> Response:
    found = service.get_request(db, subject, name_request_id)
    person = people.user(db, found.user_id)
    return render(
        request,
        "accounts/name_request.html",
        asked=found,
        person=person,
        form=form,
        new_name=" ".join(
            part for part in (found.first_name, found.middle_name, found.last_name, found.name_suffix) if part
        ),
        may_decide=policy.may_change(subject, found.user_id) and found.decided_at is None,
        breadcrumbs=[PEOPLE, REQUESTS_CRUMB, (person.full_name if person else "Request", None)],
    )
