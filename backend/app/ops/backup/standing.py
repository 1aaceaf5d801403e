"""How the backups stand, for the Operations page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core import clock
from app.ops.backup import drill, upkeep, wal
from app.ops.backup.offsite import copy as offsite
from app.ops.backup.place import BackupPlace, place_of
from app.ops.errors import OperatorError
from app.rules.backups import Horizon, Span
from app.settings import Settings

OLDEST = timedelta(hours=26)
"""A nightly backup, and two hours for it to run."""
LOG_STOPPED = timedelta(minutes=15)
"""While the log is received, it is seen to be complete every few seconds."""
COPY_STOPPED = timedelta(hours=6)
"""New backups are sent each minute; a large one may take hours over a slow line."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is, newest spans first; `alarms` are sentences for a red banner."""

    count: int
    newest: datetime | None
    size_bytes: int
    spans: list[Span]
    drill: drill.Outcome | None
    alarms: list[str]
    bucket: str | None = None
    """Where the second copy goes."""
    copied_at: datetime | None = None
    """When everything was last there."""


def log_stopped(horizon: Horizon | None) -> bool:
    """Whether the log has not been known to be complete for longer than a restart takes."""
    return horizon is None or clock.now() - horizon.at > LOG_STOPPED


def of(settings: Settings, *, scheduled: bool = False) -> Standing | None:
    """None where this installation has made no backup and should not by itself: the demo school, a server of one’s
    own. `scheduled`: it should (`keeper.is_scheduled`)."""
    place = place_of(settings)
    try:
        if not scheduled and not place.base.is_dir():
            return None
        found = _found(place, scheduled=scheduled)
        return found if settings.backup_s3_bucket is None else _with_the_copy(found, place, settings)
    except OperatorError as error:
        fault = str(error)
    except OSError as error:  # its disk is away, say
        fault = f"The backups in {place.folder} cannot be read ({error.strerror or error})."
    return Standing(0, None, 0, [], None, [fault])


def copy_stopped(known: offsite.State) -> bool:
    """Whether the bucket has not had everything for longer than a large backup takes to send."""
    return known.at is None or abs(clock.now() - known.at) > COPY_STOPPED


def _with_the_copy(found: Standing, place: BackupPlace, settings: Settings) -> Standing:
    known = offsite.state(place)
    alarms = found.alarms
    if found.newest is not None and copy_stopped(known):
        why = f": {known.fault}" if known.fault else "."
        alarms = [*alarms, f"The copy in the bucket {settings.backup_s3_bucket} is not up to date{why}"]
    return replace(found, alarms=alarms, bucket=settings.backup_s3_bucket, copied_at=known.at)


def _found(place: BackupPlace, *, scheduled: bool) -> Standing:
    backups, log, horizon, tried = place.backups(), wal.files(place), place.horizon, drill.last(place)
    newest = max((one.ended_at for one in backups if one.fault is None), default=None)
    alarms = []
    if newest is None and scheduled:
        alarms.append("There is no sound backup of this school yet.")
    elif newest is not None and clock.now() - newest > OLDEST:
        alarms.append("No backup has been made for more than a day.")
    if newest is not None and scheduled and log_stopped(horizon):
        alarms.append(
            "The write-ahead log is not being received: only the state of the newest backup is safe."
        )
    alarms += [f"The backup {one.id} is damaged." for one in backups if one.fault is not None][-1:]
    if tried is not None and tried.fault is not None:
        alarms.append(f"The last restore drill failed: {tried.fault}.")
    elif tried is not None and clock.now() - tried.at > drill.STALE:
        alarms.append("No restore has been tried for more than a week.")
    size_bytes = sum(one.size_bytes for one in backups) + sum(one.size_bytes for one in log)
    spans = upkeep.spans(backups, log, horizon)
    return Standing(len(backups), newest, size_bytes, spans[::-1][:30], tried, alarms)
