"""Pages of payers: who pays for students, what they owe, what came from them."""

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.core.permissions import Permission, Subject
from app.finance.ledger import chart, policy
from app.finance.ledger import service as ledger
from app.finance.ledger.pages import LEDGER
from app.finance.ledger.payers import service
from app.finance.ledger.reports import PAYERS
from app.finance.ledger.schemas import PayerForm, PayerPaymentForm
from app.web import refusals, reports
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.paging import PageParams, Paging
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
refusals.register_record("payer_id", "ledger_payers")
READS = [Requires(Permission.LEDGER_READ)]
POSTS = [Requires(Permission.LEDGER_POST)]
LIST = ("Payers", "/ledger/payers")
_Form = Annotated[Form[PayerForm], Depends(posted(PayerForm))]


@router.get("/ledger/payers", dependencies=READS)
def payers(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    return reports.answer(
        request,
        db,
        subject,
        PAYERS,
        service.payers(db, subject, paging),
        "ledger/payers.html",
        may_post=policy.may_post(subject),
    )


@router.get("/ledger/payers/new", dependencies=POSTS)
def new_payer(request: Request) -> Response:
    return _form(request, Form.blank(PayerForm), None)


@router.post("/ledger/payers/new", dependencies=POSTS)
def add_payer(request: Request, db: Db, subject: CurrentSubject, form: _Form) -> Response:
    def save(values: PayerForm) -> Response:
        return redirect(f"/ledger/payers/{service.save_payer(db, subject, values).id}")

    return form.submit(db, save, again=lambda: _form(request, form, None))


@router.get("/ledger/payers/{payer_id}", dependencies=READS)
def payer(request: Request, db: Db, subject: CurrentSubject, payer_id: PathId) -> Response:
    form = Form.blank(PayerPaymentForm, request=uuid4())
    return _payer(request, db, subject, payer_id, form)


@router.get("/ledger/payers/{payer_id}/edit", dependencies=POSTS)
def edit_payer(request: Request, db: Db, subject: CurrentSubject, payer_id: PathId) -> Response:
    found, _balance = service.payer(db, subject, payer_id)
    return _form(request, Form.filled(PayerForm, found), found)


@router.post("/ledger/payers/{payer_id}/edit", dependencies=POSTS)
def change_payer(
    request: Request, db: Db, subject: CurrentSubject, payer_id: PathId, form: _Form
) -> Response:
    found, _balance = service.payer(db, subject, payer_id)

    def save(values: PayerForm) -> Response:
        service.save_payer(db, subject, values, payer_id)
        return redirect(f"/ledger/payers/{payer_id}")

    return form.submit(db, save, again=lambda: _form(request, form, found))


@router.post("/ledger/payers/{payer_id}/payments", dependencies=POSTS)
def payment(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    payer_id: PathId,
    form: Annotated[Form[PayerPaymentForm], Depends(posted(PayerPaymentForm))],
) -> Response:
    """Record what came from a payer."""

    def act(values: PayerPaymentForm) -> Response:
        return redirect(f"/ledger/transactions/{service.payer_pays(db, subject, payer_id, values).id}")

    return form.submit(db, act, again=lambda: _payer(request, db, subject, payer_id, form))


def _payer(
    request: Request, db: Session, subject: Subject, payer_id: int, form: Form[PayerPaymentForm]
) -> Response:
    found, balance = service.payer(db, subject, payer_id)
    newest = Paging(per_page=50)
    return render(
        request,
        "ledger/payer.html",
        payer=found,
        kind=chart.PAYER_KINDS[found.kind],
        kinds=chart.KINDS,
        balance=balance,
        page=ledger.journal(db, subject, newest, payer_id=payer_id).page(),
        form=form,
        methods=[(key, name) for key, (name, _code) in chart.METHODS.items()],
        may_post=policy.may_post(subject),
        breadcrumbs=[LEDGER, LIST, (found.name, None)],
    )


def _form(request: Request, form: Form[PayerForm], found: Any) -> Response:
    return render(
        request,
        "ledger/payer_form.html",
        form=form,
        title="Change the payer" if found else "Add a payer",
        kinds=list(chart.PAYER_KINDS.items()),
        back=f"/ledger/payers/{found.id}" if found else "/ledger/payers",
        breadcrumbs=[LEDGER, LIST, ("Change" if found else "Add", None)],
    )
