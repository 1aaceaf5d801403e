"""The folder that the backups are kept in, and the catalog of what is there.

Below BACKUP_DIR (else `DATA_DIR/backups`):

- `base/<id>/` one backup: `base.tar.zst`, `pg_wal.tar.zst`, `backup_manifest` and its entry of the catalog,
  `backup.json`. The folder gets its name when all of it is written, checked and on the disk: what has a name is whole.
- `wal/<since>/` the write-ahead log as it arrives, one folder for each replication slot there has been, with the number
  of the database cluster in its `system`,
- `files/ab/abcd…` uploaded files and issued documents, under the hash of their content,
- `caught-up.json` until when, and to which position, the log was last known to be complete.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from app.ops.errors import OperatorError
from app.rules.backups import BackupKind, Horizon, Member
from app.settings import Settings

SEGMENT_BYTES = 16 * 1024 * 1024
ENTRY = "backup.json"
MANIFEST = "backup_manifest"
UNFINISHED = ".partial"
DAMAGED = ".damaged"
"""What is found damaged among the log and the files keeps its place with this at its end, and counts as missing."""
RESTORING = "restores.lock"
_REMOVED = "removed"
"""Below `files`: longer than the two digits that its other folders are named by."""


@dataclass(frozen=True, slots=True)
class Backup:
    """An entry of the catalog. Times are in UTC, positions in the WAL as PostgreSQL writes them (`0/2000028`)."""

    id: str
    kind: BackupKind
    parent: str | None
    started_at: datetime
    ended_at: datetime
    timeline: int
    start_lsn: str
    end_lsn: str
    system_identifier: int
    """The number of the database cluster: backups of another one do not fit."""
    server_version: str
    size_bytes: int
    """What it takes on the disk, compressed."""
    restored_bytes: int
    """How large its files are when they are unpacked."""
    manifest_sha256: str
    verified_at: datetime | None = None
    fault: str | None = None
    """What the last check found wrong with it. It is not used any more."""

    @property
    def member(self) -> Member:
        return Member(
            self.id,
            self.parent,
            self.started_at,
            self.ended_at,
            self.timeline,
            segment_of(self.start_lsn),
            segment_of(self.end_lsn),
            self.fault is None,
            self.system_identifier,
        )

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = asdict(self)
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()
        }


def segment_of(lsn: str) -> int:
    """The number of the WAL segment that a position lies in."""
    high, low = lsn.split("/")
    return ((int(high, 16) << 32) + int(low, 16)) // SEGMENT_BYTES


class BackupPlace:
    """The folder of the backups. Reading it takes no lock: nothing in it is changed in place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.base = self.folder / "base"
        self.wal = self.folder / "wal"
        self.files = self.folder / "files"
        self._caught_up = self.folder / "caught-up.json"

    def prepare(self) -> None:
        """Make the folders. Raises OperatorError where they cannot be written."""
        try:
            for folder in (self.folder, self.base, self.wal, self.files):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe = self.folder / f"probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise OperatorError(
                f"Backups cannot be written to {self.folder} ({error.strerror}): let the user who runs the system "
                "write there, or name another folder in BACKUP_DIR. Nothing was changed."
            ) from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Make or remove backups alone. Raises OperatorError while another process does; a killed one lets go."""
        with self._locked("backup.lock", fcntl.LOCK_EX) as held:
            if not held:
                raise OperatorError(
                    f"Another backup is being made in {self.folder}, perhaps by the running system, whose own take "
                    "minutes, and up to about half an hour: wait until it has ended, and run this again. Nothing was "
                    "changed."
                )
            yield

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Read backups for a restore: nothing is pruned meanwhile, and a pruning that has begun is waited for.

        A medium that cannot be written is read without the lock: from here nothing can be pruned there.
        """
        try:
            handle = self._opened(RESTORING)
        except OSError as error:
            if error.errno not in (errno.EROFS, errno.EACCES):
                raise _not_opened(self.folder / RESTORING, error) from error
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def drilling(self) -> Iterator[None]:
        """Hold the one drill that there is at a time. Raises OperatorError while another runs."""
        with self._locked("drill.lock", fcntl.LOCK_EX) as held:
            if not held:
                raise OperatorError(
                    f"Another restore drill runs in {self.folder}: wait until it has ended, and run this again."
                )
            yield

    @contextmanager
    def copying(self) -> Iterator[None]:
        """Send to the bucket alone. Raises OperatorError while another process does."""
        with self._locked("offsite.lock", fcntl.LOCK_EX) as held:
            if not held:
                raise OperatorError(
                    f"Another process copies {self.folder} to the bucket, as the running system does each minute: wait "
                    "until it has ended, and run this again."
                )
            yield

    @contextmanager
    def kept(self) -> Iterator[bool]:
        """Whether this process is the one that makes backups here by itself, for as long as the block runs."""
        with self._locked("keeper.lock", fcntl.LOCK_EX) as held:
            yield held

    @contextmanager
    def unused(self) -> Iterator[bool]:
        """Whether nobody restores, for as long as the block runs."""
        with self._locked(RESTORING, fcntl.LOCK_EX) as held:
            yield held

    @contextmanager
    def _locked(self, name: str, kind: int) -> Iterator[bool]:
        try:
            handle = self._opened(name)
        except OSError as error:
            raise _not_opened(self.folder / name, error) from error
        try:
            try:
                fcntl.flock(handle, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(handle)

    def _opened(self, name: str) -> int:
        return os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def log_folders(self) -> list[Path]:
        """The folders of the log, oldest first."""
        with readable():
            return sorted(path for path in entries(self.wal) if path.is_dir())

    def backups(self) -> list[Backup]:
        """The catalog, oldest first: what is whole, sound or not."""
        found = []
        with readable():
            for folder in entries(self.base):
                if not folder.name.endswith(UNFINISHED):
                    with suppress(FileNotFoundError, NotADirectoryError):  # pruned while we look
                        found.append(_read(folder / ENTRY))
        return sorted(found, key=lambda one: (one.timeline, segment_of(one.start_lsn), one.started_at))

    def newest(self) -> Backup | None:
        """The newest sound backup, found by reading no more of the catalog than it takes."""
        with readable():
            for folder in sorted(entries(self.base), key=lambda path: path.name, reverse=True):
                with suppress(FileNotFoundError, NotADirectoryError):  # pruned while we look
                    found = None if folder.name.endswith(UNFINISHED) else _read(folder / ENTRY)
                    if found is not None and found.fault is None:
                        return found
        return None

    def of(self, backup: Backup) -> Path:
        return self.base / backup.id

    def note(self, backup: Backup, *, fault: str | None, at: datetime) -> Backup:
        """Keep the outcome of a check in the catalog."""
        changed = replace(backup, verified_at=at, fault=fault)
        write_durably(self.of(backup) / ENTRY, json.dumps(changed.as_json(), indent=2).encode())
        return changed

    def clear_unfinished(self) -> list[str]:
        """Remove what a backup left behind that was cut off; the names of what went. Hold `alone`."""
        left = sorted(self.base.glob(f"*{UNFINISHED}"))
        for path in left:
            shutil.rmtree(path, ignore_errors=True)
        return [path.name for path in left]

    def remove(self, backup: Backup) -> None:
        """Remove a backup: first its name, so that a cut leaves no half of it in the catalog."""
        going = self.base / f"{backup.id}.gone{UNFINISHED}"
        self.of(backup).rename(going)
        flush(self.base)
        shutil.rmtree(going)

    @property
    def horizon(self) -> Horizon | None:
        """Until when the log is known to be complete, and to which segment; None while that is not known."""
        try:
            with readable():
                found = json.loads(self._caught_up.read_bytes())
            at, system = datetime.fromisoformat(found["at"]), int(found["system"])
            return Horizon(at, found["timeline"], segment_of(found["lsn"]), system)
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def note_removed_file(self, sha256: str) -> None:
        """Leave a mark that a copied file was removed on purpose: the copy in the bucket goes by it."""
        (self.files / _REMOVED).mkdir(mode=0o700, exist_ok=True)
        (self.files / _REMOVED / sha256).touch(mode=0o600)

    def removed_files(self) -> list[Path]:
        """The marks that were left, each named by the hash of its file."""
        return entries(self.files / _REMOVED)

    def caught_up(self) -> bytes | None:
        """What `horizon` is read from, as it stands."""
        try:
            return self._caught_up.read_bytes()
        except FileNotFoundError:
            return None

    def note_horizon(self, at: datetime, system: int, timeline: int, lsn: str) -> None:
        found = {"at": at.isoformat(), "system": system, "timeline": timeline, "lsn": lsn}
        write_durably(self._caught_up, json.dumps(found).encode())

    def forget_horizon(self) -> None:
        """The newest segment is about to be received again from its beginning."""
        self._caught_up.unlink(missing_ok=True)


def place_of(settings: Settings) -> BackupPlace:
    """Where this installation keeps its backups."""
    return BackupPlace(settings.backup_dir or settings.data_dir / "backups")


def write_durably(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; it is on the disk when this returns."""
    partial = path.with_name(f"{path.name}{UNFINISHED}")
    with partial.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    flush(path.parent)


def flush(folder: Path) -> None:
    """See that names in `folder` outlive a power cut."""
    with suppress(OSError):  # not every system lets a folder be opened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def readable() -> Iterator[None]:
    """What may not be read is no empty folder. Raises OperatorError, and FileNotFoundError as it comes."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise OperatorError(
            f"{error.filename} cannot be read ({error.strerror}): run this as the user who serves the school. "
            "Nothing was changed."
        ) from error


def entries(folder: Path) -> list[Path]:
    """What is in a folder; nothing where there is none. `Path.glob` would pass over one that may not be read."""
    try:
        with os.scandir(folder) as found:
            return [Path(one.path) for one in found]
    except FileNotFoundError:
        return []


def _not_opened(path: Path, error: OSError) -> OperatorError:
    return OperatorError(
        f"{path} cannot be opened ({error.strerror}): run this as the user who serves the school, and see that the "
        "disk is there and can be written to."
    )


def _read(path: Path) -> Backup:
    return entry_from(path.read_bytes(), str(path))


def entry_from(content: bytes, name: str) -> Backup:
    """An entry of the catalog. Raises OperatorError where `content` is none."""
    try:
        found = json.loads(content)
        for field in ("started_at", "ended_at", "verified_at"):
            found[field] = datetime.fromisoformat(found[field]) if found[field] else None
        found["kind"] = BackupKind(found["kind"])
        return Backup(**found)
    except (ValueError, TypeError, KeyError) as error:
        raise OperatorError(
            f"{name} cannot be read ({error}): it is damaged. Restore that file, or move its folder away; the other "
            "backups are not touched."
        ) from error
