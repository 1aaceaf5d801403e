"""Sending what is new to the bucket: files, then backups, then the log, then until when the log is whole.

What is named whole in the bucket is whole: a backup's entry of the catalog goes after all that it needs.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from app.core import clock
from app.ops.backup import wal
from app.ops.backup.offsite import parts
from app.ops.backup.offsite.bucket import Bucket, BucketFault, bucket_of
from app.ops.backup.offsite.keys import Lock
from app.ops.backup.place import (
    DAMAGED,
    ENTRY,
    UNFINISHED,
    Backup,
    BackupPlace,
    entries,
    entry_from,
    write_durably,
)
from app.ops.backup.tools import Stopped
from app.ops.errors import OperatorError
from app.rules import backups as rules
from app.settings import Settings

CHECK = "key-check.age"
"""Opens with the right key, before anything else is fetched."""
CHECK_CONTENT = b"AADA LMS backup\n"
CAUGHT_UP = "caught-up.json"
_STATE = "offsite.json"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Copied:
    """What one turn has sent and removed."""

    objects: int = 0
    size_bytes: int = 0
    removed: int = 0
    remark: str | None = None
    """Why what is too old could not be removed."""


@dataclass(frozen=True, slots=True)
class State:
    """When everything was last in the bucket, and what stood in the way since; times in UTC."""

    at: datetime | None
    fault: str | None
    remark: str | None = None


class Offsite:
    """Keeps the copy in the bucket. Remembers between turns what it has seen there."""

    def __init__(
        self, place: BackupPlace, bucket: Bucket, lock: Lock, stopping: threading.Event | None = None
    ) -> None:
        self._place, self._bucket, self._lock = place, bucket, lock
        self._stopping = stopping or threading.Event()
        self._looked = False
        self._known: set[str] = set()
        self._catalog: dict[str, Backup] = {}
        self._growing: dict[str, tuple[float, int]] = {}
        self._sent = self._sent_bytes = 0

    def turn(self) -> Copied:
        """Send what is new, remove what is too old. Raises OperatorError; what was sent before stays."""
        self._sent = self._sent_bytes = 0
        with self._place.copying():
            try:
                done = self._turn()
            except OperatorError as error:
                self._looked = False  # it may be other than what is remembered
                _note(self._place, State(state(self._place).at, str(error)))
                raise
            _note(self._place, State(clock.now(), None, done.remark))
        return done

    def _turn(self) -> Copied:
        if not self._looked:
            self._look()
        # Read before the log is: what it says is whole will have been sent when it goes.
        caught_up = self._place.caught_up()
        self._send_plain(CHECK, self._lock.close(CHECK_CONTENT), once=True)
        for path in sorted(self._place.files.glob("??/*")):
            self._file(path)
        for backup in self._place.backups():
            if backup.fault is None:
                self._backup(backup)
        self._log()
        if caught_up is not None:
            self._send_plain(CAUGHT_UP, caught_up)
        removed, remark = self._prune()
        return Copied(self._sent, self._sent_bytes, removed, remark)

    def _look(self) -> None:
        self._known = {one.name for one in self._bucket.listed("")}
        self._catalog = {
            one.split("/")[1]: entry_from(self._bucket.get(one), f"{one} in the bucket")
            for one in self._known
            if one.startswith("base/") and one.endswith(f"/{ENTRY}")
        }
        self._growing = {}
        self._looked = True

    def _file(self, path: Path) -> None:
        if path.name.endswith((UNFINISHED, DAMAGED)):
            return
        name = f"files/{path.parent.name}/{path.name}"
        try:
            missing = self._missing(name, path)
            if missing and _sha256(path) == path.name:  # a damaged copy is not sent in a sound one's name
                self._send(path, missing)
        except FileNotFoundError:  # pruned meanwhile
            return

    def _backup(self, backup: Backup) -> None:
        entry = f"base/{backup.id}/{ENTRY}"
        if entry in self._known:
            return
        folder = self._place.of(backup)
        try:
            for path in sorted(entries(folder)):
                if path.name != ENTRY:
                    name = f"base/{backup.id}/{path.name}"
                    self._send(path, self._missing(name, path))
            self._send_plain(entry, (folder / ENTRY).read_bytes())
        except FileNotFoundError:  # pruned meanwhile
            return
        self._catalog[backup.id] = backup

    def _log(self) -> None:
        for folder in self._place.log_folders():
            for path in sorted(entries(folder)):
                name = f"wal/{folder.name}/{path.name}"
                try:
                    if path.name == wal.SYSTEM:
                        self._send_plain(name, path.read_bytes(), once=True)
                    elif path.name.endswith(UNFINISHED):
                        self._growing_segment(name, path)
                    elif not path.name.endswith(DAMAGED):
                        self._send(path, self._missing(name, path))
                except FileNotFoundError:  # complete, or pruned
                    continue

    def _growing_segment(self, name: str, path: Path) -> None:
        status = path.stat()
        seen = status.st_mtime, status.st_size
        if self._growing.get(name) != seen:
            self._send(path, parts.cut(name, 0))
            self._growing[name] = seen

    def _missing(self, name: str, path: Path) -> list[parts.Part]:
        return [one for one in parts.cut(name, path.stat().st_size) if one.object not in self._known]

    def _send(self, path: Path, some: list[parts.Part]) -> None:
        for part in some:
            self._go_on()
            self._put(part.object, self._lock.close(parts.read(path, part)))

    def _send_plain(self, name: str, content: bytes, *, once: bool = False) -> None:
        self._go_on()
        if not once or name not in self._known:
            self._put(name, content)

    def _put(self, name: str, content: bytes) -> None:
        self._bucket.put(name, content)
        self._known.add(name)
        self._sent += 1
        self._sent_bytes += len(content)

    def _prune(self) -> tuple[int, str | None]:
        going = list(self._too_old())
        if not going:
            return 0, None
        # A backup's entry goes first: what has one is whole.
        going.sort(key=lambda one: not one.endswith(f"/{ENTRY}"))
        try:
            self._bucket.delete(going)
        except BucketFault as fault:
            return 0, f"What is older than 30 days stays in the bucket: {fault}"
        self._known.difference_update(going)
        for one in going:
            if one.startswith("base/"):
                self._catalog.pop(one.split("/")[1], None)
        return len(going), None

    def _too_old(self) -> Iterator[str]:
        """What no instant of the last 30 days needs, by what lies in the bucket: a folder that was lost here takes
        nothing along there."""
        members = [one.member for one in self._catalog.values()]
        kept = rules.kept(members, clock.now())
        needed_from = rules.first_segment_needed(one for one in members if one.id in kept)
        # Only while every backup there is here as well does the folder know which files they need.
        here = {one.id for one in self._place.backups()}
        files_known = kept <= here and bool(kept)
        for name in self._known:
            kind, _, rest = name.partition("/")
            if kind == "base":
                backup = rest.partition("/")[0]
                if backup in self._catalog and backup not in kept:
                    yield name
            elif kind == "wal" and needed_from is not None:
                number = wal.number_of(rest.partition("/")[2])
                if number is not None and number < needed_from:
                    yield name
            elif kind == "files" and files_known:
                folder, _, file = rest.partition("/")
                if not (self._place.files / folder / file.partition(".")[0]).exists():
                    yield name

    def _go_on(self) -> None:
        if self._stopping.is_set():
            raise Stopped


def of(settings: Settings, place: BackupPlace, stopping: threading.Event | None = None) -> Offsite | None:
    """The copy that the settings name; None without a bucket. Raises OperatorError where a setting is wrong."""
    bucket = bucket_of(settings)
    if bucket is None:
        return None
    return Offsite(place, bucket, Lock.of(settings.backup_s3_recipient), stopping)


def state(place: BackupPlace) -> State:
    """How the copy stands, as the last turn left it."""
    try:
        found = json.loads((place.folder / _STATE).read_bytes())
        at = datetime.fromisoformat(found["at"]) if found["at"] else None
        return State(at, found["fault"], found.get("remark"))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return State(None, None)


def _note(place: BackupPlace, known: State) -> None:
    found = {"at": known.at and known.at.isoformat(), "fault": known.fault, "remark": known.remark}
    write_durably(place.folder / _STATE, json.dumps(found).encode())


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
