"""Taking in the statements of another record store, batch by batch.

A batch is one transaction: all of its good statements are stored, or none. The same file again changes nothing,
because a statement that is here already is only counted. A statement keeps its own authority where that is one
agent; else it stands on the import's word. `stored` becomes the moment it is stored here, as the standard says.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from app.db.session import Database
from app.lrs.desk.browser.queries import driver
from app.lrs.desk.imports.parser import SHAPES, Item, Reader
from app.lrs.engine import jsonio
from app.lrs.engine.agents.service import Directory
from app.lrs.engine.operations import run_sync
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements import validate
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.preparation import Prepared, prepare
from app.lrs.engine.statements.shape import JsonObject
from app.lrs.engine.statements.storage import Author, Submission, store_statements
from app.lrs.engine.versions import Version
from app.lrs.host.service import directory_of

BATCH = 500
MOST_FAULTS = 1000
NO_BYTES = "The bytes of its attachment are not in the file."
_UNSTORABLE = (psycopg.DataError, psycopg.errors.ProgramLimitExceeded)


@dataclass(slots=True)
class Tally:
    """What became of a file's statements. `faults` holds the first thousand.

    `ended` says why the reading stopped before the end of the file; empty when all of it was read.
    """

    stored: int = 0
    known: int = 0
    refused: int = 0
    bytes_read: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)
    ended: str = ""

    def refuse(self, line: int, reason: str) -> None:
        self.refused += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append({"line": line, "reason": reason})


@dataclass(frozen=True, slots=True)
class _Ready:
    line: int
    submission: Submission


def take_in(
    database: Database,
    app_origin: str,
    pieces: Iterator[bytes],
    *,
    note: Callable[[Session, Tally], None] | None = None,
) -> Tally:
    """Store a file's statements batch by batch. `note` is called in each batch's transaction with the tally."""
    reader = Reader(pieces)
    tally = Tally()
    directory = directory_of(app_origin)
    batch: list[Item] = []
    for item in reader.items():
        batch.append(item)
        if len(batch) == BATCH:
            _batch(database, app_origin, directory, batch, tally, reader, note)
            batch = []
    _batch(database, app_origin, directory, batch, tally, reader, note)
    tally.ended = reader.ended
    return tally


def _batch(
    database: Database,
    app_origin: str,
    directory: Directory,
    items: Sequence[Item],
    tally: Tally,
    reader: Reader,
    note: Callable[[Session, Tally], None] | None,
) -> None:
    ready = []
    for item in items:
        try:
            ready.append(_Ready(item.line, Submission([_prepared(item)], *_author(item, app_origin))))
        except Refusal as refusal:
            where = f"{refusal.path}: " if refusal.path else ""
            tally.refuse(item.line, f"{where}{refusal.detail}")
    tally.bytes_read = reader.bytes_read
    try:
        _store(database, directory, ready, tally, note)
    except _UNSTORABLE:
        # One of them is more than the database holds: find it by storing each alone.
        directory.forget()
        for one in ready:
            try:
                _store(database, directory, [one], tally, note)
            except _UNSTORABLE as fault:
                tally.refuse(one.line, f"The database cannot hold it: {fault.diag.message_primary}.")


def _store(
    database: Database,
    directory: Directory,
    ready: Sequence[_Ready],
    tally: Tally,
    note: Callable[[Session, Tally], None] | None,
) -> None:
    with database.begin() as session:
        rows = 0
        refusals: list[Refusal | None] = []
        found = None
        if ready:
            result = run_sync(driver(session), store_statements([one.submission for one in ready], directory))
            rows, refusals, found = result.rows, result.refusals, result.found
        after = Tally(
            tally.stored + rows,
            tally.known + len(ready) - rows - sum(refusal is not None for refusal in refusals),
            tally.refused,
            tally.bytes_read,
            list(tally.faults),
        )
        for one, refusal in zip(ready, refusals, strict=True):
            if refusal is not None:
                after.refuse(one.line, refusal.detail)
        if note is not None:
            note(session, after)
    if found is not None:
        directory.remember(found)
    tally.stored, tally.known, tally.refused, tally.faults = (
        after.stored,
        after.known,
        after.refused,
        after.faults,
    )


def _prepared(item: Item) -> Prepared:
    if item.fault:
        raise Refusal(item.fault)
    statement = jsonio.loads(item.raw)
    if not isinstance(statement, dict):
        raise Refusal(f"A statement is an object. {SHAPES}")
    if not statement.keys() & {"actor", "verb", "object"}:
        raise Refusal(f"This is no statement. {SHAPES}")
    if "id" not in statement:
        raise Refusal("It has no id, so the same file again would store it twice.")
    version = Version.TWO if str(statement.get("version", "")).startswith("2.") else Version.ONE
    validate.statement(statement, "$", version)
    for part in (statement, statement["object"]):
        for attachment in part.get("attachments", ()):
            if "fileUrl" not in attachment:
                raise Refusal(NO_BYTES, path="$.attachments")
    return prepare(statement, version)


def _author(item: Item, app_origin: str) -> tuple[Author]:
    own: JsonObject = jsonio.loads(item.raw).get("authority") or {}
    name = identity(own) if own.get("objectType", "Agent") == "Agent" else None
    person: JsonObject = own
    if name is None:
        person = {
            "objectType": "Agent",
            "name": "Import from another record store",
            "account": {"homePage": app_origin, "name": "aada-lms-import"},
        }
        name = identity(person) or ""
    return (Author(None, jsonio.dumps(person), name, person, may_define=True),)
