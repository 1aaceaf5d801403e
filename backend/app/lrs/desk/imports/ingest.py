"""Taking in the statements of another LRS, batch by batch.

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
from app.lrs.desk.imports.parser import SHAPES, Item, Reader
from app.lrs.engine import jsonio
from app.lrs.engine.agents.service import Directory
from app.lrs.engine.operations import run_sync
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements import validation
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.authority import Author
from app.lrs.engine.statements.checks import JsonObject
from app.lrs.engine.statements.preparation import Prepared, prepare
from app.lrs.engine.statements.storage import Submission, store_statements
from app.lrs.engine.versions import Version
from app.lrs.host.connection import driver
from app.lrs.host.service import directory_of

BATCH = 500
MOST_FAULTS = 1000
NO_BYTES = "Its attachment is not included in the file."
WAITS = (
    "Another import or system is storing statements. This import is waiting and will continue automatically."
)
MOST_WAITS = 180
"""Times that one batch asks for its turn before the import is given up: half an hour at 10 s each (`lock_timeout`)."""
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


class Busy(Exception):
    """Others have stored statements for so long that a batch never had its turn; those before it are stored."""


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
    waits: Callable[[], None] | None = None,
) -> Tally:
    """Store a file's statements batch by batch.

    `note` is called in each batch's transaction with the tally, `waits` outside of any each time that others have kept
    a batch from its turn for as long as a lock is waited for. Raises `Busy` after half an hour of that.
    """
    reader = Reader(pieces)
    tally = Tally()
    store = _Store(database, directory_of(app_origin), note, waits)
    batch: list[Item] = []
    for item in reader.items():
        batch.append(item)
        if len(batch) == BATCH:
            _batch(store, app_origin, batch, tally, reader)
            batch = []
    _batch(store, app_origin, batch, tally, reader)
    tally.ended = reader.ended
    return tally


def _batch(store: "_Store", app_origin: str, items: Sequence[Item], tally: Tally, reader: Reader) -> None:
    ready = []
    for item in items:
        try:
            ready.append(_Ready(item.line, Submission([_prepared(item)], *_author(item, app_origin))))
        except Refusal as refusal:
            where = f"{refusal.path}: " if refusal.path else ""
            tally.refuse(item.line, f"{where}{refusal.detail}")
    tally.bytes_read = reader.bytes_read
    try:
        store.keep(ready, tally)
    except _UNSTORABLE:
        # One of them is more than the database holds: find it by storing each alone.
        store.directory.forget()
        for one in ready:
            try:
                store.keep([one], tally)
            except _UNSTORABLE as fault:
                tally.refuse(one.line, f"The database cannot store it: {fault.diag.message_primary}.")


@dataclass(frozen=True, slots=True)
class _Store:
    """Where batches go, and who hears of them."""

    database: Database
    directory: Directory
    note: Callable[[Session, Tally], None] | None
    waits: Callable[[], None] | None

    def keep(self, ready: Sequence[_Ready], tally: Tally) -> None:
        """Store a batch in one transaction as soon as it is its turn."""
        for _ in range(MOST_WAITS):
            try:
                return self._keep(ready, tally)
            except psycopg.errors.LockNotAvailable:
                # The whole batch was rolled back, so it can be begun again.
                if self.waits is not None:
                    self.waits()
        raise Busy(
            "Other systems kept storing statements, so the import stopped waiting. What was "
            "imported so far is saved."
        )

    def _keep(self, ready: Sequence[_Ready], tally: Tally) -> None:
        with self.database.begin() as session:
            rows = 0
            refusals: list[Refusal | None] = []
            found = None
            if ready:
                submissions = [one.submission for one in ready]
                result = run_sync(driver(session), store_statements(submissions, self.directory))
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
            if self.note is not None:
                self.note(session, after)
        if found is not None:
            self.directory.remember(found)
        tally.stored, tally.known, tally.refused = after.stored, after.known, after.refused
        tally.faults = after.faults


def _prepared(item: Item) -> Prepared:
    if item.fault:
        raise Refusal(item.fault)
    statement = jsonio.loads(item.raw)
    if not isinstance(statement, dict):
        raise Refusal(f"A statement is an object. {SHAPES}")
    if not statement.keys() & {"actor", "verb", "object"}:
        raise Refusal(f"This is not a statement. {SHAPES}")
    if "id" not in statement:
        raise Refusal("It has no id, so importing the file again would store it twice.")
    version = Version.TWO if str(statement.get("version", "")).startswith("2.") else Version.ONE
    validation.statement(statement, "$", version)
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
            "name": "Import from another LRS",
            "account": {"homePage": app_origin, "name": "aada-lms-import"},
        }
        name = identity(person) or ""
    return (Author(None, jsonio.dumps(person), name, person, may_define=True),)
