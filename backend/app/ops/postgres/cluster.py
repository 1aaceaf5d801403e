"""Making a new cluster, and recognising one of another version."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from app.ops.errors import OperatorError
from app.ops.postgres.binaries import MAJOR, PostgresPrograms
from app.ops.postgres.identity import ServerUser
from app.ops.postgres.launch import environment, one_line


def version(data: Path) -> str | None:
    """The major version that made the cluster in `data`, for example ``"17"``; None when there is none."""
    try:
        return (data / "PG_VERSION").read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise OperatorError(
            f"You may not read {data}: run this as the user who owns it, or set DATA_DIR."
        ) from error


def check_version(data: Path) -> None:
    """Refuse data that PostgreSQL 17 did not make."""
    found = version(data)
    if found is None:
        raise OperatorError(f"{data} is not a PostgreSQL data directory: move it away or set DATA_DIR .")
    if found != str(MAJOR):
        raise OperatorError(
            f"The database in {data} was made by PostgreSQL {found}, and this version includes {MAJOR}: "
            "restore a dump of it into a new one (docs/runbooks/database.md), or set DATA_DIR."
        )


def initialise(home: Path, *, programs: PostgresPrograms, user: ServerUser, password: str) -> None:
    """Make a cluster in `home/data`, with data checksums, UTF-8, and the superuser's password.

    The work is done beside and renamed when complete: a kill in the middle leaves no half a cluster behind.
    The builtin C.UTF-8 provider orders text the same on every machine and after every system upgrade.
    """
    unfinished = home / "data.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    user.own(unfinished)
    pwfile = home / "pwfile"
    pwfile.unlink(missing_ok=True)
    handle = os.open(pwfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(f"{password}\n")
    user.own(pwfile)
    command: list[str | Path] = [
        programs.tool("initdb"),
        "-D",
        unfinished,
        "--username=postgres",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--data-checksums",
        "--auth=scram-sha-256",
        f"--pwfile={pwfile}",
        "--no-instructions",
    ]
    try:
        done = subprocess.run(
            command,
            cwd=home,
            env=environment(programs),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **user.credentials,
        )
        if done.returncode != 0:
            raise OperatorError(f"PostgreSQL could not create a database in {home}: {one_line(done.stderr)}.")
        unfinished.rename(home / "data")
    except OSError as error:
        raise OperatorError(f"PostgreSQL could not create a database in {home}: {error}.") from error
    finally:
        pwfile.unlink(missing_ok=True)
        shutil.rmtree(unfinished, ignore_errors=True)
