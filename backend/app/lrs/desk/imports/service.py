"""Files of statements, as an administrator sends and keeps them."""

from typing import Any, BinaryIO

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.errors import Conflict, Invalid, NotFound
from app.core.files import FileStore, claims, intake
from app.core.jobs import enqueue
from app.core.permissions import Actor
from app.db.models import XapiImport
from app.lrs.desk import policy
from app.lrs.desk.imports import queries, runner
from app.lrs.desk.imports.jobs import take_in_file
from app.web.listing import Listing
from app.web.paging import Paging

__all__ = ["begin", "find", "imports", "remove"]


def begin(session: Session, subject: Actor, files: FileStore, file: BinaryIO, file_name: str) -> XapiImport:
    """Keep a file and have it taken in by a job. Raises Invalid for an empty one."""
    policy.require_manage(subject)
    intake.examine_upload(session, files, file)
    stored = files.put(file)
    if stored.size == 0:
        raise Invalid("The file is empty. Choose the file that the other LRS exported.")
    record = XapiImport(
        file_name=file_name[:255] or "statements",
        sha256=stored.sha256,
        size_bytes=stored.size,
        created_by=subject.user_id,
    )
    session.add(record)
    session.flush()
    claims.claim(session, stored, room=runner.OWNER, row=record.id)
    history.record(session, subject, Action.STATEMENTS_IMPORT_BEGUN, record.id, file_name=record.file_name)
    enqueue(session, take_in_file, import_id=record.id)
    return record


def find(session: Session, subject: Actor, import_id: int) -> XapiImport:
    """One import. Raises NotFound."""
    policy.require_read(subject)
    return runner.find(session, import_id)


def imports(session: Session, subject: Actor, paging: Paging) -> Listing[Row[Any]]:
    """The files taken in, each as `XapiImport` with the `sender`'s name, None for a command's; the newest first."""
    policy.require_read(subject)
    return queries.imports(session, paging)


def remove(session: Session, subject: Actor, import_id: int) -> None:
    """Forget an import that has ended; the statements stay. Its file was given up when it ended.

    Raises NotFound, and Conflict for one that has not ended.
    """
    policy.require_manage(subject)
    record = queries.one(session, import_id, lock=True)
    if record is None:
        raise NotFound("There is no such import.")
    if record.status in queries.OPEN:
        raise Conflict("This import has not finished. Wait until it has, then remove it.")
    history.record(
        session,
        subject,
        Action.STATEMENTS_IMPORT_REMOVED,
        record.id,
        file_name=record.file_name,
        status=record.status,
        stored=record.stored,
        known=record.known,
        refused=record.refused,
    )
    session.delete(record)
    session.flush()
