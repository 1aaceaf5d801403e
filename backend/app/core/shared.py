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

    def read(self, place: int, count: int) -> tuple[int, ...]:
        """So many of them at once, from a place on."""
        return struct.unpack_from(f"<{count}q", self._memory, place * _NUMBER.size)

    def __setitem__(self, place: int, number: int) -> None:
        _NUMBER.pack_into(self._memory, place * _NUMBER.size, number)


class _Alone:
    """One thread of one process at a time. The system lets go of what a process held that was killed."""

    def __init__(self, prefix: str) -> None:
        self._lock, name = tempfile.mkstemp(prefix=prefix)
        Path(name).unlink()
        weakref.finalize(self, os.close, self._lock)
        self._threads = threading.Lock()

    def __enter__(self) -> None:
        self._threads.acquire()
        fcntl.lockf(self._lock, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        fcntl.lockf(self._lock, fcntl.LOCK_UN)
        self._threads.release()


class Buckets:
    """Rate limits by number, counted by all processes together: so many a minute, a minute's worth at once at most.

    Kept in a table of fixed size; when a number finds no place there, it takes that of whoever has been quiet longest.
    """

    _entry: Final = struct.Struct("<qqdd")  # number, limit, tokens, when they were counted
    _tried: Final = 16

    def __init__(self, places: int = 4096) -> None:
        self._places = places
        self._memory = mmap.mmap(-1, places * self._entry.size)
        self._alone = _Alone("aada-buckets-")

    def take(self, number: int, limit: int) -> float:
        """Count one of `limit` a minute; the seconds to wait when there is none left, else 0."""
        with self._alone:
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


class Names:
    """Names that all processes have one number for each, in the order they were first asked for."""

    def __init__(self, size: int, longest: int = 120) -> None:
        self.size = size
        self._longest = longest
        self._memory = mmap.mmap(-1, size * longest)
        self._alone = _Alone("aada-names-")
        self._known: dict[str, int] = {}

    def number(self, name: str) -> int | None:
        """The number of a name, given to it now if it has none; None when there is no number left."""
        found = self._known.get(name)
        if found is None and len(self._known) < self.size:
            with self._alone:
                found = self._found(name.encode()[: self._longest])
            if found is not None:
                self._known[name] = found
        return found

    def all(self) -> list[str]:
        """Every name so far, in the order of their numbers."""
        found = []
        for place in range(self.size):
            name = self._at(place)
            if not name:
                break
            found.append(name.decode(errors="ignore"))
        return found

    def _at(self, place: int) -> bytes:
        return self._memory[place * self._longest : (place + 1) * self._longest].rstrip(b"\0")

    def _found(self, name: bytes) -> int | None:
        for place in range(self.size):
            here = self._at(place)
            if not here:
                self._memory[place * self._longest : place * self._longest + len(name)] = name
            if here in (b"", name):
                return place
        return None
