"""SQL of purge runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.models import PurgeRun


def begin(session: Session, started_at: datetime, policy_version: int, days: Mapping[str, int]) -> None:
    """Begin a run, unless one is unfinished."""
    values = {"started_at": started_at, "policy_version": policy_version, "days": dict(days)}
    session.execute(insert(PurgeRun).values(values).on_conflict_do_nothing())


def unfinished(session: Session) -> int | None:
    """The number of the run that is not through."""
    return session.scalar(select(PurgeRun.id).where(PurgeRun.finished_at.is_(None)))


def held(session: Session, run_id: int) -> PurgeRun:
    """The run, for this transaction alone: whoever works on it too waits."""
    return session.scalars(
        select(PurgeRun)
        .where(PurgeRun.id == run_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def latest(session: Session, most: int) -> Sequence[PurgeRun]:
    """The last runs, the newest first."""
    return session.scalars(select(PurgeRun).order_by(PurgeRun.id.desc()).limit(most)).all()
