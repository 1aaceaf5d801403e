"""Pages of refunds: a case file for staff, and what leaving would refund for a student and those who work with them."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from app.core.errors import NotFound
from app.core.permissions import Permission
from app.finance.refunds import example, policy, request_pages, service
from app.rules.refunds import Result
from app.web import navigation
from app.web.field_types import PathId, Text
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.render import render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
router.include_router(request_pages.router)
PREVIEWS = [Requires(Permission.WITHDRAWALS_READ)]
navigation.register(
    NavItem("Refund preview", "/refunds/preview", "receipt-refund", policy.may_preview, order=58),
    NavItem("Refund estimate", "/account/refund", "receipt-refund", navigation.STUDENTS, order=58),
)


EXAMPLE = json.dumps(example.CASE, indent=2)


class CaseForm(BaseModel):
    """A case file, pasted."""

    case: Annotated[Text, Field(min_length=2, max_length=100_000)]


# Staff: any case


@router.get("/refunds/preview", dependencies=PREVIEWS)
def preview_page(request: Request, subject: CurrentSubject) -> Response:
    return _preview(request, Form.blank(CaseForm, case=EXAMPLE), None)


@router.post("/refunds/preview", dependencies=PREVIEWS)
def preview(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[CaseForm], Depends(posted(CaseForm))],
) -> Response:
    def act(values: CaseForm) -> Response:
        return _preview(request, form, service.preview(db, subject, values.case))

    return form.submit(db, act, again=lambda: _preview(request, form, None))


def _preview(request: Request, form: Form[CaseForm], result: Result | None) -> Response:
    return render(
        request,
        "refunds/preview.html",
        form=form,
        result=result,
        settings_used=result.as_record()["settings"] if result else {},
        breadcrumbs=[("Refund preview", None)],
    )


# What leaving would refund


@router.get("/enrollments/{enrollment_id}/refund")
def what_if(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, enrollment_id: PathId
) -> Response:
    """What the student would get back who leaves today or next week."""
    found = service.what_if(db, subject, enrollment_id, settings.zone)
    whole = f"/enrollments/{enrollment_id}"
    return render(
        request,
        "refunds/what_if.html",
        found=[found],
        own=found.user_id == subject.user_id,
        breadcrumbs=[("Enrollments", "/enrollments"), (found.full_name, whole), ("Refund", None)],
    )


@router.get("/account/refund")
def own_what_if(request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep) -> Response:
    """The student's own, for each program that they are in."""
    if not subject.is_student:
        raise NotFound("Only students have a refund of their own. Use the refund preview.")
    return render(
        request,
        "refunds/what_if.html",
        found=service.own_what_ifs(db, subject, settings.zone),
        own=True,
        breadcrumbs=[("Refund estimate", None)],
    )
