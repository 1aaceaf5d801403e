"""Letting go of stored files that no row names: what a crash, a refusal or a deleted lesson left behind.

A file may be wanted again at the very moment it is removed. So it is looked up once more while nobody can record a
package or an attachment, and removed before anybody can: an import puts its files under the same lock, and the
record store looks after recording an attachment whether its file is still there.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sqlalchemy.orm import Session

from app.content import queries
from app.core import clock, history
from app.core.actions import Action
from app.core.files import FileStore, KeptFile
from app.db.session import Database
from app.lrs import service as record_store

AGE = timedelta(hours=24)
_LOOKED_UP_AT_ONCE = 1000
# All statements wait while these are removed: in a bucket that is half a second.
_REMOVED_AT_ONCE = 20
_LONGEST_WAIT_SECONDS = 30 * 60


@dataclass(frozen=True, slots=True)
class Swept:
    """What went, or with `dry_run` would go: files that nothing names, their bytes, and broken-off uploads."""

    files: int = 0
    size_bytes: int = 0
    partial: int = 0


def sweep(
    database: Database,
    store: FileStore,
    *,
    older_than: timedelta = AGE,
    dry_run: bool = False,
    trust_empty: bool = False,
) -> Swept:
    """Remove files that no row names and that have been in the store for longer than `older_than`.

    A database that names no file at all is left alone, unless `trust_empty`: it is rather one that has yet to be
    restored than that of a school without a course.
    Works in transactions of its own. Broken off, it has removed what it has removed; the next one goes on.
    """
    before = clock.now() - older_than
    files = size_bytes = 0
    with database.begin() as session:
        if not (trust_empty or queries.names_any_file(session) or record_store.has_attachments(session)):
            return Swept()
    aged = (file for file in store.listed() if file.stored_at < before)
    for batch in _batches(aged, _LOOKED_UP_AT_ONCE):
        with database.begin() as session:
            suspects = _unnamed(session, batch)
        if not dry_run:
            suspects = [
                file
                for few in _batches(iter(suspects), _REMOVED_AT_ONCE)
                for file in _remove(database, store, few)
            ]
        files += len(suspects)
        size_bytes += sum(file.size for file in suspects)
    swept = Swept(files, size_bytes, 0 if dry_run else store.clear_scratch(before))
    if not dry_run and (swept.files or swept.partial):
        with database.begin() as session:
            history.record(
                session,
                None,
                Action.FILES_SWEPT,
                None,
                files=swept.files,
                size_bytes=swept.size_bytes,
                partial=swept.partial,
            )
    return swept


def release_file(session: Session, store: FileStore, sha256: str) -> None:
    """Remove one file at once, however new it is, unless a row names it. Statements wait until the transaction ends."""
    queries.lock_imports(session)
    record_store.hold_attachments(session)
    if sha256 not in _named(session, [sha256]):
        store.delete(sha256)


def _remove(database: Database, store: FileStore, suspects: Collection[KeptFile]) -> list[KeptFile]:
    with database.begin() as session:
        queries.wait_for_locks(session, _LONGEST_WAIT_SECONDS)
        queries.allow_long_pauses(session, _LONGEST_WAIT_SECONDS)
        # The import first, which may take long; only then what everybody waits for.
        queries.lock_imports(session)
        record_store.hold_attachments(session)
        doomed = _unnamed(session, suspects)
        for file in doomed:
            store.delete(file.sha256)
        return doomed


def _unnamed(session: Session, files: Collection[KeptFile]) -> list[KeptFile]:
    named = _named(session, [file.sha256 for file in files])
    return [file for file in files if file.sha256 not in named]


def _named(session: Session, hashes: Collection[str]) -> set[str]:
    return (
        queries.named_files(session, hashes)
        | record_store.attachment_files(session, hashes)
        | record_store.import_files(session, hashes)
    )


def _batches(files: Iterator[KeptFile], size: int) -> Iterator[list[KeptFile]]:
    while batch := list(islice(files, size)):
        yield batch
