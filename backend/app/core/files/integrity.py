"""Is every file there that somebody claims, and is it what it was?"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core.files import claims
from app.core.files.store import FileMissing, FileStore


@dataclass(frozen=True, slots=True)
class Checked:
    """One claimed file: `fault` says what is wrong with it, or is None."""

    file: claims.ClaimedFile
    fault: str | None


def check(session: Session, store: FileStore, *, read: bool = True) -> Iterator[Checked]:
    """Every claimed file, as it is found in the store; without `read` by its presence and size alone."""
    for file in claims.listed(session):
        if file.owners:
            yield Checked(file, _fault(store, file, read=read))


def _fault(store: FileStore, file: claims.ClaimedFile, *, read: bool) -> str | None:
    kept = store.found(file.sha256)
    if kept is None:
        return "is missing"
    if kept.size != file.size_bytes:
        return f"has {kept.size} bytes instead of {file.size_bytes}"
    if not read:
        return None
    digest = hashlib.sha256()
    try:
        for chunk in store.read(file.sha256):
            digest.update(chunk)
    except FileMissing:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    return None if digest.hexdigest() == file.sha256 else "has other content than when it was stored"
