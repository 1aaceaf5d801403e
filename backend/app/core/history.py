"""One row for every change: who did what to which record, when, from where.

The row is written in the transaction of the change, so neither exists without the other. The table takes
inserts only; the program's database role cannot change or delete a row.
"""

import re
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.core.permissions import Subject

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

_ACTION = re.compile(r"[a-z_]+\.[a-z_]+")


def record(
    session: Session,
    subject: Subject | None,
    action: str,
    target: str,
    target_id: int | str | None,
    **details: Any,
) -> None:
    """Write the audit row of a change.

    `action` reads `noun.verb_in_past` (`enrollment.created`), `target` is the table's name, `details` are
    JSON values: what changed, never a secret. `subject` is None for the program itself.
    """
    if not _ACTION.fullmatch(action):
        raise ValueError(f"audit action {action!r} does not read noun.verb")
    context = structlog.contextvars.get_contextvars()
    session.execute(
        sa.insert(_log).values(
            actor_id=subject.user_id if subject else None,
            actor_name=subject.full_name if subject else None,
            action=action,
            target=target,
            target_id=None if target_id is None else str(target_id),
            details=details,
            request_id=context.get("request_id"),
            ip=context.get("ip"),
        )
    )
