"""Letting go of files that nobody claims: given up by their owners, or uploaded and never claimed.

Each file goes in a transaction of its own, which first deletes its rows: the foreign key refuses while there is a
claim, and whoever would claim the file now waits until it has gone, and notices.
"""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.files.store import FileStore

GRACE = timedelta(hours=24)
"""How long a file stays that was uploaded and never claimed, or whose last claim was released."""
TEMPORARY = timedelta(days=7)
"""How long a temporary claim holds."""
_LOOKED_UP_AT_ONCE = 1000
log = structlog.get_logger(__name__)

_HELD = sa.text(
    "SELECT DISTINCT sha256 FROM file_claims WHERE sha256 = ANY(:sha256)"
    " AND (released_at IS NULL OR released_at >= :before)"
)
_FORGOTTEN = sa.text(
    "SELECT sha256, size_bytes FROM stored_files file WHERE sha256 > :after AND stored_at < :before AND NOT EXISTS"
    " (SELECT FROM file_claims claim WHERE claim.sha256 = file.sha256"
    "  AND (released_at IS NULL OR released_at >= :before)) ORDER BY sha256 LIMIT :few"
)
_EXPIRE = sa.text(
    "UPDATE file_claims SET released_at = :now"
    " WHERE retention = 'temporary' AND released_at IS NULL AND claimed_at < :before"
)
_ANY_CLAIM = sa.text("SELECT EXISTS (SELECT FROM file_claims)")
_WAIT_BRIEFLY = sa.text("SELECT set_config('lock_timeout', '1s', true)")
_KNOW = sa.text(
    "INSERT INTO stored_files (sha256, size_bytes) VALUES (:sha256, :size) ON CONFLICT (sha256) DO NOTHING"
)
_DROP_CLAIMS = sa.text("DELETE FROM file_claims WHERE sha256 = :sha256 AND released_at < :before")
_DROP_FILE = sa.text("DELETE FROM stored_files WHERE sha256 = :sha256")
_LOCK_NOT_AVAILABLE = "55P03"


class Transactions(Protocol):
    """Whoever begins transactions: `app.db.session.Database`."""

    def begin(self) -> AbstractContextManager[Session]: ...


@dataclass(frozen=True, slots=True)
class Swept:
    """What went, or with `dry_run` would go: files that nobody claims, their bytes, and broken-off uploads."""

    files: int = 0
    size_bytes: int = 0
    partial: int = 0


@dataclass(frozen=True, slots=True)
class _Suspect:
    sha256: str
    size: int


def sweep(
    database: Transactions,
    store: FileStore,
    *,
    grace: timedelta = GRACE,
    dry_run: bool = False,
    trust_empty: bool = False,
) -> Swept:
    """Remove files that nobody has claimed for longer than `grace`, an hour at least.

    A database without any claim is left alone, unless `trust_empty`: it is rather one that has yet to be restored
    than that of a school without a file.
    Broken off, it has removed what it has removed; the next one goes on.
    """
    before = clock.now() - grace
    with database.begin() as session:
        if not (trust_empty or session.scalar(_ANY_CLAIM)):
            return Swept()
        if not dry_run:
            session.execute(_EXPIRE, {"now": clock.now(), "before": clock.now() - TEMPORARY})
    files = size_bytes = 0
    for suspect in _suspects(database, store, before):
        if dry_run or _remove(database, store, suspect, before):
            files += 1
            size_bytes += suspect.size
    if not dry_run:
        _forget(database, store, before)
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


def _suspects(database: Transactions, store: FileStore, before: datetime) -> Iterator[_Suspect]:
    aged = (_Suspect(file.sha256, file.size) for file in store.listed() if file.stored_at < before)
    while batch := list(islice(aged, _LOOKED_UP_AT_ONCE)):
        with database.begin() as session:
            held = _held(session, [file.sha256 for file in batch], before)
        yield from (file for file in batch if file.sha256 not in held)


def _held(session: Session, hashes: Collection[str], before: datetime) -> set[str]:
    return set(session.scalars(_HELD, {"sha256": list(hashes), "before": before}))


def _forget(database: Transactions, store: FileStore, before: datetime) -> None:
    """Rows of files that are gone already: a sweep was killed between the file and its commit."""
    after = ""
    while True:
        with database.begin() as session:
            found = session.execute(
                _FORGOTTEN, {"after": after, "before": before, "few": _LOOKED_UP_AT_ONCE}
            ).all()
        for sha256, size in found:
            if not store.exists(sha256):
                _remove(database, store, _Suspect(sha256, size), before)
        if len(found) < _LOOKED_UP_AT_ONCE:
            return
        after = found[-1][0]


def _remove(database: Transactions, store: FileStore, file: _Suspect, before: datetime) -> bool:
    """Remove a file with its rows, unless somebody claims it or is about to."""
    try:
        with database.begin() as session:
            session.execute(_WAIT_BRIEFLY)
            # The row of a file that was never claimed is made to be deleted: who claims the file waits for it.
            session.execute(_KNOW, {"sha256": file.sha256, "size": file.size})
            session.execute(_DROP_CLAIMS, {"sha256": file.sha256, "before": before})
            session.execute(_DROP_FILE, {"sha256": file.sha256})
            kept = store.found(file.sha256)
            if kept is not None and kept.stored_at >= before:
                # Put again since it was listed; its claim is still to come.
                session.rollback()
                return False
            store.delete(file.sha256)
    except IntegrityError:
        log.info("files.sweep_found_claim", sha256=file.sha256)
        return False
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        log.info("files.sweep_found_busy", sha256=file.sha256)
        return False
    return True
