"""The history: one row for every change: who did what to which record, when, from where.

The row is written in the transaction of the change, so neither exists without the other. The table takes
inserts only; the program's database role cannot change or delete a row.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.core.actions import Action
from app.core.permissions import Actor, Subject

__all__ = ["Action", "record"]

# A light description of the table: core stands below the models.
_log = sa.table(
    "audit_log",
    sa.column("actor_id", sa.Integer),
    sa.column("actor_name", sa.Text),
    sa.column("action", sa.Text),
    sa.column("target", sa.Text),
    sa.column("target_id", sa.Text),
    sa.column("details", JSONB),
    sa.column("request_id", sa.Text),
    sa.column("ip", sa.Text),
)


def record(
    session: Session,
    subject: Actor | None,
    action: Action,
    target_id: int | str | None,
    *,
    student_id: int | None = None,
    enrollment_id: int | None = None,
    reason: str | None = None,
    occurred_at: datetime | None = None,
    **details: Any,
) -> None:
    """Write the row of a change.

    `target_id` is the record it happened to, `student_id` and `enrollment_id` whom it concerns, `reason` why in the
    person's words, `occurred_at` when it happened if that was not now. `details` are JSON values: what changed, never
    a secret. The system itself, and nobody, leave the actor empty.
    """
    context = structlog.contextvars.get_contextvars()
    known = {"user_id": student_id, "enrollment_id": enrollment_id, "reason": reason}
    details |= {name: value for name, value in known.items() if value is not None}
    if occurred_at is not None:
        details["occurred_at"] = occurred_at.isoformat()
    session.execute(
        sa.insert(_log).values(
            actor_id=subject.user_id if isinstance(subject, Subject) else None,
            actor_name=subject.full_name if isinstance(subject, Subject) else None,
            action=action.value,
            target=action.target,
            target_id=None if target_id is None else str(target_id),
            details=details,
            request_id=context.get("request_id"),
            ip=context.get("ip"),
        )
    )
