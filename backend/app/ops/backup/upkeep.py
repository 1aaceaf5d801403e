"""What follows a backup, and what looks after all of them: pruning, checking, what can be restored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from app.core import clock
from app.core.files import FileStore
from app.ops.backup import archive, store, wal
from app.ops.backup.archive import Damaged
from app.ops.backup.place import Backup, BackupPlace
from app.ops.backup.wal import WalFile
from app.ops.errors import OperatorError
from app.rules import backups as rules
from app.rules.backups import Horizon, Span


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went, or would go: backups by name, segments of the log, copies of files, and all their bytes."""

    backups: tuple[str, ...] = ()
    segments: int = 0
    files: int = 0
    size_bytes: int = 0


def prune(place: BackupPlace, files: FileStore | None, *, dry_run: bool = False) -> Pruned:
    """Remove what no instant of the last 30 days needs: whole chains, the log before the oldest one kept, and copies
    of files (with `files`, the store they were copied from). Nothing goes while a restore reads.
    """
    place.prepare()
    with place.alone(), place.unused() as free:
        if not free:
            raise OperatorError(
                "A restore reads these backups: run this again when it has ended. Nothing was removed."
            )
        known = place.backups()
        kept = rules.kept([one.member for one in known], clock.now())
        going = [one for one in known if one.id not in kept]
        staying = [one.member for one in known if one.id in kept]
        size_bytes = sum(one.size_bytes for one in going)
        if dry_run:
            return Pruned(tuple(one.id for one in going), size_bytes=size_bytes)
        for one in reversed(going):  # an incremental before what it builds on
            place.remove(one)
        segments = segment_bytes = copies = copy_bytes = 0
        needed_from = rules.first_segment_needed(staying)
        if needed_from is not None:
            segments, segment_bytes = wal.prune(place, needed_from)
        if files is not None:
            copies, copy_bytes = store.prune(place, files, staying)
    return Pruned(tuple(one.id for one in going), segments, copies, size_bytes + segment_bytes + copy_bytes)


def spans(known: Collection[Backup], log: Collection[WalFile], horizon: Horizon | None) -> list[Span]:
    """The instants that can be restored, by the catalog, the log's files, and until when the log is whole."""
    return rules.restorable([one.member for one in known], [one.segment for one in log], horizon)


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was looked at: a backup, the log, or the files; `fault` is a sentence, or None."""

    what: str
    fault: str | None


def verify(
    place: BackupPlace, wanted: str | None = None, progress: Callable[[int], None] | None = None
) -> Iterator[Checked]:
    """Read every backup, segment and file (or the one backup `wanted`) and compare them with what was written.

    A backup that has a fault is marked in the catalog and not used any more; one that was mended is used again.
    """
    known = place.backups()
    chosen = [one for one in known if wanted is None or one.id == wanted]
    if wanted is not None and not chosen:
        raise OperatorError(f"There is no backup called {wanted}: take a name from `aada backup list`.")
    by_id = {one.id: one for one in known}
    for one in chosen:
        yield Checked(one.id, check(place, one, by_id, progress))
    if wanted is not None:
        return
    files = wal.files(place)
    yield from _checked_log(files)
    yield from (Checked("write-ahead log", fault) for fault in _gaps(place, files))
    yield from (Checked("files", fault) for fault in store.check(place))


def verify_a_part(
    place: BackupPlace, since: datetime, now: datetime, progress: Callable[[int], None]
) -> Iterator[Checked]:
    """What one day looks at, as `verify` does: the backup that was checked longest ago, the segments that have arrived
    since, and the copied files under one of the 256 first bytes of their hashes."""
    known = place.backups()
    sound = [one for one in known if one.fault is None]
    for one in sorted(sound, key=lambda one: one.verified_at or one.ended_at)[:1]:
        yield Checked(one.id, check(place, one, {one.id: one for one in known}, progress))
    recent = [one for one in wal.files(place) if one.written_at >= since.timestamp()]
    yield from _checked_log(recent)
    yield from (Checked("files", fault) for fault in store.check(place, f"{now.toordinal() % 256:02x}"))


def _checked_log(files: list[wal.WalFile]) -> Iterator[Checked]:
    """The faults of complete segments. One that has a fault is set aside, so that no plan counts on it."""
    for one in files:
        fault = wal.check(one) if one.complete else None
        if fault is not None:
            wal.set_aside(one)
            yield Checked("write-ahead log", fault)


def check(
    place: BackupPlace,
    backup: Backup,
    known: dict[str, Backup],
    progress: Callable[[int], None] | None = None,
) -> str | None:
    """What is wrong with a backup, kept in the catalog; None when all of it is what was written."""
    fault = None
    try:
        archive.verify(place.of(backup), progress)
        if backup.parent is not None and backup.parent not in known:
            fault = f"{backup.parent}, which it builds on, is missing"
    except Damaged as damaged:
        fault = str(damaged)
    except OSError as error:
        fault = f"it cannot be read ({error.strerror or error})"
    place.note(backup, fault=fault, at=clock.now())
    return fault


def _gaps(place: BackupPlace, files: list[wal.WalFile]) -> Iterator[str]:
    """Segments between the oldest that is needed and the newest that are not there."""
    members = [one.member for one in place.backups()]
    needed_from = rules.first_segment_needed(members)
    if needed_from is None:
        return
    for branch in sorted({one.segment.branch for one in files}):
        numbers = {one.segment.number for one in files if one.segment.branch == branch}
        starts = [one.last_segment for one in members if one.branch == branch]
        if not starts:
            continue
        for number in range(min(starts), max(numbers)):
            if number not in numbers:
                name = wal.segment_name(branch[1], number)
                yield f"segment {name} is missing: instants behind it need the next backup"
