"""A log file that several processes write to and that never outgrows its size.

Each line is one write at the end of the file, which the operating system keeps whole. Whoever finds the file full
takes a lock, and moves it aside unless another process has done so already.
"""

import fcntl
import glob
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.core import retention
from app.settings import Settings


class SharedRotatingFile(logging.Handler):
    """Appends lines to `path`; at `most_bytes` it becomes `path.1`, that one `path.2`, and so on up to `keep`.

    A process that still has the moved file open writes the rest of its lines there until it notices, which is at its
    next line, because that file is full. The directory is made if it is missing.
    """

    def __init__(self, path: Path, *, most_bytes: int, keep: int) -> None:
        super().__init__()
        self._path, self._most, self._keep = path, most_bytes, keep
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._open()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = f"{self.format(record)}\n".encode()
            if os.fstat(self._file).st_size + len(line) > self._most:
                self._make_room()
            os.write(self._file, line)
        except Exception:  # a full disk must stop nobody's request; logging says so on standard error
            self.handleError(record)

    def close(self) -> None:
        self.acquire()
        try:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
        finally:
            self.release()
        super().close()

    def _open(self) -> int:
        # Lines name people by their numbers: the file is its owner's alone.
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _make_room(self) -> None:
        with _locked(self._path):
            if self._is_current():
                for number in range(self._keep, 0, -1):
                    older = self._numbered(number - 1)
                    if older.exists():
                        older.replace(self._numbered(number))
            # Opened before the old one is closed: where that fails, the number would soon be another file's.
            full, self._file = self._file, self._open()
            os.close(full)

    def _is_current(self) -> bool:
        """Whether the file at the path is the one that is open here; another process may have moved it."""
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        here = os.fstat(self._file)
        return (there.st_ino, there.st_dev) == (here.st_ino, here.st_dev)

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone with the files beside `path`: nobody moves them meanwhile."""
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _old(path: Path, before: datetime) -> list[Path]:
    """The files that were moved aside and last written to before this moment, the oldest first; never the current."""
    found = []
    for one in path.parent.glob(f"{glob.escape(path.name)}.*"):
        if one.suffix[1:].isascii() and one.suffix[1:].isdigit():
            with suppress(FileNotFoundError):
                found.append((one.stat().st_mtime, one))
    return [one for written, one in sorted(found) if datetime.fromtimestamp(written, UTC) < before]


def _due(session: Session, before: datetime) -> int:
    settings: Settings = session.info["settings"]
    return 0 if settings.access_log_file is None else len(_old(settings.access_log_file, before))


def _purge(session: Session, before: datetime, few: int) -> int:
    settings: Settings = session.info["settings"]
    path = settings.access_log_file
    if path is None or not path.parent.is_dir():
        return 0
    with _locked(path):
        gone = _old(path, before)[:few]
        for one in gone:
            one.unlink()
    return len(gone)


retention.register(
    retention.Kind(
        "access_log_files",
        "Files of the access log",
        "Closed log files beside ACCESS_LOG_FILE, counted from their last line; the current one stays.",
        90,
        30,
        "A break-in is often noticed only weeks later.",
        _due,
        _purge,
    )
)
