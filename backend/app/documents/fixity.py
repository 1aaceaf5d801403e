"""Whether every issued file is still what was issued: each byte of each is read against the register.

Permanent storage is a promise that nobody notices broken until the file is asked for, years later. A file that is
missing or has changed is named on the Operations page and mailed to the administrators while a backup still has it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.files import FileMissing, FileStore
from app.core.permissions import SYSTEM, internal
from app.db.models import IssuedDocument
from app.db.session import Database
from app.documents import queries

AT_A_TIME = 500
"""Rows of the register that are in memory at once; files are read in chunks."""
NAMED = 20
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LastCheck:
    """What the newest pass found. `faults` are the first ones, as sentences."""

    at: datetime
    files: int
    size_bytes: int
    faults: tuple[str, ...]
    fault_count: int


@internal("the nightly job, and the operator’s command")
def check_files(database: Database, store: FileStore) -> LastCheck | None:
    """Read every issued file, and record in the history what was found. No transaction is held while files are read."""
    after = files = size_bytes = fault_count = 0
    faults: list[str] = []
    while True:
        with database.begin() as session:
            rows = queries.with_files(session, after, AT_A_TIME)
        if not rows:
            break
        for row in rows:
            files += 1
            size_bytes += row.size_bytes or 0
            fault = _fault(store, row)
            if fault is not None:
                log.error("document.file_changed", number=row.number, fault=fault)
                fault_count += 1
                faults += [f"{row.number} {fault}."] if len(faults) < NAMED else []
        after = rows[-1].id
    with database.begin() as session:
        history.record(
            session,
            SYSTEM,
            Action.DOCUMENTS_CHECKED,
            None,
            files=files,
            size_bytes=size_bytes,
            faults=faults,
            fault_count=fault_count,
        )
        return last_check(session)


@internal("numbers of documents; the page that shows it asks")
def last_check(session: Session) -> LastCheck | None:
    """The newest pass, from the history; None before the first."""
    entry = history.latest(session, Action.DOCUMENTS_CHECKED)
    if entry is None:
        return None
    said = entry.details
    return LastCheck(entry.at, said["files"], said["size_bytes"], tuple(said["faults"]), said["fault_count"])


def _fault(store: FileStore, row: IssuedDocument) -> str | None:
    digest, size = hashlib.sha256(), 0
    try:
        for chunk in store.read(row.sha256 or ""):
            digest.update(chunk)
            size += len(chunk)
    except FileMissing:
        return "is missing from the file store"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    if size != row.size_bytes:
        return f"has {size:,} bytes instead of {row.size_bytes:,}"
    return None if digest.hexdigest() == row.sha256 else "has other content than when it was issued"
