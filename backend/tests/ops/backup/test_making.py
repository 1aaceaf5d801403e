"""Making backups: two at once, kill -9, and a disk that is full or closed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from unittest.mock import patch

import psycopg
import pytest

from app.ops.backup import take, upkeep
from app.ops.backup.tools import Source
from app.ops.errors import OperatorError
from tests.ops.backup.school import BACKEND, School

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("backup")]


def test_two_at_once_are_refused_and_a_killed_one_leaves_the_catalog_right(school: School) -> None:
    school.place.prepare()
    known = [one.id for one in school.place.backups()]
    with school.place.alone():
        process = school.aada("backup", "now")
        shown, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "aada: Another backup is being made in" in shown
        assert "perhaps by the running system" in shown
    with psycopg.connect(school.server.url()) as connection:
        connection.execute(
            "CREATE TABLE bulk AS SELECT md5(i::text) AS line FROM generate_series(1, 300000) i"
        )
    process = school.aada("backup", "now", "--full")
    deadline = time.monotonic() + 60
    while not list(school.place.base.glob("*.partial/base.tar.zst")) and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.communicate()
    assert list(school.place.base.glob("*.partial")), "it was cut off in the middle"
    assert [one.id for one in school.place.backups()] == known
    made = school.make()
    assert [one.id for one in school.place.backups()] == [*known, made]
    with psycopg.connect(school.server.url()) as connection:
        connection.execute("DROP TABLE bulk")
    assert not list(school.place.base.glob("*.partial"))
    assert {one.fault for one in upkeep.verify(school.place, made)} == {None}


def test_a_backup_that_nobody_waits_for_is_bounded_and_as_good(school: School) -> None:
    school.ensure_backups()
    asked: list[list[str]] = []
    run = Source.run

    def noted(source: Source, program: str, arguments: list[str], failed: str) -> None:
        asked.append([str(one) for one in arguments])
        run(source, program, arguments, failed)

    with psycopg.connect(school.server.url(), autocommit=True) as connection:
        # A checkpoint that takes its time has none to take here.
        connection.execute("ALTER SYSTEM SET checkpoint_completion_target = 0")
        connection.execute("SELECT pg_reload_conf()")
    try:
        with patch.object(Source, "run", noted):
            calm = take.take(school.place, school.source, calmly=True)
            take.take(school.place, school.source)
    finally:
        with psycopg.connect(school.server.url(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM RESET checkpoint_completion_target")
            connection.execute("SELECT pg_reload_conf()")
    assert {"--checkpoint=spread", "--max-rate=32768"} <= set(asked[0])
    assert "--checkpoint=fast" in asked[1]
    assert not any(one.startswith("--max-rate") for one in asked[1])
    assert {one.fault for one in upkeep.verify(school.place, calm.id)} == {None}


def test_a_full_or_closed_disk_is_said_and_the_last_backup_stays(school: School) -> None:
    school.ensure_backups()
    known = {path: path.stat().st_mtime_ns for path in school.place.base.rglob("*")}

    def refused(*arguments: str, prefix: str = "", **more: str) -> str:
        process = school.aada(*arguments, **more)
        shown, _ = process.communicate(timeout=60)
        assert process.returncode == 1, shown
        assert shown.startswith("aada: "), shown
        return shown

    assert "Backups cannot be written to" in refused("backup", "now", BACKUP_DIR="/dev/null/backups")
    assert "DATABASE_URL is set" in refused("backup", "now", DATABASE_URL="postgresql://a:b@127.0.0.1:1/x")
    assert "not a date and time" in refused("restore", "--to", "never")

    usage = shutil.disk_usage(school.folder)
    with (
        patch("app.ops.backup.take.shutil.disk_usage", return_value=usage._replace(free=1024)),
        pytest.raises(OperatorError, match="There is no room for another backup"),
    ):
        school.make()
    limited = subprocess.run(
        ["sh", "-c", f"ulimit -f 64; exec {sys.executable} -m app.cli backup now --full"],
        cwd=BACKEND,
        env={
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(school.settings.data_dir),
            "SECRET_KEY": "a key for tests alone, of good length",
            "AADA_APP_PASSWORD": "secret",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode == 1, limited
    assert "The backup could not be made (nothing else was changed" in limited.stderr
    assert not list(school.place.base.glob("*.partial"))
    assert {path: path.stat().st_mtime_ns for path in school.place.base.rglob("*")} == known


def test_a_disk_that_fills_up_during_a_restore_is_said_and_takes_nothing_along(school: School) -> None:
    school.ensure_backups()
    known = {path: path.stat().st_mtime_ns for path in school.place.base.rglob("*")}
    into = school.folder / "filled"
    environment = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(school.settings.data_dir),
        "SECRET_KEY": "a key for tests alone, of good length",
        "AADA_APP_PASSWORD": "secret",
    }

    def restore(limit: str) -> subprocess.CompletedProcess[str]:
        command = f"{limit} exec {sys.executable} -m app.cli restore --to latest --into {into}"
        return subprocess.run(
            ["sh", "-c", command], cwd=BACKEND, env=environment, capture_output=True, text=True, check=False
        )

    # No file may grow beyond 4 MB: a segment of the log is 16.
    broken = restore("ulimit -f 8192;")
    assert broken.returncode == 1, broken
    assert "aada: " in broken.stderr
    assert "Traceback" not in broken.stderr
    assert {path: path.stat().st_mtime_ns for path in school.place.base.rglob("*")} == known
    whole = restore("")
    assert whole.returncode == 0, whole
