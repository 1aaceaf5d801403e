"""Preparing an agreement for an enrollment: a form, a preview, sending."""

from datetime import timedelta
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.core.permissions import Permission, Subject
from app.documents.service import IssueDeskDep
from app.finance.agreements import service
from app.finance.agreements.proposals import service as proposals
from app.finance.agreements.schemas import PrepareForm
from app.rules.agreements import KINDS, STATES
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
PREPARES = [Requires(Permission.AGREEMENTS_PREPARE)]
COSIGNERS = [("parent", "Parent or guardian"), ("sponsor", "Sponsor")]


@router.get("/enrollments/{enrollment_id}/agreements")
def of_enrollment(request: Request, db: Db, subject: CurrentSubject, enrollment_id: PathId) -> Response:
    """Every agreement of an enrollment."""
    return render(
        request,
        "agreements/own.html",
        agreements=service.of_enrollment(db, subject, enrollment_id),
        states=STATES,
        enrollment_id=enrollment_id,
        may_prepare=proposals.may_begin(db, subject, enrollment_id),
        breadcrumbs=[("Enrollment", f"/enrollments/{enrollment_id}"), ("Agreements", None)],
    )


@router.get("/enrollments/{enrollment_id}/agreements/new", dependencies=PREPARES)
def new(request: Request, db: Db, subject: CurrentSubject, enrollment_id: PathId) -> Response:
    found = proposals.proposal(db, subject, enrollment_id)
    starts = found.row.enrolled_at
    form = Form.blank(
        PrepareForm,
        request=uuid4(),
        starts_on=starts,
        ends_on=starts + timedelta(weeks=found.row.duration_weeks or 52),
        schedule="",
        payment="",
        cosigner_kind="parent" if found.needs_parent else "",
    )
    return _page(request, db, subject, enrollment_id, form)


def _page(
    request: Request, session: Session, subject: Subject, enrollment_id: int, form: Form[PrepareForm]
) -> Response:
    found = proposals.proposal(session, subject, enrollment_id)
    return render(
        request,
        "agreements/prepare.html",
        found=found,
        row=found.row,
        form=form,
        kinds=KINDS,
        cosigners=COSIGNERS,
        enrollment_id=enrollment_id,
        breadcrumbs=[
            ("Agreements", "/agreements"),
            (found.row.student, f"/enrollments/{enrollment_id}/agreements"),
            ("New", None),
        ],
    )


@router.post("/enrollments/{enrollment_id}/agreements/preview")
def preview(
    request: Request,
    desk: IssueDeskDep,
    enrollment_id: PathId,
    form: Annotated[Form[PrepareForm], Depends(posted(PrepareForm))],
) -> Response:
    """The agreement as it would be sent; nothing is kept."""

    def act(values: PrepareForm) -> Response:
        return desk.preview(
            lambda session: proposals.preview(session, desk.subject, desk.files, enrollment_id, values)
        )

    return form.submit_apart(
        desk.database, act, lambda session: _page(request, session, desk.subject, enrollment_id, form)
    )


@router.post("/enrollments/{enrollment_id}/agreements/new")
def prepare(
    request: Request,
    desk: IssueDeskDep,
    enrollment_id: PathId,
    form: Annotated[Form[PrepareForm], Depends(posted(PrepareForm))],
) -> Response:
    """Send it to the student."""

    def act(values: PrepareForm) -> Response:
        number = proposals.prepare(
            desk.database, desk.subject, desk.files, desk.settings, enrollment_id, values
        )
        return redirect(f"/agreements/{number}")

    return form.submit_apart(
        desk.database, act, lambda session: _page(request, session, desk.subject, enrollment_id, form)
    )
