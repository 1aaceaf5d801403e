"""Payment plans as JSON."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.core.permissions import Permission
from app.finance.ledger.api import Cents, Key
from app.finance.ledger.plans import service
from app.finance.ledger.plans.schemas import Plan, PlanForm
from app.rules.installments import MOST_INSTALLMENTS
from app.web.field_types import Day, PathId, RecordId
from app.web.paging import Page, PageParams
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])
READS = [Requires(Permission.LEDGER_READ)]
POSTS = [Requires(Permission.LEDGER_POST)]


class InstallmentIn(BaseModel):
    """A due date and what is due."""

    model_config = ConfigDict(extra="forbid")

    due_on: Day
    amount_cents: Cents


class PlanIn(BaseModel):
    """A plan to propose; the installments add up to it."""

    model_config = ConfigDict(extra="forbid")

    enrollment_id: RecordId
    total_cents: Cents
    installments: Annotated[list[InstallmentIn], Field(min_length=1, max_length=MOST_INSTALLMENTS)]

    def form(self, request: UUID) -> PlanForm:
        return PlanForm(
            request=request,
            enrollment_id=self.enrollment_id,
            total_cents=self.total_cents,
            count=len(self.installments),
            first_due_on=self.installments[0].due_on,
            due_on=[one.due_on for one in self.installments],
            amount_cents=[one.amount_cents for one in self.installments],
            confirmed=True,
        )


class InstallmentOut(BaseModel):
    """An installment and what of it is unpaid; `late_fee` is the transaction of its fee."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    due_on: date
    amount_cents: int
    unpaid_cents: int
    late_fee: int | None


class PlanOut(BaseModel):
    """A plan as it stands today: past_due, on_time, proposed, paid or ended."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    student_id: int
    student: str
    enrollment_id: int
    program: str
    state: str
    total_cents: int
    unpaid_cents: int
    past_due_cents: int
    created_at: datetime
    agreed_at: datetime | None
    ended_at: datetime | None
    ended_because: str | None
    supersedes_id: int | None
    installments: list[InstallmentOut]


class PlanLineOut(BaseModel):
    """A plan in the list."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    student_id: int
    student: str
    program: str
    state: str
    total_cents: int
    paid_cents: int
    past_due_cents: int
    since: date | None
    next_on: date | None


@router.get("/plans", dependencies=READS)
def list_plans(
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    state: Annotated[Literal["past_due", "on_time", "proposed", "paid", "ended"] | None, Query()] = None,
) -> Page[PlanLineOut]:
    """Payment plans. Sorts: student, program, total, past_due, since, next."""
    return service.plans(db, subject, paging, state=state).page().map(PlanLineOut.model_validate)


@router.get("/plans/{plan_id}")
def get_plan(db: Db, subject: CurrentSubject, plan_id: PathId) -> PlanOut:
    """A plan with its installments; one's own, or for whoever reads the ledger. 404 for another's."""
    return _out(service.plan(db, subject, plan_id))


@router.get("/accounts/{student_id}/plans")
def get_plans_of_student(db: Db, subject: CurrentSubject, student_id: PathId) -> list[PlanOut]:
    """A student's plans, the newest first. 404 for another's."""
    return [_out(one) for one in service.of_student(db, subject, student_id)]


@router.post("/accounts/{student_id}/plans", status_code=201, dependencies=POSTS)
def propose_plan(db: Db, subject: CurrentSubject, student_id: PathId, body: PlanIn, key: Key) -> PlanOut:
    """Propose a plan; it holds once the student has agreed to it."""
    made = service.propose(db, subject, student_id, body.form(key))
    return _out(service.plan(db, subject, made.id))


@router.post("/plans/{plan_id}/cancellation", dependencies=POSTS)
def cancel_plan(db: Db, subject: CurrentSubject, plan_id: PathId) -> PlanOut:
    """End a plan; what is owed stays. 409 for one that has ended."""
    service.cancel(db, subject, plan_id)
    return _out(service.plan(db, subject, plan_id))


@router.post("/plans/{plan_id}/agreement")
def agree_to_plan(db: Db, subject: CurrentSubject, plan_id: PathId) -> PlanOut:
    """The student agrees to their own plan. 404 for another's, 409 for one that was replaced."""
    return _out(service.agree(db, subject, plan_id))


def _out(plan: Plan) -> PlanOut:
    return PlanOut.model_validate(plan)
