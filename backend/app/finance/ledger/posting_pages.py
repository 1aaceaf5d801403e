"""Pages that post: a charge, a payment, a credit, what a payer is billed. Each shows what it will do before it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.core.permissions import Permission, Subject
from app.finance.ledger import chart, service
from app.finance.ledger.pages import LEDGER
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import BillingForm, ChargeForm, CreditForm, PaymentForm, StudentPosting
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
POSTS = [Requires(Permission.LEDGER_POST)]
Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Act:
    """What a page posts. `sign` is what it does to the student's balance."""

    name: str
    form: type[StudentPosting]
    title: str
    button: str
    sign: int
    help: str


ACTS = (
    Act("charges", ChargeForm, "Charge", "Post the charge", 1, "What the student owes from now on."),
    Act(
        "payments",
        PaymentForm,
        "Payment",
        "Record the payment",
        -1,
        "Money that the student handed over. Nothing is collected here.",
    ),
    Act(
        "credits",
        CreditForm,
        "Waiver or scholarship",
        "Post the credit",
        -1,
        "What the student need not pay, and why.",
    ),
    Act(
        "billings",
        BillingForm,
        "Bill to a payer",
        "Bill the payer",
        -1,
        "What somebody else owes in the student’s place from now on.",
    ),
)


def _routes(act: Act) -> tuple[Callable[..., Response], Callable[..., Response]]:
    """The page with the form of an act, and what takes it."""

    def page(request: Request, db: Db, subject: CurrentSubject, student_id: PathId) -> Response:
        return _page(request, db, subject, student_id, act)

    def submit(
        request: Request,
        db: Db,
        subject: CurrentSubject,
        student_id: PathId,
        form: Annotated[Form[Any], Depends(posted(act.form))],
    ) -> Response:
        def go(values: StudentPosting) -> Response:
            if values.confirmed:
                made = service.post_for_student(db, subject, student_id, values)
                return redirect(f"/ledger/transactions/{made.id}")
            # What would be refused is refused before it is confirmed.
            service.preview_for_student(db, subject, student_id, values)
            return _page(request, db, subject, student_id, act, form, confirm=True)

        return form.submit(db, go, again=lambda: _page(request, db, subject, student_id, act, form))

    return page, submit


for _act in ACTS:
    _shown, _taken = _routes(_act)
    _address = f"/ledger/students/{{student_id}}/{_act.name}/new"
    router.get(_address, dependencies=POSTS, name=f"new {_act.name}")(_shown)
    router.post(_address, dependencies=POSTS, name=f"post {_act.name}")(_taken)


def _page(
    request: Request,
    db: Session,
    subject: Subject,
    student_id: int,
    act: Act,
    form: Form[Any] | None = None,
    *,
    confirm: bool = False,
) -> Response:
    found = service.account(db, subject, student_id)
    if form is None:
        # The only program is chosen: money that names none belongs to no one once the student has another.
        only = found.enrollments[0].id if len(found.enrollments) == 1 else None
        form = Form.blank(act.form, request=uuid4(), enrollment_id=only)
    choices: dict[str, Choices] = {
        "type": [(key, name) for key, (name, _code) in chart.CHARGES.items()],
        "method": [(key, name) for key, (name, _code) in chart.METHODS.items()],
        "kind": [("waiver", "Waiver"), ("scholarship", "Scholarship")],
        "enrollment_id": [(str(one.id), one.program) for one in found.enrollments],
        "payer_id": payers.payer_choices(db, subject) if act.form is BillingForm else [],
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
