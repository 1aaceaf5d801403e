"""The database as one compressed SQL file, and such a file into an empty database: `pg_dump` and `psql`, kept safe."""

from __future__ import annotations

import gzip
import os
import subprocess
import zlib
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from app.db.session import libpq_url
from app.ops import roles
from app.ops.backup.tools import run, spawn
from app.ops.errors import OperatorError
from app.ops.postgres import find_pg17
from app.ops.postgres.launch import one_line
from app.ops.servers import connect
from app.settings import Settings

_RELATIONS = (
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'v', 'S') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"
)
_CHUNK = 1024 * 1024
_COMPLETE = b"-- PostgreSQL database dump complete"


def dump(settings: Settings, target: Path) -> int:
    """Write the database to `target`, whole or not at all; its size in bytes. Raises OperatorError."""
    if target.exists():
        raise OperatorError(f"{target} is there already: name another file. Nothing was changed.")
    partial = target.with_name(f"{target.name}.partial")
    try:
        # Every record is in it: nobody else reads it while it is written.
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        url = settings.backup_database_url
        run(
            find_pg17(),
            "pg_dump",
            [
                f"--dbname={libpq_url(url, password=False)}",
                f"--file={partial}",
                "--compress=gzip:6",
                "--no-password",
            ],
            "The database could not be dumped",
            password=None if url.password is None else str(url.password),
        )
        partial.replace(target)
    except OSError as error:
        raise OperatorError(f"{target} cannot be written ({error.strerror}). Nothing was changed.") from error
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def load(settings: Settings, source: Path) -> None:
    """Bring what `dump` wrote into an empty database, all of it or nothing. Raises OperatorError."""
    with connect(settings) as connection:
        row = connection.execute(_RELATIONS).fetchone()
    if row is None or row[0] != 0:
        raise OperatorError(
            f"The database {settings.owner_database_url.database} is not empty, and a dump is never loaded over "
            "anything: rename it and make a new one (docs/runbooks/database.md). Nothing was changed."
        )
    with _opened(source) as stream:
        roles.ensure_roles(settings)
        with TemporaryFile() as said:
            status = _psql(settings, source, stream, said)
            said.seek(0)
            lines = said.read().decode("utf-8", "replace").splitlines()
    # psql quotes the statement below its complaint, so the last line says nothing.
    reason = next((one_line(line) for line in lines if "ERROR" in line), one_line("\n".join(lines)))
    if status != 0:
        raise OperatorError(f"{source} could not be loaded ({reason}). The database is empty as before.")


def _opened(source: Path) -> gzip.GzipFile:
    try:
        return gzip.open(source)
    except OSError as error:
        raise OperatorError(f"{source} cannot be read ({error.strerror}). Nothing was changed.") from error


def _psql(settings: Settings, source: Path, stream: gzip.GzipFile, said: IO[bytes]) -> int:
    """Give psql the file in one transaction, which ends when the file has been read to its end; the exit status.

    The transaction is begun and committed by what is written here. With `--single-transaction`, the end of the input
    commits, and it also comes when this process is killed in the middle.
    """
    url = settings.owner_database_url
    process = spawn(
        find_pg17(),
        "psql",
        [
            "--no-psqlrc",
            "--quiet",
            "--no-password",
            "--set=ON_ERROR_STOP=1",
            "--output=/dev/null",
            libpq_url(url, password=False),
        ],
        said=said,
        stdin=subprocess.PIPE,
        password=None if url.password is None else str(url.password),
    )
    try:
        with suppress(BrokenPipeError):  # psql has ended, and says why
            _feed(process, stream)
    except BaseException as error:
        process.kill()
        if isinstance(error, EOFError | zlib.error | OSError):
            raise OperatorError(
                f"{source} can’t be read to its end as a dump ({error}). The database is empty as before."
            ) from error
        raise
    finally:
        process.communicate()
    return process.returncode


def _feed(process: subprocess.Popen[bytes], stream: gzip.GzipFile) -> None:
    """Raises EOFError, before anything is committed, for a dump that was cut off before it was compressed."""
    if process.stdin is None:
        return
    process.stdin.write(b"BEGIN;\n")
    tail = b""
    while chunk := stream.read(_CHUNK):
        process.stdin.write(chunk)
        tail = (tail + chunk)[-_CHUNK:]
    if _COMPLETE not in tail:
        raise EOFError("pg_dump’s last line is missing")
    process.stdin.write(b"\nCOMMIT;\n")
    process.stdin.flush()
