"""Figures of the ledger for the bursar, accounting and the state."""

import tempfile
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
from app.school import service as school
from app.web.listing import Listing
from app.web.paging import Paging


def ageing(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """What students owe today, by the age of their oldest unpaid charges. Sorts: student, total, older.

    Payments pay the oldest charge first; what was reversed counts as if it had not been. Raises Forbidden.
    """
    policy.require_read_all(subject)
    visible = policy.visible(session, subject, User.id)
    return queries.ageing(session, paging, visible, _today(session))


def ageing_totals(session: Session, subject: Actor) -> Row[Any]:
    """The same of everybody together: days_30, days_60, days_90, older, total. Raises Forbidden."""
    policy.require_read_all(subject)
    visible = policy.visible(session, subject, User.id)
    return queries.ageing_totals(session, visible, _today(session))


def receipts(
    session: Session, subject: Actor, paging: Paging, *, first: date | None = None, last: date | None = None
) -> Listing[Any]:
    """What came in by day and method. Sorts: day, method, amount. Raises Forbidden."""
    policy.require_read_all(subject)
    return queries.receipts(session, paging, first, last)


def lines(
    session: Session, subject: Actor, paging: Paging, *, first: date | None = None, last: date | None = None
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
