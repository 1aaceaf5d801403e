"""What is due, and the purge that removes it.

A purge is a row of `purge_runs` and many short transactions: each removes one batch of one kind and counts it on the
row, which it holds meanwhile. So a run that is killed goes on where it stopped, however many processes begin one they
work off the same, and the history has one entry for it with everything that went.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
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
            gone = kind.purge(session, before, batch)
            if gone:
                run.removed = {**run.removed, kind.name: run.removed.get(kind.name, 0) + gone}
            return gone >= batch
    except OperationalError:
        raise  # the database is away, or somebody holds the run: tried again
    except (DBAPIError, OSError) as error:
        # One kind that cannot go keeps none of the others.
        reason = " ".join(str(getattr(error, "orig", error)).split())[:300]
        log.error("retention.not_removed", kind=kind.name, reason=reason)
        with database.begin() as session:
            run = queries.held(session, run_id)
            run.failed = {**run.failed, kind.name: reason}
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
