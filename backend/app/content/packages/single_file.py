"""Files that were uploaded as they are, read as an archive with as many entries."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Protocol

from app.content.packages.archive import Entry
from app.content.packages.zip_entries import STORED
from app.core.errors import Invalid

_CHUNK = 256 * 1024


class Source(Protocol):
    """What a standard reads of an upload: an `Archive`, `LooseFiles` or a `SingleFile`."""

    entries: dict[str, Entry]

    def stream(self, path: str) -> Iterator[bytes]:
        """The bytes of one file, in pieces."""

    def read(self, path: str, at_most: int) -> bytes:
        """One file whole; Invalid if it is larger than `at_most` bytes."""


class LooseFiles:
    """An upload that is no zip: a film with its captions, say. The files are seekable and stay open."""

    def __init__(self, files: Mapping[str, BinaryIO]) -> None:
        self._files = dict(files)
        sizes = {name: file.seek(0, 2) for name, file in files.items()}
        self.entries = {name: Entry(name, size, size, 0, STORED, 0) for name, size in sizes.items()}

    def stream(self, path: str) -> Iterator[bytes]:
        file, left, at = self._files[path], self.entries[path].size, 0
        while left:
            file.seek(at)
            piece = file.read(min(_CHUNK, left))
            if not piece:
                return
            at, left = at + len(piece), left - len(piece)
            yield piece

    def read(self, path: str, at_most: int) -> bytes:
        if self.entries[path].size > at_most:
            raise Invalid(f"The file is larger than {at_most:,} bytes.")
        return b"".join(self.stream(path))


class SingleFile(LooseFiles):
    """One file that is a package by itself, under a name of our choice."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        super().__init__({name: file})
