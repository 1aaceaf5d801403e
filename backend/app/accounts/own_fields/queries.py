"""SQL of the school's own fields."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.core.constraints import register_conflict
from app.db.models import StudentField, StudentFieldValue

register_conflict(
    "uq_student_fields_name", "There is a field of this name already; it may be archived.", "name"
)


def fields(session: Session, *, archived: bool = False) -> Sequence[StudentField]:
    """The fields in their order; with `archived`, those too that are in no file any more."""
    statement = select(StudentField).order_by(StudentField.position, StudentField.id)
    if not archived:
        statement = statement.where(StudentField.archived_at.is_(None))
    return session.scalars(statement).all()


def field(session: Session, field_id: int) -> StudentField | None:
    """One field by its number."""
    return session.get(StudentField, field_id)


def values(session: Session, user_id: int) -> Mapping[int, str]:
    """What was entered for a student, by the number of the field."""
    rows = session.execute(
        select(StudentFieldValue.field_id, StudentFieldValue.value).where(
            StudentFieldValue.user_id == user_id
        )
    )
    return {row.field_id: row.value for row in rows}


def values_of(session: Session, user_ids: Sequence[int]) -> Mapping[tuple[int, int], str]:
    """What was entered for several students, by student and field."""
    rows = session.execute(
        select(StudentFieldValue.user_id, StudentFieldValue.field_id, StudentFieldValue.value).where(
            StudentFieldValue.user_id.in_(user_ids)
        )
    )
    return {(row.user_id, row.field_id): row.value for row in rows}


def next_position(session: Session) -> int:
    """A place behind all others."""
    return (session.scalar(select(func.max(StudentField.position))) or 0) + 1


def put(session: Session, user_id: int, field_id: int, value: str | None, now: datetime) -> None:
    """Keep a value, or none."""
    if value is None:
        session.execute(
            delete(StudentFieldValue).where(
                StudentFieldValue.user_id == user_id, StudentFieldValue.field_id == field_id
            )
        )
        return
    entered = insert(StudentFieldValue).values(
        user_id=user_id, field_id=field_id, value=value, updated_at=now
    )
    session.execute(
        entered.on_conflict_do_update(
            index_elements=["user_id", "field_id"],
            set_={"value": entered.excluded.value, "updated_at": entered.excluded.updated_at},
        )
    )
