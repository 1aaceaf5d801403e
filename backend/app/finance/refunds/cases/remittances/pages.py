"""Pages that pay a refund out, and record that money came back."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import NotFound
from app.core.permissions import Subject
from app.finance.ledger import chart
from app.finance.refunds.cases import service as cases
from app.finance.refunds.cases.pages import COMPUTES, LIST, case_page
from app.finance.refunds.cases.remittances import service
from app.finance.refunds.cases.schemas import RemittanceForm, ReturnForm
from app.school import service as school
from app.web import refusals
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db

router = APIRouter(include_in_schema=False)
refusals.register_record("remittance_id", "refund_remittances")


@router.post("/refunds/{refund_id}/remittances", dependencies=COMPUTES)
def remit(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    refund_id: PathId,
    form: Annotated[Form[RemittanceForm], Depends(posted(RemittanceForm))],
) -> Response:
    """Pay a payee."""

    def act(values: RemittanceForm) -> Response:
        service.remit(db, subject, refund_id, values)
        return redirect(f"/refunds/{refund_id}")

    return form.submit(db, act, again=lambda: case_page(request, db, subject, refund_id, remittance=form))


@router.get("/refunds/{refund_id}/remittances/{remittance_id}/return", dependencies=COMPUTES)
def return_page(
    request: Request, db: Db, subject: CurrentSubject, refund_id: PathId, remittance_id: PathId
) -> Response:
    """The form that records that money came back."""
    return _return(request, db, subject, refund_id, remittance_id, Form.blank(ReturnForm, request=uuid4()))


@router.post("/refunds/{refund_id}/remittances/{remittance_id}/return", dependencies=COMPUTES)
def take_back(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    refund_id: PathId,
    remittance_id: PathId,
    form: Annotated[Form[ReturnForm], Depends(posted(ReturnForm))],
) -> Response:
    """Record it."""

    def act(values: ReturnForm) -> Response:
        service.take_back(db, subject, refund_id, remittance_id, values)
        return redirect(f"/refunds/{refund_id}")

    return form.submit(db, act, again=lambda: _return(request, db, subject, refund_id, remittance_id, form))


def _return(
    request: Request,
    session: Session,
    subject: Subject,
    refund_id: int,
    remittance_id: int,
    form: Form[ReturnForm],
) -> Response:
    found = cases.read(session, subject, refund_id)
    made = next((one for one in found.remittances if one.id == remittance_id), None)
    if made is None:
        raise NotFound("There is no such remittance of this refund.")
    back = f"/refunds/{refund_id}"
    return render(
        request,
        "refund_cases/return.html",
        row=found.row,
        overdue=found.row.due_on < clock.today(school.facts(session).zone),
        made=made,
        method=chart.METHODS[made.method][0],
        form=form,
        back=back,
        breadcrumbs=[LIST, (f"Refund {refund_id}", back), ("Came back", None)],
    )
