"""The restore drill: the newest chain restored into scratch, started, examined, and compared with the live school."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from app.core import clock
from app.ops.backup import plan, receiver, restore
from app.ops.backup.place import BackupPlace, readable, write_durably
from app.ops.backup.tools import Source, Stopped, count_rows, run
from app.ops.errors import OperatorError
from app.ops.postgres import DEFAULT_DATABASE, SUPERUSER, EmbeddedServer
from app.settings import Settings

EVERY = timedelta(days=7)
STALE = timedelta(days=9)
"""Weekly, and two days for a machine that was off."""
_LAST = "drill.json"
_SCRATCH = "drill-"
_PATIENCE_SECONDS = 60
_STATISTICS_SECONDS = 11.0
_TABLES = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname NOT LIKE 'procrastinate%' ORDER BY 1"
)
_DELETED = "SELECT relname, n_tup_del FROM pg_stat_user_tables WHERE schemaname = 'public'"
_TRANSCRIPTS = (
    "SELECT id, md5(row_to_json(t)::text) FROM transcripts t WHERE mod(hashtext(id::text), 7) = 0"
    " ORDER BY id DESC LIMIT 50"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a drill found. `fault` is a sentence, or None when the school could have gone on from there."""

    at: datetime
    backup: str | None
    fault: str | None
    restored_to: datetime | None
    recovery_seconds: float
    loss_seconds: float | None
    tables: int = 0
    rows: int = 0
    documents: int = 0

    @property
    def details(self) -> dict[str, Any]:
        """For the history."""
        return {name: value for name, value in asdict(self).items() if name != "at"}


def run_drill(place: BackupPlace, source: Source, settings: Settings) -> Outcome:
    """Restore the latest there is, and see whether it is the school. The outcome is kept beside the backups.

    A drill that fails is an outcome, not an error. Raises OperatorError while another one runs.
    """
    place.prepare()
    with place.drilling():
        for left in place.folder.glob(f"{_SCRATCH}*"):
            if left.is_dir():  # of a drill that was killed: all records, uncompressed
                _clear(left)
        scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=place.folder))
        scratch.chmod(0o711)
        try:
            outcome = _drilled(place, source, settings, scratch)
        finally:
            _clear(scratch)
        shown = asdict(outcome) | {"at": outcome.at.isoformat()}
        shown["restored_to"] = outcome.restored_to.isoformat() if outcome.restored_to else None
        write_durably(place.folder / _LAST, json.dumps(shown, indent=2).encode())
    return outcome


def _drilled(place: BackupPlace, source: Source, settings: Settings, scratch: Path) -> Outcome:
    begun = time.monotonic()
    name: str | None = None
    reaches: datetime | None = None
    loss: float | None = None
    seconds, tables, rows, documents = 0.0, 0, 0, 0
    faults: list[str | None] = []
    try:
        before = _live(source)
        loss = receiver.lag_seconds(place, source, _PATIENCE_SECONDS)
        if loss is None:
            receiver.catch_up(place, source)
        wanted = plan.make(place, None, settings)
        name, reaches = wanted.backup.id, wanted.reaches
        begun = time.monotonic()
        into = scratch / "school"
        done = restore.restore(place, wanted, into, settings, lambda _line: None, source.stopping)
        seconds, name = time.monotonic() - begun, done.plan.backup.id
        documents = done.files
        faults += done.missing_files[:1]
        with EmbeddedServer(scratch / "school" / "postgres", ends_with_program=True) as server:
            restored, transcripts = _look(server)
            faults.append(_amcheck(server, source))
        after = _live(source)
        tables, rows = len(restored), sum(restored.values())
        documents += len(transcripts)
        fault = _differing(before, restored, after)
        if fault is not None:
            # A server reports what was deleted within seconds, not at once.
            if source.stopping.wait(_STATISTICS_SECONDS):
                raise Stopped
            fault = _differing(before, restored, _Live(after.rows, _live(source).deleted))
        faults += [fault, _changed(source, transcripts)]
    except (OperatorError, psycopg.Error, OSError) as error:
        seconds = time.monotonic() - begun
        faults.append(" ".join(str(error).split()).rstrip("."))
    found = "; ".join(one for one in faults if one) or None
    return Outcome(clock.now(), name, found, reaches, round(seconds, 2), loss, tables, rows, documents)


def _clear(scratch: Path) -> None:
    """Stop what a drill has started, and remove all that it has unpacked."""
    server = EmbeddedServer(scratch / "school" / "postgres")
    with suppress(OperatorError, OSError):
        server.shut_down(force=True)
    home = server.home
    shutil.rmtree(scratch, ignore_errors=True)
    if scratch not in home.parents:  # root's server user could not reach the folder
        shutil.rmtree(home, ignore_errors=True)


def last(place: BackupPlace) -> Outcome | None:
    """The outcome of the last drill; None while there was none."""
    try:
        with readable():
            found = json.loads((place.folder / _LAST).read_bytes())
        for name in ("at", "restored_to"):
            found[name] = datetime.fromisoformat(found[name]) if found[name] else None
        return Outcome(**found)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


@dataclass(frozen=True, slots=True)
class _Live:
    """Each table of the running school: how many rows it has, and how many were ever deleted."""

    rows: dict[str, int]
    deleted: dict[str, int]


def _live(source: Source) -> _Live:
    with source.connect() as connection:
        deleted = {str(name): int(str(count)) for name, count in connection.execute(_DELETED)}
        return _Live(_rows(connection), deleted)


def _rows(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, int]:
    return count_rows(connection, [str(name) for (name,) in connection.execute(_TABLES).fetchall()])


def _look(server: EmbeddedServer) -> tuple[dict[str, int], dict[str, str]]:
    with psycopg.connect(server.url()) as connection:
        return _rows(connection), _hashed(connection)


def _hashed(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, str]:
    if connection.execute("SELECT to_regclass('transcripts')").fetchone() == (None,):
        return {}
    return {str(row[0]): str(row[1]) for row in connection.execute(_TRANSCRIPTS)}


def _amcheck(server: EmbeddedServer, source: Source) -> str | None:
    arguments = [
        "--host=127.0.0.1",
        f"--port={server.port}",
        f"--username={SUPERUSER}",
        f"--database={DEFAULT_DATABASE}",
        "--install-missing",
        "--heapallindexed",
        "--no-password",
    ]
    try:
        run(
            source.programs,
            "pg_amcheck",
            arguments,
            "pg_amcheck found damage",
            password=server.password,
            stopping=source.stopping,
        )
    except OperatorError as error:
        return str(error).rstrip(".")
    return None


def _differing(before: _Live, restored: dict[str, int], after: _Live) -> str | None:
    """A table whose rows are neither as many as before the drill nor as after it, nor between.

    Where rows were deleted meanwhile, there may have been more of them at the instant than at either end.
    """
    for name in sorted(before.rows):
        if before.deleted.get(name) != after.deleted.get(name):
            continue
        least, most = sorted((before.rows[name], after.rows.get(name, before.rows[name])))
        if not least <= restored.get(name, -1) <= most:
            return f"{name} has {restored.get(name, 0)} rows in the restored database and {least} in the school’s"
    return None


def _changed(source: Source, restored: dict[str, str]) -> str | None:
    """A transcript that is not what it is in the school."""
    if not restored:
        return None
    query = "SELECT id, md5(row_to_json(t)::text) FROM transcripts t WHERE id::text = ANY(%s)"
    with source.connect() as connection:
        live = {str(row[0]): str(row[1]) for row in connection.execute(query, (list(restored),))}
    differing = [one for one, hashed in restored.items() if live.get(one) != hashed]
    return f"transcript {differing[0]} differs from the school’s" if differing else None
