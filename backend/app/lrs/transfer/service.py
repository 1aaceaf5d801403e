"""Files of statements sent through the portal."""

from typing import BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import Invalid
from app.core.files import FileStore
from app.core.jobs import enqueue
from app.core.permissions import Subject
from app.db.models import XapiImport
from app.lrs.transfer.jobs import take_in_file
from app.lrs.transfer.working import find

__all__ = ["begin", "find", "imports"]


def begin(session: Session, subject: Subject, files: FileStore, file: BinaryIO, file_name: str) -> XapiImport:
    """Keep a file and have it taken in by a job. Raises Invalid for an empty one."""
    stored = files.put(file)
    if stored.size == 0:
        raise Invalid("The file is empty. Choose the file that the other record store exported.")
    record = XapiImport(
        file_name=file_name[:255] or "statements",
        sha256=stored.sha256,
        size_bytes=stored.size,
        created_by=subject.user_id,
    )
    session.add(record)
    session.flush()
    audit.record(
        session, subject, "statements.import_begun", "xapi_imports", record.id, file_name=record.file_name
    )
    enqueue(session, take_in_file, import_id=record.id)
    return record


def imports(session: Session) -> list[XapiImport]:
    """The files sent, the newest first; at most 50."""
    return list(session.scalars(select(XapiImport).order_by(XapiImport.id.desc()).limit(50)))
