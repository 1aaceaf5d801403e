"""A file that was uploaded by itself, read as an archive with one entry."""

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from app.content.packages.archive import Entry
from app.content.packages.zip_entries import STORED
from app.core.errors import Invalid

_CHUNK = 256 * 1024


class Source(Protocol):
    """What a standard reads of an upload: an `Archive`, or a `SingleFile`."""

    entries: dict[str, Entry]

    def stream(self, path: str) -> Iterator[bytes]:
        """The bytes of one file, in pieces."""

    def read(self, path: str, at_most: int) -> bytes:
        """One file whole; Invalid if it is larger than `at_most` bytes."""


class SingleFile:
    """An upload that is no zip, under a name of our choice. `file` is seekable and stays open."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        size = file.seek(0, 2)
        self.entries = {name: Entry(name, size, size, 0, STORED, 0)}

    def stream(self, path: str) -> Iterator[bytes]:
        left = self.entries[path].size
        at = 0
        while left:
            self._file.seek(at)
            piece = self._file.read(min(_CHUNK, left))
            if not piece:
                return
            at, left = at + len(piece), left - len(piece)
            yield piece

    def read(self, path: str, at_most: int) -> bytes:
        if self.entries[path].size > at_most:
            raise Invalid(f"The file is larger than {at_most:,} bytes.")
        return b"".join(self.stream(path))
