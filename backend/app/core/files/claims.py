"""Who relies on a stored file: one row for each owner, written in the transaction that relies on it.

While a file has a claim that is not released it stays; the foreign key and the triggers of the database see to it,
whatever the code forgets. The order of locks is that of the rows: who claims a file holds its row in `stored_files`
until the commit, and the sweep deletes that row before it removes the file, so that one of the two waits for the other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString, cast

import sqlalchemy as sa
from sqlalchemy import CursorResult
from sqlalchemy.orm import Session

from app.core import retention
from app.core.errors import Conflict
from app.core.files import quota
from app.core.files.store import FileMissing, StoredFile

retention.keep(
    "Stored files",
    "A file stays as long as a record relies on it. One that nothing relies on goes a day later.",
    "stored_files",
    "file_claims",
)


class Retention(StrEnum):
    """How long a claim holds."""

    TEMPORARY = "temporary"
    """Until it is released, and a week at most: exports, files on their way through a job."""
    NORMAL = "normal"
    """Until it is released."""
    PERMANENT = "permanent"
    """Permanently: it can be neither released nor deleted (transcripts and other records with permanent retention)."""


# Plain SQL: the LRS claims attachments with it, on connections of its own. Rows of `stored_files` are locked
# in the order of their hashes, by an UPDATE that changes nothing: ON CONFLICT DO NOTHING would not wait for a sweep.
CLAIM: LiteralString = """
WITH wanted AS (
    SELECT * FROM unnest(%(sha256)s::text[], %(size_bytes)s::bigint[], %(media_type)s::text[], %(owner_row)s::text[])
        AS wanted (sha256, size_bytes, media_type, owner_row)
), known AS (
    INSERT INTO stored_files (sha256, size_bytes, media_type)
    SELECT DISTINCT ON (sha256) sha256, size_bytes, media_type FROM wanted ORDER BY sha256, media_type
    ON CONFLICT (sha256) DO UPDATE SET media_type = excluded.media_type
    WHERE stored_files.media_type IS NULL AND excluded.media_type IS NOT NULL
)
INSERT INTO file_claims (sha256, owner_room, owner_row, retention)
SELECT DISTINCT sha256, %(owner_room)s::text, owner_row, %(retention)s::text FROM wanted
ON CONFLICT (owner_room, owner_row, sha256, retention) WHERE released_at IS NULL DO NOTHING
"""
"""Claims files given as arrays of one length: `sha256`, `size_bytes`, `media_type` (or NULL) and `owner_row`, for one
`owner_room` and `retention`. A claim that is there already stays as it is.
"""

_OWN = sa.text(
    "SELECT id FROM file_claims WHERE released_at IS NULL AND sha256 = :sha256 AND owner_room = :room"
    " AND owner_row = :row AND retention = :retention"
)
_ALONE = sa.text(
    "SELECT wanted FROM unnest(CAST(:sha256 AS text[])) AS wanted WHERE NOT EXISTS (SELECT FROM file_claims"
    " WHERE sha256 = wanted AND released_at IS NULL AND NOT (owner_room = :room AND owner_row = :row))"
)
_PERMANENT = sa.text(
    "SELECT EXISTS (SELECT FROM file_claims"
    " WHERE owner_room = :room AND owner_row = :row AND retention = 'permanent')"
)
_RELEASE = sa.text(
    "UPDATE file_claims SET released_at = now()"
    " WHERE owner_room = :room AND owner_row = :row AND released_at IS NULL"
)


def claim(
    session: Session,
    stored: StoredFile,
    *,
    room: str,
    row: int | str,
    retention: Retention = Retention.NORMAL,
    media_type: str | None = None,
) -> int:
    """Keep a file that was just put, for a row of a room's; the number of the claim, for a foreign key.

    `room` names the owner's table or use ("content.packages"), `row` its key. To claim again what one has claimed is
    the same claim. The transaction that relies on the file must do it, within half an hour of `put`.
    Raises OverQuota unless it is permanent, and FileMissing if the file has gone from the store in the meantime: put it
    again.
    """
    claim_all(session, [(stored, media_type)], room=room, row=row, retention=retention)
    found = {"sha256": stored.sha256, "room": room, "row": str(row), "retention": retention.value}
    return int(session.execute(_OWN, found).scalar_one())


def claim_all(
    session: Session,
    files: Iterable[tuple[StoredFile, str | None]],
    *,
    room: str,
    row: int | str,
    retention: Retention = Retention.NORMAL,
) -> None:
    """Keep several files, each with its media type, for one row; see `claim`."""
    claim_rows(
        session, [(row, stored, media_type) for stored, media_type in files], room=room, retention=retention
    )


def claim_rows(
    session: Session,
    files: Iterable[tuple[int | str, StoredFile, str | None]],
    *,
    room: str,
    retention: Retention = Retention.NORMAL,
) -> None:
    """Keep files for many rows of a room's: the row, the file and its media type; see `claim`."""
    every = {(str(row), stored.sha256): (stored, media_type) for row, stored, media_type in files}
    if not every:
        return
    session.flush()
    added = 0
    if retention is not Retention.PERMANENT:
        # Who puts the same at this moment may count it as well; the sum of what is there has it once.
        sizes = {stored.sha256: stored.size for stored, _ in every.values()}
        added = sum(sizes[sha256] for sha256 in quota.unknown(session, list(sizes)))
    session.connection().exec_driver_sql(
        CLAIM,
        {
            "sha256": [sha256 for _, sha256 in every],
            "size_bytes": [stored.size for stored, _ in every.values()],
            "media_type": [media_type for _, media_type in every.values()],
            "owner_row": [row for row, _ in every],
            "owner_room": room,
            "retention": retention.value,
        },
    )
    quota.settle(session, added)
    by_row: dict[str, list[StoredFile]] = {}
    for (row, _), (stored, _media_type) in every.items():
        by_row.setdefault(row, []).append(stored)
    for row, own in by_row.items():
        _make_sure(session, own, room, row)


def _make_sure(session: Session, files: list[StoredFile], room: str, row: str) -> None:
    """What was here before it was put may have been swept before it was claimed. From now on it cannot be."""
    older = {stored.sha256: stored for stored in files if not stored.new and stored.store is not None}
    if not older:
        return
    # A file that somebody else claims as well has been safe all the time, and need not be looked for.
    for sha256 in session.scalars(_ALONE, {"sha256": list(older), "room": room, "row": row}):
        store = older[sha256].store
        if store is not None and not store.exists(sha256):
            raise FileMissing(sha256)


def release(session: Session, room: str, row: int | str) -> int:
    """Give up all claims of a row; how many there were. The files go when nobody claims them, after a grace time.

    Raises Conflict if one of them is permanent.
    """
    owner = {"room": room, "row": str(row)}
    session.flush()
    if session.execute(_PERMANENT, owner).scalar():
        raise Conflict("This file is kept permanently. It cannot be removed.")
    released = cast("CursorResult[Any]", session.execute(_RELEASE, owner))
    return released.rowcount


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """One row of the list: a file, and who claims it ("content.packages 12"); nobody for one that was given up."""

    sha256: str
    size_bytes: int
    media_type: str | None
    stored_at: datetime
    owners: tuple[str, ...]
    permanent: bool


_LIST = sa.text(
    """
    SELECT file.sha256, file.size_bytes, file.media_type, file.stored_at,
           coalesce(array_agg(claim.owner_room || ' ' || claim.owner_row ORDER BY claim.id)
                    FILTER (WHERE claim.id IS NOT NULL), '{}'),
           coalesce(bool_or(claim.retention = 'permanent'), false)
    FROM (SELECT * FROM stored_files WHERE sha256 > :after ORDER BY sha256 LIMIT :few) AS file
    LEFT JOIN file_claims claim ON claim.sha256 = file.sha256 AND claim.released_at IS NULL
    GROUP BY file.sha256, file.size_bytes, file.media_type, file.stored_at ORDER BY file.sha256
    """
)


_STORED_SINCE = sa.text("SELECT sha256 FROM stored_files WHERE stored_at >= :at ORDER BY stored_at, sha256")
_CLAIMED = sa.text(
    "SELECT DISTINCT file.sha256 FROM stored_files file JOIN file_claims claim USING (sha256)"
    " WHERE claim.released_at IS NULL ORDER BY 1"
)


def stored_since(session: Session, at: datetime) -> list[str]:
    """The hashes of the files that were first claimed then or later, oldest first."""
    return list(session.scalars(_STORED_SINCE, {"at": at}))


def claimed(session: Session) -> list[str]:
    """The hashes of all files that something relies on."""
    return list(session.scalars(_CLAIMED))


def listed(session: Session, *, room: str | None = None, few: int = 1000) -> Iterator[ClaimedFile]:
    """Every file that was ever claimed and has not gone, by hash; with `room`, those that it claims."""
    after = ""
    while rows := session.execute(_LIST, {"after": after, "few": few}).all():
        for row in rows:
            file = ClaimedFile(row[0], row[1], row[2], row[3], tuple(row[4]), row[5])
            if room is None or any(owner.partition(" ")[0] == room for owner in file.owners):
                yield file
        after = rows[-1][0]
