"""The registrar's pages: the types of credentials, and a class's credentials at once."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.credentials import jobs, policy
from app.compliance.credentials.bulk import service as bulk
from app.compliance.credentials.pages import CREDENTIALS_CRUMB, ISSUES
from app.compliance.credentials.schemas import BulkForm, ButtonForm
from app.compliance.credentials.types import service as types
from app.compliance.credentials.types.schemas import TypeForm
from app.core.permissions import Permission, Subject
from app.db.models import CredentialType
from app.settings import Settings
from app.web import refusals
from app.web.field_types import OptionalId, PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
refusals.register_record("credential_type_id", "credential_types")
classes.register_link(classes.ClassLink("Credentials", "/credentials", "award", policy.may_issue, order=30))
READS = [Requires(Permission.DOCUMENTS_READ_ALL)]
TYPES = ("Types", "/credentials/types")


@router.get("/credentials/types", dependencies=READS)
def type_list(request: Request, db: Db, subject: CurrentSubject) -> Response:
    return render(
        request,
        "credentials/types.html",
        rows=types.list_types(db, subject),
        may_change=policy.may_issue(subject),
        breadcrumbs=[CREDENTIALS_CRUMB, ("Types", None)],
    )


@router.get("/credentials/types/new", dependencies=ISSUES)
def new_type(request: Request, db: Db, subject: CurrentSubject) -> Response:
    return _type_page(request, db, subject, Form.blank(TypeForm, requires_completion=True, level="Diploma"))


@router.post("/credentials/types/new", dependencies=ISSUES)
def create_type(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[TypeForm], Depends(posted(TypeForm))],
) -> Response:
    def create(values: TypeForm) -> Response:
        types.save_type(db, subject, values)
        return redirect("/credentials/types")

    return form.submit(db, create, again=lambda: _type_page(request, db, subject, form))


@router.get("/credentials/types/{credential_type_id}/edit", dependencies=ISSUES)
def edit_type(request: Request, db: Db, subject: CurrentSubject, credential_type_id: PathId) -> Response:
    record = types.read_type(db, subject, credential_type_id)
    return _type_page(request, db, subject, Form.filled(TypeForm, record), record)


@router.post("/credentials/types/{credential_type_id}/edit", dependencies=ISSUES)
def change_type(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    credential_type_id: PathId,
    form: Annotated[Form[TypeForm], Depends(posted(TypeForm))],
) -> Response:
    record = types.read_type(db, subject, credential_type_id)

    def change(values: TypeForm) -> Response:
        types.save_type(db, subject, values, credential_type_id)
        return redirect("/credentials/types")

    return form.submit(db, change, again=lambda: _type_page(request, db, subject, form, record))


@router.post("/credentials/types/{credential_type_id}/archive", dependencies=ISSUES)
def archive_type(
    db: Db,
    subject: CurrentSubject,
    credential_type_id: PathId,
    form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))],
) -> Response:
    """Award it no longer, or again."""
    form.checked()
    record = types.read_type(db, subject, credential_type_id)
    types.archive_type(db, subject, credential_type_id, archived=record.archived_at is None)
    return redirect("/credentials/types")


def _type_page(
    request: Request,
    db: Session,
    subject: Subject,
    form: Form[TypeForm],
    record: CredentialType | None = None,
) -> Response:
    title = f"Edit {record.name}" if record else "New type of credential"
    return render(
        request,
        "credentials/type_form.html",
        form=form,
        record=record,
        title=title,
        programs=types.program_names(db, subject),
        breadcrumbs=[CREDENTIALS_CRUMB, TYPES, (title, None)],
    )


# A class at once


@router.get("/classes/{class_id}/credentials", dependencies=ISSUES)
def class_page(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    type_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    """Who of the class would get a credential, and why others would not."""
    return _class_page(request, db, subject, settings, class_id, type_id, None)


@router.post("/classes/{class_id}/credentials", dependencies=ISSUES)
def issue_to_class(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    class_id: PathId,
    form: Annotated[Form[BulkForm], Depends(posted(BulkForm))],
) -> Response:
    def act(values: BulkForm) -> Response:
        bulk.request(
            db, subject, class_id, values.type_id, values.enrollment_ids, values.request, settings.zone
        )
        jobs.begin(db, values.request, subject.user_id)
        return redirect(f"/credentials/bulk/{values.request}")

    chosen = form.values.type_id if form.values else None
    return form.submit(
        db, act, again=lambda: _class_page(request, db, subject, settings, class_id, chosen, form)
    )


def _class_page(
    request: Request,
    db: Session,
    subject: Subject,
    settings: Settings,
    class_id: int,
    type_id: int | None,
    form: Form[Any] | None,
) -> Response:
    found = bulk.preview(db, subject, class_id, type_id, settings.zone)
    number = found.chosen.id if found.chosen else None
    return render(
        request,
        "credentials/class.html",
        found=found,
        form=form or Form.blank(BulkForm, request=uuid4(), type_id=number),
        able=sum(one.problem is None for one in found.candidates),
        breadcrumbs=[
            ("Classes", "/classes"),
            (found.record.code, f"/classes/{class_id}"),
            ("Credentials", None),
        ],
    )


@router.get("/credentials/bulk/{batch}", dependencies=READS)
def bulk_page(request: Request, db: Db, subject: CurrentSubject, batch: Annotated[UUID, Path()]) -> Response:
    """How far a bulk issue is; the page renews itself while something waits."""
    found = bulk.progress(db, subject, batch)
    return render(
        request,
        "credentials/bulk.html",
        found=found,
        batch=batch,
        breadcrumbs=[CREDENTIALS_CRUMB, ("Bulk issue", None)],
    )
