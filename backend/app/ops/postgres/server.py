"""The embedded PostgreSQL 17 server: one data directory, one server, shared by the programs that use it.

Beside what `home` keeps in `directory`: `users.lock` held by each program while it uses the server, `start.lock`
during a start or stop, `keep-running` while it is to outlive them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg

from app.ops.errors import OperatorError
from app.ops.postgres import cluster, locks, postmaster
from app.ops.postgres.binaries import PostgresPrograms
from app.ops.postgres.home import SUPERUSER, Home
from app.ops.postgres.process import Process

DEFAULT_DATABASE = "aada_lms"


@dataclass(frozen=True)
class ServerStatus:
    """What `aada db status` shows: running or not, process id, port, version, and where the data is."""

    running: bool
    pid: int | None
    port: int | None
    data: Path
    version: str | None


class EmbeddedServer:
    """A PostgreSQL 17 server with its data below `directory`.

    `start` joins a running server of the same directory or starts one; `stop` lets go of it, and the last
    program to do so stops the server. One started with `start(keep_running=True)` runs until `shut_down`.
    One that `ends_with_program` is gone when the thread that started it is, a killed one included.
    `durable=False` is for tests: fast, no promise, deleted by `stop`, and it ends with its program.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        start_timeout_seconds: float = 120,
        ends_with_program: bool = False,
    ) -> None:
        self.directory = directory.absolute()
        self._timeout = start_timeout_seconds
        self._home = Home(self.directory, port=port, durable=durable)
        self._process = Process(
            self._home,
            settings=settings or {},
            ends_with_program=ends_with_program or not durable,
            timeout_seconds=start_timeout_seconds,
        )
        self._lease = locks.Lease(self.directory / "users.lock")

    # Where things are ---------------------------------------------------------------------------------------

    @property
    def home(self) -> Path:
        """The directory that holds the cluster: `directory`, or where its link `home` leads."""
        return self._home.path

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self._home.data

    @property
    def log(self) -> Path:
        """The file the server writes its messages to."""
        return self._home.log

    @property
    def programs(self) -> PostgresPrograms:
        """The PostgreSQL programs in use."""
        return self._home.programs

    @property
    def password(self) -> str:
        """The superuser's password."""
        return self._home.password

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1: that of the running server, else the one it will use."""
        running = self._process.running()
        return running.port if running is not None and running.port else self._home.port

    def url(self, database: str = DEFAULT_DATABASE) -> str:
        """The superuser's `postgresql://` URL of `database`."""
        password = quote(self.password, safe="")
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/{quote(database)}"

    def status(self) -> ServerStatus:
        """Whether the server runs, and where. Starts and changes nothing."""
        running = self._process.running()
        return ServerStatus(
            running=running is not None and running.ready,
            pid=running.pid if running else None,
            port=running.port if running else None,
            data=self.data,
            version=cluster.version(self.data),
        )

    # Starting and stopping ----------------------------------------------------------------------------------

    def start(self, *, keep_running: bool = False) -> Self:
        """Join the running server, or start it (initialising a new cluster first); wait until it answers.

        Raises OperatorError in one sentence when it cannot: unwritable directory, another version's data,
        port taken, programs missing, or what the server's log says.
        """
        self._home.prepare()
        with self._alone():
            self._lease.take()
            try:
                if self._process.running() is None:
                    self._start_afresh()
                self._process.wait_until_ready()
                if keep_running:
                    self._keep_marker.touch()
            except BaseException:
                self._lease.give_back()
                raise
        return self

    def stop(self) -> None:
        """Let go of the server. The last program to let go stops it, unless it was asked to keep running."""
        if not self._lease.held:
            return
        with self._alone():
            if self._keep_marker.exists() or self._lease.in_use_by_others():
                self._process.disown()
            else:
                self._process.stop()
            self._lease.give_back()
        if not self._home.durable:
            self._home.delete()

    def shut_down(self, *, force: bool = False) -> bool:
        """Stop the server whoever started it; False when it was not running.

        Raises OperatorError while another program uses it, unless `force`.
        """
        if not self.directory.is_dir():
            return False
        with self._alone():
            running = self._process.running() is not None
            if running and not force and self._lease.in_use_by_others():
                raise OperatorError("A running process uses this database: stop it first, or use --force.")
            self._keep_marker.unlink(missing_ok=True)
            self._process.stop()
            self._lease.give_back()
        return running

    def revive(self) -> bool:
        """Start the server again if it has died, whichever program had started it; True when it had to.

        A server that was stopped on purpose stays stopped: its process leaves with status 0 and takes its
        `postmaster.pid` away, which a killed one leaves behind.
        """
        child = self._process.child
        if child is not None:
            if child.poll() in (None, 0):
                return False
        elif not self._lease.held or not postmaster.crashed(self.data):
            return False
        with self._alone():
            if self._process.running() is None:
                self._start_afresh()
            else:
                self._process.child = None
            self._process.wait_until_ready()
        return True

    def adopt(self, fill: Callable[[Path], None]) -> None:
        """Let `fill` make the data directory it is given, and hand what it made to the server's user.

        Raises OperatorError where there is a cluster already.
        """
        self._home.prepare()
        with self._alone():
            self._home.adopt(fill)

    def set_password(self) -> None:
        """Give the superuser a new password. The server must be stopped. Raises OperatorError."""
        with self._alone():
            if self._process.running() is not None:
                raise OperatorError(f"The database in {self.directory} is running: stop it first.")
            self._home.set_password()

    def ensure_database(self, name: str = DEFAULT_DATABASE) -> bool:
        """Create the database `name` if it is not there; True when it was created."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, (name,)).fetchone():
                return False
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return True

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # Inside -------------------------------------------------------------------------------------------------

    @property
    def _keep_marker(self) -> Path:
        return self.directory / "keep-running"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with locks.exclusive(self.directory / "start.lock", timeout_seconds=self._timeout):
            yield

    def _start_afresh(self) -> None:
        is_new = not self.data.is_dir()
        self._process.start()
        if is_new:
            self._keep_marker.unlink(missing_ok=True)
