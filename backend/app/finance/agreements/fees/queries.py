"""Every SQL statement about the fees of programs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, case, select
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict
from app.db.models import Program, ProgramFee, User
from app.rules.agreements import KINDS

register_conflict(
    "uq_program_fees_name", "This program has a fee of this name already. Nothing was added.", "name"
)
register_conflict(
    "uq_program_fees_application",
    "This program has an application fee already. End that one first. Nothing was added.",
    "kind",
)
_ORDER = case({kind: place for place, kind in enumerate(KINDS)}, value=ProgramFee.kind)


def of_program(session: Session, program_id: int) -> Sequence[ProgramFee]:
    """What a program costs beside tuition now, in the order of the agreement."""
    return session.scalars(
        select(ProgramFee)
        .where(ProgramFee.program_id == program_id, ProgramFee.ended_at.is_(None))
        .order_by(_ORDER, ProgramFee.id)
    ).all()


def ended(session: Session, program_id: int) -> Sequence[Row[Any]]:
    """Fees of a program that ended, with who ended them, the last first."""
    return session.execute(
        select(ProgramFee, User.full_name.label("by"))
        .outerjoin(User, User.id == ProgramFee.ended_by)
        .where(ProgramFee.program_id == program_id, ProgramFee.ended_at.is_not(None))
        .order_by(ProgramFee.ended_at.desc())
        .limit(50)
    ).all()


def program(session: Session, program_id: int) -> Row[Any] | None:
    """A program's name and tuition."""
    return session.execute(
        select(Program.id, Program.name, Program.tuition_amount_cents).where(Program.id == program_id)
    ).one_or_none()


def programs(session: Session) -> Sequence[Row[Any]]:
    """Every program, for the list of what they cost."""
    return session.execute(
        select(Program.id, Program.name, Program.tuition_amount_cents).order_by(Program.name)
    ).all()


def locked(session: Session, program_id: int, fee_id: int) -> ProgramFee | None:
    """One fee of a program, locked."""
    return session.scalars(
        select(ProgramFee)
        .where(ProgramFee.id == fee_id, ProgramFee.program_id == program_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def add(session: Session, row: ProgramFee) -> None:
    """Write a new fee; its number is known afterwards."""
    session.add(row)
    session.flush()
