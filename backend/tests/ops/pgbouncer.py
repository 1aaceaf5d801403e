"""Debian's pgbouncer with the configuration of `deploy/pgbouncer`, in front of a server of the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from app.ops.postgres.identity import server_user
from app.settings import APP_ROLE

CONFIGURATION = Path(__file__).resolve().parents[3] / "deploy" / "pgbouncer" / "pgbouncer.ini"
PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@dataclass(frozen=True)
class Pooler:
    """A running pgbouncer."""

    port: int
    password: str

    def url(self, database: str) -> str:
        """What POOLER_URL is set to."""
        return f"postgresql://127.0.0.1:{self.port}/{database}"

    def pools(self, database: str) -> list[dict[str, Any]]:
        """What SHOW POOLS says of the system's role in a database."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            dbname="pgbouncer",
            user=APP_ROLE,
            password=self.password,
            autocommit=True,
            cursor_factory=psycopg.ClientCursor,  # its console knows the simple protocol alone
            row_factory=dict_row,
        ) as console:
            return [row for row in console.execute("SHOW POOLS") if row["database"] == database]


@contextmanager
def pooling(folder: Path, server_port: int, password: str, *, connections: int) -> Iterator[Pooler]:
    """Serve every database of a server with so many connections to each."""
    assert PROGRAM is not None
    port = _free_port()
    users = folder / "userlist.txt"
    users.write_text(f'"{APP_ROLE}" "{password}"\n')
    text = CONFIGURATION.read_text()
    for before, after in (
        (
            "aada_lms = host=127.0.0.1 port=5432 dbname=aada_lms",
            f"* = host=127.0.0.1 port={server_port}",
        ),
        ("listen_port = 6432", f"listen_port = {port}"),
        ("/etc/pgbouncer/userlist.txt", str(users)),
        ("default_pool_size = 20", f"default_pool_size = {connections}"),
        ("reserve_pool_size = 5", "reserve_pool_size = 0"),
    ):
        assert before in text
        text = text.replace(before, after)
    (folder / "pgbouncer.ini").write_text(text)
    user = server_user(folder)  # it refuses root, as PostgreSQL does
    for path in (folder, users, folder / "pgbouncer.ini"):
        user.own(path)
    with (folder / "pgbouncer.log").open("wb") as said:
        command = [PROGRAM, folder / "pgbouncer.ini"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, **user.credentials)
    try:
        _wait(port, process, folder / "pgbouncer.log")
        yield Pooler(port, password)
    finally:
        process.kill()
        process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes], said: Path) -> None:
    for _ in range(200):
        assert process.poll() is None, said.read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(said.read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
