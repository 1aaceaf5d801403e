"""The ledger as JSON: accounts, transactions, payers, closings. Amounts are whole cents.

What posts takes an `Idempotency-Key`: sent twice with the same figures it is posted once, with others it is 409.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy.orm import Session

from app.core.permissions import Permission, Subject
from app.finance.ledger import chart, service
from app.finance.ledger.closings import service as closings
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import (
    MOST_CENTS,
    BillingForm,
    ChargeForm,
    ChargeType,
    ClosingForm,
    CreditForm,
    Memo,
    Method,
    PayerForm,
    PayerPaymentForm,
    PaymentForm,
    Reference,
    ReversalForm,
    StudentPosting,
    posted_cents,
)
from app.web.field_types import Day, OptionalDay, OptionalId, PathId, RecordId
from app.web.paging import Page, PageParams
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])
READS = [Requires(Permission.LEDGER_READ)]
POSTS = [Requires(Permission.LEDGER_POST)]
Key = Annotated[
    UUID,
    Header(
        alias="Idempotency-Key",
        description="A UUID that names this act. Sent again with the same figures, the answer is the same transaction.",
    ),
]


def _whole(value: object) -> object:
    """JSON’s numbers may be fractions, NaN or texts: none of them is cents."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("Send a whole number of cents, such as 123450 for $1,234.50.")
    return value


Cents = Annotated[
    int,
    BeforeValidator(_whole),
    AfterValidator(posted_cents),
    Field(json_schema_extra={"minimum": 1, "maximum": MOST_CENTS}),
]
"""1 to 100,000,000: what one transaction may move."""


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amount_cents: Cents
    memo: Memo
    enrollment_id: RecordId | None = None
    booked_on: Day | None = None
    """The day it counts for; left out, the first open one."""


class ChargeIn(_In):
    """A charge to a student."""

    type: ChargeType


class PaymentIn(_In):
    """Money that a student handed over."""

    memo: Memo = "Payment"
    method: Method
    reference: Reference | None = None


class CreditIn(_In):
    """What a student need not pay."""

    kind: Literal["waiver", "scholarship"]
    type: ChargeType | None = None
    """What is waived; none for a scholarship."""


class BillingIn(_In):
    """What a payer owes in a student's place."""

    payer_id: RecordId
    reference: Reference | None = None


class PayerPaymentIn(BaseModel):
    """Money that came from a payer."""

    model_config = ConfigDict(extra="forbid")

    amount_cents: Cents
    method: Method
    reference: Reference | None = None
    memo: Memo = "Payment"
    booked_on: Day | None = None


class ReversalIn(BaseModel):
    """Why a transaction is taken back; the student reads it."""

    model_config = ConfigDict(extra="forbid")

    memo: Memo


class ClosingIn(BaseModel):
    """A day to close, and the cash as counted: below zero if more was handed back than taken in."""

    model_config = ConfigDict(extra="forbid")

    day: Day
    counted_cents: Annotated[int, BeforeValidator(_whole), Field(ge=-MOST_CENTS, le=MOST_CENTS)]
    note: Annotated[str, Field(max_length=500)] | None = None


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class BalanceOut(_Out):
    """A student's balance: above zero the student owes the school."""

    id: int = Field(description="The student’s number.")
    full_name: str
    email: str
    balance_cents: int
    last_payment: date | None


class AccountOut(BaseModel):
    """A student's account in sums."""

    student_id: int
    student: str
    balance_cents: int
    charged: dict[str, int]
    credited: dict[str, int]
    billed_to_payers_cents: int
    paid_cents: int
    open_day: date


class StatementLineOut(_Out):
    """A line of an account with the balance after it."""

    id: int = Field(description="The transaction’s number.")
    kind: str
    booked_on: date
    memo: str
    method: str | None
    reference: str | None
    amount_cents: int
    balance_cents: int
    reverses: int | None
    reversed_by: int | None
    receipt_id: int | None = Field(description="The receipt: a document, /documents/{id}/file.")


class TransactionOut(_Out):
    """A transaction. `amount_cents` is what it moved."""

    id: int
    kind: str
    booked_on: date
    student_id: int | None
    enrollment_id: int | None
    payer_id: int | None
    memo: str
    method: str | None
    reference: str | None
    amount_cents: int
    reverses: int | None
    reversed_by: int | None
    receipt_id: int | None
    created_at: datetime


class PostingOut(_Out):
    """A line of a transaction: debits above zero."""

    code: str
    account: str
    amount_cents: int


class BookedOut(TransactionOut):
    """A transaction with its lines, which sum to zero; a student sees their own without the school's accounts."""

    lines: list[PostingOut]


class PayerOut(_Out):
    """A payer and what they owe."""

    id: int
    name: str
    kind: str
    contact: str | None
    balance_cents: int


class ClosingOut(_Out):
    """A closed day."""

    day: date
    expected_cents: int
    counted_cents: int
    receipts_cents: int
    note: str | None
    closed_at: datetime


# Accounts


@router.get("/accounts", dependencies=READS)
def list_accounts(
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    state: Annotated[Literal["owes", "credit", "settled"] | None, Query()] = None,
) -> Page[BalanceOut]:
    """Students' balances. Sorts: student, email, balance, last_payment."""
    return service.accounts(db, subject, paging, state=state).page().map(BalanceOut.model_validate)


@router.get("/accounts/{student_id}")
def get_account(db: Db, subject: CurrentSubject, student_id: PathId) -> AccountOut:
    """A student's account in sums; one's own, or for whoever reads the ledger. 404 for another's."""
    found = service.account(db, subject, student_id)
    return AccountOut(
        student_id=found.student.id,
        student=found.student.full_name,
        balance_cents=found.balance_cents,
        charged=dict(found.charged),
        credited=dict(found.credited),
        billed_to_payers_cents=found.billed_cents,
        paid_cents=found.paid_cents,
        open_day=found.open_day,
    )


@router.get("/accounts/{student_id}/statement")
def get_statement(
    db: Db, subject: CurrentSubject, paging: PageParams, student_id: PathId
) -> Page[StatementLineOut]:
    """What was posted to a student's account, the balance after each line. Sorts: day, amount, kind."""
    found = service.statement(db, subject, student_id, paging)
    return found.page().map(StatementLineOut.model_validate)


@router.post("/accounts/{student_id}/charges", status_code=201, dependencies=POSTS)
def post_charge(db: Db, subject: CurrentSubject, student_id: PathId, body: ChargeIn, key: Key) -> BookedOut:
    """Charge a student."""
    return _post(db, subject, student_id, ChargeForm, body, key)


@router.post("/accounts/{student_id}/payments", status_code=201, dependencies=POSTS)
def post_payment(db: Db, subject: CurrentSubject, student_id: PathId, body: PaymentIn, key: Key) -> BookedOut:
    """Record money that a student handed over; nothing is collected here."""
    return _post(db, subject, student_id, PaymentForm, body, key)


@router.post("/accounts/{student_id}/credits", status_code=201, dependencies=POSTS)
def post_credit(db: Db, subject: CurrentSubject, student_id: PathId, body: CreditIn, key: Key) -> BookedOut:
    """Waive something, or grant a scholarship."""
    return _post(db, subject, student_id, CreditForm, body, key)


@router.post("/accounts/{student_id}/billings", status_code=201, dependencies=POSTS)
def post_billing(db: Db, subject: CurrentSubject, student_id: PathId, body: BillingIn, key: Key) -> BookedOut:
    """Let a payer owe what the student owed."""
    return _post(db, subject, student_id, BillingForm, body, key)


def _post(
    session: Session,
    subject: Subject,
    student_id: int,
    form: type[StudentPosting],
    body: BaseModel,
    key: UUID,
) -> BookedOut:
    given: Mapping[str, Any] = body.model_dump() | {"request": key}
    made = service.post_for_student(session, subject, student_id, form.model_validate(given))
    return _booked(session, subject, made.id)


# Transactions


@router.get("/transactions", dependencies=READS)
def list_transactions(
    db: Db,
    subject: CurrentSubject,
    paging: PageParams,
    kind: Annotated[str | None, Query(max_length=20)] = None,
    payer_id: Annotated[OptionalId, Query()] = None,
    first: Annotated[OptionalDay, Query()] = None,
    last: Annotated[OptionalDay, Query()] = None,
) -> Page[TransactionOut]:
    """The journal. Sorts: day, number, student, kind, amount."""
    kinds = [kind] if kind is not None and kind in chart.KINDS else []
    found = service.journal(db, subject, paging, kinds=kinds, payer_id=payer_id, first=first, last=last)
    return found.page().map(TransactionOut.model_validate)


@router.get("/transactions/{transaction_id}")
def get_transaction(db: Db, subject: CurrentSubject, transaction_id: PathId) -> BookedOut:
    """One transaction; one's own, or for whoever reads the ledger. 404 for another's."""
    return _booked(db, subject, transaction_id)


@router.post("/transactions/{transaction_id}/reversal", status_code=201, dependencies=POSTS)
def reverse(db: Db, subject: CurrentSubject, transaction_id: PathId, body: ReversalIn, key: Key) -> BookedOut:
    """Take a transaction back by its opposite; its receipt becomes void. 409 where it was reversed already."""
    made = service.reverse(db, subject, transaction_id, ReversalForm(request=key, memo=body.memo))
    return _booked(db, subject, made.id)


def _booked(session: Session, subject: Subject, transaction_id: int) -> BookedOut:
    found = service.transaction(session, subject, transaction_id)
    own = found.row.student_id is not None and found.row.student_id == subject.user_id
    lines = [] if own else [PostingOut.model_validate(line) for line in found.lines]
    return BookedOut(**TransactionOut.model_validate(found.row).model_dump(), lines=lines)


# Payers


@router.get("/payers", dependencies=READS)
def list_payers(db: Db, subject: CurrentSubject, paging: PageParams) -> Page[PayerOut]:
    """Payers with what they owe. Sorts: name, kind, balance."""
    return payers.payers(db, subject, paging).page().map(PayerOut.model_validate)


@router.post("/payers", status_code=201, dependencies=POSTS)
def add_payer(db: Db, subject: CurrentSubject, body: PayerForm) -> PayerOut:
    """Enter a payer. 422 for a name that is taken."""
    return _payer(db, subject, payers.save_payer(db, subject, body).id)


@router.get("/payers/{payer_id}", dependencies=READS)
def get_payer(db: Db, subject: CurrentSubject, payer_id: PathId) -> PayerOut:
    """A payer and what they owe."""
    return _payer(db, subject, payer_id)


@router.post("/payers/{payer_id}/payments", status_code=201, dependencies=POSTS)
def post_payer_payment(
    db: Db, subject: CurrentSubject, payer_id: PathId, body: PayerPaymentIn, key: Key
) -> BookedOut:
    """Record money that came from a payer."""
    form = PayerPaymentForm.model_validate(body.model_dump() | {"request": key})
    return _booked(db, subject, payers.payer_pays(db, subject, payer_id, form).id)


def _payer(session: Session, subject: Subject, payer_id: int) -> PayerOut:
    row, balance = payers.payer(session, subject, payer_id)
    return PayerOut(id=row.id, name=row.name, kind=row.kind, contact=row.contact, balance_cents=balance)


# Closings


@router.get("/closings", dependencies=READS)
def list_closings(db: Db, subject: CurrentSubject, paging: PageParams) -> Page[ClosingOut]:
    """Closed days. Sorts: day, difference."""
    return closings.closings(db, subject, paging).page().map(ClosingOut.model_validate)


@router.post("/closings", status_code=201, dependencies=POSTS)
def close_day(db: Db, subject: CurrentSubject, body: ClosingIn) -> ClosingOut:
    """Close every day through the one given. A day is closed once; 422 for a difference without a note."""
    row = closings.close(db, subject, ClosingForm.model_validate(body.model_dump()))
    db.refresh(row)
    return ClosingOut.model_validate(row)
