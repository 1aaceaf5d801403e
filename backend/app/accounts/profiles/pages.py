"""Pages of the student's file, for the office and for the student."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.accounts.identifiers import service as identifiers
from app.accounts.identifiers.numbers import IdentifierKind
from app.accounts.names import service as names
from app.accounts.own_fields import service as own_fields
from app.accounts.profiles import photo, policy, service
from app.accounts.profiles.reports import CONTACTS
from app.accounts.profiles.schemas import (
    AddressForm,
    AddressKind,
    ContactForm,
    ContactKind,
    DetailsForm,
    EmergencyContactForm,
    PhoneForm,
    PhoneKind,
    PhotoForm,
    PreferredNameForm,
    phones_meant,
)
from app.core import clock
from app.core.errors import NotFound
from app.core.permissions import Permission, Subject
from app.web import navigation, reports, search, uploads
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.listing import Listing
from app.web.navigation import NavItem
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep
from app.web.search import Found, Hit

router = APIRouter(include_in_schema=False)
navigation.register(NavItem("My file", "/account/file", "folder", navigation.STUDENTS, order=60))
uploads.register("/people/*/photo")

LISTS = [Requires(Permission.STUDENT_FILES_READ)]
CHANGES = [Requires(Permission.STUDENT_FILES_CHANGE)]
PEOPLE = ("People", "/people")
KINDS: dict[ContactKind, list[tuple[str, str]]] = {
    ContactKind.ADDRESS: [(kind.value, kind.value.capitalize()) for kind in AddressKind],
    ContactKind.PHONE: [(kind.value, kind.value.capitalize()) for kind in PhoneKind],
    ContactKind.EMERGENCY: [],
}


def file_address(subject: Subject, user_id: int) -> str:
    """Where this person finds the file: students under their own account."""
    return "/account/file" if subject.user_id == user_id else f"/people/{user_id}/file"


def crumbs(subject: Subject, user_id: int, name: str, here: str) -> list[tuple[str, str | None]]:
    """The way to a page below the file."""
    if subject.user_id == user_id:
        return [("My file", "/account/file"), (here, None)]
    return [PEOPLE, (name, f"/people/{user_id}"), ("File", f"/people/{user_id}/file"), (here, None)]


@router.get("/people/contacts", dependencies=LISTS)
def contacts(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    found = service.list_contacts(db, subject, paging)
    return reports.answer(
        request,
        db,
        subject,
        CONTACTS,
        found,
        "accounts/contacts.html",
        breadcrumbs=[PEOPLE, ("Contact information", None)],
    )


@router.get("/account/file")
def own_file(request: Request, db: Db, subject: CurrentSubject) -> Response:
    if not subject.is_student:
        raise NotFound("Only students have a student file. Files of students are under People.")
    return _file_page(request, db, subject, subject.user_id, Form.blank(PhotoForm))


@router.get("/people/{user_id}/file")
def student_file(request: Request, db: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    return _file_page(request, db, subject, user_id, Form.blank(PhotoForm))


def _file_page(
    request: Request, db: Session, subject: Subject, user_id: int, form: Form[PhotoForm]
) -> Response:
    found = service.read_file(db, subject, user_id)
    own = subject.user_id == user_id
    whole = found.whole
    return render(
        request,
        "accounts/file.html",
        file=found,
        person=found.person,
        form=form,
        own=own,
        base=f"/people/{user_id}",
        former=names.former_names(db, subject, user_id) if whole else [],
        waiting=names.waiting(db, subject, user_id) if whole else None,
        identifiers=identifiers.of_student(db, subject, user_id) if whole else [],
        identifier_label=lambda kind: IdentifierKind(kind).label,
        filled=own_fields.fields_of(db, subject, user_id) if whole else [],
        may_change=policy.may_change(subject, user_id),
        may_contacts=whole and policy.may_change_contacts(subject, user_id),
        may_reveal=policy.may_reveal(subject, user_id) and not own,
        breadcrumbs=[("My file", None)]
        if own
        else [PEOPLE, (found.person.full_name, f"/people/{user_id}"), ("File", None)],
    )


# What the office keeps, and what the student says


@router.get("/people/{user_id}/file/edit", dependencies=CHANGES)
def edit_details(request: Request, db: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    found = service.read_file(db, subject, user_id)
    form = Form.filled(DetailsForm, found.profile) if found.profile else Form.blank(DetailsForm)
    return _details_page(request, db, subject, user_id, form)


@router.post("/people/{user_id}/file/edit", dependencies=CHANGES)
def save_details(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: PathId,
    form: Annotated[Form[DetailsForm], Depends(posted(DetailsForm))],
) -> Response:
    def save(values: DetailsForm) -> Response:
        service.save_details(db, subject, user_id, values, clock.today(settings.zone))
        return redirect(file_address(subject, user_id))

    return form.submit(db, save, again=lambda: _details_page(request, db, subject, user_id, form))


def _details_page(
    request: Request, db: Session, subject: Subject, user_id: int, form: Form[DetailsForm]
) -> Response:
    person = policy.require_change(db, subject, user_id)
    return render(
        request,
        "accounts/file_details.html",
        person=person,
        form=form,
        breadcrumbs=crumbs(subject, user_id, person.full_name, "Name and birth date"),
    )


@router.get("/people/{user_id}/preferred-name/edit")
def edit_preferred_name(request: Request, db: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    found = service.read_file(db, subject, user_id)
    form = Form.filled(PreferredNameForm, found.profile) if found.profile else Form.blank(PreferredNameForm)
    return _preferred_name_page(request, db, subject, user_id, form)


@router.post("/people/{user_id}/preferred-name/edit")
def save_preferred_name(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    user_id: PathId,
    form: Annotated[Form[PreferredNameForm], Depends(posted(PreferredNameForm))],
) -> Response:
    def save(values: PreferredNameForm) -> Response:
        service.save_preferred_name(db, subject, user_id, values.preferred_name)
        return redirect(file_address(subject, user_id))

    return form.submit(db, save, again=lambda: _preferred_name_page(request, db, subject, user_id, form))


def _preferred_name_page(
    request: Request, db: Session, subject: Subject, user_id: int, form: Form[PreferredNameForm]
) -> Response:
    person = policy.require_change_contacts(db, subject, user_id)
    return render(
        request,
        "accounts/file_preferred.html",
        person=person,
        form=form,
        back=file_address(subject, user_id),
        breadcrumbs=crumbs(subject, user_id, person.full_name, "Preferred name"),
    )


# Addresses, phones, emergency contacts: three kinds of one thing


def _contact_page(
    request: Request,
    db: Session,
    subject: Subject,
    user_id: int,
    kind: ContactKind,
    form: Form[Any],
    contact_id: int | None,
) -> Response:
    person = policy.require_change_contacts(db, subject, user_id)
    title = (
        f"Change the {kind.label}"
        if contact_id
        else f"Add {'a' if kind is ContactKind.PHONE else 'an'} {kind.label}"
    )
    return render(
        request,
        "accounts/file_contact.html",
        kind=kind.value,
        kinds=KINDS[kind],
        form=form,
        title=title,
        back=file_address(subject, user_id),
        end=f"/people/{user_id}/{kind.value}/{contact_id}/remove" if contact_id else None,
        breadcrumbs=crumbs(subject, user_id, person.full_name, title),
    )


def _contact_routes(kind: ContactKind, model: type[Any]) -> None:
    """The four addresses of one kind."""
    read_form: Callable[..., Any] = posted(model)

    @router.get(f"/people/{{user_id}}/{kind.value}/new")
    def new_contact(request: Request, db: Db, subject: CurrentSubject, user_id: PathId) -> Response:
        return _contact_page(request, db, subject, user_id, kind, Form.blank(model), None)

    @router.post(f"/people/{{user_id}}/{kind.value}/new")
    def add_contact(
        request: Request,
        db: Db,
        subject: CurrentSubject,
        settings: SettingsDep,
        user_id: PathId,
        form: Annotated[Any, Depends(read_form)],
    ) -> Response:
        def save(values: ContactForm) -> Response:
            service.save_contact(db, subject, user_id, values, clock.today(settings.zone))
            return redirect(file_address(subject, user_id))

        answer: Response = form.submit(
            db, save, again=lambda: _contact_page(request, db, subject, user_id, kind, form, None)
        )
        return answer

    @router.get(f"/people/{{user_id}}/{kind.value}/{{contact_id}}/edit")
    def edit_contact(
        request: Request, db: Db, subject: CurrentSubject, user_id: PathId, contact_id: PathId
    ) -> Response:
        row = service.get_contact(db, subject, user_id, kind, contact_id)
        return _contact_page(request, db, subject, user_id, kind, Form.filled(model, row), contact_id)

    @router.post(f"/people/{{user_id}}/{kind.value}/{{contact_id}}/edit")
    def change_contact(
        request: Request,
        db: Db,
        subject: CurrentSubject,
        settings: SettingsDep,
        user_id: PathId,
        contact_id: PathId,
        form: Annotated[Any, Depends(read_form)],
    ) -> Response:
        service.get_contact(db, subject, user_id, kind, contact_id)

        def save(values: ContactForm) -> Response:
            service.save_contact(db, subject, user_id, values, clock.today(settings.zone), contact_id)
            return redirect(file_address(subject, user_id))

        answer: Response = form.submit(
            db, save, again=lambda: _contact_page(request, db, subject, user_id, kind, form, contact_id)
        )
        return answer

    @router.post(f"/people/{{user_id}}/{kind.value}/{{contact_id}}/remove")
    def remove_contact(
        db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId, contact_id: PathId
    ) -> Response:
        service.end_contact(db, subject, user_id, kind, contact_id, clock.today(settings.zone))
        return redirect(file_address(subject, user_id))


_contact_routes(ContactKind.ADDRESS, AddressForm)
_contact_routes(ContactKind.PHONE, PhoneForm)
_contact_routes(ContactKind.EMERGENCY, EmergencyContactForm)


# Photo


@router.get("/people/{user_id}/photo")
def photo_file(db: Db, subject: CurrentSubject, store: FilesDep, user_id: PathId) -> Response:
    content = service.read_photo(db, subject, store, user_id)
    headers = {
        "Cache-Control": "private, max-age=300",
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=photo.MEDIA_TYPE, headers=headers)


@router.post("/people/{user_id}/photo")
def upload_photo(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    store: FilesDep,
    user_id: PathId,
    form: Annotated[Form[PhotoForm], Depends(posted(PhotoForm))],
) -> Response:
    policy.require_change_contacts(db, subject, user_id)

    def keep(values: PhotoForm) -> Response:
        content = values.photo.file.read(photo.LARGEST_BYTES + 1)
        service.put_photo(db, subject, store, user_id, content)
        return redirect(file_address(subject, user_id))

    return form.submit(db, keep, again=lambda: _file_page(request, db, subject, user_id, form))


@router.post("/people/{user_id}/photo/remove")
def remove_photo(db: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    service.remove_photo(db, subject, user_id)
    return redirect(file_address(subject, user_id))


def _find_known_as(db: Session, subject: Subject, words: str) -> Found | None:
    if not policy.may_list(subject):
        return None
    return _files("Student files", service.find_known_as(db, subject, Paging(q=words, per_page=search.MOST)))


def _find_by_phone(db: Session, subject: Subject, words: str) -> Found | None:
    if not policy.may_list(subject) or not phones_meant(words):
        return None
    return _files("Phone numbers", service.find_by_phone(db, subject, Paging(q=words, per_page=search.MOST)))


def _files(heading: str, found: Listing[Any]) -> Found:
    page = found.page()
    hits = [Hit(row.full_name, row.text, f"/people/{row.id}/file", "folder") for row in page.items]
    return Found(heading, hits, page.total or len(hits), "/people/contacts")


search.register("student-files", _find_known_as, order=15)
search.register("phones", _find_by_phone, order=16, listed=False)
