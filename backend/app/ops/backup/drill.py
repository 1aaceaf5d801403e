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
from psycopg import sql

from app.core import clock
from app.ops.backup import plan, receiver, restore
from app.ops.backup.place import BackupPlace, write_durably
from app.ops.backup.tools import Source, run
from app.ops.errors import OperatorError
from app.ops.postgres import EmbeddedServer
from app.settings import Settings

EVERY = timedelta(days=7)
STALE = timedelta(days=9)
"""Weekly, and two days for a machine that was off."""
_LAST = "drill.json"
_SCRATCH = "drill-"
_PATIENCE_SECONDS = 60
_TABLES = (
    "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname NOT LIKE 'procrastinate%' ORDER BY 1"
)
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
        before = _counted(source)
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
        with EmbeddedServer(scratch / "school" / "postgres") as server:
            restored, transcripts = _look(server)
            faults.append(_amcheck(server, source))
        after = _counted(source)
        tables, rows = len(restored), sum(restored.values())
        documents += len(transcripts)
        faults += [_differing(before, restored, after), _changed(source, transcripts)]
    except (OperatorError, psycopg.Error, OSError) as error:
        seconds = time.monotonic() - begun
        faults.append(" ".join(str(error).split()).rstrip("."))
    fault = "; ".join(one for one in faults if one) or None
    return Outcome(clock.now(), name, fault, reaches, round(seconds, 2), loss, tables, rows, documents)


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
        found = json.loads((place.folder / _LAST).read_bytes())
        for name in ("at", "restored_to"):
            found[name] = datetime.fromisoformat(found[name]) if found[name] else None
        return Outcome(**found)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def _counted(source: Source) -> dict[str, int]:
    with source.connect() as connection:
        return _rows(connection)


def _rows(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, int]:
    counted = {}
    for (name,) in connection.execute(_TABLES).fetchall():
        query = sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(str(name)))
        row = connection.execute(query).fetchone()
        counted[str(name)] = int(str(row[0])) if row else 0
    return counted


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
        "--username=postgres",
        "--database=aada_lms",
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


def _differing(before: dict[str, int], restored: dict[str, int], after: dict[str, int]) -> str | None:
    """A table whose rows are neither as many as before the drill nor as after it, nor between."""
    for name in sorted(before):
        least, most = sorted((before[name], after.get(name, before[name])))
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
