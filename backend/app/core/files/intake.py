"""The way of an uploaded file into the store: read whole, scanned, counted, then kept.

Nothing is kept before all of it has passed. What the system makes itself (documents) is put without.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from sqlalchemy.orm import Session

from app.core.files import quota
from app.core.files.store import CHUNK, FileStore, StoredFile


def examine(store: FileStore, chunks: Iterable[bytes]) -> StoredFile:
    """What the store would answer for these bytes: hash and size. Nothing is kept.

    Raises Infected, TooLargeToScan and ScannerDown where a scanner is set; what `chunks` raises goes on.
    """
    digest, size = hashlib.sha256(), 0

    def passing() -> Iterator[bytes]:
        nonlocal size
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
            yield chunk

    if store.scanner is None:
        for _ in passing():
            pass
    else:
        store.scanner.scan(passing())
    return StoredFile(digest.hexdigest(), size)


def examine_file(store: FileStore, file: BinaryIO) -> StoredFile:
    """The same for a seekable file, which stands at its beginning afterwards."""
    file.seek(0)
    found = examine(store, iter(lambda: file.read(CHUNK), b""))
    file.seek(0)
    return found


def examine_upload(session: Session, store: FileStore, file: BinaryIO) -> None:
    """Let one file in, or raise: what `examine` raises, and OverQuota where there is no room for it."""
    quota.require_room(session, [examine_file(store, file)])
