"""A small school on a server of its own, its files, and the place of its backups."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from app.core import clock
from app.core.files import LocalStore
from app.ops.backup import keeper, plan, receiver, restore
from app.ops.backup.place import BackupPlace, place_of
from app.ops.backup.tools import Source, source_of
from app.ops.postgres import EmbeddedServer
from app.rules.backups import BackupKind
from app.setting_values import normalize_database_url
from app.settings import Settings

BACKEND = Path(__file__).resolve().parents[3]


_TABLES = """
CREATE TABLE kept (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE stored_files (sha256 text PRIMARY KEY, stored_at timestamptz DEFAULT now());
CREATE TABLE file_claims (sha256 text, released_at timestamptz);
"""


@dataclass
class School:
    """A small database on a real server, its files, and the place of its backups."""

    folder: Path
    server: EmbeddedServer
    settings: Settings

    @property
    def place(self) -> BackupPlace:
        return place_of(self.settings)

    @property
    def source(self) -> Source:
        return source_of(self.settings)

    @property
    def files(self) -> LocalStore:
        return LocalStore(self.settings.data_dir / "files")

    def make(self, kind: BackupKind | None = None) -> str:
        return keeper.make(self.place, self.source, self.settings, kind)[0].id

    def ensure_backups(self) -> None:
        """For a test that needs a backup and not a new one: those that are there, and the log up to now."""
        if not any(one.parent is None and one.fault is None for one in self.place.backups()):
            self.make(BackupKind.FULL)
        receiver.catch_up(self.place, self.source)

    def write(self, *ids: int, server: EmbeddedServer | None = None) -> datetime:
        """Commit rows; a moment after the commit, and before anything that is committed later."""
        with psycopg.connect((server or self.server).url()) as connection:
            for one in ids:
                connection.execute("INSERT INTO kept VALUES (%s)", (one,))
        time.sleep(0.02)
        after = clock.now()
        time.sleep(0.02)
        return after

    def claim(self, content: bytes) -> str:
        stored = self.files.put(content)
        with psycopg.connect(self.server.url()) as connection:
            connection.execute("INSERT INTO stored_files VALUES (%s)", (stored.sha256,))
            connection.execute("INSERT INTO file_claims VALUES (%s)", (stored.sha256,))
        return stored.sha256

    def restored(self, target: datetime | None, name: str) -> tuple[Path, list[int], list[str]]:
        """Restore into a new folder; its rows, and what was said."""
        said: list[str] = []
        into = self.folder / name
        wanted = plan.make(self.place, target, self.settings)
        done = restore.restore(self.place, wanted, into, self.settings, said.append)
        assert done.missing_files == ()
        return into, rows(into), said

    def aada(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        environment = dict(os.environ) | {
            "DATA_DIR": str(self.settings.data_dir),
            "SECRET_KEY": "a key for tests alone, of good length",
            "AADA_APP_PASSWORD": "secret",
            "BACKUP_DIR": str(self.place.folder),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=BACKEND,
            env={name: value for name, value in environment.items() if name != "DATABASE_URL"} | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def rows(data_dir: Path) -> list[int]:
    with EmbeddedServer(data_dir / "postgres") as server, psycopg.connect(server.url()) as connection:
        return [int(str(row[0])) for row in connection.execute("SELECT id FROM kept ORDER BY id")]


def new_school(folder: Path) -> School:
    # Nothing here has to outlive a power cut.
    server = EmbeddedServer(folder / "data" / "postgres", settings={"fsync": "off"}).start()
    server.ensure_database()
    with psycopg.connect(server.url()) as connection:
        connection.execute(_TABLES)
    settings = Settings(
        _env_file=None,
        environment="test",
        secret_key="a key for tests alone, of good length",
        data_dir=folder / "data",
        database_url=normalize_database_url(server.url()),
    )
    return School(folder, server, settings)
