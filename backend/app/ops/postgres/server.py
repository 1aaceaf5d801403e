"""The embedded PostgreSQL 17 server: one data directory, one server, shared by the programs that use it.

Below `directory`:

- `data/` the cluster, `run/` its Unix socket, `server.log` what it says,
- `password` the superuser's password (0600), `port` the TCP port chosen when the cluster was made,
- `users.lock` held by each program while it uses the server, `start.lock` during a start or stop.

When the program runs as root and the server's system user cannot reach `directory` (a checkout below /root),
the cluster lives in a directory of its own below /var/lib/aada-lms and `home` is a link to it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg

from app.ops.errors import OperatorError
from app.ops.postgres import cluster, configuration, locks, ports, postmaster
from app.ops.postgres.binaries import PostgresPrograms, copied_to, find_pg17
from app.ops.postgres.identity import Credentials, ServerUser, server_user
from app.ops.postgres.launch import environment, last_words, spawn

DEFAULT_DATABASE = "aada_lms"
SUPERUSER = "postgres"
_RELOCATED = Path("/var/lib/aada-lms")


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
    `durable=False` is for tests: fast, no promise, deleted by `stop`, gone when its program is killed.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        start_timeout_seconds: float = 120,
    ) -> None:
        self.directory = directory.absolute()
        self.durable = durable
        self._wanted_port = port
        self._settings = dict(settings or {})
        self._timeout = start_timeout_seconds
        self._lease = locks.Lease(self.directory / "users.lock")
        self._process: subprocess.Popen[bytes] | None = None

    # Where things are ---------------------------------------------------------------------------------------

    @property
    def home(self) -> Path:
        """The directory that holds the cluster: `directory`, or where its link `home` leads."""
        link = self.directory / "home"
        return link.resolve() if link.is_symlink() else self.directory

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The file the server writes its messages to."""
        return self.home / "server.log"

    @cached_property
    def programs(self) -> PostgresPrograms:
        """The PostgreSQL programs in use."""
        return find_pg17()

    @property
    def password(self) -> str:
        """The superuser's password."""
        path = self.directory / "password"
        try:
            return path.read_text(encoding="ascii").strip()
        except FileNotFoundError as error:
            if not self.data.exists():
                raise self._not_made_yet() from None
            raise OperatorError(f"The database's password file {path} is missing: restore it.") from error
        except PermissionError as error:
            raise OperatorError(
                f"You may not read {path}: run this as the user who owns it, or set DATA_DIR."
            ) from error

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1: that of the running server, else the one it will use."""
        running = self._running()
        if running is not None and running.port:
            return running.port
        if self._wanted_port is not None:
            return self._wanted_port
        stored = self.directory / "port"
        text = stored.read_text(encoding="ascii").strip() if stored.is_file() else ""
        if not text.isdigit():
            raise self._not_made_yet()
        return int(text)

    def url(self, database: str = DEFAULT_DATABASE) -> str:
        """The superuser's `postgresql://` URL of `database`."""
        password = quote(self.password, safe="")
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/{quote(database)}"

    def status(self) -> ServerStatus:
        """Whether the server runs, and where. Starts and changes nothing."""
        running = self._running()
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
        self._prepare_directory()
        with self._alone():
            self._lease.take()
            try:
                if self._running() is None:
                    self._start_afresh()
                self._wait_until_ready()
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
                self._disown()
            else:
                self._stop_process()
            self._lease.give_back()
        if not self.durable:
            self._delete()

    def shut_down(self, *, force: bool = False) -> bool:
        """Stop the server whoever started it; False when it was not running.

        Raises OperatorError while another program uses it, unless `force`.
        """
        if not self.directory.is_dir():
            return False
        with self._alone():
            running = self._running() is not None
            if running and not force and self._lease.in_use_by_others():
                raise OperatorError("A running process uses this database: stop it first, or use --force.")
            self._keep_marker.unlink(missing_ok=True)
            self._stop_process()
            self._lease.give_back()
        return running

    def revive(self) -> bool:
        """Start the server again if it has died, whichever program had started it; True when it had to.

        A server that was stopped on purpose stays stopped: its process leaves with status 0 and takes its
        `postmaster.pid` away, which a killed one leaves behind.
        """
        process = self._process
        if process is not None:
            if process.poll() in (None, 0):
                return False
        elif not self._lease.held or not postmaster.crashed(self.data):
            return False
        with self._alone():
            if self._running() is None:
                self._start_afresh()
            else:
                self._process = None
            self._wait_until_ready()
        return True

    def adopt(self, fill: Callable[[Path], None]) -> None:
        """Let `fill` make the data directory it is given, and hand what it made to the server's user.

        Raises OperatorError where there is a cluster already.
        """
        self._prepare_directory()
        with self._alone():
            if self.data.exists():
                raise OperatorError(f"There is a database in {self.directory} already. Nothing was changed.")
            user = server_user(self.data)
            self._settle(user)
            fill(self.data)
            for folder, _folders, names in os.walk(self.data):
                user.own(Path(folder))
                for name in names:
                    user.own(Path(folder) / name)

    @property
    def credentials(self) -> Credentials:
        """For `subprocess`: the user that the server runs as."""
        return server_user(self.data).credentials

    @property
    def environment(self) -> dict[str, str]:
        """For `subprocess`: what the server is given of our environment."""
        return environment(self.programs)

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

    def _not_made_yet(self) -> OperatorError:
        return OperatorError(f"There is no database in {self.directory} yet: start it with `aada db start`.")

    @property
    def _keep_marker(self) -> Path:
        return self.directory / "keep-running"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with locks.exclusive(self.directory / "start.lock", timeout_seconds=self._timeout):
            yield

    def _running(self) -> postmaster.Postmaster | None:
        if self._process is not None and self._process.poll() is not None:
            self._process = None if self._process.returncode == 0 else self._process
        try:
            return postmaster.read(self.data)
        except PermissionError as error:
            raise OperatorError(
                f"You may not read {self.data}: run this as the user who owns it, or set DATA_DIR."
            ) from error

    def _prepare_directory(self) -> None:
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            for name in ("start.lock", "users.lock"):
                (self.directory / name).touch(mode=0o600)
        except OSError as error:
            raise OperatorError(
                f"The database directory {self.directory} cannot be written ({error.strerror}): change its "
                "owner or permissions, or name another one in DATA_DIR."
            ) from error

    def _start_afresh(self) -> None:
        if not self.home.is_dir():
            raise OperatorError(
                f"{self.directory / 'home'} leads to {self.home}, which does not exist: restore the "
                f"database, or delete {self.directory} to start with an empty one."
            )
        if self.data.is_dir():
            cluster.check_version(self.data)
        user = server_user(self.data)
        self._settle(user)
        programs = self.programs
        if user.is_other and not user.can_reach(programs.prefix):
            programs = copied_to(programs, self.home)
        port = self._choose_port()
        if not self.data.is_dir():
            self._keep_marker.unlink(missing_ok=True)
            configuration.write_private(self.directory / "password", secrets.token_urlsafe(24))
            cluster.initialise(self.home, programs=programs, user=user, password=self.password)
        configuration.write_private(self.directory / "port", str(port))
        sockets = self._socket_directory(user)
        preload = tuple(name for name in ("pg_stat_statements",) if programs.has_library(name))
        configuration.write(
            self.data,
            user,
            port=port,
            sockets=sockets,
            durable=self.durable,
            preload=preload,
            extra=self._settings,
        )
        self._wait_for_leftover_workers()
        postmaster.forget_stale(self.data, sockets)
        self._process = spawn(programs, self.data, self.log, user, throw_away=not self.durable)

    def _settle(self, user: ServerUser) -> None:
        """See that the server's user can reach the cluster; if not, give it a home elsewhere, and a link."""
        if not user.is_other:
            return
        if self.home == self.directory and not self.data.exists():
            self.directory.chmod(0o711)
            if not user.can_reach(self.directory):
                parent = _RELOCATED if self.durable else Path(tempfile.gettempdir())
                parent.mkdir(parents=True, exist_ok=True, mode=0o755)
                place = Path(tempfile.mkdtemp(prefix="postgres-", dir=parent))
                place.chmod(0o711)
                (self.directory / "home").symlink_to(place)
        if not user.can_reach(self.home):
            raise OperatorError(
                f"The system user {user.name}, who runs PostgreSQL, cannot reach {self.home}: let others "
                "enter the directories on the way (chmod o+x), or name another directory in DATA_DIR."
            )

    def _choose_port(self) -> int:
        stored = self.directory / "port"
        if self._wanted_port is not None:
            chosen = self._wanted_port
        elif stored.is_file() and self.data.is_dir() and stored.read_text(encoding="ascii").strip().isdigit():
            chosen = int(stored.read_text(encoding="ascii"))
        else:
            return ports.choose()
        return ports.require_free(chosen)

    def _socket_directory(self, user: ServerUser) -> Path | None:
        folder = self.home / "run"
        if len(str(folder)) > 80:  # a socket's path may have 107 bytes
            return None
        folder.mkdir(exist_ok=True, mode=0o700)
        user.own(folder)
        return folder

    def _wait_for_leftover_workers(self) -> None:
        deadline = time.monotonic() + 30
        while postmaster.workers_left(self.data) and time.monotonic() < deadline:
            time.sleep(0.1)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            running = self._running()
            if running is not None and running.ready:
                return
            if self._process is not None and self._process.poll() is not None:
                raise OperatorError(f"PostgreSQL did not start: {last_words(self.log)} (see {self.log}).")
            if running is None and self._process is None:
                raise OperatorError(f"PostgreSQL stopped while it was starting: {last_words(self.log)}.")
            time.sleep(0.02)
        raise OperatorError(f"PostgreSQL did not answer within {self._timeout:.0f} seconds (see {self.log}).")

    def _stop_process(self) -> None:
        """Fast shutdown: roll back what is open, write a checkpoint, leave; pulled out after 60 seconds."""
        for demand, patience in ((signal.SIGINT, 60.0), (signal.SIGQUIT, 15.0)):
            running = self._running()
            if running is None:
                break
            try:
                os.kill(running.pid, demand)
            except ProcessLookupError:
                break
            except PermissionError as error:
                raise OperatorError(
                    "The database was started by another user: stop it as that user or as root."
                ) from error
            deadline = time.monotonic() + patience
            while self._running() is not None and time.monotonic() < deadline:
                time.sleep(0.02)
        if self._process is not None:
            self._process.wait(timeout=30)
            self._process = None

    def _disown(self) -> None:
        """Leave the process to others. Python would warn of a child that nobody waits for: here that is meant."""
        if self._process is not None and self._process.poll() is None:
            self._process.returncode = 0
        self._process = None

    def _delete(self) -> None:
        home = self.home
        if home != self.directory:
            shutil.rmtree(home, ignore_errors=True)
            (self.directory / "home").unlink(missing_ok=True)
        else:
            shutil.rmtree(self.data, ignore_errors=True)
