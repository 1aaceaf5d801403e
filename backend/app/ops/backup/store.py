"""Uploaded files and issued documents in the backup: copied by their hash, kept while an instant may point to them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from uuid import uuid4

from app.core import clock
from app.core.files import FileMissing, FileStore
from app.ops.backup.archive import Damaged
from app.ops.backup.place import DAMAGED, UNFINISHED, BackupPlace, flush
from app.rules import backups as rules
from app.rules.backups import Member

_LEFT_BEHIND = timedelta(days=1)


def copy_all(place: BackupPlace, store: FileStore, stopping: Event | None = None) -> int:
    """Copy what is in the store and not here yet, and note what was seen; how many files were copied.

    A file that goes meanwhile was given up by its records long before: it is passed over. `stopping` ends it.
    """
    return copy(place, store, (file.sha256 for file in store.listed()), stopping)


def copy(place: BackupPlace, store: FileStore, hashes: Iterator[str], stopping: Event | None = None) -> int:
    """Copy these files; how many were not here yet. The time of each copy becomes now: that of its last sighting."""
    copied = 0
    now = clock.now().timestamp()
    for sha256 in hashes:
        if stopping is not None and stopping.is_set():
            break
        target = path_of(place, sha256)
        if not target.exists():
            try:
                _write(target, store, sha256)
            except FileMissing:
                continue
            copied += 1
        os.utime(target, (now, now))
    return copied


def prune(place: BackupPlace, store: FileStore, kept: Collection[Member]) -> tuple[int, int]:
    """Remove copies that no restorable instant can point to; how many, and their bytes."""
    count = size_bytes = 0
    for path in list(place.files.glob("??/*")):
        try:
            status = path.stat()
        except FileNotFoundError:  # whoever was copying it has ended
            continue
        if path.name.endswith(UNFINISHED):
            # A younger one may be under way: new files are copied while a backup is made.
            if abs(clock.now().timestamp() - status.st_mtime) > _LEFT_BEHIND.total_seconds():
                path.unlink(missing_ok=True)
            continue
        seen = datetime.fromtimestamp(status.st_mtime, UTC)
        if rules.file_may_go(seen, kept) and not store.exists(path.name.removesuffix(DAMAGED)):
            path.unlink(missing_ok=True)
            place.note_removed_file(path.name.removesuffix(DAMAGED))
            count += 1
            size_bytes += status.st_size
    return count, size_bytes


def fetch(place: BackupPlace, sha256: str, target: Path) -> None:
    """Write a copy to `target`, its content compared with its name. Raises Damaged."""
    digest = hashlib.sha256()
    source = path_of(place, sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"keep-{target.name}")
    try:
        with source.open("rb") as stream, partial.open("wb") as out:
            while chunk := stream.read(256 * 1024):
                digest.update(chunk)
                out.write(chunk)
    except FileNotFoundError:
        raise Damaged(f"file {sha256} is missing") from None
    if digest.hexdigest() != sha256:
        partial.unlink()
        raise Damaged(f"file {sha256} has other content than when it was stored")
    partial.chmod(0o440)
    partial.replace(target)


def check(place: BackupPlace, first: str = "??") -> Iterator[str]:
    """What is wrong with the copies (whose hash begins so), a sentence each: every byte is read.

    A damaged copy is set aside: the next backup brings it again from the school's own store, if that still has it.
    """
    for path in sorted(place.files.glob(f"{first}/*")):
        if path.name.endswith((UNFINISHED, DAMAGED)):
            continue
        digest = hashlib.sha256()
        with suppress(FileNotFoundError), path.open("rb") as stream:
            while chunk := stream.read(256 * 1024):
                digest.update(chunk)
            if digest.hexdigest() != path.name:
                with suppress(OSError):  # a medium that cannot be written
                    path.rename(path.with_name(f"{path.name}{DAMAGED}"))
                yield f"file {path.name} has other content than when it was stored"


def path_of(place: BackupPlace, sha256: str) -> Path:
    return place.files / sha256[:2] / sha256


def _write(target: Path, store: FileStore, sha256: str) -> None:
    target.parent.mkdir(mode=0o700, exist_ok=True)
    # Two may copy the same file at once, the running system and `aada backup now`: each writes one of its own.
    partial = target.with_name(f"{sha256}-{uuid4().hex}{UNFINISHED}")
    digest = hashlib.sha256()
    try:
        with partial.open("wb") as stream:
            for chunk in store.read(sha256):
                digest.update(chunk)
                stream.write(chunk)
            stream.flush()
            os.fsync(stream.fileno())
        if digest.hexdigest() != sha256:  # damaged in the store: the copy must not look sound
            raise FileMissing(sha256)
        partial.replace(target)
    finally:  # it is tried again in a minute: what failed must not fill the disk
        partial.unlink(missing_ok=True)
    flush(target.parent)
