"""The database as one compressed SQL file, and such a file into an empty database: `pg_dump` and `psql`, kept safe."""

from __future__ import annotations

import gzip
import os
import subprocess
import zlib
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from app.db.session import libpq_url
from app.ops import roles
from app.ops.backup.tools import run
from app.ops.errors import OperatorError
from app.ops.postgres import find_pg17
from app.ops.postgres.launch import environment, one_line
from app.ops.servers import connect
from app.settings import Settings

_RELATIONS = (
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'v', 'S') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'"
)
_CHUNK = 1024 * 1024


def dump(settings: Settings, target: Path) -> int:
    """Write the database to `target`, whole or not at all; its size in bytes. Raises OperatorError."""
    if target.exists():
        raise OperatorError(f"{target} is there already: name another file. Nothing was changed.")
    partial = target.with_name(f"{target.name}.partial")
    try:
        # Every record is in it: nobody else reads it while it is written.
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        url = settings.owner_database_url
        run(
            find_pg17(),
            "pg_dump",
            [
                f"--dbname={libpq_url(url._replace(password=None))}",
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
    _require_readable(source)
    with connect(settings) as connection:
        row = connection.execute(_RELATIONS).fetchone()
    if row is None or row[0] != 0:
        raise OperatorError(
            f"The database {settings.owner_database_url.database} is not empty, and a dump is never loaded over "
            "anything: rename it and make a new one (docs/runbooks/database.md). Nothing was changed."
        )
    roles.ensure_app_role(settings)
    with TemporaryFile() as said:
        status = _psql(settings, source, said)
        said.seek(0)
        lines = said.read().decode("utf-8", "replace").splitlines()
    # psql quotes the statement below its complaint, so the last line says nothing.
    reason = next((one_line(line) for line in lines if "ERROR" in line), one_line("\n".join(lines)))
    if status != 0:
        raise OperatorError(f"{source} could not be loaded ({reason}). The database is empty as before.")


def _psql(settings: Settings, source: Path, said: IO[bytes]) -> int:
    url = settings.owner_database_url
    variables = environment(find_pg17())
    if url.password is not None:
        variables["PGPASSWORD"] = str(url.password)
    process = subprocess.Popen(
        [
            find_pg17().tool("psql"),
            "--no-psqlrc",
            "--quiet",
            "--no-password",
            "--set=ON_ERROR_STOP=1",
            "--single-transaction",
            "--output=/dev/null",
            libpq_url(url._replace(password=None)),
        ],
        env=variables,
        stdin=subprocess.PIPE,
        stderr=said,
    )
    try:
        with gzip.open(source) as stream:
            while process.stdin is not None and (chunk := stream.read(_CHUNK)):
                process.stdin.write(chunk)
    except BrokenPipeError:
        pass  # psql has ended, and says why
    except BaseException:
        process.kill()  # before its input ends: what it has read so far must not be committed
        raise
    finally:
        process.communicate()
    return process.returncode


def _require_readable(source: Path) -> None:
    """A file that breaks off would be half a school: it is read to its end first."""
    try:
        with gzip.open(source) as stream:
            while stream.read(_CHUNK):
                pass
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise OperatorError(
            f"{source} is no dump that can be read to its end ({error}). Nothing was changed."
        ) from error
    except OSError as error:
        raise OperatorError(f"{source} cannot be read ({error.strerror}). Nothing was changed.") from error
