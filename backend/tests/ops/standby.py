"""A standby that streams from an embedded server, as `pg_basebackup -R` makes one."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from app.ops.postgres import EmbeddedServer, ports
from app.ops.postgres.identity import server_user
from app.ops.postgres.launch import dies_with_parent


@dataclass
class Standby:
    """A copy of `server` below `folder`, that every user may enter, kept up to date by streaming."""

    server: EmbeddedServer
    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.server.url().replace(f":{self.server.port}/", f":{self.port}/")

    @property
    def data(self) -> Path:
        return self.folder / "standby"

    def copy(self) -> None:
        """Make it; it does not run yet."""
        user = server_user(self.folder)
        self.data.mkdir(mode=0o700)
        user.own(self.data)
        subprocess.run(
            [
                self.server.programs.tool("pg_basebackup"),
                "--host=127.0.0.1",
                f"--port={self.server.port}",
                "--username=postgres",
                "--write-recovery-conf",
                "--checkpoint=fast",
                f"--pgdata={self.data}",
            ],
            env={"PGPASSWORD": self.server.password, "PATH": os.environ["PATH"]},
            cwd=self.folder,
            check=True,
            **user.credentials,
        )
        self.port = ports.choose()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        user = server_user(self.folder)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [
                self.server.programs.tool("postgres"),
                f"-D{self.data}",
                "-c",
                f"port={self.port}",
                "-c",
                "unix_socket_directories=",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            start_new_session=True,
            preexec_fn=dies_with_parent(),  # noqa: PLW1509  (two calls into the kernel)
            **user.credentials,
        )
        for _ in range(600):
            with suppress(psycopg.Error):
                psycopg.connect(self.url).close()
                return
            time.sleep(0.1)
        raise AssertionError("the standby does not answer")

    def stop(self) -> None:
        """End it at once, as with the power."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGQUIT)
            self._signal(signal.SIGCONT)
            self.process.wait(30)
            self.process = None

    def freeze(self) -> None:
        """Every process of it stands still, as on a machine that is stopped: what is sent to it is acknowledged."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)  # first: it makes no more of them
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                if int(entry.read_text().rpartition(")")[2].split()[1]) == self.process.pid:
                    os.kill(int(entry.parent.name), number)

    def ask(self, statement: str) -> Any:
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(statement.encode()).fetchone()
        return row[0] if row else None
