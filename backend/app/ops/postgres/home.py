"""Where a cluster lies, and how it comes to be.

Below `directory`:

- `data/` the cluster, `run/` its Unix socket, `server.log` what it says,
- `password` the superuser's password (0600), `port` the TCP port chosen when the cluster was made.

When the program runs as root and the server's system user cannot reach `directory` (a checkout below /root),
the cluster lives in a directory of its own below /var/lib/aada-lms and `home` is a link to it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

from app.ops.errors import OperatorError
from app.ops.postgres import cluster, configuration, ports
from app.ops.postgres.binaries import PostgresPrograms, copied_to, find_pg17
from app.ops.postgres.identity import ServerUser, server_user
from app.ops.postgres.launch import environment

SUPERUSER = "postgres"
_RELOCATED = Path("/var/lib/aada-lms")


class Home:
    """The place of one cluster. `port` is the one wanted; one that is not `durable` is deleted after use."""

    def __init__(self, directory: Path, *, port: int | None, durable: bool) -> None:
        self.directory = directory.absolute()
        self.durable = durable
        self._wanted_port = port

    @property
    def path(self) -> Path:
        """The directory that holds the cluster: `directory`, or where its link `home` leads."""
        link = self.directory / "home"
        return link.resolve() if link.is_symlink() else self.directory

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """The file the server writes its messages to."""
        return self.path / "server.log"

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
        """The TCP port that the server will use. Raises OperatorError where no cluster was made yet."""
        if self._wanted_port is not None:
            return self._wanted_port
        stored = self.directory / "port"
        text = stored.read_text(encoding="ascii").strip() if stored.is_file() else ""
        if not text.isdigit():
            raise self._not_made_yet()
        return int(text)

    def prepare(self) -> None:
        """Make the directory and its locks. Raises OperatorError where it cannot be written."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            for name in ("start.lock", "users.lock"):
                (self.directory / name).touch(mode=0o600)
        except OSError as error:
            raise OperatorError(
                f"The database directory {self.directory} cannot be written ({error.strerror}): change its "
                "owner or permissions, or name another one in DATA_DIR."
            ) from error

    def make_ready(self, extra: Mapping[str, str]) -> tuple[PostgresPrograms, ServerUser, Path | None]:
        """See that there is a cluster, and that it is configured (`extra` settings last) and can be reached.

        The programs to start it with, who it runs as, and where its socket lies. Raises OperatorError.
        """
        if not self.path.is_dir():
            raise OperatorError(
                f"{self.directory / 'home'} leads to {self.path}, which does not exist: restore the "
                f"database, or delete {self.directory} to start with an empty one."
            )
        if self.data.is_dir():
            cluster.check_version(self.data)
        user = server_user(self.data)
        self._settle(user)
        programs = self._reachable_programs(user)
        port = self._choose_port()
        if not self.data.is_dir():
            self._new_password()
            cluster.initialise(self.path, programs=programs, user=user, password=self.password)
        configuration.write_private(self.directory / "port", str(port))
        sockets = self._socket_directory(user)
        preload = tuple(name for name in ("pg_stat_statements",) if programs.has_library(name))
        configuration.write(
            self.data, user, port=port, sockets=sockets, durable=self.durable, preload=preload, extra=extra
        )
        return programs, user, sockets

    def adopt(self, fill: Callable[[Path], None]) -> None:
        """Let `fill` make the data directory it is given, and hand what it made to the server's user.

        Raises OperatorError where there is a cluster already.
        """
        if self.data.exists():
            raise OperatorError(f"There is a database in {self.directory} already. Nothing was changed.")
        user = server_user(self.data)
        self._settle(user)
        fill(self.data)
        for folder, _folders, names in os.walk(self.data):
            user.own(Path(folder))
            for name in names:
                user.own(Path(folder) / name)

    def set_password(self) -> None:
        """Give the superuser of a stopped cluster a new password, kept in `password`.

        No network is involved: the server runs for this one statement. Raises OperatorError.
        """
        self._new_password()
        user = server_user(self.data)
        done = subprocess.run(
            [self._reachable_programs(user).tool("postgres"), "--single", "-D", self.data, "postgres"],
            input=f"ALTER ROLE {SUPERUSER} PASSWORD '{self.password}'\n".encode(),
            capture_output=True,
            check=False,
            cwd=self.data,
            env=environment(self.programs),
            **user.credentials,
        )
        if done.returncode != 0 or b"ERROR" in done.stderr:
            reason = " ".join(done.stderr.decode("utf-8", "replace").split())[-300:]
            raise OperatorError(f"The database in {self.directory} could not be given a password: {reason}.")

    def delete(self) -> None:
        """Remove the cluster."""
        if self.path != self.directory:
            shutil.rmtree(self.path, ignore_errors=True)
            (self.directory / "home").unlink(missing_ok=True)
        else:
            shutil.rmtree(self.data, ignore_errors=True)

    def _not_made_yet(self) -> OperatorError:
        return OperatorError(f"There is no database in {self.directory} yet: start it with `aada db start`.")

    def _new_password(self) -> None:
        configuration.write_private(self.directory / "password", secrets.token_urlsafe(24))

    def _reachable_programs(self, user: ServerUser) -> PostgresPrograms:
        if user.is_other and not user.can_reach(self.programs.prefix):
            return copied_to(self.programs, self.path)
        return self.programs

    def _settle(self, user: ServerUser) -> None:
        """See that the server's user can reach the cluster; if not, give it a home elsewhere, and a link."""
        if not user.is_other:
            return
        if self.path == self.directory and not self.data.exists():
            self.directory.chmod(0o711)
            if not user.can_reach(self.directory):
                parent = _RELOCATED if self.durable else Path(tempfile.gettempdir())
                parent.mkdir(parents=True, exist_ok=True, mode=0o755)
                place = Path(tempfile.mkdtemp(prefix="postgres-", dir=parent))
                place.chmod(0o711)
                (self.directory / "home").symlink_to(place)
        if not user.can_reach(self.path):
            raise OperatorError(
                f"The system user {user.name}, who runs PostgreSQL, cannot reach {self.path}: let others "
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
        folder = self.path / "run"
        if len(str(folder)) > 80:  # a socket's path may have 107 bytes
            return None
        folder.mkdir(exist_ok=True, mode=0o700)
        user.own(folder)
        return folder
