"""Before a restore: which backup, which part of the log, what it needs, and what it will not bring back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core import clock
from app.ops.backup import upkeep, wal
from app.ops.backup.place import SEGMENT_BYTES, Backup, BackupPlace
from app.ops.backup.wal import WalFile
from app.ops.errors import OperatorError
from app.rules import backups as rules
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """How to restore an instant: `target` is None for the latest there is, which is `reaches`."""

    target: datetime | None
    reaches: datetime
    chain: tuple[Backup, ...]
    """The full backup first."""
    log: tuple[WalFile, ...]
    needed_bytes: int
    """How much room the folder needs while it is filled."""

    @property
    def backup(self) -> Backup:
        return self.chain[-1]


def make(place: BackupPlace, target: datetime | None, settings: Settings) -> Plan:
    """The plan; nothing is changed. Raises OperatorError where the instant cannot be restored, and says which can."""
    if target is not None and target > clock.now():
        raise OperatorError(
            f"{_local(target, settings)} is in the future: name an instant that has passed, or `--to latest`."
        )
    known = place.backups()
    if not known:
        raise OperatorError(
            f"There is no backup in {place.folder}: name the folder that has them in BACKUP_DIR (or --from)."
        )
    files = wal.files(place)
    segments = [one.segment for one in files]
    choice = rules.choose([one.member for one in known], segments, target, place.horizon)
    spans = upkeep.spans(place)
    if choice is None:
        able = f" The first is {_local(spans[0].start, settings)}." if spans else ""
        if target is None:
            raise OperatorError("No backup is sound: see `aada backup list`, and make a full one now.")
        raise OperatorError(
            f"{_local(target, settings)} is before everything that can be restored: no sound backup is as old.{able}"
        )
    by_id = {one.id: one for one in known}
    chain = tuple(by_id[one.id] for one in choice.chain)
    if choice.missing is not None and target is not None:
        before = max((span.end for span in spans if span.end < target), default=chain[-1].ended_at)
        after = min((span.start for span in spans if span.start > target), default=None)
        newest = files[-1].segment if files else None
        if after is None and (newest is None or choice.missing >= newest.number):
            raise OperatorError(
                f"{_local(target, settings)} cannot be restored exactly: the log is known to be complete until "
                f"{_local(before, settings)}. Name an instant up to then, or `--to latest` for all there is."
            )
        name = wal.segment_name(chain[-1].timeline, choice.missing)
        raise OperatorError(
            f"{_local(target, settings)} cannot be restored: segment {name} of the write-ahead log is not in the "
            f"backup. The nearest instants are {_local(before, settings)}"
            + (f" and {_local(after, settings)}." if after else "; `--to latest` goes to the gap.")
        )
    numbers = set(choice.segments)
    log = tuple(
        one for one in files if one.segment.timeline == chain[-1].timeline and one.segment.number in numbers
    )
    reaches = target or max(span.end for span in spans if span.start <= chain[-1].ended_at <= span.end)
    needed = sum(one.restored_bytes for one in chain) + len(log) * SEGMENT_BYTES
    needed += chain[-1].restored_bytes if len(chain) > 1 else 0
    return Plan(target, reaches, chain, log, needed)


def _local(at: datetime, settings: Settings) -> str:
    return f"{at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S %Z}"
