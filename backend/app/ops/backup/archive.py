"""Reading a backup: every byte compared with its manifest, and unpacked.

pg_verifybackup of PostgreSQL 17 reads plain folders alone. A compressed backup is a twentieth of one, so it is
compared here with the same manifest as it stands, without room for its files; a restore runs pg_verifybackup on
what it has unpacked.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from app.core.later import later
from app.ops.backup.place import MANIFEST

if TYPE_CHECKING:
    import zstandard
else:
    zstandard = later("zstandard")

BASE, WAL = "base.tar.zst", "pg_wal.tar.zst"
_CHUNK = 1024 * 1024
_NOT_IN_MANIFEST = (MANIFEST,)
Progress = Callable[[int], None]
"""Is given how many bytes were read since it was last called."""


class Damaged(Exception):
    """A backup is not what was written: one sentence that names the file in it."""


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a backup, checked against the hash it carries of itself. Raises Damaged."""
    try:
        content = path.read_bytes()
        found: dict[str, Any] = json.loads(content)
        signed = content[: content.rindex(b'"Manifest-Checksum"')]
        if hashlib.sha256(signed).hexdigest() == found["Manifest-Checksum"]:
            return found
    except FileNotFoundError:
        raise Damaged(f"{MANIFEST} is missing") from None
    except (ValueError, KeyError):
        pass
    raise Damaged(f"{MANIFEST} has changed since it was written")


def verify(folder: Path, progress: Progress | None = None) -> None:
    """Compare every file of a backup with its manifest, by size and SHA-256. Raises Damaged."""
    expected = {one["Path"]: one for one in read_manifest(folder / MANIFEST)["Files"] if "Path" in one}
    seen = set()
    with _opened(folder / BASE, progress) as tar:
        for member in tar:
            if not member.isfile():
                continue
            name = member.name.removeprefix("./")
            known = expected.get(name)
            if known is None:
                if name not in _NOT_IN_MANIFEST:
                    raise Damaged(f"{name} is in {BASE} and not in the manifest")
                continue
            if member.size != known["Size"]:
                raise Damaged(f"{name} has {member.size} bytes instead of {known['Size']}")
            stream = tar.extractfile(member)
            digest = hashlib.sha256()
            while stream is not None and (chunk := stream.read(_CHUNK)):
                digest.update(chunk)
            if digest.hexdigest() != known["Checksum"]:
                raise Damaged(f"{name} has other content than when it was written")
            seen.add(name)
    missing = sorted(set(expected) - seen)
    if missing:
        raise Damaged(f"{missing[0]} is missing" + (f", with {len(missing) - 1} more" if missing[1:] else ""))
    with _opened(folder / WAL, progress) as tar:
        for member in tar:
            stream = tar.extractfile(member)
            while stream is not None and stream.read(_CHUNK):
                pass


def unpack(folder: Path, target: Path, progress: Progress | None = None) -> None:
    """Write a backup's files below `target`, its WAL in `pg_wal`, its manifest with them. Raises Damaged."""
    target.mkdir(mode=0o700)
    for name, into in ((BASE, target), (WAL, target / "pg_wal")):
        with _opened(folder / name, progress) as tar:
            into.mkdir(exist_ok=True, mode=0o700)
            for member in tar:
                tar.extract(member, into, filter="tar", numeric_owner=True)
    (target / MANIFEST).write_bytes((folder / MANIFEST).read_bytes())


def compress(path: Path) -> None:
    """Replace a file by its compressed form, whose name ends in `.zst` and which carries a checksum."""
    target = path.with_name(f"{path.name}.zst")
    with path.open("rb") as plain, target.open("wb") as stream:
        zstandard.ZstdCompressor(level=3, write_checksum=True).copy_stream(plain, stream)
        stream.flush()
        os.fsync(stream.fileno())
    path.unlink()


@contextmanager
def _opened(path: Path, progress: Progress | None) -> Iterator[tarfile.TarFile]:
    """A compressed archive to be read once from its beginning; what is wrong with it is raised as Damaged."""
    try:
        with (
            path.open("rb") as raw,
            zstandard.ZstdDecompressor().stream_reader(
                cast(BinaryIO, _Counted(raw, progress)) if progress else raw, read_across_frames=True
            ) as plain,
            tarfile.open(fileobj=plain, mode="r|") as tar,
        ):
            yield tar
    except FileNotFoundError as error:
        if error.filename != str(path):
            raise
        raise Damaged(f"{path.name} is missing") from None
    except (zstandard.ZstdError, tarfile.TarError, EOFError) as error:
        raise Damaged(f"{path.name} cannot be read to its end ({str(error) or 'it is cut off'})") from error


class _Counted:
    """A file that says how much of it was read."""

    def __init__(self, raw: Any, progress: Progress) -> None:
        self._raw = raw
        self._progress = progress

    def read(self, size: int = -1) -> bytes:
        content: bytes = self._raw.read(size)
        self._progress(len(content))
        return content
