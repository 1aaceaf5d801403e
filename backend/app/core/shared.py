"""Memory that the processes of one server share: made before they are forked, gone with the last of them.

Nothing in it must outlive the server: what does is in the database.
"""

import fcntl
import mmap
import os
import struct
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Final

_NUMBER: Final = struct.Struct("<q")


class Numbers:
    """A row of whole numbers. Each has one process that writes it; everybody may read it at any time."""

    def __init__(self, size: int) -> None:
        self._memory = mmap.mmap(-1, size * _NUMBER.size)
        self.size = size

    def __getitem__(self, place: int) -> int:
        number: int = _NUMBER.unpack_from(self._memory, place * _NUMBER.size)[0]
        return number

    def __setitem__(self, place: int, number: int) -> None:
        _NUMBER.pack_into(self._memory, place * _NUMBER.size, number)


class Buckets:
    """Rate limits by number, counted by all processes together: so many a minute, a minute's worth at once at most.

    Kept in a table of fixed size; when a number finds no place there, it takes that of whoever has been quiet longest.
    """

    _entry: Final = struct.Struct("<qqdd")  # number, limit, tokens, when they were counted
    _tried: Final = 16

    def __init__(self, places: int = 4096) -> None:
        self._places = places
        self._memory = mmap.mmap(-1, places * self._entry.size)
        # Locked by record: the system lets go of what a process held that was killed.
        self._lock, name = tempfile.mkstemp(prefix="aada-buckets-")
        Path(name).unlink()
        weakref.finalize(self, os.close, self._lock)
        self._threads = threading.Lock()

    def take(self, number: int, limit: int) -> float:
        """Count one of `limit` a minute; the seconds to wait when there is none left, else 0."""
        with self._alone():
            now = monotonic()
            place = self._place(number)
            known, before, tokens, at = self._entry.unpack_from(self._memory, place)
            if (known, before) != (number, limit):
                tokens, at = float(limit), now
            tokens = min(float(limit), tokens + (now - at) * limit / 60)
            wait = 0.0 if tokens >= 1 else (1 - tokens) * 60 / limit
            self._entry.pack_into(self._memory, place, number, limit, tokens - (not wait), now)
            return wait

    def _place(self, number: int) -> int:
        """Where the number is, or where it may be put."""
        first = hash(number) % self._places
        best, quietest = 0, float("inf")
        for step in range(self._tried):
            offset = (first + step) % self._places * self._entry.size
            known, limit, _tokens, at = self._entry.unpack_from(self._memory, offset)
            if known == number or limit == 0:
                return offset
            if at < quietest:
                best, quietest = offset, at
        return best

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._threads:
            fcntl.lockf(self._lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._lock, fcntl.LOCK_UN)
