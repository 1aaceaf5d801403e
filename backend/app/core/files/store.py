"""Files under the hash of their content: on local disk, or in any S3-compatible bucket.

A name can never lead out of the store, equal files are kept once, and a file that is claimed is the file that
was stored. The store knows no database: who puts a file claims it (`claims`) in the transaction that relies on it.
"""

import hashlib
import os
import re
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO

from app.core import clock
from app.core.files.scanner import Scanner, scanner_of
from app.settings import Settings

CHUNK = 256 * 1024
_RENEWED_AFTER = timedelta(minutes=15)
_PARTIAL = ("incoming-", "keep-")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What the store answers: SHA-256 as 64 hex digits and the size in bytes.

    `new` is False if the store had the same content before. `store` is where it was put; None for a file that is
    known from a row alone.
    """

    sha256: str
    size: int
    new: bool = field(default=False, compare=False)
    store: "FileStore | None" = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that is in the store: its hash, its size in bytes, and since when it is there (UTC)."""

    sha256: str
    size: int
    stored_at: datetime


class FileMissing(Exception):
    """No file has this hash in the store."""


class FileStore(ABC):
    """A content-addressed store of files. What is uploaded goes through `scanner` first (`app.core.files.intake`)."""

    scanner: Scanner | None = None

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch

    def put(self, source: bytes | BinaryIO, *, max_bytes: int | None = None) -> StoredFile:
        """Keep the content and return its hash and size. Raises ValueError beyond `max_bytes`.

        A file that is here already becomes as young as a new one: the sweep leaves its putter time to claim it.
        """
        self.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.scratch, prefix=_PARTIAL[0]) as temporary:
            digest, size = hashlib.sha256(), 0
            for chunk in _chunks(source):
                size += len(chunk)
                if max_bytes is not None and size > max_bytes:
                    raise ValueError(f"more than {max_bytes} bytes")
                digest.update(chunk)
                temporary.write(chunk)
            temporary.flush()
            stored = StoredFile(digest.hexdigest(), size, store=self)
            path = Path(temporary.name)
            if self.found(stored.sha256) is None:
                stored = replace(stored, new=True)
                self._keep(path, stored)
            else:
                self._renew(path, stored)
        return stored

    @abstractmethod
    def found(self, sha256: str) -> KeptFile | None:
        """The file as it stands in the store, or None if it is not there."""

    def exists(self, sha256: str) -> bool:
        return self.found(sha256) is not None

    @abstractmethod
    def _keep(self, path: Path, stored: StoredFile) -> None: ...

    def _renew(self, path: Path, stored: StoredFile) -> None:
        """Let the file count as stored just now; keep it again from `path` should it have gone meanwhile."""
        self._keep(path, stored)

    @abstractmethod
    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Chunks of the file from byte `start`, `length` bytes or all. Raises FileMissing.

        Who may stop before the end calls the iterator's `close`, if it has one.
        """

    @abstractmethod
    def delete(self, sha256: str) -> None:
        """Remove the file; that there is none is no error. The sweep's alone: it asks for claims first."""

    @abstractmethod
    def listed(self) -> Iterator[KeptFile]:
        """Every file of the store, in no order; one that comes or goes meanwhile may be among them or not."""

    def clear_scratch(self, before: datetime) -> int:
        """Remove what uploads left half-way that were broken off before this moment; how many files."""
        removed = 0
        for path in self.scratch.glob("*-*") if self.scratch.is_dir() else ():
            with suppress(FileNotFoundError):
                if path.name.startswith(_PARTIAL) and _changed(path.stat()) < before:
                    path.unlink()
                    removed += 1
        return removed

    def read_bytes(self, sha256: str) -> bytes:
        """The whole file; for small ones."""
        return b"".join(self.read(sha256))


class LocalStore(FileStore):
    """Files under `directory/ab/abcd…`; a file appears whole or not at all."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory / "incoming")
        self.directory = directory

    def _path(self, sha256: str) -> Path:
        if not _HASH.fullmatch(sha256):
            raise FileMissing(sha256)
        return self.directory / sha256[:2] / sha256

    def found(self, sha256: str) -> KeptFile | None:
        try:
            status = self._path(sha256).stat()
        except FileNotFoundError:
            return None
        return KeptFile(sha256, status.st_size, _changed(status))

    def _renew(self, path: Path, stored: StoredFile) -> None:
        try:
            os.utime(self._path(stored.sha256))
        except OSError:  # gone, or another user's: a file of our own takes its place
            self._keep(path, stored)

    def _keep(self, path: Path, stored: StoredFile) -> None:
        target = self._path(stored.sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = self.scratch / f"{_PARTIAL[1]}{stored.sha256}-{os.getpid()}-{os.urandom(4).hex()}"
        try:
            # A link costs nothing; a filesystem without them gets a copy.
            try:
                os.link(path, partial)
            except OSError:
                shutil.copyfile(path, partial)
            with partial.open("rb") as handle:
                os.fsync(handle.fileno())
            partial.chmod(0o440)
            partial.replace(target)
            # The name must outlive a power cut as well as the bytes: a row is about to rely on it.
            for folder in (target.parent, self.directory):
                _flush(folder)
        finally:
            partial.unlink(missing_ok=True)

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        try:
            # Read in pieces that are larger than any buffer: one more would only copy them.
            handle = self._path(sha256).open("rb", buffering=0)
        except FileNotFoundError:
            raise FileMissing(sha256) from None
        return _Window(handle, start, length)

    def delete(self, sha256: str) -> None:
        self._path(sha256).unlink(missing_ok=True)

    def listed(self) -> Iterator[KeptFile]:
        for folder in self.directory.glob("[0-9a-f][0-9a-f]"):
            for path in folder.iterdir():
                if _HASH.fullmatch(path.name):
                    with suppress(FileNotFoundError):
                        status = path.stat()
                        yield KeptFile(path.name, status.st_size, _changed(status))


class S3Store(FileStore):
    """Files as objects `files/ab/abcd…` of a bucket."""

    def __init__(self, client: Any, bucket: str, scratch: Path) -> None:
        super().__init__(scratch)
        self.client, self.bucket = client, bucket

    def _key(self, sha256: str) -> str:
        if not _HASH.fullmatch(sha256):
            raise FileMissing(sha256)
        return f"files/{sha256[:2]}/{sha256}"

    def found(self, sha256: str) -> KeptFile | None:
        try:
            answer = self.client.head_object(Bucket=self.bucket, Key=self._key(sha256))
        except self.client.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return KeptFile(sha256, answer["ContentLength"], answer["LastModified"])

    def _renew(self, path: Path, stored: StoredFile) -> None:
        # An object's time cannot be set. Sent again it is young, which is needed only where it is nearly old enough
        # to be swept.
        known = self.found(stored.sha256)
        if known is None or clock.now() - known.stored_at > _RENEWED_AFTER:
            self._keep(path, stored)

    def _keep(self, path: Path, stored: StoredFile) -> None:
        with path.open("rb") as handle:
            self.client.upload_fileobj(handle, self.bucket, self._key(stored.sha256))

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        if length == 0:
            return iter(())
        end = "" if length is None else str(start + length - 1)
        try:
            answer = self.client.get_object(
                Bucket=self.bucket, Key=self._key(sha256), Range=f"bytes={start}-{end}"
            )
        except self.client.exceptions.NoSuchKey:
            raise FileMissing(sha256) from None
        except self.client.exceptions.ClientError as error:
            # A range of an empty file cannot be satisfied.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 416:
                return iter(())
            raise
        chunks: Iterator[bytes] = answer["Body"].iter_chunks(CHUNK)
        return chunks

    def delete(self, sha256: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self._key(sha256))

    def listed(self) -> Iterator[KeptFile]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="files/")
        for page in pages:
            for item in page.get("Contents", ()):
                name = item["Key"].rpartition("/")[2]
                if _HASH.fullmatch(name) and item["Key"] == self._key(name):
                    yield KeptFile(name, item["Size"], item["LastModified"])


def open_store(settings: Settings) -> FileStore:
    """The store that the settings name: the bucket when there is one, else `data_dir/files`; and its scanner."""
    store = _opened(settings)
    store.scanner = scanner_of(settings)
    return store


def _opened(settings: Settings) -> FileStore:
    if settings.s3_bucket is None:
        return LocalStore(settings.data_dir / "files")
    import boto3  # noqa: PLC0415 - a heavy library that most schools never load

    key, secret = settings.s3_access_key_id, settings.s3_secret_access_key
    client = boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        region_name=settings.s3_region,
        aws_access_key_id=key.get_secret_value() if key else None,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
    )
    return S3Store(client, settings.s3_bucket, settings.data_dir / "incoming")


def _flush(folder: Path) -> None:
    with suppress(OSError):  # not every system lets a directory be opened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _changed(status: os.stat_result) -> datetime:
    return datetime.fromtimestamp(status.st_mtime, UTC)


def _chunks(source: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    while chunk := source.read(CHUNK):
        yield chunk


def resize(pieces: Iterator[bytes], size: int) -> None:
    """Have the pieces of a file that come from now on be of another size, where the store can."""
    if isinstance(pieces, _Window):
        pieces.size = size


class _Window(Iterator[bytes]):
    """A stretch of an open file, chunk by chunk. Closes the file at the end, or on request."""

    def __init__(self, handle: BinaryIO | FileIO, start: int, length: int | None) -> None:
        self._handle = handle
        self._left = length
        self.size = CHUNK
        handle.seek(start)

    def __next__(self) -> bytes:
        chunk = b""
        if not self._handle.closed:
            chunk = self._handle.read(self.size if self._left is None else min(self.size, self._left))
        if not chunk:
            self.close()
            raise StopIteration
        if self._left is not None:
            self._left -= len(chunk)
        return chunk

    def close(self) -> None:
        self._handle.close()
