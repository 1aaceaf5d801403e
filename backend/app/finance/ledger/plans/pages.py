"""Pages of payment plans: every plan, one plan, a new one, and the student's agreement."""

from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BeforeValidator
from sqlalchemy.orm import Session

from app.core.permissions import Permission, Subject
from app.finance.ledger import policy
from app.finance.ledger import service as ledger
from app.finance.ledger.pages import LEDGER
from app.finance.ledger.plans import service
from app.finance.ledger.plans.reports import PLANS
from app.finance.ledger.plans.schemas import EVERY, PlanForm
from app.web import refusals, reports
from app.web.field_types import PathId, blank_is_none
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
refusals.register_record("plan_id", "payment_plans", owner="student_id")
READS = [Requires(Permission.LEDGER_READ)]
POSTS = [Requires(Permission.LEDGER_POST)]
LIST = ("Payment plans", "/ledger/plans")
_State = Annotated[
    Literal["past_due", "on_time", "proposed", "paid", "ended"] | None,
    BeforeValidator(blank_is_none),
    Query(),
]


@router.get("/ledger/plans", dependencies=READS)
def plans(
    request: Request, db: Db, subject: CurrentSubject, paging: PageParams, state: _State = None
) -> Response:
    """Payment plans, what is past due first."""
    found = service.plans(db, subject, paging, state=state)
    return reports.answer(
        request, db, subject, PLANS, found, "plans/plans.html", breadcrumbs=[LEDGER, (LIST[0], None)]
    )


@router.get("/ledger/plans/{plan_id}", dependencies=READS)
def plan(request: Request, db: Db, subject: CurrentSubject, plan_id: PathId) -> Response:
    found = service.plan(db, subject, plan_id)
    return render(
        request,
        "plans/plan.html",
        plan=found,
        may_post=policy.may_post(subject) and subject.user_id != found.student_id,
        breadcrumbs=[LEDGER, LIST, (found.student, None)],
    )


@router.post("/ledger/plans/{plan_id}/cancel", dependencies=POSTS)
def cancel(db: Db, subject: CurrentSubject, plan_id: PathId) -> Response:
    service.cancel(db, subject, plan_id)
    return redirect(f"/ledger/plans/{plan_id}")


@router.post("/account/plans/{plan_id}/agree")
def agree(db: Db, subject: CurrentSubject, plan_id: PathId) -> Response:
    """The student's own word."""
    service.agree(db, subject, plan_id)
    return redirect("/account/money")


@router.get("/ledger/students/{student_id}/plans/new", dependencies=POSTS)
def new_plan(request: Request, db: Db, subject: CurrentSubject, student_id: PathId) -> Response:
    found = ledger.account(db, subject, student_id)
    known = {"total_cents": found.balance_cents} if found.balance_cents > 0 else {}
    form = Form.blank(PlanForm, request=uuid4(), count=10, **known)
    return _new(request, db, subject, student_id, form)


@router.post("/ledger/students/{student_id}/plans/new", dependencies=POSTS)
def propose(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    student_id: PathId,
    form: Annotated[Form[PlanForm], Depends(posted(PlanForm))],
) -> Response:
    """Show the installments first, and propose them once they were seen."""

    def go(values: PlanForm) -> Response:
        if values.confirmed:
            return redirect(f"/ledger/plans/{service.propose(db, subject, student_id, values).id}")
        rows = service.rows_of(db, subject, student_id, values)
        form.data["due_on"] = [day.isoformat() for day, _amount in rows]
        form.data["amount_cents"] = [f"{amount / 100:.2f}" for _day, amount in rows]
        return _new(request, db, subject, student_id, form, seen=True)

    return form.submit(db, go, again=lambda: _new(request, db, subject, student_id, form))


def _new(
    request: Request,
    db: Session,
    subject: Subject,
    student_id: int,
    form: Form[PlanForm],
    *,
    seen: bool = False,
) -> Response:
    found = ledger.account(db, subject, student_id)
    days, amounts = form.chosen("due_on"), form.chosen("amount_cents")
    several = max(len(days), len(amounts))
    rows = [
        (days[place] if place < len(days) else "", amounts[place] if place < len(amounts) else "")
        for place in range(several)
    ]
    return render(
        request,
        "plans/new.html",
        account=found,
        form=form,
        seen=seen,
        rows=rows,
        programs=[(str(one.id), one.program) for one in found.enrollments],
        every=list(EVERY.items()),
        back=f"/ledger/students/{student_id}",
        breadcrumbs=[
            LEDGER,
            (found.student.full_name, f"/ledger/students/{student_id}"),
            ("Payment plan", None),
        ],
    )
