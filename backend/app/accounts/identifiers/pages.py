"""Pages of identifiers: add, remove, show whole, and find a student by one."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.accounts.identifiers import numbers, service
from app.accounts.identifiers.service import IdentifierForm, IdentifierKind
from app.accounts.profiles import policy
from app.accounts.profiles.pages import PEOPLE, crumbs, file_address
from app.core.permissions import Permission, Subject
from app.db.models import User
from app.web.field_types import Line, PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
LISTS = [Requires(Permission.STUDENT_FILES_READ)]
CHANGES = [Requires(Permission.STUDENT_FILES_CHANGE)]
REVEALS = [Requires(Permission.IDENTIFIERS_REVEAL)]
KINDS = [(kind.value, kind.label) for kind in IdentifierKind]


class NumberForm(BaseModel):
    """A number to find a student by. It travels in the form, so that no address and no log holds it."""

    number: Annotated[Line, Field(max_length=60)]


class ReasonForm(BaseModel):
    """Why a number is shown whole."""

    reason: Annotated[Line, Field(max_length=200)]


@router.get("/people/{user_id}/identifiers/new", dependencies=CHANGES)
def new_identifier(request: Request, db: Db, subject: CurrentSubject, user_id: PathId) -> Response:
    return _new_page(request, db, subject, user_id, Form.blank(IdentifierForm))


@router.post("/people/{user_id}/identifiers/new", dependencies=CHANGES)
def add_identifier(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: PathId,
    form: Annotated[Form[IdentifierForm], Depends(posted(IdentifierForm))],
) -> Response:
    def save(values: IdentifierForm) -> Response:
        service.add(db, subject, settings, user_id, values)
        return redirect(file_address(subject, user_id))

    return form.submit(db, save, again=lambda: _new_page(request, db, subject, user_id, form))


def _new_page(
    request: Request, db: Session, subject: Subject, user_id: int, form: Form[IdentifierForm]
) -> Response:
    person = policy.require_change(db, subject, user_id)
    return render(
        request,
        "accounts/identifier_new.html",
        form=form,
        kinds=KINDS,
        back=file_address(subject, user_id),
        breadcrumbs=crumbs(subject, user_id, person.full_name, "Add an identifier"),
    )


@router.post("/people/{user_id}/identifiers/{identifier_id}/remove", dependencies=CHANGES)
def remove_identifier(db: Db, subject: CurrentSubject, user_id: PathId, identifier_id: PathId) -> Response:
    service.remove(db, subject, user_id, identifier_id)
    return redirect(file_address(subject, user_id))


@router.get("/people/{user_id}/identifiers/{identifier_id}/reveal", dependencies=REVEALS)
def ask_reveal(
    request: Request, db: Db, subject: CurrentSubject, user_id: PathId, identifier_id: PathId
) -> Response:
    return _reveal_page(request, db, subject, user_id, identifier_id, Form.blank(ReasonForm))


@router.post("/people/{user_id}/identifiers/{identifier_id}/reveal", dependencies=REVEALS)
def reveal(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    user_id: PathId,
    identifier_id: PathId,
    form: Annotated[Form[ReasonForm], Depends(posted(ReasonForm))],
) -> Response:
    def show(values: ReasonForm) -> Response:
        number = service.reveal(db, subject, settings, user_id, identifier_id, values.reason)
        return _reveal_page(request, db, subject, user_id, identifier_id, form, number)

    return form.submit(
        db, show, again=lambda: _reveal_page(request, db, subject, user_id, identifier_id, form)
    )


def _reveal_page(
    request: Request,
    db: Session,
    subject: Subject,
    user_id: int,
    identifier_id: int,
    form: Form[ReasonForm],
    number: str | None = None,
) -> Response:
    person = policy.require_reveal(db, subject, user_id)
    found = service.get(db, subject, user_id, identifier_id)
    answer = render(
        request,
        "accounts/identifier.html",
        person=person,
        found=found,
        label=IdentifierKind(found.kind).label,
        form=form,
        number=numbers.written(IdentifierKind(found.kind), number) if number else None,
        back=file_address(subject, user_id),
        breadcrumbs=crumbs(subject, user_id, person.full_name, "Identifier"),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.get("/people/identifier-search", dependencies=LISTS)
def search_form(request: Request, subject: CurrentSubject) -> Response:
    return _search_page(request, subject, Form.blank(NumberForm), None)


@router.post("/people/identifier-search", dependencies=LISTS)
def search(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[NumberForm], Depends(posted(NumberForm))],
) -> Response:
    def find(values: NumberForm) -> Response:
        return _search_page(request, subject, form, service.find(db, subject, values.number))

    return form.submit(db, find, again=lambda: _search_page(request, subject, form, None))


def _search_page(
    request: Request, subject: Subject, form: Form[NumberForm], found: Sequence[User] | None
) -> Response:
    policy.require_list(subject)
    form.data.pop("number", None)
    return render(
        request,
        "accounts/identifier_search.html",
        form=form,
        found=found,
        breadcrumbs=[PEOPLE, ("Find by identifier", None)],
    )
