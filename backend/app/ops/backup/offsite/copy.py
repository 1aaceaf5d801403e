"""Sending what is new to the bucket: files, then backups, then the log, then until when the log is whole.

What is named whole in the bucket is whole: a backup's entry of the catalog goes after all that it needs.
"""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
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
WRITER = "writer.json"
"""Which folder of backups is copied here, and for which public keys."""
CAUGHT_UP = "caught-up.json"
_STATE = "offsite.json"
_OWN_MARK = "offsite-writer"
_LOOK_AGAIN = timedelta(hours=24)
_TIMES_LISTED = 3
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
    """Keeps the copy in the bucket. Remembers between turns what it has seen there, for a day."""

    def __init__(
        self,
        place: BackupPlace,
        bucket: Bucket,
        lock: Lock,
        stopping: threading.Event | None = None,
        *,
        take_over: bool = False,
    ) -> None:
        self._place, self._bucket, self._lock = place, bucket, lock
        self._stopping = stopping or threading.Event()
        self._take_over = take_over
        self._looked_at: datetime | None = None
        self._left: bytes | None = None
        self._known: set[str] = set()
        self._catalog: dict[str, Backup] = {}
        self._growing: dict[str, tuple[float, int]] = {}
        self._faults: list[str] = []
        self._sent = self._sent_bytes = 0

    def turn(self) -> Copied:
        """Send what is new, remove what is too old. Raises OperatorError; what was sent before stays."""
        self._sent = self._sent_bytes = 0
        self._faults = []
        with self._place.copying():
            try:
                done = self._turn()
                if self._faults:
                    raise OperatorError(self._faults[0])
            except OperatorError as error:
                self._looked_at = None  # it may be other than what is remembered
                _note(self._place, State(state(self._place).at, str(error)))
                raise
            _note(self._place, State(clock.now(), None, done.remark))
            self._left = _state_file(self._place)
        return done

    def _turn(self) -> Copied:
        self._require_own()
        if self._must_look():
            self._look()
        # Read before the log is: what it says is whole will have been sent when it goes.
        caught_up = self._place.caught_up()
        self._put_plain(CHECK, self._lock.close(CHECK_CONTENT), once=True)
        for path in sorted(self._place.files.glob("??/*")):
            self._each(path, self._file)
        for backup in self._wanted():
            self._each(self._place.of(backup), lambda _folder, backup=backup: self._backup(backup))  # type: ignore[misc]
        self._send_log(caught_up)
        removed, remark = self._prune()
        return Copied(self._sent, self._sent_bytes, removed, remark)

    def _require_own(self) -> None:
        """Refuse to write where another folder does, or for other keys than what lies there."""
        mark = {"writer": _own_mark(self._place), "recipients": sorted(map(str, self._lock.recipients))}
        try:
            found = json.loads(self._bucket.get(WRITER))
        except BucketFault as fault:
            if fault.code != "NoSuchKey":
                raise
            found = None
        except ValueError:
            found = {}
        if found == mark:
            return
        if found is not None and found.get("recipients") != mark["recipients"]:
            raise OperatorError(
                f"What lies in the bucket {self._bucket.name} is encrypted for another key than BACKUP_S3_RECIPIENT. "
                "Set that key again, or begin a new copy with another BACKUP_S3_PREFIX. Nothing was sent."
            )
        if found is not None and not self._take_over:
            raise OperatorError(
                f"Another folder of backups is copied to the bucket {self._bucket.name}. If that machine is gone, or "
                "this is the restored school: aada backup copy --take-over. Else set another BACKUP_S3_PREFIX. "
                "Nothing was sent."
            )
        self._bucket.put(WRITER, json.dumps(mark).encode())
        self._looked_at = None

    def _must_look(self) -> bool:
        """Once a day: objects may go there without this process, and another may have had its turn."""
        if self._looked_at is None or abs(clock.now() - self._looked_at) > _LOOK_AGAIN:
            return True
        return self._left != _state_file(self._place)

    def _look(self) -> None:
        self._known = {one.name for one in self._bucket.listed("")}
        self._catalog = {}
        for name in sorted(self._known):
            if name.startswith("base/") and name.endswith(f"/{ENTRY}"):
                self._go_on()
                try:
                    found = entry_from(self._bucket.get(name), f"{name} in the bucket")
                except BucketFault:
                    raise
                except OperatorError as error:  # sent once more, if it is here
                    self._faults.append(str(error))
                    self._known.discard(name)
                else:
                    self._catalog[found.id] = found
        self._growing = {}
        self._looked_at = clock.now()

    def _each(self, path: Path, send: Callable[[Path], None]) -> None:
        """One thing that cannot be read does not keep the others here."""
        try:
            send(path)
        except FileNotFoundError:  # pruned meanwhile
            return
        except OSError as error:
            self._faults.append(f"{error.filename or path} cannot be read ({error.strerror}).")

    def _file(self, path: Path) -> None:
        if path.name.endswith((UNFINISHED, DAMAGED)):
            return
        name = f"files/{path.parent.name}/{path.name}"
        missing = self._missing(name, path)
        if missing and _sha256(path) == path.name:  # a damaged copy is not sent in a sound one's name
            self._send(path, missing)

    def _wanted(self) -> list[Backup]:
        """The backups here that serve an instant of the window with what they build on, here or in the bucket."""
        here = self._place.backups()
        members = {one.id: one.member for one in here} | {
            name: one.member for name, one in self._catalog.items()
        }
        kept = rules.kept(members.values(), clock.now())
        return [
            one
            for one in here
            if one.fault is None and one.id in kept and rules.chain(members, one.member) is not None
        ]

    def _backup(self, backup: Backup) -> None:
        entry = f"base/{backup.id}/{ENTRY}"
        if entry in self._known:
            return
        folder = self._place.of(backup)
        for path in sorted(entries(folder)):
            if path.name != ENTRY:
                name = f"base/{backup.id}/{path.name}"
                self._send(path, self._missing(name, path))
        self._put_plain(entry, (folder / ENTRY).read_bytes())
        self._catalog[backup.id] = backup

    def _send_log(self, caught_up: bytes | None) -> None:
        """The segments, and then until when they are whole: unless one of them could not be read under its name."""
        for _ in range(_TIMES_LISTED):
            if self._segments():
                if caught_up is not None:
                    self._put_plain(CAUGHT_UP, caught_up)
                elif CAUGHT_UP in self._known:
                    self._bucket.delete([CAUGHT_UP])
                    self._known.discard(CAUGHT_UP)
                return

    def _segments(self) -> bool:
        """Whether each file that was listed was still there to be read: one gets another name when it is complete."""
        all_there = True
        for folder in self._place.log_folders():
            for path in sorted(entries(folder)):
                name = f"wal/{folder.name}/{path.name}"
                try:
                    if path.name == wal.SYSTEM:
                        self._put_plain(name, path.read_bytes(), once=True)
                    elif path.name.endswith(UNFINISHED):
                        self._growing_segment(name, path)
                    elif not path.name.endswith(DAMAGED):
                        self._send(path, self._missing(name, path))
                except FileNotFoundError:
                    all_there = False
                except OSError as error:
                    self._faults.append(f"{path} cannot be read ({error.strerror}).")
                    all_there = False
        return all_there

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

    def _put_plain(self, name: str, content: bytes, *, once: bool = False) -> None:
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
        gone = self._place.removed_files()
        if going:
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
        for path in gone:
            path.unlink(missing_ok=True)
        return len(going), None

    def _too_old(self) -> Iterator[str]:
        """What no instant of the last 30 days needs: backups and log by what lies in the bucket, files by what was
        removed here on purpose. A folder that was lost here takes nothing along there."""
        members = [one.member for one in self._catalog.values()]
        kept = rules.kept(members, clock.now())
        needed_from = rules.first_segment_needed(one for one in members if one.id in kept)
        gone = {
            path.name
            for path in self._place.removed_files()
            if not (self._place.files / path.name[:2] / path.name).exists()
        }
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
            elif kind == "files" and rest.partition("/")[2].partition(".")[0] in gone:
                yield name

    def _go_on(self) -> None:
        if self._stopping.is_set():
            raise Stopped


def of(
    settings: Settings,
    place: BackupPlace,
    stopping: threading.Event | None = None,
    *,
    take_over: bool = False,
) -> Offsite | None:
    """The copy that the settings name; None without a bucket. Raises OperatorError where a setting is wrong.

    With `take_over`, it goes on for a folder of backups that was copied there before this one.
    """
    bucket = bucket_of(settings)
    if bucket is None:
        return None
    return Offsite(place, bucket, Lock.of(settings.backup_s3_recipient), stopping, take_over=take_over)


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


def _state_file(place: BackupPlace) -> bytes | None:
    try:
        return (place.folder / _STATE).read_bytes()
    except FileNotFoundError:
        return None


def _own_mark(place: BackupPlace) -> str:
    """What names this folder of backups, made once."""
    path = place.folder / _OWN_MARK
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        write_durably(path, uuid.uuid4().hex.encode())
        return path.read_text(encoding="ascii").strip()


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
