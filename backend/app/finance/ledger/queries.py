"""What is posted and read: every SQL statement but those of balances, closings, payers and reports."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Row, Select, cast, func, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session, aliased

from app.core.constraints import register_conflict
from app.core.permissions import Role
from app.core.search import matches
from app.core.turns import take_turn
from app.db.models import (
    Enrollment,
    IssuedDocument,
    LedgerAccount,
    LedgerBalance,
    LedgerClosing,
    LedgerPayer,
    LedgerPosting,
    LedgerReceipt,
    LedgerTransaction,
    Program,
    User,
)
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict(
    "uq_ledger_transactions_reverses", "This transaction was reversed already. Nothing was posted."
)
register_conflict(
    "check_ledger_transactions_balanced",
    "The transaction does not balance, so nothing was posted. Let the operator know: this is a fault of the system.",
)
register_conflict(
    "check_ledger_postings_closed", "A transaction that was posted cannot be changed. Nothing was posted."
)
register_conflict(
    "check_ledger_transactions_open_day",
    "This day has been closed in the meantime. Nothing was posted; open the form again to post to the next day.",
)

LOCK = 0x4C454447
"""Advisory lock: posting shares it, closing a day has it alone."""
_REQUESTS = 0x4C524551
"""The first key of an advisory lock; the second is made of an act's name."""
_PAYMENTS = 0x4C524350
"""The first key of an advisory lock; the second is a payment's number."""
_Poster = aliased(User)


def cents(value: Any) -> ColumnElement[int]:
    """A sum of cents as the whole number it is: the database adds BIGINTs up as NUMERIC."""
    return cast(value, BigInteger)


_Reversal = aliased(LedgerTransaction)
AMOUNT = (
    select(cents(func.coalesce(func.sum(LedgerPosting.amount_cents), 0)))
    .where(LedgerPosting.transaction_id == LedgerTransaction.id, LedgerPosting.amount_cents > 0)
    .scalar_subquery()
)
"""What a transaction moved, in cents."""
RECEIPT = (
    select(func.max(LedgerReceipt.document_id))
    .join(IssuedDocument, IssuedDocument.id == LedgerReceipt.document_id)
    .where(LedgerReceipt.transaction_id == LedgerTransaction.id, IssuedDocument.status == "issued")
    .scalar_subquery()
)
"""The receipt of a payment that holds."""


# Posting


def share_lock(session: Session) -> None:
    """Post while no day is being closed; until the end of the transaction."""
    take_turn(session, LOCK, shared=True)


def stop_posting(session: Session) -> None:
    """Wait for those who are posting, and let nobody post until the end of the transaction."""
    take_turn(session, LOCK)


def lock_request(session: Session, request: UUID) -> None:
    """Wait for whoever posts for the same act, until the end of the transaction: the second takes no number."""
    take_turn(session, str(request), among=_REQUESTS)


def last_closed(session: Session) -> date | None:
    """The last day that was closed."""
    return session.scalar(select(func.max(LedgerClosing.day)))


def by_request(session: Session, request: UUID) -> LedgerTransaction | None:
    """What was posted for this act already."""
    return session.scalars(
        select(LedgerTransaction).where(LedgerTransaction.request == request)
    ).one_or_none()


def account_numbers(session: Session, codes: Collection[str]) -> dict[str, int]:
    """The numbers of accounts by their codes."""
    rows = session.execute(select(LedgerAccount.code, LedgerAccount.id).where(LedgerAccount.code.in_(codes)))
    return {row.code: row.id for row in rows}


def open_account(session: Session, **values: object) -> None:
    """See that the account of a student or payer is there."""
    session.execute(pg_insert(LedgerAccount).values(**values).on_conflict_do_nothing())


DELETED_STUDENTS = select(User.id).where(User.deleted_at.is_not(None), User.role == Role.STUDENT)


def is_deleted_student(session: Session, user_id: int) -> bool:
    """Whether this is the deleted account of a student."""
    return session.scalar(DELETED_STUDENTS.where(User.id == user_id)) is not None


def lock_payment(session: Session, transaction_id: int) -> None:
    """Wait for whoever reverses this payment or writes its receipt, until the end of the transaction."""
    take_turn(session, transaction_id, among=_PAYMENTS)


def is_payer(session: Session, payer_id: int) -> bool:
    """Whether there is this payer."""
    return session.scalar(select(LedgerPayer.id).where(LedgerPayer.id == payer_id)) is not None


def add(
    session: Session, values: Mapping[str, object], lines: Iterable[tuple[int, int]]
) -> LedgerTransaction:
    """Write a transaction with its lines (account, cents)."""
    made = session.scalars(insert(LedgerTransaction).values(**values).returning(LedgerTransaction)).one()
    # One statement, so that balances are taken in the order of their keys.
    session.execute(
        insert(LedgerPosting).values(
            [
                {"transaction_id": made.id, "line": place, "account_id": account, "amount_cents": amount}
                for place, (account, amount) in enumerate(lines, 1)
            ]
        )
    )
    return made


# Reading


def _transactions() -> Select[Any]:
    return (
        select(
            LedgerTransaction.id,
            LedgerTransaction.kind,
            LedgerTransaction.booked_on,
            LedgerTransaction.student_id,
            LedgerTransaction.enrollment_id,
            LedgerTransaction.payer_id,
            LedgerTransaction.memo,
            LedgerTransaction.method,
            LedgerTransaction.reference,
            LedgerTransaction.reverses,
            LedgerTransaction.created_at,
            AMOUNT.label("amount_cents"),
            User.full_name.label("student"),
            LedgerPayer.name.label("payer"),
            _Poster.full_name.label("poster"),
            _Reversal.id.label("reversed_by"),
            RECEIPT.label("receipt_id"),
        )
        .outerjoin(User, User.id == LedgerTransaction.student_id)
        .outerjoin(LedgerPayer, LedgerPayer.id == LedgerTransaction.payer_id)
        .outerjoin(_Poster, _Poster.id == LedgerTransaction.created_by)
        .outerjoin(_Reversal, _Reversal.reverses == LedgerTransaction.id)
    )


def transaction(session: Session, transaction_id: int) -> Row[Any] | None:
    """One transaction with whom it concerns."""
    return session.execute(_transactions().where(LedgerTransaction.id == transaction_id)).one_or_none()


def lines_of(session: Session, transaction_id: int) -> Sequence[Row[Any]]:
    """The postings of a transaction: account_id, code, account, amount_cents."""
    return session.execute(
        select(
            LedgerPosting.account_id,
            LedgerAccount.code,
            LedgerAccount.name.label("account"),
            LedgerPosting.amount_cents,
        )
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(LedgerPosting.transaction_id == transaction_id)
        .order_by(LedgerPosting.line)
    ).all()


def journal(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    *,
    kinds: Collection[str] = (),
    method: str | None = None,
    payer_id: int | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Listing[Any]:
    """Every transaction, the newest first unless sorted otherwise. A word finds a number, a student, a payer, a memo
    or a reference."""
    plain = (LedgerTransaction.memo, LedgerTransaction.reference, LedgerPayer.name)
    statement = _transactions().where(
        or_(LedgerTransaction.student_id.is_(None), visible),
        *matches(paging.q, User.search_text, plain=plain, number=LedgerTransaction.id),
    )
    if kinds:
        statement = statement.where(LedgerTransaction.kind.in_(kinds))
    if method is not None:
        statement = statement.where(LedgerTransaction.method == method)
    if payer_id is not None:
        statement = statement.where(LedgerTransaction.payer_id == payer_id)
    if first is not None:
        statement = statement.where(LedgerTransaction.booked_on >= first)
    if last is not None:
        statement = statement.where(LedgerTransaction.booked_on <= last)
    sorts = {
        "day": LedgerTransaction.booked_on,
        "number": LedgerTransaction.id,
        "student": func.lower(User.full_name),
        "kind": LedgerTransaction.kind,
        "amount": AMOUNT,
    }
    return Listing(
        session, statement.order_by(paging.order(sorts, "-day"), LedgerTransaction.id.desc()), paging
    )


def statement(session: Session, paging: Paging, account: ColumnElement[bool]) -> Listing[Any]:
    """An account's own lines with the balance after each, the newest first. A word finds a memo or a reference."""
    running = cents(
        func.sum(LedgerPosting.amount_cents).over(
            order_by=(LedgerTransaction.booked_on, LedgerTransaction.id, LedgerPosting.line)
        )
    )
    lines = (
        select(
            LedgerTransaction.id,
            LedgerTransaction.kind,
            LedgerTransaction.booked_on,
            LedgerTransaction.memo,
            LedgerTransaction.method,
            LedgerTransaction.reference,
            LedgerTransaction.reverses,
            _Reversal.id.label("reversed_by"),
            LedgerPosting.amount_cents,
            running.label("balance_cents"),
            RECEIPT.label("receipt_id"),
        )
        .join(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .outerjoin(_Reversal, _Reversal.reverses == LedgerTransaction.id)
        .where(account)
        .subquery()
    )
    found = select(lines).where(*matches(paging.q, lines.c.memo, lines.c.reference))
    sorts = {"day": lines.c.booked_on, "amount": lines.c.amount_cents, "kind": lines.c.kind}
    order = paging.order(sorts, "-day")
    newest = lines.c.id.asc() if paging.sort == "day" else lines.c.id.desc()
    return Listing(session, found.order_by(order, newest), paging)


def balance_of(session: Session, student_id: int) -> int | None:
    """What a student owes in cents, below zero what they are owed; None where nothing was ever posted."""
    return balances_of(session, [student_id]).get(student_id)


def balances_of(session: Session, student_ids: Collection[int]) -> dict[int, int]:
    """The balances of students, without those of whom nothing was ever posted: one statement."""
    rows = session.execute(
        select(LedgerAccount.student_id, LedgerBalance.balance_cents)
        .join(LedgerBalance, LedgerBalance.account_id == LedgerAccount.id)
        .where(LedgerAccount.student_id.in_(student_ids))
    )
    return {row.student_id: row.balance_cents for row in rows}


def totals_of(session: Session, student_id: int) -> dict[str, int]:
    """What was posted about a student, by the school's accounts: cents by code, debits above zero."""
    rows = session.execute(
        select(LedgerAccount.code, cents(func.sum(LedgerPosting.amount_cents)))
        .join(LedgerPosting, LedgerPosting.account_id == LedgerAccount.id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .where(
            LedgerTransaction.student_id == student_id,
            LedgerAccount.student_id.is_(None),
        )
        .group_by(LedgerAccount.code)
    )
    return {row[0]: row[1] for row in rows}


def accounts(
    session: Session, paging: Paging, visible: ColumnElement[bool], *, state: str | None = None
) -> Listing[Any]:
    """Students with their balances, the highest first unless sorted otherwise."""
    balance = func.coalesce(LedgerBalance.balance_cents, 0)
    last_payment = (
        select(func.max(LedgerTransaction.booked_on))
        .outerjoin(_Reversal, _Reversal.reverses == LedgerTransaction.id)
        .where(
            LedgerTransaction.student_id == User.id,
            LedgerTransaction.kind == "payment",
            _Reversal.id.is_(None),
        )
        .correlate(User)
        .scalar_subquery()
    )
    rows = (
        select(
            User.id,
            User.full_name,
            User.email,
            balance.label("balance_cents"),
            LedgerBalance.postings,
            last_payment.label("last_payment"),
        )
        .select_from(LedgerAccount)
        .join(User, User.id == LedgerAccount.student_id)
        .outerjoin(LedgerBalance, LedgerBalance.account_id == LedgerAccount.id)
        .where(visible, *matches(paging.q, User.search_text))
    )
    states = {"owes": balance > 0, "credit": balance < 0, "settled": balance == 0}
    if state in states:
        rows = rows.where(states[state])
    sorts = {
        "student": func.lower(User.full_name),
        "email": User.email,
        "balance": balance,
        "last_payment": last_payment,
    }
    return Listing(session, rows.order_by(paging.order(sorts, "-balance"), User.id), paging)


def sums(session: Session, visible: ColumnElement[bool]) -> Row[Any]:
    """What students owe together, and what the school owes them."""
    return session.execute(
        select(
            cents(func.coalesce(func.sum(func.greatest(LedgerBalance.balance_cents, 0)), 0)).label("owed"),
            cents(func.coalesce(func.sum(func.greatest(-LedgerBalance.balance_cents, 0)), 0)).label("credit"),
            func.count().filter(LedgerBalance.balance_cents > 0).label("owing"),
        )
        .join(LedgerAccount, LedgerAccount.id == LedgerBalance.account_id)
        .where(LedgerAccount.student_id.is_not(None), visible)
    ).one()


def student(session: Session, student_id: int) -> Row[Any] | None:
    """id, full_name and email of somebody who is or was a student here."""
    return session.execute(
        select(User.id, User.full_name, User.email, User.role, User.deleted_at).where(User.id == student_id)
    ).one_or_none()


def enrollments_of(session: Session, student_id: int) -> Sequence[Row[Any]]:
    """id and program of a student's enrollments, the latest first."""
    return session.execute(
        select(Enrollment.id, Program.name.label("program"), Enrollment.status)
        .join(Program, Program.id == Enrollment.program_id)
        .where(Enrollment.user_id == student_id)
        .order_by(Enrollment.enrolled_at.desc(), Enrollment.id.desc())
    ).all()


# Receipts


def receipt_count(session: Session, transaction_id: int) -> int:
    """How many receipts a payment has had."""
    counted = select(func.count()).where(LedgerReceipt.transaction_id == transaction_id)
    return session.scalar(counted) or 0
