"""Pages that post: a charge, a payment, a credit, what a payer is billed. Each shows what it will do before it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.core.permissions import Permission, Subject
from app.db.models import LedgerTransaction
from app.finance.ledger import chart, service
from app.finance.ledger.pages import LEDGER
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import BillingForm, ChargeForm, CreditForm, PaymentForm
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
POSTS = [Requires(Permission.LEDGER_POST)]
M = TypeVar("M", bound=BaseModel)
Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Act:
    """What a page posts. `sign` is what it does to the student's balance."""

    name: str
    title: str
    button: str
    sign: int
    help: str


CHARGE = Act("charges", "Charge", "Post the charge", 1, "What the student owes from now on.")
PAYMENT = Act(
    "payments",
    "Payment",
    "Record the payment",
    -1,
    "Money that the student handed over. Nothing is collected here.",
)
CREDIT = Act(
    "credits", "Waiver or scholarship", "Post the credit", -1, "What the student need not pay, and why."
)
BILLING = Act(
    "billings",
    "Bill to a payer",
    "Bill the payer",
    -1,
    "What somebody else owes in the student’s place from now on.",
)


@router.get("/ledger/students/{student_id}/charges/new", dependencies=POSTS)
def new_charge(request: Request, db: Db, subject: CurrentSubject, student_id: PathId) -> Response:
    return _page(request, db, subject, student_id, CHARGE, Form.blank(ChargeForm, request=uuid4()))


@router.post("/ledger/students/{student_id}/charges/new", dependencies=POSTS)
def post_charge(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    student_id: PathId,
    form: Annotated[Form[ChargeForm], Depends(posted(ChargeForm))],
) -> Response:
    return _submit(request, db, subject, student_id, CHARGE, form, service.charge)


@router.get("/ledger/students/{student_id}/payments/new", dependencies=POSTS)
def new_payment(request: Request, db: Db, subject: CurrentSubject, student_id: PathId) -> Response:
    return _page(request, db, subject, student_id, PAYMENT, Form.blank(PaymentForm, request=uuid4()))


@router.post("/ledger/students/{student_id}/payments/new", dependencies=POSTS)
def post_payment(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    student_id: PathId,
    form: Annotated[Form[PaymentForm], Depends(posted(PaymentForm))],
) -> Response:
    return _submit(request, db, subject, student_id, PAYMENT, form, service.pay)


@router.get("/ledger/students/{student_id}/credits/new", dependencies=POSTS)
def new_credit(request: Request, db: Db, subject: CurrentSubject, student_id: PathId) -> Response:
    return _page(request, db, subject, student_id, CREDIT, Form.blank(CreditForm, request=uuid4()))


@router.post("/ledger/students/{student_id}/credits/new", dependencies=POSTS)
def post_credit(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    student_id: PathId,
    form: Annotated[Form[CreditForm], Depends(posted(CreditForm))],
) -> Response:
    return _submit(request, db, subject, student_id, CREDIT, form, service.credit)


@router.get("/ledger/students/{student_id}/billings/new", dependencies=POSTS)
def new_billing(request: Request, db: Db, subject: CurrentSubject, student_id: PathId) -> Response:
    return _page(request, db, subject, student_id, BILLING, Form.blank(BillingForm, request=uuid4()))


@router.post("/ledger/students/{student_id}/billings/new", dependencies=POSTS)
def post_billing(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    student_id: PathId,
    form: Annotated[Form[BillingForm], Depends(posted(BillingForm))],
) -> Response:
    return _submit(request, db, subject, student_id, BILLING, form, payers.bill_payer)


def _submit(
    request: Request,
    db: Session,
    subject: Subject,
    student_id: int,
    act: Act,
    form: Form[M],
    post: Callable[[Session, Subject, int, M], LedgerTransaction],
) -> Response:
    def go(values: Any) -> Response:
        if values.confirmed:
            return redirect(f"/ledger/transactions/{post(db, subject, student_id, values).id}")
        # A trial that is taken back: what would be refused is refused before it is confirmed.
        with db.begin_nested() as trial:
            post(db, subject, student_id, values)
            trial.rollback()
        return _page(request, db, subject, student_id, act, form, confirm=True)

    return form.submit(db, go, again=lambda: _page(request, db, subject, student_id, act, form))


def _page(
    request: Request,
    db: Session,
    subject: Subject,
    student_id: int,
    act: Act,
    form: Form[Any],
    *,
    confirm: bool = False,
) -> Response:
    found = service.account(db, subject, student_id)
    choices: dict[str, Choices] = {
        "type": [(key, name) for key, (name, _code) in chart.CHARGES.items()],
        "method": [(key, name) for key, (name, _code) in chart.METHODS.items()],
        "kind": [("waiver", "Waiver"), ("scholarship", "Scholarship")],
        "enrollment_id": [(str(one.id), one.program) for one in found.enrollments],
        "payer_id": payers.payer_choices(db, subject) if act is BILLING else [],
    }
    after = None
    if confirm and form.values is not None:
        after = found.balance_cents + act.sign * form.values.amount_cents
    return render(
        request,
        "ledger/post.html",
        act=act,
        account=found,
        form=form,
        values=form.values,
        choices=choices,
        after=after,
        back=f"/ledger/students/{student_id}",
        breadcrumbs=[LEDGER, (found.student.full_name, f"/ledger/students/{student_id}"), (act.title, None)],
    )
