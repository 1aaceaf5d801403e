"""The archived write-ahead log: which segments are there, whether they can be read, and written out for a restore."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.ops.backup.archive import Damaged
from app.ops.backup.place import SEGMENT_BYTES, BackupPlace, flush
from app.rules.backups import Segment

_NAME = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.gz)?(\.partial)?")
_IN_A_LOG = 0x1_0000_0000 // SEGMENT_BYTES


@dataclass(frozen=True, slots=True)
class WalFile:
    """A file of the archive. One that is not `complete` is the newest: PostgreSQL still writes its segment."""

    path: Path
    segment: Segment
    size_bytes: int
    compressed: bool

    @property
    def complete(self) -> bool:
        return self.segment.complete

    @property
    def name(self) -> str:
        return segment_name(self.segment.timeline, self.segment.number)


def segment_name(timeline: int, number: int) -> str:
    """What PostgreSQL calls a segment: `00000001000000000000002A`."""
    return f"{timeline:08X}{number // _IN_A_LOG:08X}{number % _IN_A_LOG:08X}"


def files(place: BackupPlace) -> list[WalFile]:
    """The archive, oldest first; of a segment that is there twice, the file that is complete."""
    found: dict[tuple[int, int], WalFile] = {}
    for path in sorted(place.wal.glob("*/*")):
        one = _file(path)
        if one is None:
            continue
        key = (one.segment.timeline, one.segment.number)
        if key not in found or one.complete or not found[key].complete:
            found[key] = one
    return [found[key] for key in sorted(found)]


def prune(place: BackupPlace, needed_from: int) -> tuple[int, int]:
    """Remove the segments before this one, whatever their timeline; how many, and their bytes."""
    count = size_bytes = 0
    for path in list(place.wal.glob("*/*")):
        one = _file(path)
        if one is not None and one.segment.number < needed_from:
            path.unlink(missing_ok=True)
            count += 1
            size_bytes += one.size_bytes
    folders = sorted(path for path in place.wal.iterdir() if path.is_dir())
    for folder in folders[:-1]:  # the newest is the one that is written to
        if not any(_file(path) for path in folder.iterdir()):
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


def write_out(one: WalFile, folder: Path) -> Path:
    """Write a segment as PostgreSQL keeps it below `folder`; one that is not complete is filled with zeros."""
    target = folder / one.name
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


def new_folder(place: BackupPlace, at: datetime) -> Path:
    """A folder for the log of a slot that begins now."""
    folder = place.wal / f"{at:%Y%m%dT%H%M%S%fZ}"
    folder.mkdir(mode=0o700)
    flush(place.wal)
    return folder


def newest_folder(place: BackupPlace) -> Path | None:
    return max((path for path in place.wal.glob("*Z") if path.is_dir()), default=None)


def _file(path: Path) -> WalFile | None:
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    timeline, log, place = (int(found[part], 16) for part in (1, 2, 3))
    segment = Segment(timeline, log * _IN_A_LOG + place, found[5] is None)
    return WalFile(path, segment, status.st_size, found[4] is not None)


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
