"""Imports from the file to the records: send and check, map the columns, import, undo.

Nothing is imported before it was checked. The import itself is one transaction: all rows or, where that is asked
for, all good rows; a process that dies in the middle leaves nothing behind.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, BinaryIO

from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.files import FileStore, claims, intake
from app.core.permissions import Actor, internal
from app.db.models import DataImport
from app.settings import Settings
from app.web.imports import description, mapping, parser, queries
from app.web.imports.description import Fault, ImportKind, Row
from app.web.imports.policy import may_import, may_read_all, require_import, require_read
from app.web.listing import Listing
from app.web.paging import Paging
from app.web.reports.files import csv_chunks

OWNER = "web.imports"
MOST_FAULTS = 1000
"""Faults that are kept and shown."""
UNDO_FOR = timedelta(days=1)
NO_IMPORT = "There is no such import, or you don’t have access to it."
NOTHING = "Nothing was imported."


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file would give: its good rows, and the faults of the others."""

    sheet: parser.Sheet
    rows: list[Row]
    faults: list[Fault]

    @property
    def bad(self) -> int:
        """How many rows have a fault."""
        return len({fault.row for fault in self.faults})


@internal("reads what the rooms have registered")
def kind_of(name: str) -> ImportKind:
    """The kind of this name. Raises NotFound."""
    kind = description.find(name)
    if kind is None:
        raise NotFound(f"There is no import of “{name}”.")
    return kind


def possible(subject: Actor) -> list[ImportKind]:
    """The kinds that this person may import; none for one who only looks."""
    require_read(subject)
    return [kind for kind in description.kinds() if may_import(subject) and _may(kind, subject)]


def importable(subject: Actor, name: str) -> ImportKind:
    """The kind of this name. Raises NotFound, and Forbidden where this person may not import it."""
    require_import(subject)
    kind = kind_of(name)
    kind.require(subject)
    return kind


@internal("the headings are nobody's secret")
def template(kind: ImportKind) -> bytes:
    """A CSV with the headings and an example, which opens well in a spreadsheet."""
    return b"".join(
        csv_chunks([field.label for field in kind.fields], [[field.example for field in kind.fields]])
    )


def send(
    session: Session,
    subject: Actor,
    settings: Settings,
    files: FileStore,
    kind_name: str,
    file: BinaryIO,
    file_name: str,
) -> DataImport:
    """Keep a file, guess its columns and check its rows; nothing is imported. Raises Invalid for no table."""
    kind = importable(subject, kind_name)
    # A file that is no table is refused before anything of it is kept.
    sheet = parser.parse(file.read())
    intake.examine_upload(session, files, file)
    stored = files.put(file)
    user_id = subject.user_id
    before = queries.remembered(session, user_id, kind.name) if user_id is not None else {}
    record = DataImport(
        kind=kind.name,
        file_name=(file_name or "file")[:255].replace("\x00", ""),
        sha256=stored.sha256,
        size_bytes=stored.size,
        headers=sheet.headers,
        mapping=mapping.guess(kind, sheet.headers, before),
        rows_total=len(sheet.rows),
        created_by=user_id,
    )
    session.add(record)
    session.flush()
    claims.claim(session, stored, room=OWNER, row=record.id)
    history.record(
        session, subject, Action.IMPORT_BEGUN, record.id, kind=kind.name, file_name=record.file_name
    )
    _check(session, subject, settings, kind, record, sheet)
    return record


def listed(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """The imports that this person may see, the newest first."""
    require_read(subject)
    names = [kind.name for kind in description.kinds() if may_read_all(subject) or _may(kind, subject)]
    return queries.listed(session, paging, names)


def find(session: Session, subject: Actor, data_import_id: int) -> DataImport:
    """One import, to look at. Raises NotFound, also for one of a kind that this person may not import."""
    require_read(subject)
    record = queries.one(session, data_import_id)
    if record is None or not (may_read_all(subject) or _may(kind_of(record.kind), subject)):
        raise NotFound(NO_IMPORT)
    return record


def map_columns(
    session: Session,
    subject: Actor,
    settings: Settings,
    files: FileStore,
    data_import_id: int,
    chosen: Mapping[str, Any],
) -> DataImport:
    """Read the fields from these columns, check the rows again, and remember the choice for the next file."""
    record = _open(session, subject, data_import_id)
    kind = kind_of(record.kind)
    record.mapping = mapping.checked(kind, record.headers, chosen)
    sheet = parser.parse(files.read_bytes(record.sha256))
    if record.status == "queued":
        _ask(subject, kind, record, sheet)
    if subject.user_id is not None:
        headings = {name: record.headers[place] for name, place in record.mapping.items()}
        queries.remember(session, subject.user_id, kind.name, headings)
    _check(session, subject, settings, kind, record, sheet)
    return record


def preview(
    session: Session, subject: Actor, files: FileStore, data_import_id: int, most: int = 5
) -> list[list[str]]:
    """The first rows of a checked file as they stand in it, a text for each heading."""
    record = find(session, subject, data_import_id)
    if record.status != "checked":
        return []
    rows = parser.parse(files.read_bytes(record.sha256)).rows[:most]
    width = len(record.headers)
    return [(cells + [""] * width)[:width] for _number, cells in rows]


def start(
    session: Session, subject: Actor, files: FileStore, data_import_id: int, *, good_only: bool
) -> DataImport:
    """Mark a checked file as to be imported; the caller has it done, by the job or at once.

    Raises Conflict for bad rows unless they are to be left out, ProofRequired where a row asks for a proof.
    """
    record = _open(session, subject, data_import_id)
    _require_ready(record, good_only=good_only)
    kind = kind_of(record.kind)
    if kind.ask is not None:
        _ask(subject, kind, record, parser.parse(files.read_bytes(record.sha256)))
    record.good_only, record.status, record.error, record.rows_done = good_only, "queued", None, 0
    session.flush()
    return record


def run(
    session: Session,
    subject: Actor,
    settings: Settings,
    files: FileStore,
    data_import_id: int,
    progress: Callable[[int], None] = lambda _done: None,
) -> DataImport:
    """Import a file in the caller's transaction. Raises Conflict with a sentence where its rows are not good any more.

    The rows are checked again, alone with imports of this kind: another import, or a colleague, may have made the
    same records meanwhile. What comes in between even so is refused by the database, and nothing is imported.
    """
    record = _importable_one(session, subject, data_import_id)
    kind = kind_of(record.kind)
    queries.wait_for_turn(session, kind.name)
    # The row itself is not locked: the progress is written to it meanwhile.
    session.refresh(record)
    if record.status not in ("checked", "queued"):
        raise Conflict(f"This import is {record.status} already. {NOTHING}")
    found = examine(
        session, subject, settings, kind, parser.parse(files.read_bytes(record.sha256)), record.mapping
    )
    if found.faults and not record.good_only:
        raise Conflict(
            f"{_rows(found.bad)} cannot be imported: something has changed since the file was checked. "
            f"{NOTHING} Check the file again, or import only the good rows."
        )
    if not found.rows:
        raise Conflict(f"No row of the file can be imported any more. {NOTHING} Check the file again.")
    progress(len(found.rows) // 10)
    columns = dict(record.mapping)
    made = kind.insert(session, subject, settings, found.rows)
    progress(len(found.rows) * 9 // 10)
    # Discarded, or given other columns, while the rows were written: what was answered then holds.
    session.flush()
    now = queries.one(session, record.id, lock=True)
    if now is None or now.status not in ("checked", "queued") or now.mapping != columns:
        raise Conflict(f"This import was changed while it ran. {NOTHING}")
    queries.add_records(session, record.id, made)
    _keep(record, found)
    record.status, record.imported_at, record.rows_done, record.error = (
        "imported",
        clock.now(),
        len(made),
        None,
    )
    claims.release(session, OWNER, record.id)
    session.flush()
    history.record(
        session,
        subject,
        Action.IMPORT_APPLIED,
        record.id,
        kind=kind.name,
        file_name=record.file_name,
        imported=len(made),
        left_out=found.bad,
    )
    return record


def undo(session: Session, subject: Actor, data_import_id: int) -> DataImport:
    """Take away what an import made, within a day. Raises Conflict where it is too late, or a record has changed."""
    record = _importable_one(session, subject, data_import_id, lock=True)
    if record.status != "imported" or record.imported_at is None:
        raise Conflict("There is nothing to undo: this file is not imported.")
    if not may_undo(record):
        raise Conflict(
            "An import can be undone for a day, and that is over. Nothing was changed; delete the records one by one."
        )
    kind = kind_of(record.kind)
    queries.wait_for_turn(session, kind.name)
    made = queries.records(session, record.id)
    kind.undo(session, subject, made)
    record.status, record.undone_at = "undone", clock.now()
    session.flush()
    history.record(
        session,
        subject,
        Action.IMPORT_UNDONE,
        record.id,
        kind=kind.name,
        file_name=record.file_name,
        records=[one.record_id for one in made],
    )
    return record


@internal("looks at a record that was found before")
def may_undo(record: DataImport) -> bool:
    """Whether the day in which an import can be undone is not over."""
    return (
        record.status == "imported"
        and record.imported_at is not None
        and clock.now() - record.imported_at < UNDO_FOR
    )


def discard(session: Session, subject: Actor, data_import_id: int) -> DataImport:
    """Give a file up without importing it. Raises Conflict for one that is imported."""
    record = _open(session, subject, data_import_id)
    record.status = "discarded"
    claims.release(session, OWNER, record.id)
    session.flush()
    history.record(
        session, subject, Action.IMPORT_DISCARDED, record.id, kind=record.kind, file_name=record.file_name
    )
    return record


@internal("a step of sending, mapping and importing, which ask")
def examine(
    session: Session,
    subject: Actor,
    settings: Settings,
    kind: ImportKind,
    sheet: parser.Sheet,
    columns: Mapping[str, int],
) -> Checked:
    """Read and check every row. Raises Invalid where a required field has no column."""
    kind.require(subject)
    rows, faults = mapping.read(kind, sheet, columns)
    refused = list(kind.check(session, subject, settings, rows)) if rows else []
    bad = {fault.row for fault in refused}
    found = sorted([*faults, *refused], key=lambda fault: fault.row)
    return Checked(sheet, [row for row in rows if row.number not in bad], found)


@internal("notes why a job that was allowed imported nothing")
def fail(session: Session, data_import_id: int, reason: str) -> None:
    """Note why a job imported nothing; the file can be checked and imported again."""
    record = queries.one(session, data_import_id, lock=True)
    if record is not None and record.status == "queued":
        record.status, record.error, record.rows_done = "checked", reason, 0


def _check(
    session: Session,
    subject: Actor,
    settings: Settings,
    kind: ImportKind,
    record: DataImport,
    sheet: parser.Sheet,
) -> None:
    record.error = None
    try:
        found = examine(session, subject, settings, kind, sheet, record.mapping)
    except Invalid as problem:
        # The columns have to be chosen first.
        record.rows_bad, record.faults, record.error = record.rows_total, [], problem.detail
        session.flush()
        return
    _keep(record, found)
    session.flush()


def _ask(subject: Actor, kind: ImportKind, record: DataImport, sheet: parser.Sheet) -> None:
    if kind.ask is not None:
        rows, _faults = mapping.read(kind, sheet, record.mapping)
        kind.ask(subject, rows)


def _keep(record: DataImport, found: Checked) -> None:
    record.rows_total, record.rows_bad = len(found.sheet.rows), found.bad
    record.faults = [fault.as_json() for fault in found.faults[:MOST_FAULTS]]


def _require_ready(record: DataImport, *, good_only: bool) -> None:
    if record.error is not None and not record.faults and record.rows_bad == record.rows_total:
        raise Conflict(f"{record.error} {NOTHING}")
    if record.rows_bad and not good_only:
        raise Conflict(
            f"{_rows(record.rows_bad)} cannot be imported as they are. {NOTHING} Correct the file and send it "
            "again, or import only the good rows."
        )
    if record.rows_bad == record.rows_total:
        raise Conflict(f"No row of this file can be imported. {NOTHING} Correct the file and send it again.")


def _open(session: Session, subject: Actor, data_import_id: int) -> DataImport:
    record = _importable_one(session, subject, data_import_id, lock=True)
    if record.status not in ("checked", "queued"):
        raise Conflict(f"This import is {record.status} already. Send the file again for another one.")
    return record


def _importable_one(
    session: Session, subject: Actor, data_import_id: int, *, lock: bool = False
) -> DataImport:
    """One import, to act on. Raises NotFound for one of a kind that this person may not import."""
    require_import(subject)
    record = queries.one(session, data_import_id, lock=lock)
    if record is None or not _may(kind_of(record.kind), subject):
        raise NotFound(NO_IMPORT)
    return record


def _may(kind: ImportKind, subject: Actor) -> bool:
    try:
        kind.require(subject)
    except Forbidden:
        return False
    return True


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
