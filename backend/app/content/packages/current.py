"""How a lesson gets a version: the one before is replaced, and the files of the new one are noted and claimed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.content import queries
from app.core import clock
from app.core.files import StoredFile, claims
from app.core.permissions import Subject, internal
from app.db.models import ContentPackage

OWNER = "content.packages"
"""Who claims a package's files; the database releases them with the package's row."""


@dataclass(frozen=True, slots=True)
class FileIn:
    """A file of a version, which lies in the store."""

    path: str
    stored: StoredFile
    media_type: str | None


@internal("a step of an upload, of using a package again, and of publishing what was written")
def make_current(
    session: Session,
    subject: Subject,
    lesson_id: int,
    whole: FileIn,
    files: Iterable[FileIn],
    *,
    standard: str,
    title: str,
    manifest: Mapping[str, Any],
    warnings: Iterable[str] = (),
) -> ContentPackage:
    """Make what lies in the store the current version of a lesson that the transaction has locked.

    `whole` is what was uploaded or written, under its name; `files` are what the player is given. The history is the
    caller's.
    """
    queries.replace_current(session, lesson_id, clock.now())
    record = ContentPackage(
        lesson_id=lesson_id,
        version=queries.last_version(session, lesson_id) + 1,
        standard=standard,
        title=title,
        file_name=whole.path,
        sha256=whole.stored.sha256,
        size_bytes=whole.stored.size,
        manifest=manifest,
        warnings=list(warnings),
        uploaded_by=subject.user_id,
    )
    session.add(record)
    session.flush()
    files = list(files)
    queries.add_files(
        session,
        [
            {
                "package_id": record.id,
                "path": one.path,
                "sha256": one.stored.sha256,
                "size_bytes": one.stored.size,
                "media_type": one.media_type,
            }
            for one in files
        ],
    )
    # At the end: who puts the same content waits for this transaction from here on.
    claimed = [(one.stored, one.media_type) for one in (whole, *files)]
    claims.claim_all(session, claimed, room=OWNER, row=record.id)
    return record
