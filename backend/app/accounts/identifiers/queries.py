"""SQL of identifiers."""

from collections.abc import Collection, Sequence

from sqlalchemy import ARRAY, Integer, any_, literal, select
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict
from app.db.models import StudentIdentifier, User

register_conflict(
    "uq_student_identifiers_blind_index",
    "Another student’s file has this number. Nothing was saved. Search for the number to find the other student.",
    "number",
)
register_conflict(
    "uq_student_identifiers_kind",
    "The file has a number of this kind already. Remove that one first.",
    "kind",
)


def of_student(session: Session, user_id: int) -> Sequence[StudentIdentifier]:
    """The student's numbers that count, in the order they were entered."""
    return session.scalars(
        select(StudentIdentifier)
        .where(StudentIdentifier.user_id == user_id, StudentIdentifier.ended_at.is_(None))
        .order_by(StudentIdentifier.id)
    ).all()


def identifier(session: Session, number: int) -> StudentIdentifier | None:
    """One of them, locked."""
    return session.scalar(
        select(StudentIdentifier)
        .where(StudentIdentifier.id == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def holders(session: Session, blind_indexes: Sequence[str]) -> Sequence[User]:
    """Students whose files have one of these numbers."""
    held = select(StudentIdentifier.user_id).where(
        StudentIdentifier.blind_index.in_(blind_indexes), StudentIdentifier.ended_at.is_(None)
    )
    return session.scalars(
        select(User).where(User.id.in_(held), User.deleted_at.is_(None)).order_by(User.full_name, User.id)
    ).all()


def tax_numbers(session: Session, user_ids: Collection[int]) -> Sequence[StudentIdentifier]:
    """The Social Security numbers and ITINs of these students that count; the former last."""
    return session.scalars(
        select(StudentIdentifier)
        .where(
            StudentIdentifier.user_id == any_(literal(list(user_ids), ARRAY(Integer))),
            StudentIdentifier.kind.in_(("ssn", "itin")),
            StudentIdentifier.ended_at.is_(None),
        )
        .order_by(StudentIdentifier.user_id, StudentIdentifier.kind)
    ).all()
