"""Running PostgreSQL's own programs: with the password in the environment, ended with this process, and explained."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

from app.db.session import libpq_url
from app.ops.errors import OperatorError
from app.ops.postgres import PostgresPrograms, find_pg17
from app.ops.postgres.launch import dies_with_parent, environment, one_line
from app.ops.servers import connect
from app.settings import Settings

NAME = "aada_backup"
_WAIT_SECONDS = 0.1
_PATIENCE_SECONDS = 20.0
_LAST_IN_LINE = 19
Done = TypeVar("Done")


class Stopped(Exception):
    """The system ends: what runs was broken off."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a server says of itself."""

    system_identifier: int
    timeline: int
    version: str
    size_bytes: int


@dataclass(frozen=True)
class Source:
    """A server to back up, signed in as somebody who may replicate, and the programs to do it with."""

    settings: Settings
    programs: PostgresPrograms
    stopping: threading.Event

    @property
    def url(self) -> URL:
        return self.settings.backup_database_url

    @property
    def conninfo(self) -> str:
        """For PostgreSQL's programs. Without the password, which every user of the machine could read."""
        return libpq_url(self.url.set(database="postgres"), password=False)

    def connect(self, database: str | None = None) -> psycopg.Connection[tuple[object, ...]]:
        return connect(self.settings, self.url.set(database=database) if database else self.url)

    def cluster(self) -> Cluster:
        query = (
            "SELECT system_identifier, timeline_id, current_setting('server_version'),"
            " (SELECT sum(pg_database_size(oid)) FROM pg_database)::bigint"
            " FROM pg_control_system(), pg_control_checkpoint()"
        )
        with self.connect() as connection:
            row = connection.execute(query).fetchone()
        if row is None:
            raise OperatorError("The server does not say which database cluster it is.")
        return Cluster(int(str(row[0])), int(str(row[1])), str(row[2]).split(" ")[0], int(str(row[3])))

    def spawn(
        self, program: str, arguments: Sequence[str | Path], log: Path, *, name: str = NAME, options: str = ""
    ) -> subprocess.Popen[bytes]:
        """Start one of PostgreSQL's programs, which the server knows by the name; what it says goes to `log`.

        `options` are settings of its connection (`-c name=value`).
        """
        with log.open("ab") as said:
            return spawn(
                self.programs,
                program,
                arguments,
                said=said,
                password=self._password,
                name=name,
                options=options,
            )

    def run(self, program: str, arguments: Sequence[str | Path], failed: str) -> None:
        """Run one to its end. Raises OperatorError with `failed` and its last words, and Stopped."""
        run(self.programs, program, arguments, failed, password=self._password, stopping=self.stopping)

    @property
    def _password(self) -> str | None:
        return None if self.url.password is None else str(self.url.password)


def source_of(settings: Settings, stopping: threading.Event | None = None) -> Source:
    """The server of settings whose `database_url` is known."""
    return Source(settings, find_pg17(), stopping or threading.Event())


def spawn(
    programs: PostgresPrograms,
    program: str,
    arguments: Sequence[str | Path],
    *,
    said: int | IO[bytes] = subprocess.PIPE,
    stdin: int = subprocess.DEVNULL,
    password: str | None = None,
    name: str = NAME,
    options: str = "",
) -> subprocess.Popen[bytes]:
    """Start a program that is asked to end when this one does, however that ends; errors go where output goes."""
    variables = environment(programs) | {"PGAPPNAME": name, "PGCONNECT_TIMEOUT": "10"}
    if options:
        variables["PGOPTIONS"] = options
    if password is not None:
        variables["PGPASSWORD"] = password
    return subprocess.Popen(
        [programs.tool(program), *arguments],
        env=variables,
        stdin=stdin,
        stdout=said,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=dies_with_parent(),  # noqa: PLW1509  (two calls into the kernel)
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a program to end, and make it after a while. One that has ended is left as it is."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_PATIENCE_SECONDS)


def run(
    programs: PostgresPrograms,
    program: str,
    arguments: Sequence[str | Path],
    failed: str,
    *,
    password: str | None = None,
    stopping: threading.Event | None = None,
) -> str:
    """Run a program to its end; what it said. Raises OperatorError and Stopped."""
    process = spawn(programs, program, arguments, password=password)
    said: list[bytes] = []
    reader = threading.Thread(
        target=lambda: said.append(process.stdout.read() if process.stdout else b""), daemon=True
    )
    reader.start()
    try:
        while process.poll() is None:
            if stopping is not None and stopping.wait(_WAIT_SECONDS):
                raise Stopped
            if stopping is None:
                process.wait()
    finally:
        end(process)
        reader.join(30)
        if process.stdout is not None:
            process.stdout.close()
    text = b"".join(said).decode("utf-8", "replace")
    if process.returncode != 0:
        reason = one_line(text) if text.strip() else f"it ended with status {process.returncode}"
        raise OperatorError(f"{failed}: {reason}.")
    return text


def gently(work: Callable[[], Done]) -> Done:
    """Do it while nobody else wants the processor, with every program that it starts: pages go first.

    In a thread of its own, as a priority that was given away does not come back. Raises what the work raises.
    """
    made: Future[Done] = Future()

    def run() -> None:
        _give_way()
        try:
            made.set_result(work())
        except BaseException as error:
            made.set_exception(error)

    # Nobody who breaks it off waits for it: what it has started ends with it.
    threading.Thread(target=run, name=f"{threading.current_thread().name}, gently", daemon=True).start()
    return made.result()


def _give_way() -> None:
    if sys.platform == "linux":  # elsewhere a priority is a whole program's
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LAST_IN_LINE)


def count_rows(connection: psycopg.Connection[tuple[object, ...]], tables: Iterable[str]) -> dict[str, int]:
    """How many rows each of these tables has; one that is not there is left out."""
    counted = {}
    for table in tables:
        if connection.execute("SELECT to_regclass(quote_ident(%s))", (table,)).fetchone() != (None,):
            row = connection.execute(
                sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
            ).fetchone()
            counted[table] = int(str(row[0])) if row else 0
    return counted
