"""What is due, and the purge that removes it.

A purge is a row of `purge_runs` and many short transactions: each removes one batch of one kind and counts it on the
row, which it holds meanwhile. So a run that is killed goes on where it stopped, however many processes begin one they
work off the same, and the history has one entry for it with everything that went.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.core import clock, history, retention
from app.core.actions import Action
from app.core.permissions import Actor, internal
from app.core.retention import Kind
from app.db.models import PurgeRun
from app.db.session import Database
from app.ops.retention import policy, queries
from app.school import policies
from app.school import service as school
from app.school.kinds import PolicyKind, RetentionPolicy

BATCH = 500
"""Rows that go in one transaction."""
RUNS_SHOWN = 14
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """A kind, for how many days the school keeps it, and how much of it is due now."""

    kind: Kind
    days: int
    due: int


class _CannotGoError(Exception):
    """Why rows of a kind could not be removed. A database that is away is none: the whole run is tried again."""

    def __init__(self, error: Exception) -> None:
        super().__init__(" ".join(str(getattr(error, "orig", error)).split())[:300])


def standing(session: Session, subject: Actor) -> list[Standing]:
    """Every kind with what would go now. Nothing is changed. Raises Forbidden."""
    policy.require_read(subject)
    in_force = _in_force(session)
    now = clock.now()
    found = []
    for kind in retention.kinds():
        days = in_force.values.days(kind.name)
        found.append(Standing(kind, days, kind.due(session, now - timedelta(days=days))))
    return found


def runs(session: Session, subject: Actor) -> Sequence[PurgeRun]:
    """The last runs, the newest first. Raises Forbidden."""
    policy.require_read(subject)
    return queries.latest(session, RUNS_SHOWN)


@internal("the nightly job and the operator’s command")
def purge(database: Database, *, batch: int = BATCH) -> PurgeRun:
    """Remove what is due; the run as it ended. Goes on with one that was broken off. May be called at any time, also
    twice at once."""
    with database.begin() as session:
        run_id = _begun(session)
    for kind in retention.kinds():
        while _one_batch(database, run_id, kind, batch):
            pass
    return _finished(database, run_id)


def _begun(session: Session) -> int:
    run_id = queries.unfinished(session)
    while run_id is None:
        in_force = _in_force(session)
        policies.used(session, in_force)
        days = {kind.name: in_force.values.days(kind.name) for kind in retention.kinds()}
        queries.begin(session, clock.now(), in_force.version, days)
        run_id = queries.unfinished(session)
    return run_id


def _in_force(session: Session) -> policies.DatedPolicy[RetentionPolicy]:
    return policies.at(session, PolicyKind.RETENTION, clock.today(school.facts(session).zone))


def _one_batch(database: Database, run_id: int, kind: Kind, batch: int) -> bool:
    """Remove a batch; whether there may be another."""
    try:
        with database.begin() as session:
            run = queries.held(session, run_id)
            if run.finished_at is not None or kind.name not in run.days or kind.name in run.failed:
                return False
            before: datetime = run.started_at - timedelta(days=run.days[kind.name])
            try:
                gone = kind.purge(session, before, batch)
            except (DBAPIError, OSError) as error:
                if isinstance(error, DBAPIError) and error.connection_invalidated:
                    raise
                raise _CannotGoError(error) from error
            if gone:
                run.removed = {**run.removed, kind.name: run.removed.get(kind.name, 0) + gone}
            return gone >= batch
    except _CannotGoError as error:
        # Neither a refusal nor a statement that takes too long keeps the other kinds, tonight or any other night.
        log.error("retention.not_removed", kind=kind.name, reason=str(error))
        with database.begin() as session:
            run = queries.held(session, run_id)
            run.failed = {**run.failed, kind.name: str(error)}
        return False


def _finished(database: Database, run_id: int) -> PurgeRun:
    with database.begin() as session:
        run = queries.held(session, run_id)
        if run.finished_at is None:
            run.finished_at = clock.now()
            history.record(
                session,
                None,
                Action.RETENTION_PURGED,
                run.id,
                policy_version=run.policy_version,
                removed=run.removed,
                failed=sorted(run.failed),
            )
        return run
