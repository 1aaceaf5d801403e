"""The archived write-ahead log: which segments are there, whether they can be read, and written out for a restore."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.ops.backup.archive import Damaged
from app.ops.backup.place import DAMAGED, SEGMENT_BYTES, BackupPlace, entries, flush, write_durably
from app.rules.backups import BranchKey, Segment

_NAME = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.gz)?(\.partial)?")
_SEGMENT = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(?=\.|$)")
_TIMELINE = re.compile(r"([0-9A-F]{8})([0-9A-F]{16}|\.history)(\.|$)")
SYSTEM = "system"
"""The file in a folder of the log with the number of the database cluster."""
_BEGUN = "%Y%m%dT%H%M%S%fZ"
_IN_A_LOG = 0x1_0000_0000 // SEGMENT_BYTES


@dataclass(frozen=True, slots=True)
class WalFile:
    """A file of the archive. One that is not `complete` is the newest: PostgreSQL still writes its segment."""

    path: Path
    segment: Segment
    size_bytes: int
    compressed: bool
    written_at: float
    """When the file was last written to, in seconds since 1970."""

    @property
    def complete(self) -> bool:
        return self.segment.complete

    @property
    def name(self) -> str:
        return segment_name(self.segment.timeline, self.segment.number)


def segment_name(timeline: int, number: int) -> str:
    """What PostgreSQL calls a segment: `00000001000000000000002A`."""
    return f"{timeline:08X}{number // _IN_A_LOG:08X}{number % _IN_A_LOG:08X}"


def number_of(name: str) -> int | None:
    """The number of the segment that a file of the archive, or a part of it, is named after; None for another file."""
    found = _SEGMENT.match(name)
    return int(found[2], 16) * _IN_A_LOG + int(found[3], 16) if found else None


def lsn_of(number: int) -> str:
    """Where a segment begins, as PostgreSQL writes it."""
    return f"{number // _IN_A_LOG:X}/{number % _IN_A_LOG * SEGMENT_BYTES:X}"


def files(place: BackupPlace) -> list[WalFile]:
    """The archive, oldest first; of a segment that is there twice, the file that is complete."""
    found: dict[tuple[BranchKey, int], WalFile] = {}
    for folder in place.log_folders():
        system = system_of(place, folder)
        for path in sorted(entries(folder)):
            one = _file(path, system)
            if one is None:
                continue
            key = (one.segment.branch, one.segment.number)
            if key not in found or one.complete or not found[key].complete:
                found[key] = one
    return [found[key] for key in sorted(found)]


def prune(place: BackupPlace, needed_from: int) -> tuple[int, int]:
    """Remove the segments before this one, whatever their timeline; how many, and their bytes."""
    count = size_bytes = 0
    for path in list(place.wal.glob("*/*")):
        one = _file(path, 0, damaged=True)
        if one is not None and one.segment.number < needed_from:
            path.unlink(missing_ok=True)
            count += 1
            size_bytes += one.size_bytes
    newest = {system_of(place, folder): folder for folder in place.log_folders()}.values()
    for folder in place.log_folders():  # the newest of a database is the one that is written to
        if folder not in newest and not any(_file(path, 0, damaged=True) for path in folder.iterdir()):
            for left in folder.iterdir():
                left.unlink()
            folder.rmdir()
    return count, size_bytes


def check(one: WalFile) -> str | None:
    """What is wrong with a complete segment, or None: it is read to its end."""
    try:
        size = sum(len(chunk) for chunk in _content(one))
    except Damaged as damaged:
        return str(damaged)
    return None if size == SEGMENT_BYTES else f"{one.name} has {size} bytes instead of {SEGMENT_BYTES}"


def set_aside(one: WalFile) -> None:
    """Take a damaged segment out of the archive, so that the gap shows; the file stays beside it."""
    with suppress(OSError):  # a medium that cannot be written
        one.path.rename(one.path.with_name(f"{one.path.name}{DAMAGED}"))


def write_out(one: WalFile, folder: Path) -> Path:
    """Write a segment as PostgreSQL keeps it below `folder`; one that is not complete is filled with zeros.

    A backup brings the segments that it needs. One that had not arrived whole replaces none of them, unless it has
    more in it.
    """
    target = folder / one.name
    if not one.complete and target.exists() and len(_so_far(one)) <= len(target.read_bytes().rstrip(b"\0")):
        return target
    written = 0
    with target.open("wb") as stream:
        try:
            for chunk in _content(one):
                stream.write(chunk)
                written += len(chunk)
        except Damaged:
            if one.complete:
                raise
        if written > SEGMENT_BYTES or (one.complete and written != SEGMENT_BYTES):
            raise Damaged(f"{one.name} has {written} bytes instead of {SEGMENT_BYTES}")
        stream.truncate(SEGMENT_BYTES)
    target.chmod(0o600)
    return target


def new_folder(place: BackupPlace, at: datetime, system: int) -> Path:
    """A folder for the log of a slot of this database cluster that begins now."""
    folder = place.wal / f"{at:{_BEGUN}}"
    folder.mkdir(mode=0o700)
    write_durably(folder / SYSTEM, str(system).encode("ascii"))
    flush(place.wal)
    return folder


def is_received_since(folder: Path, at: datetime) -> bool:
    """Whether the log in a folder began to be received before this instant."""
    return folder.name <= f"{at.astimezone(UTC):{_BEGUN}}"


def newest_folder(place: BackupPlace, branch: BranchKey) -> Path | None:
    """The folder that the log of this database goes to; None while it has none.

    Not one that a copy of it writes to on another timeline: pg_receivewal goes on from the newest segment it finds.
    """

    def fits(folder: Path) -> bool:
        found = (_file(path, branch[0]) for path in folder.iterdir())
        return all(one is None or one.segment.branch == branch for one in found)

    own = [one for one in place.log_folders() if system_of(place, one) == branch[0]]
    return next((one for one in reversed(own) if fits(one)), None)


def system_of(place: BackupPlace, folder: Path) -> int:
    """Whose log lies in a folder. One without a mark is that of the only database whose backups are here; 0 where
    that is not certain: it fits none."""
    with suppress(FileNotFoundError, ValueError):
        return int((folder / SYSTEM).read_text(encoding="ascii"))
    systems = {one.system_identifier for one in place.backups()}
    return systems.pop() if len(systems) == 1 else 0


def newest_timeline(place: BackupPlace, system: int) -> int:
    """The highest timeline of a database cluster that anything here knows of."""
    known = [one.timeline for one in place.backups() if one.system_identifier == system]
    for folder in place.log_folders():
        if system_of(place, folder) == system:
            found = (_TIMELINE.match(path.name) for path in folder.iterdir())
            known += [int(one[1], 16) for one in found if one]
    return max(known, default=0)


def _so_far(one: WalFile) -> bytes:
    """What has arrived of a segment that is not complete."""
    content = bytearray()
    with suppress(Damaged):
        for chunk in _content(one):
            content += chunk
    return bytes(content).rstrip(b"\0")


def _file(path: Path, system: int, *, damaged: bool = False) -> WalFile | None:
    found = _NAME.fullmatch(path.name.removesuffix(DAMAGED) if damaged else path.name)
    if found is None:
        return None
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    timeline, log, place = (int(found[part], 16) for part in (1, 2, 3))
    segment = Segment(timeline, log * _IN_A_LOG + place, found[5] is None, system)
    return WalFile(path, segment, status.st_size, found[4] is not None, status.st_mtime)


def _content(one: WalFile) -> Iterator[bytes]:
    """What a file holds. The end of one that is still written to is where its compressed form breaks off."""
    # Not the gzip module: where a stream breaks off, it withholds what came before.
    unpacking = zlib.decompressobj(wbits=31) if one.compressed else None
    try:
        with one.path.open("rb") as stream:
            while chunk := stream.read(256 * 1024):
                yield unpacking.decompress(chunk) if unpacking else chunk
    except zlib.error as error:
        raise Damaged(f"{one.name} of the write-ahead log cannot be read to its end ({error})") from error
    except FileNotFoundError:
        raise Damaged(f"{one.name} of the write-ahead log is missing") from None
    if unpacking is not None and not unpacking.eof:
        raise Damaged(f"{one.name} of the write-ahead log breaks off")
