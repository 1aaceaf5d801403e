"""A ZIP written in one pass, whatever its size: every file is hashed as it passes, and `SHA256SUMS` says so.

Files larger than 4 GiB and more than 65,535 of them are in it as ZIP64. What is kept in memory is the ZIP's own
directory; contents and sums are not.

    with open(path, "wb") as target, ZipArchive(target, made_at) as archive:
        archive.add("README.txt", b"…")
        archive.folder("students/12").add("index.html", b"…")
        archive.add_sums()
"""

import hashlib
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import IO, BinaryIO

SUMS = "SHA256SUMS"
_CHUNK = 256 * 1024


class _Hashing:
    def __init__(self, handle: IO[bytes]) -> None:
        self._handle, self.digest, self.size = handle, hashlib.sha256(), 0

    def write(self, chunk: bytes) -> None:
        self._handle.write(chunk)
        self.digest.update(chunk)
        self.size += len(chunk)


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the archive: its path below the folder it was added to, its size and its SHA-256."""

    path: str
    bytes: int
    sha256: str


@dataclass(slots=True)
class Folder:
    """A part of the archive under one path; `files` is what was added to it."""

    archive: "ZipArchive"
    prefix: str
    files: list[Written] = field(default_factory=list)

    @contextmanager
    def opened(self, path: str, *, packed: bool = True) -> Iterator[_Hashing]:
        """A file to write into; the next one may be opened when this one is closed."""
        with self.archive.opened(self.prefix + path, packed=packed) as handle:
            yield handle
        self.files.append(Written(path, handle.size, handle.digest.hexdigest()))

    def add(self, path: str, content: bytes, *, packed: bool = True) -> None:
        with self.opened(path, packed=packed) as handle:
            handle.write(content)

    def add_chunks(self, path: str, chunks: Iterable[bytes], *, packed: bool = True) -> None:
        with self.opened(path, packed=packed) as handle:
            for chunk in chunks:
                handle.write(chunk)


class ZipArchive:
    """The archive under way. `beat` is called again and again while it is written: who raises in it ends it."""

    def __init__(self, target: BinaryIO, made_at: datetime, beat: Callable[[], None] = lambda: None) -> None:
        self._zip = zipfile.ZipFile(target, "w")
        self._sums = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._made_at, self._beat = made_at, beat
        self.count, self.size = 0, 0

    def __enter__(self) -> "ZipArchive":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sums.close()
        # One that failed is given up by whoever opened the target.
        self._zip.close()

    def folder(self, path: str = "") -> Folder:
        """A folder to add files to."""
        return Folder(self, f"{path.strip('/')}/" if path else "")

    @contextmanager
    def opened(self, path: str, *, packed: bool = True) -> Iterator[_Hashing]:
        """A file to write into. `packed=False` for what is compressed already."""
        self._beat()
        info = zipfile.ZipInfo(path, self._made_at.timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.external_attr = 0o644 << 16
        with self._zip.open(info, "w", force_zip64=True) as handle:
            hashing = _Hashing(handle)
            yield hashing
        self.count += 1
        self.size += hashing.size
        self._sums.write(f"{hashing.digest.hexdigest()}  {path}\n".encode())

    def add(self, path: str, content: bytes, *, packed: bool = True) -> None:
        with self.opened(path, packed=packed) as handle:
            handle.write(content)

    def add_file(self, path: str, content: IO[bytes], *, packed: bool = True) -> None:
        """Add what is in an open file, from its beginning."""
        with self.opened(path, packed=packed) as handle:
            copy_into(content, handle)

    def add_sums(self) -> None:
        """The last file: the SHA-256 of every other one, as `sha256sum -c SHA256SUMS` reads it."""
        sums, self._sums = self._sums, tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        with sums:
            self.add_file(SUMS, sums)


def copy_into(content: IO[bytes], handle: _Hashing) -> None:
    """Write what is in an open file, from its beginning."""
    content.seek(0)
    while chunk := content.read(_CHUNK):
        handle.write(chunk)


def sha256_of(file: BinaryIO) -> tuple[str, int]:
    """The hash and the size of an open file, which is at its beginning afterwards."""
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    file.seek(0)
    return digest.hexdigest(), size
