"""One import from its beginning to its end, whatever comes in between.

It is safe to repeat: a statement that is here already is only counted.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.errors import NotFound
from app.core.files import FileStore, claims
from app.db.models import XapiImport
from app.db.session import Database
from app.lrs.desk.imports import queries
from app.lrs.desk.imports.ingest import WAITS, Tally, take_in

OWNER = "lrs.imports"
"""Who claims the file of an import, until the import ends."""
Note = Callable[[Session, Tally], None]
_BEGINS_WITHIN = timedelta(minutes=1)
_TRIED_FOR = timedelta(days=1)


def find(session: Session, import_id: int) -> XapiImport:
    """One import. Raises NotFound."""
    record = queries.one(session, import_id)
    if record is None:
        raise NotFound("There is no such import.")
    return record


def work(database: Database, app_origin: str, files: FileStore, import_id: int) -> None:
    """Take in a kept file, unless it has ended or somebody else is at it. Raises FileMissing."""
    with queries.held(database, import_id) as mine:
        if not mine:
            return
        with database.begin() as session:
            record = queries.one(session, import_id)
            if record is None or record.status not in queries.OPEN:
                return
            record.status, record.started_at = "running", record.started_at or clock.now()
            sha256 = record.sha256
        _take_in(database, app_origin, files.read(sha256), import_id)


def work_here(
    database: Database,
    app_origin: str,
    pieces: Iterator[bytes],
    file_name: str,
    size: int,
    note: Note,
    waits: Callable[[], None] | None = None,
) -> Tally:
    """Take in a file of the operator's, which is not kept.

    `note` is called with each batch's tally, `waits` each time that others keep a batch from its turn. Raises Busy.
    """
    with database.begin() as session:
        record = XapiImport(
            file_name=file_name[:255],
            sha256="",
            size_bytes=size,
            status="running",
            started_at=clock.now(),
        )
        session.add(record)
        session.flush()
        import_id = record.id
        history.record(session, None, Action.STATEMENTS_IMPORT_BEGUN, import_id, file_name=record.file_name)
    with queries.held(database, import_id):
        try:
            return _take_in(database, app_origin, pieces, import_id, note, waits)
        except BaseException:
            give_up(database, import_id, "The command was interrupted. Run it again with the same file.")
            raise


def give_up(database: Database, import_id: int, reason: str) -> None:
    """Note why an import ended before its end."""
    with database.begin() as session:
        record = queries.one(session, import_id, lock=True)
        if record is not None and record.status in queries.OPEN:
            _fail(session, record, reason)


def resume(session: Session) -> list[int]:
    """Imports that a process left in the middle and that are to be begun again.

    One that ends its process every time, for a day, is given up, and so is that of a command, whose file is not here.
    """
    again = []
    for record in queries.left_open(session, clock.now() - _BEGINS_WITHIN):
        if not queries.is_abandoned(session, record.id):
            continue
        if not record.sha256:
            _fail(session, record, "The command was interrupted. Run it again with the same file.")
        elif record.started_at and record.started_at < clock.now() - _TRIED_FOR:
            _fail(
                session,
                record,
                "It was restarted for a day and interrupted each time. See the system log for the reason.",
            )
        else:
            again.append(record.id)
    return again


def _take_in(
    database: Database,
    app_origin: str,
    pieces: Iterator[bytes],
    import_id: int,
    report: Note | None = None,
    report_wait: Callable[[], None] | None = None,
) -> Tally:
    def waits() -> None:
        with database.begin() as session:
            find(session, import_id).error = WAITS
        if report_wait is not None:
            report_wait()

    def note(session: Session, tally: Tally) -> None:
        kept = find(session, import_id)
        kept.error = None
        kept.stored, kept.known, kept.refused = tally.stored, tally.known, tally.refused
        kept.bytes_read, kept.faults = tally.bytes_read, tally.faults
        if report is not None:
            report(session, tally)

    tally = take_in(database, app_origin, pieces, note=note, waits=waits)
    with database.begin() as session:
        record = find(session, import_id)
        record.status, record.error = ("failed", tally.ended) if tally.ended else ("done", None)
        record.finished_at, record.bytes_read = clock.now(), tally.bytes_read
        claims.release(session, OWNER, record.id)
    return tally


def _fail(session: Session, record: XapiImport, reason: str) -> None:
    record.status, record.error, record.finished_at = "failed", reason, clock.now()
    claims.release(session, OWNER, record.id)
