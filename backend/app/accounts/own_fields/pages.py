"""Pages of the school's own fields: which there are, and what stands in one student's file."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy.orm import Session

from app.accounts.own_fields import service
from app.accounts.own_fields.service import FieldForm, FieldType
from app.accounts.profiles import policy
from app.accounts.profiles.pages import crumbs, file_address
from app.core.errors import NotFound
from app.core.permissions import Permission, Subject
from app.web.field_types import Line, PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
READS = [Requires(Permission.STUDENT_FILES_READ)]
DEFINES = [Requires(Permission.SCHOOL_CHANGE)]
CHANGES = [Requires(Permission.STUDENT_FILES_CHANGE)]
FIELDS = ("Student file fields", "/school/student-fields")
TYPES = [(one.value, one.label) for one in FieldType]
DefineForm = Annotated[Form[FieldForm], Depends(posted(FieldForm))]


class ValueForm(BaseModel):
    """What is entered into a field."""

    value: Annotated[Annotated[Line, Field(max_length=500)] | None, BeforeValidator(blank_is_none)] = None


@router.get("/school/student-fields", dependencies=READS)
def fields(request: Request, db: Db, subject: CurrentSubject) -> Response:
    return render(
        request,
        "accounts/student_fields.html",
        fields=service.list_fields(db, subject),
        may_define=policy.may_define(subject),
        type_label=lambda value: FieldType(value).label,
        breadcrumbs=[("School", "/school"), ("Student file fields", None)],
    )


@router.get("/school/student-fields/new", dependencies=DEFINES)
def new_field(request: Request, subject: CurrentSubject) -> Response:
    return _field_page(request, subject, Form.blank(FieldForm), None)


@router.post("/school/student-fields/new", dependencies=DEFINES)
def add_field(request: Request, db: Db, subject: CurrentSubject, form: DefineForm) -> Response:
    def save(values: FieldForm) -> Response:
        service.save_field(db, subject, values)
        return redirect("/school/student-fields")

    return form.submit(db, save, again=lambda: _field_page(request, subject, form, None))


@router.get("/school/student-fields/{field_id}/edit", dependencies=DEFINES)
def edit_field(request: Request, db: Db, subject: CurrentSubject, field_id: PathId) -> Response:
    found = next((one for one in service.list_fields(db, subject) if one.id == field_id), None)
    if found is None:
        raise NotFound("There is no such field, or you don’t have access to it.")
    form = Form.filled(FieldForm, found)
    form.data["choices"] = ["\n".join(found.choices)]
    return _field_page(request, subject, form, field_id)


@router.post("/school/student-fields/{field_id}/edit", dependencies=DEFINES)
def change_field(
    request: Request, db: Db, subject: CurrentSubject, field_id: PathId, form: DefineForm
) -> Response:
    def save(values: FieldForm) -> Response:
        service.save_field(db, subject, values, field_id)
        return redirect("/school/student-fields")

    return form.submit(db, save, again=lambda: _field_page(request, subject, form, field_id))


@router.post("/school/student-fields/{field_id}/archive", dependencies=DEFINES)
def archive_field(db: Db, subject: CurrentSubject, field_id: PathId) -> Response:
    service.archive_field(db, subject, field_id)
    return redirect("/school/student-fields")


@router.post("/school/student-fields/{field_id}/restore", dependencies=DEFINES)
def restore_field(db: Db, subject: CurrentSubject, field_id: PathId) -> Response:
    service.restore_field(db, subject, field_id)
    return redirect("/school/student-fields")


def _field_page(request: Request, subject: Subject, form: Form[FieldForm], field_id: int | None) -> Response:
    policy.require_define(subject)
    title = "Change the field" if field_id else "Add a field"
    return render(
        request,
        "accounts/student_field.html",
        form=form,
        types=TYPES,
        field_id=field_id,
        title=title,
        breadcrumbs=[("School", "/school"), FIELDS, (title, None)],
    )


# One student


@router.get("/people/{user_id}/fields/{field_id}/edit", dependencies=CHANGES)
def edit_value(
    request: Request, db: Db, subject: CurrentSubject, user_id: PathId, field_id: PathId
) -> Response:
    return _value_page(request, db, subject, user_id, field_id, None)


@router.post("/people/{user_id}/fields/{field_id}/edit", dependencies=CHANGES)
def save_value(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    user_id: PathId,
    field_id: PathId,
    form: Annotated[Form[ValueForm], Depends(posted(ValueForm))],
) -> Response:
    def save(values: ValueForm) -> Response:
        service.save_value(db, subject, user_id, field_id, values.value)
        return redirect(file_address(subject, user_id))

    return form.submit(db, save, again=lambda: _value_page(request, db, subject, user_id, field_id, form))


def _value_page(
    request: Request,
    db: Session,
    subject: Subject,
    user_id: int,
    field_id: int,
    form: Form[ValueForm] | None,
) -> Response:
    person = policy.require_change(db, subject, user_id)
    found = next((one for one in service.fields_of(db, subject, user_id) if one.field.id == field_id), None)
    if found is None:
        raise NotFound("There is no such field, or you don’t have access to it.")
    return render(
        request,
        "accounts/file_field.html",
        field=found.field,
        choices=[(choice, choice) for choice in found.field.choices],
        form=form or Form.blank(ValueForm, value=found.value),
        back=file_address(subject, user_id),
        breadcrumbs=crumbs(subject, user_id, person.full_name, found.field.name),
    )
