"""The history: one row for everything that happened: who did what to which record, whom it concerns, when, from where.

The row is written in the transaction of the change, so neither exists without the other. The table takes inserts
only, and its moment, its number and its place in the order of transactions are the database's alone: the system's
role may not set them, nor change or delete a row.

The actor is the request's person. The web layer says once who that is (`act_as`); a service that would record
somebody else's act in the same request is refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
import structlog
from pydantic import ValidationError
from pydantic_core import to_jsonable_python
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Session

from app.core import clock, own_rows, proof, retention
from app.core.actions import DISCLOSURES, Action
from app.core.permissions import Actor, Subject

__all__ = ["Action", "Entry", "act_as", "latest", "record", "record_all", "record_once"]

log = structlog.get_logger(__name__)
_ACTOR = "history_actor"
_WRITTEN = "whoever reads: that it happened is written"

# A light description of the table: core stands below the models.
_log = sa.table(
    "audit_log",
    sa.column("actor_id", sa.Integer),
    sa.column("actor_name", sa.Text),
    sa.column("action", sa.Text),
    sa.column("target", sa.Text),
    sa.column("target_id", sa.Text),
    sa.column("student_id", sa.Integer),
    sa.column("enrollment_id", sa.Integer),
    sa.column("reason", sa.Text),
    sa.column("occurred_at", sa.DateTime(timezone=True)),
    sa.column("details", JSONB),
    sa.column("request_id", sa.Text),
    sa.column("ip", sa.Text),
    sa.column("id", sa.BigInteger),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("purpose", sa.Text),
    sa.column("actor_duty", sa.Text),
)
_folds = sa.table(
    "history_folds", sa.column("key", sa.Text), sa.column("written_at", sa.DateTime(timezone=True))
)


retention.keep(
    "The history",
    "It is the record of who did what and who saw whose records. A disclosure stays on record as long as the record "
    "itself (FERPA, 34 CFR 99.32), refused requests and failed sign-ins among them.",
    "audit_log",
    "history_seals",
)
retention.keep("Repetitions that are folded", "They are forgotten within a day in any case.", "history_folds")


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, when, and its details as they were written."""

    action: Action
    at: datetime
    details: Mapping[str, Any]


def act_as(session: Session, subject: Subject | None) -> None:
    """From now on, everything that this session records is this person's act.

    Called by whoever establishes who is asking: the web layer for a request, sign-in for a person who has just
    proved who they are. None lets the next `record` say it (jobs, commands).
    """
    session.info[_ACTOR] = subject


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

    `target_id` is the record it happened to, `student_id` and `enrollment_id` whom it concerns (a student's own act
    concerns the student, unless it says otherwise), `reason` why in the person's words, `occurred_at` when it
    happened if that was not now. `details` are what `action.details` describes, never a secret; anything else raises
    TypeError. The system itself, and nobody, leave the actor empty.

    Raises ProofRequired for an act that asks again who is there (`app.core.proof`).
    """
    row = _row(
        session,
        subject,
        action,
        target_id,
        student_id=student_id,
        enrollment_id=enrollment_id,
        reason=reason,
        occurred_at=occurred_at,
        **details,
    )
    with own_rows.beyond(session, _WRITTEN):
        session.execute(sa.insert(_log).values(row))


def record_once(
    session: Session,
    subject: Actor | None,
    action: Action,
    target_id: int | str | None,
    *,
    key: str,
    within: timedelta,
    **given: Any,
) -> None:
    """Write the row as `record` does, unless one with this key was written in the time before: one statement.

    Of requests at the same moment one writes; the others wait for it. What is known of the keys is in no backup and
    on no standby: after a crash a row may be written once more, and none is ever missing.
    """
    row = _row(session, subject, action, target_id, **given)
    now = clock.now()
    known = {"fold_key": key, "fold_now": now, "fold_since": now - within}
    values = known | {f"row_{name}": value for name, value in row.items()}
    with own_rows.beyond(session, _WRITTEN):
        session.flush()
        connection = session.connection()
        connection.execute(_once(tuple(row), connection.dialect), values)  # type: ignore[call-overload]


@lru_cache
def _once(columns: tuple[str, ...], dialect: sa.Dialect) -> sa.Compiled:
    """The statement of `record_once`. Each page of a student's records has it: written once.

    SQLAlchemy keeps no text of a statement with ON CONFLICT, and would write it for each of those pages.
    """
    key = sa.bindparam("fold_key", type_=sa.Text)
    now, since = (sa.bindparam(name, type_=sa.DateTime(timezone=True)) for name in ("fold_now", "fold_since"))
    written = sa.select(_folds.c.key).where(_folds.c.key == key, _folds.c.written_at > since)
    fold = insert(_folds).from_select(
        ["key", "written_at"],
        # Asked first, so that looking again at the same thing writes nothing at all.
        sa.select(key, now).where(~written.exists()),
    )
    turn = (
        fold.on_conflict_do_update(
            index_elements=["key"],
            set_={"written_at": fold.excluded.written_at},
            where=_folds.c.written_at <= since,
        )
        .returning(_folds.c.key)
        .cte("turn")
    )
    values = [sa.bindparam(f"row_{name}", type_=_log.c[name].type) for name in columns]
    writes = sa.insert(_log).from_select(list(columns), sa.select(*values).select_from(turn))
    return writes.compile(dialect=dialect)


def forget_folds(session: Session, before: datetime) -> int:
    """Delete keys that were last written before this moment; how many there were."""
    gone = sa.delete(_folds).where(_folds.c.written_at < before).returning(_folds.c.key)
    return len(session.scalars(gone).all())


def record_all(
    session: Session, subject: Actor | None, action: Action, events: Iterable[Mapping[str, Any]]
) -> None:
    """Write the rows of many changes of one kind at once; each event holds what `record` takes by name."""
    rows = [_row(session, subject, action, **event) for event in events]
    if rows:
        with own_rows.beyond(session, _WRITTEN):
            session.execute(sa.insert(_log), rows)


def _row(
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
) -> dict[str, Any]:
    acting: Subject | None = session.info.get(_ACTOR)
    person = subject if isinstance(subject, Subject) else None
    if acting is not None and person is not None and person.user_id != acting.user_id:
        raise ValueError(
            f"{action} would be recorded as user {person.user_id}'s act; user {acting.user_id} is acting"
        )
    actor = acting or person
    proof.require(actor, action, details)
    if student_id is None and actor is not None and actor.is_student:
        student_id = actor.user_id
    context = structlog.contextvars.get_contextvars()
    values: dict[str, Any] = {
        "actor_id": actor.user_id if actor else None,
        "actor_name": actor.full_name if actor else None,
        "action": action.value,
        "target": action.target,
        "target_id": None if target_id is None else str(target_id),
        "student_id": student_id,
        "enrollment_id": enrollment_id,
        "reason": reason or None,
        "details": described(action, details, strict=not _in_production(session)),
        "request_id": context.get("request_id"),
        "ip": context.get("ip"),
    }
    if action in DISCLOSURES and actor is not None and actor.user_id != student_id:
        values["purpose"] = actor.purpose
        values["actor_duty"] = actor.main_duty
    if occurred_at is not None:
        values["occurred_at"] = occurred_at
    return values


def latest(session: Session, *actions: Action) -> Entry | None:
    """The newest entry of one of these kinds: for what the system does again and again, and says of itself."""
    columns = _log.c
    found = [
        session.execute(
            sa.select(columns.action, columns.at, columns.details, columns.id)
            .where(columns.action == action.value)
            .order_by(columns.at.desc(), columns.id.desc())
            .limit(1)
        ).one_or_none()
        for action in actions
    ]
    known = [row for row in found if row is not None]
    if not known:
        return None
    newest = max(known, key=lambda row: (row.at, row.id))
    return Entry(Action(newest.action), newest.at, newest.details)  # type: ignore[call-arg]


def described(action: Action, details: Mapping[str, Any], *, strict: bool = True) -> dict[str, Any]:
    """The details as JSON values, held against their description.

    Raises TypeError for unknown, missing or wrongly typed ones. Where nobody should be stopped by that (not
    `strict`: a school at work), the fault is logged and they are kept as they are.
    """
    try:
        return action.details(**details).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_url=False)
        )
        message = f"{action} does not have these details ({faults}); app/core/details describes them"
        if strict:
            raise TypeError(message) from error
        log.error("history.details", action=action.value, reason=message)
        kept: dict[str, Any] = to_jsonable_python(dict(details), fallback=str)
        return kept


def _in_production(session: Session) -> bool:
    return getattr(session.info.get("settings"), "environment", None) == "production"
