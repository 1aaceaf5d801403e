"""Two file locks: one start or stop at a time, and who is using the server."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.ops.errors import OperatorError


@contextmanager
def exclusive(path: Path, *, timeout_seconds: float) -> Iterator[None]:
    """Hold the lock `path` alone; the operating system lets go of it when a program is killed.

    Raises OperatorError when another program has it for longer than the timeout.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + timeout_seconds
        while not _try(handle, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise OperatorError(
                    f"Another program has been starting or stopping the database in {path.parent} for "
                    f"{timeout_seconds:.0f} seconds: wait for it or end it."
                )
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)


class Lease:
    """One program's use of the server: a shared lock, gone with the program however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    @property
    def held(self) -> bool:
        return self._handle is not None

    def take(self) -> None:
        if self._handle is None:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_SH)

    def give_back(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def in_use_by_others(self) -> bool:
        """Whether another program, or object in this one, holds a lease. Call it inside `exclusive`."""
        if not self._path.exists():
            return False
        handle = os.open(self._path, os.O_RDWR)
        try:
            if self._handle is not None:
                fcntl.flock(self._handle, fcntl.LOCK_UN)
            return not _try(handle, fcntl.LOCK_EX)
        finally:
            os.close(handle)
            if self._handle is not None:
                fcntl.flock(self._handle, fcntl.LOCK_SH)


def _try(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
