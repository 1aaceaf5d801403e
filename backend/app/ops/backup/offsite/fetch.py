"""Bringing back from the bucket what an instant needs, into a new folder of backups that `aada restore` reads."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.ops.backup import archive, plan, wal
from app.ops.backup.offsite import parts
from app.ops.backup.offsite.bucket import Bucket
from app.ops.backup.offsite.copy import CAUGHT_UP, CHECK, CHECK_CONTENT
from app.ops.backup.offsite.keys import Changed, Key
from app.ops.backup.place import (
    ENTRY,
    MANIFEST,
    UNFINISHED,
    BackupPlace,
    entry_from,
    flush,
    write_durably,
)
from app.ops.backup.plan import Plan
from app.ops.errors import OperatorError
from app.settings import Settings

_AT_ONCE = 8
_MARK = "FETCHING"
_ROOM = 1.1
_NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: how many files of the backups, of the log and of the school, and how many bytes."""

    plan: Plan
    files: int
    size_bytes: int


def fetch(
    bucket: Bucket,
    key: Key,
    into: Path,
    target: datetime | None,
    settings: Settings,
    *,
    branch: str | None = None,
    say: Say,
) -> Fetched:
    """Fill a new folder with what the instant `target` needs (None: the latest there is), and every copied file.

    Broken off, the same call goes on where it was. Raises OperatorError; the bucket is only read.
    """
    if key.open(bucket.get(CHECK), f"the bucket {bucket.name}") != CHECK_CONTENT:
        raise OperatorError(
            f"{CHECK} in the bucket {bucket.name} is not what this system wrote: see that BACKUP_S3_BUCKET and "
            "BACKUP_S3_PREFIX are as .env had them. Nothing was changed."
        )
    _claim(into)
    stored = [one for one in bucket.listed("") if _is_ours(one.name)]
    there = {one.name: one for one in parts.whole(stored)}
    place, bad = BackupPlace(into), set[str]()
    place.prepare()
    with tempfile.TemporaryDirectory(dir=into, prefix="catalog-") as scratch:
        catalog = _catalog(bucket, Path(scratch), {one.name for one in stored}, there, say)
        while True:
            wanted = plan.make(catalog, target, settings, branch=branch, without=bad)
            try:
                going = _needed(wanted, there, Path(scratch))
                size_bytes = sum(one.size_bytes for one in going if not _target(into, one.name).exists())
                _require_room(into, size_bytes)
                say(f"· fetching {len(going):,} files, {size_bytes / 1024**2:,.0f} MB")
                _bring(bucket, key, into, going, say)
            except _Unusable as unusable:
                say(f"! {unusable}; looking for another backup")
                bad.add(unusable.backup)
                continue
            break
        for backup in wanted.chain:
            _name(place, backup.id, bucket.get(f"base/{backup.id}/{ENTRY}"))
        _finish(place, wanted, Path(scratch))
    (into / _MARK).unlink()
    return Fetched(wanted, len(going), size_bytes)


class _Unusable(Exception):
    """A backup in the bucket that cannot be brought whole."""

    def __init__(self, backup: str, why: str) -> None:
        super().__init__(why)
        self.backup = backup


def _is_ours(name: str) -> bool:
    """Others may have put something there: a folder's name, say. None of it leads anywhere."""
    return _NAME.fullmatch(name) is not None and ".." not in name.split("/")


def _claim(into: Path) -> None:
    try:
        into.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(into.iterdir()) and not (into / _MARK).exists():
            raise OperatorError(
                f"{into} is not empty: name a folder that does not exist yet. Nothing was changed."
            )
        (into / _MARK).write_text("Backups that were being fetched from the bucket.\n", encoding="ascii")
        for left in into.glob("catalog-*"):
            shutil.rmtree(left)
    except OSError as error:
        raise OperatorError(
            f"{into} cannot be written ({error.strerror}): name a folder that you may make. Nothing was changed."
        ) from error


def _catalog(
    bucket: Bucket, folder: Path, plain: set[str], there: dict[str, parts.Whole], say: Say
) -> BackupPlace:
    """What lies in the bucket as a folder of backups: the entries and the names, nothing behind them."""
    for name in sorted(plain):
        if name == CAUGHT_UP or name.endswith((f"/{ENTRY}", f"/{wal.SYSTEM}")):
            content = bucket.get(name)
            if name.endswith(f"/{ENTRY}"):
                try:
                    entry_from(content, f"{name} in the bucket")
                except OperatorError as error:
                    say(f"! {error}")
                    continue
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    for name in there:
        if name.startswith("wal/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
    return BackupPlace(folder)


def _needed(wanted: Plan, there: dict[str, parts.Whole], catalog: Path) -> list[parts.Whole]:
    """Raises _Unusable where a part of a backup is missing that its entry says is whole."""
    log = {str(one.path.relative_to(catalog)) for one in wanted.log}
    bases = tuple(f"base/{one.id}/" for one in wanted.chain)
    for backup in wanted.chain:
        for file in (MANIFEST, archive.BASE, archive.WAL):
            if f"base/{backup.id}/{file}" not in there:
                raise _Unusable(
                    backup.id, f"{file} of {backup.id} is missing in the bucket, or a part of it is"
                )
    return [
        one
        for name, one in there.items()
        if name.startswith(bases) or name in log or name.startswith("files/")
    ]


def _bring(bucket: Bucket, key: Key, into: Path, going: Iterable[parts.Whole], say: Say) -> None:
    """Several at a time; a file gets its name when all of it has come."""
    todo = [one for one in going if not _target(into, one.name).exists()]
    total = sum(one.size_bytes for one in todo)
    come = shown = 0

    def one(file: parts.Whole) -> int:
        try:
            return _one(bucket, key, _target(into, file.name), file)
        except Changed as error:
            kind, _, rest = file.name.partition("/")
            if kind == "base":
                raise _Unusable(rest.partition("/")[0], str(error).rstrip(".")) from error
            if kind != "files":
                raise
            say(f"! {error} It is left out.")  # the restore will name it, if a record points to it
            return file.size_bytes

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            for size_bytes in pool.map(one, todo):
                come += size_bytes
                if total and come * 10 // total > shown:
                    shown = come * 10 // total
                    say(f"· {come / 1024**2:,.0f} of {total / 1024**2:,.0f} MB have come")
        except OSError as error:
            raise OperatorError(
                f"{error.filename or into} cannot be written ({error.strerror}): make room and run the same command "
                "again; what has come is not fetched twice."
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _one(bucket: Bucket, key: Key, target: Path, file: parts.Whole) -> int:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Not the ending of a segment that was still written to.
    partial = target.with_name(f"{target.name}.coming")
    with partial.open("wb") as stream:
        for part in file.parts:
            stream.write(key.open(bucket.get(part.object), f"{part.object} in the bucket {bucket.name}"))
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(target)
    return file.size_bytes


def _target(into: Path, name: str) -> Path:
    """A backup comes into a folder that has not its name yet."""
    kind, _, rest = name.partition("/")
    if kind == "base":
        backup, _, file = rest.partition("/")
        if not (into / kind / backup).exists():
            rest = f"{backup}{UNFINISHED}/{file}"
    return into / kind / rest


def _name(place: BackupPlace, backup: str, entry: bytes) -> None:
    folder = place.base / f"{backup}{UNFINISHED}"
    if folder.exists():
        write_durably(folder / ENTRY, entry)
        folder.rename(place.base / backup)
        flush(place.base)


def _finish(place: BackupPlace, wanted: Plan, catalog: Path) -> None:
    """Note what the folder is good for: not every backup is here that says so in the bucket."""
    for folder in sorted((catalog / "wal").glob("*")):
        mark = folder / wal.SYSTEM
        if mark.exists() and (place.wal / folder.name).is_dir():
            write_durably(place.wal / folder.name / wal.SYSTEM, mark.read_bytes())
    newest = max(place.log_folders(), default=None)
    if newest is not None:
        # The restored school begins a timeline that nothing in the bucket has.
        (newest / f"{wanted.newest_timeline:08X}.history").touch(mode=0o600)
    last = wanted.log[-1].segment.number if wanted.log else wanted.backup.member.last_segment
    place.note_horizon(
        wanted.reaches, wanted.backup.system_identifier, wanted.backup.timeline, wal.lsn_of(last)
    )


def _require_room(into: Path, size_bytes: int) -> None:
    free = shutil.disk_usage(into).free
    if free < size_bytes * _ROOM:
        raise OperatorError(
            f"{into} needs {size_bytes / 1024**2:,.0f} MB, and {free / 1024**2:,.0f} MB are free there: name a folder "
            "on another disk, or make room and run the same command again."
        )
