"""What is measured: once for whoever asks at /metrics, for the history, and for the page of the administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import clock
from app.core.jobs import QueueState, queue_state
from app.ops.backup import drill, keeper, second
from app.ops.backup.offsite import copy as offsite
from app.ops.backup.place import place_of
from app.ops.errors import OperatorError
from app.ops.metrics import queries
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class BackupTimes:
    """Ages in seconds of what a lost disk would be restored from; None where there is none, or it cannot be read."""

    expected: bool
    """Whether this installation backs itself up."""
    newest: float | None
    """The newest sound backup."""
    received: float | None
    """The instant up to which the write-ahead log is whole."""
    drill: float | None
    """The last restore drill."""
    drill_failed: bool
    copy_expected: bool = False
    """Whether a second copy goes to a bucket."""
    copied: float | None = None
    """The instant at which the bucket had everything."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database and the backups say of themselves at one instant."""

    server: Row[Any]
    slots: Sequence[Row[Any]]
    queue: QueueState
    backups: BackupTimes
    second: second.State

    @property
    def behind_bytes(self) -> float:
        """How much of the write-ahead log the slowest receiver has not."""
        return max((float(one.behind_bytes or 0) for one in self.slots), default=0.0)


def measure(session: Session, settings: Settings) -> Figures:
    """Measure what changes from minute to minute."""
    scheduled = keeper.is_scheduled(settings, session)
    return Figures(
        queries.server(session),
        queries.slots(session),
        queue_state(session),
        _backups(settings, scheduled),
        second.state(session),
    )


def _backups(settings: Settings, scheduled: bool) -> BackupTimes:
    place, now = place_of(settings), clock.now()

    def age(at: datetime | None) -> float | None:
        return None if at is None else max(0.0, (now - at).total_seconds())

    try:
        newest, horizon, tried = place.newest(), place.horizon, drill.last(place)
    except (OperatorError, OSError):  # the page says what is wrong with the folder; here it has no backup
        return BackupTimes(scheduled, None, None, None, drill_failed=False)
    return BackupTimes(
        scheduled,
        age(newest.ended_at if newest else None),
        age(horizon.at if horizon else None),
        age(tried.at if tried else None),
        drill_failed=bool(tried and tried.fault),
        copy_expected=scheduled and settings.backup_s3_bucket is not None,
        copied=age(offsite.state(place).at),
    )
