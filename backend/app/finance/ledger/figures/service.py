"""Figures of the ledger for the bursar, accounting and the state."""

import tempfile
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import clock, history, proof
from app.core.actions import Action
from app.core.permissions import Actor, Subject
from app.db.models import User
from app.finance.ledger import policy
from app.finance.ledger.figures import beancount, queries
from app.rules import state_fees
from app.school import service as school
from app.web.listing import Listing
from app.web.paging import Paging


def ageing(session: Session, subject: Subject, paging: Paging) -> Listing[Any]:
    """What students owe today, by the age of their oldest unpaid charges. Sorts: student, total, older.

    Payments pay the oldest charge first; what was reversed counts as if it had not been. Raises Forbidden.
    """
    policy.require_read_all(subject)
    visible = policy.visible(session, subject, User.id)
    return queries.ageing(session, paging, visible, _today(session))


def ageing_totals(session: Session, subject: Subject) -> Row[Any]:
    """The same of everybody together: days_30, days_60, days_90, older, total. Raises Forbidden."""
    policy.require_read_all(subject)
    visible = policy.visible(session, subject, User.id)
    return queries.ageing_totals(session, visible, _today(session))


def receipts(
    session: Session, subject: Subject, paging: Paging, *, first: date | None = None, last: date | None = None
) -> Listing[Any]:
    """What came in by day and method. Sorts: day, method, amount. Raises Forbidden."""
    policy.require_read_all(subject)
    return queries.receipts(session, paging, first, last)


@dataclass(frozen=True, slots=True)
class StateFees:
    """Base B of a period and what follows from it, in cents (`app.rules.state_fees`)."""

    first: date
    last: date
    base_cents: int

    @property
    def authorization_cents(self) -> int:
        return state_fees.authorization_fee_cents(self.base_cents)

    @property
    def trust_fund_cents(self) -> int:
        return state_fees.trust_fund_fee_cents(self.base_cents)


def fees_due(
    session: Session, subject: Actor, *, first: date | None = None, last: date | None = None
) -> StateFees:
    """Tuition and fees minus refunds of a period, the year so far unless given. Raises Forbidden."""
    policy.require_read_all(subject)
    last = last or _today(session)
    first = first or last.replace(month=1, day=1)
    return StateFees(first, last, queries.base(session, first, last))


def earned(
    session: Session, subject: Subject, paging: Paging, *, first: date | None = None, last: date | None = None
) -> Listing[Any]:
    """Tuition, fees and refunds of the same period by program. Sorts: program, base. Raises Forbidden."""
    period = fees_due(session, subject, first=first, last=last)
    return queries.earned(session, paging, period.first, period.last)


def lines(
    session: Session, subject: Subject, paging: Paging, *, first: date | None = None, last: date | None = None
) -> Listing[Any]:
    """Every line of the journal, for accounting software. Sorts: day, account. Raises Forbidden."""
    policy.require_read_all(subject)
    return queries.lines(session, paging, first, last)


def beancount_file(
    session: Session, subject: Subject, *, first: date | None = None, last: date | None = None
) -> BinaryIO:
    """The journal as a Beancount file, recorded in the history. Raises Forbidden, ProofRequired."""
    policy.require_read_all(subject)
    proof.require(subject, Action.REPORT_EXPORTED, {})
    file: BinaryIO = tempfile.SpooledTemporaryFile(max_size=1024 * 1024)  # type: ignore[assignment]  # noqa: SIM115
    totals = queries.account_totals(session, first, last)
    name = school.facts(session).legal_name
    try:
        for piece in beancount.written(name, queries.every_line(session, first, last), totals):
            file.write(piece.encode())
        history.record(
            session, subject, Action.REPORT_EXPORTED, "ledger-beancount", format="beancount", rows=len(totals)
        )
    except BaseException:
        file.close()
        raise
    return file


def _today(session: Session) -> date:
    return clock.today(school.facts(session).zone)
