"""What a program costs beside tuition: added and ended, never changed, so that every agreement can be explained."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Subject
from app.db.models import ProgramFee
from app.finance.agreements import policy
from app.finance.agreements.fees import queries
from app.finance.ledger.schemas import Amount
from app.rules import agreements as rules
from app.web.field_types import Line

__all__ = ["FeeForm", "add", "end", "ended", "of_program", "program", "programs"]


class FeeForm(BaseModel):
    """A new fee. `disclosed`: the catalog names it nonrefundable."""

    kind: Annotated[
        Literal["application", "fee", "books", "kit", "third_party"], Field(title="Type of charge")
    ]
    name: Annotated[Line, Field(title="Name", max_length=120)]
    amount_cents: Annotated[Amount, Field(title="Amount")]
    refundable: bool = False
    disclosed: bool = False


def programs(session: Session, subject: Subject) -> list[tuple[Row[Any], Sequence[ProgramFee]]]:
    """Every program with its fees. Raises Forbidden."""
    policy.require_read_fees(subject)
    return [(one, queries.of_program(session, one.id)) for one in queries.programs(session)]


def program(session: Session, subject: Subject, program_id: int) -> Row[Any]:
    """A program's name and tuition. Raises Forbidden, NotFound."""
    policy.require_read_fees(subject)
    row = queries.program(session, program_id)
    if row is None:
        raise NotFound("There is no such program.")
    return row


def of_program(session: Session, subject: Subject, program_id: int) -> Sequence[ProgramFee]:
    """What a program costs beside tuition. Raises Forbidden, NotFound."""
    program(session, subject, program_id)
    return queries.of_program(session, program_id)


def ended(session: Session, subject: Subject, program_id: int) -> Sequence[Row[Any]]:
    """The fees that ended. Raises Forbidden, NotFound."""
    program(session, subject, program_id)
    return queries.ended(session, program_id)


def add(session: Session, subject: Subject, program_id: int, values: FeeForm) -> ProgramFee:
    """A new fee, for agreements from now on. Raises Invalid for one that GNPEC does not allow, Conflict for a twin."""
    policy.require_change_fees(subject)
    program(session, subject, program_id)
    sentence = rules.why_not_fee(
        values.kind, values.amount_cents, refundable=values.refundable, disclosed=values.disclosed
    )
    if sentence is not None:
        raise Invalid(f"{sentence} Nothing was saved.", errors=[FieldError("refundable", sentence)])
    row = ProgramFee(
        program_id=program_id,
        kind=values.kind,
        name=values.name,
        amount_cents=values.amount_cents,
        refundable=values.refundable,
        disclosed=values.disclosed and not values.refundable,
        created_by=subject.user_id,
    )
    queries.add(session, row)
    _record(session, subject, Action.PROGRAM_FEE_ADDED, row)
    return row


def end(session: Session, subject: Subject, program_id: int, fee_id: int) -> None:
    """No new agreement has this fee; those that were prepared keep it. Raises Conflict for one that ended."""
    policy.require_change_fees(subject)
    program(session, subject, program_id)
    row = queries.locked(session, program_id, fee_id)
    if row is None:
        raise NotFound("This program has no such fee.")
    if row.ended_at is not None:
        raise Conflict("This fee has ended already. Nothing was changed.")
    row.ended_at, row.ended_by = clock.now(), subject.user_id
    session.flush()
    _record(session, subject, Action.PROGRAM_FEE_ENDED, row)


def _record(session: Session, subject: Subject, action: Action, row: ProgramFee) -> None:
    history.record(
        session,
        subject,
        action,
        row.id,
        program_id=row.program_id,
        kind=row.kind,
        name=row.name,
        amount_cents=row.amount_cents,
        refundable=row.refundable,
        disclosed=row.disclosed,
    )
