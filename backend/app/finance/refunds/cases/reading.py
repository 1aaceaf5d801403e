"""Refund cases as they stand: one with every computation and remittance, the list, and the sums above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import clock, views
from app.core.errors import NotFound
from app.core.permissions import Actor, Subject, internal
from app.core.views import Part
from app.db.models import RefundComputation, RefundRemittance
from app.finance.refunds.cases import policy, queries, sentences
from app.rules.refunds_words import Line
from app.school import service as school
from app.web.listing import Listing
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class RefundCase:
    """A refund with every computation and remittance, the newest first."""

    row: Row[Any]
    computations: Sequence[RefundComputation]
    remittances: Sequence[RefundRemittance]

    @property
    def current(self) -> RefundComputation:
        """The computation that counts."""
        return self.computations[0]

    @property
    def first(self) -> RefundComputation:
        """The computation that the withdrawal was processed with."""
        return self.computations[-1]

    @property
    def makers(self) -> set[int | None]:
        """Who recorded and processed the withdrawal and computed any of the figures: none of them approves it."""
        return {
            self.row.entered_by,
            self.row.processed_by,
            *(one.computed_by for one in self.computations),
        }

    @property
    def lines(self) -> list[Line]:
        """The derivation, step by step."""
        return [Line(one["text"], one["amount_cents"]) for one in self.current.result["lines"]]

    @property
    def assumptions(self) -> list[str]:
        """What the figures rest on, apart from money whose program is not known: see `loose`."""
        return [one for one in self.current.assumptions if not sentences.is_loose(one)]

    @property
    def left_out(self) -> bool:
        """Whether money was not counted because nobody knew its program."""
        return len(self.assumptions) < len(self.current.assumptions)

    @property
    def open_payees(self) -> list[dict[str, Any]]:
        """Who is to be paid still."""
        paid = {one.payer_id for one in self.remittances if one.returned_at is None}
        return [one for one in self.current.payees if one["payer_id"] not in paid]

    @property
    def items_in_question(self) -> list[dict[str, Any]]:
        """Items that the school keeps the price of once they were issued: nonrefundable and disclosed."""
        return [one for one in self.current.case_file["items"] if one["disclosed"] and not one["refundable"]]


@views.opens(
    Part.MONEY, student=lambda found, _given: found.row.student_id, record=lambda found: found.row.id
)
def read(session: Session, subject: Subject, refund_id: int) -> RefundCase:
    """One refund with its derivation. Raises NotFound for other people's."""
    return case_of(session, subject, refund_id)


@internal("a step of every act, which asks for itself what is more than reading")
def case_of(session: Session, subject: Actor, refund_id: int) -> RefundCase:
    """The same without noting that it was opened. Raises NotFound for other people's."""
    zone = school.facts(session).zone
    row = queries.one(session, refund_id, zone, clock.today(zone))
    if row is None:
        raise NotFound(policy.NO_REFUND)
    policy.require_read(session, subject, row.student_id)
    return RefundCase(row, queries.computations(session, refund_id), queries.remittances(session, refund_id))


def refunds(
    session: Session,
    subject: Actor,
    paging: Paging,
    *,
    state: str | None = None,
    timely: str | None = None,
    program_id: int | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Listing[Any]:
    """Refunds: the open ones by the days left, then the others, unless sorted otherwise.

    Sorts: number, student, program, amount, withdrawn, due, days_left, remitted, state. Raises Forbidden.
    """
    policy.require_read_all(subject)
    zone = school.facts(session).zone
    return queries.listing(
        session,
        paging,
        policy.visible(session, subject, queries.STUDENT),
        zone,
        clock.today(zone),
        state=state,
        timely=timely,
        program_id=program_id,
        first=first,
        last=last,
    )


def totals(session: Session, subject: Subject) -> Row[Any]:
    """open, overdue, owed: how many refunds are open and overdue, and the cents of the open ones. Raises Forbidden."""
    policy.require_read_all(subject)
    today = clock.today(school.facts(session).zone)
    return queries.totals(session, policy.visible(session, subject, queries.STUDENT), today)


def own_refunds(session: Session, subject: Subject) -> Sequence[Row[Any]]:
    """The person's own refunds, the newest first."""
    zone = school.facts(session).zone
    return queries.of_student(session, subject.user_id, zone, clock.today(zone))
