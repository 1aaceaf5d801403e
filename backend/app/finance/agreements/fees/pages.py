"""What programs cost beside tuition: every program, and one with its fees."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.core.permissions import Permission, Subject
from app.finance.agreements import policy
from app.finance.agreements.fees import service
from app.finance.agreements.fees.service import FeeForm
from app.rules.agreements import KINDS
from app.web import refusals
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
refusals.register_record("fee_id", "program_fees")
READS = [Requires(Permission.AGREEMENTS_READ, Permission.LEDGER_READ)]
CHANGES = [Requires(Permission.LEDGER_POST)]


@router.get("/program-fees", dependencies=READS)
def programs(request: Request, db: Db, subject: CurrentSubject) -> Response:
    return render(
        request,
        "agreements/programs.html",
        programs=service.programs(db, subject),
        kinds=KINDS,
        breadcrumbs=[("Agreements", "/agreements"), ("Program fees", None)],
    )


@router.get("/program-fees/{program_id}", dependencies=READS)
def fees(request: Request, db: Db, subject: CurrentSubject, program_id: PathId) -> Response:
    form = Form.blank(FeeForm, name="", amount_cents="", refundable=True)
    return _page(request, db, subject, program_id, form)


def _page(
    request: Request, session: Session, subject: Subject, program_id: int, form: Form[FeeForm]
) -> Response:
    program = service.program(session, subject, program_id)
    return render(
        request,
        "agreements/fees.html",
        program=program,
        fees=service.of_program(session, subject, program_id),
        ended=service.ended(session, subject, program_id),
        kinds=KINDS,
        form=form,
        may_change=policy.may_change_fees(subject),
        breadcrumbs=[
            ("Agreements", "/agreements"),
            ("Program fees", "/program-fees"),
            (program.name, None),
        ],
    )


@router.post("/program-fees/{program_id}", dependencies=CHANGES)
def add(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    program_id: PathId,
    form: Annotated[Form[FeeForm], Depends(posted(FeeForm))],
) -> Response:
    def act(values: FeeForm) -> Response:
        service.add(db, subject, program_id, values)
        return redirect(f"/program-fees/{program_id}")

    return form.submit(db, act, lambda: _page(request, db, subject, program_id, form))


@router.post("/program-fees/{program_id}/{fee_id}/end", dependencies=CHANGES)
def end(db: Db, subject: CurrentSubject, program_id: PathId, fee_id: PathId) -> Response:
    service.end(db, subject, program_id, fee_id)
    return redirect(f"/program-fees/{program_id}")
