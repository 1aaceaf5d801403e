"""A second place that receives the log: nothing acknowledged is lost with the site, and no site waits permanently."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest

from app.db.session import Database
from app.ops.backup import drill, second
from app.ops.doctor import backups as doctor
from app.ops.doctor.findings import Installation, Level
from app.ops.errors import OperatorError
from app.rules.backups import BackupKind
from app.settings import Settings
from tests.fast_disk import fast_folder
from tests.ops.backup.school import School, new_school, rows

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stream")]


@pytest.fixture
def site() -> Iterator[School]:
    """A school of the test's own, to be lost."""
    with fast_folder() as folder:
        made = new_school(folder)
        yield made
        made.server.shut_down(force=True)


def streaming(site: School, folder: Path, *more: str) -> subprocess.Popen[str]:
    return site.aada("backup", "stream", str(folder), *more)


def wait_for(process: subprocess.Popen[str], *sentences: str) -> None:
    missing = list(sentences)
    assert process.stdout is not None
    said = []
    while missing:
        line = process.stdout.readline()
        assert line, f"it ended: {said}"
        said.append(line)
        missing = [sentence for sentence in missing if sentence not in line]


def state(site: School) -> second.State:
    with psycopg.connect(site.server.url(), autocommit=True) as connection:
        return second.asked(connection)


def little(site: School) -> Settings:
    """Signed in as somebody who may change nothing of the server."""
    url = site.settings.owner_database_url.set(username="little", password="little")
    return site.settings.model_copy(update={"database_url": url.render_as_string(hide_password=False)})


def end(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> None:
    process.send_signal(number)
    process.communicate(timeout=60)


def lose(site: School) -> None:
    """Kill the server in the middle of its work, and delete its data."""
    status = site.server.status()
    assert status.pid is not None
    os.kill(status.pid, signal.SIGKILL)
    child = site.server._process.child
    assert child is not None
    child.wait(10)
    with suppress(FileNotFoundError):  # its processes may end while it goes
        shutil.rmtree(site.settings.data_dir)
    shutil.rmtree(site.settings.data_dir, ignore_errors=True)


def test_a_lost_site_loses_nothing_that_was_acknowledged(site: School) -> None:
    place = site.folder / "second"
    stream = streaming(site, place, "--synchronous")
    wait_for(stream, "a full backup", "Every commit waits")
    assert state(site).synchronous
    acknowledged: list[int] = []
    enough = threading.Event()

    def write(first: int) -> None:
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(site.server.url(), autocommit=True) as connection,
        ):
            for number in range(first, first + 1_000_000):
                connection.execute("INSERT INTO kept VALUES (%s)", (number,))
                acknowledged.append(number)
                if len(acknowledged) > 300:
                    enough.set()

    with ThreadPoolExecutor(3) as writers:
        for one in range(3):
            writers.submit(write, one * 1_000_000)
        assert enough.wait(60)
        lose(site)
    end(stream)
    restored = site.aada(
        "restore", "--from", str(place), "--to", "latest", "--into", str(site.folder / "new")
    )
    said, _ = restored.communicate(timeout=120)
    assert restored.returncode == 0, said
    assert set(acknowledged) <= set(rows(site.folder / "new"))


def test_a_backup_of_a_school_that_waits_restores_and_waits_for_nobody(site: School) -> None:
    stream = streaming(site, site.folder / "second", "--synchronous")
    wait_for(stream, "a full backup", "Every commit waits")
    site.write(1)
    site.make(BackupKind.FULL)
    assert site.restored(None, "new")[1] == [1]
    with patch.object(drill, "_PATIENCE_SECONDS", 0.1):
        assert drill.run_drill(site.place, site.source, site.settings).fault is None
    end(stream)


def test_after_a_gap_in_the_log_nobody_waits_before_there_is_a_backup_again(site: School) -> None:
    stream = streaming(site, site.folder / "second", "--synchronous")
    wait_for(stream, "a full backup", "Every commit waits")
    refused = site.aada("backup", "stream", "--forget")
    said, _ = refused.communicate(timeout=60)
    assert refused.returncode == 1
    assert "stop aada backup stream there first" in said
    assert state(site).synchronous
    end(stream)
    assert second.forget(site.settings)
    assert not second.forget(site.settings)
    stream = streaming(site, site.folder / "second", "--synchronous")
    wait_for(stream, "a full backup")
    wait_for(stream, "Every commit waits")
    end(stream)


def test_what_is_stopped_lets_the_site_go_on_and_goes_on_where_it_was(site: School) -> None:
    place = site.folder / "second"
    stream = streaming(site, place, "--synchronous")
    wait_for(stream, "a full backup", "Every commit waits")
    site.write(1)
    end(stream)
    assert state(site) == second.State(synchronous=False, receiving=False, waiting=0)
    site.write(2)
    stream = streaming(site, place)
    wait_for(stream, "Receiving")
    deadline = time.monotonic() + 60
    while not state(site).receiving and time.monotonic() < deadline:
        time.sleep(0.1)
    site.write(3)
    time.sleep(1)
    assert state(site) == second.State(synchronous=False, receiving=True, waiting=0)
    end(stream)
    restored = site.aada(
        "restore", "--from", str(place), "--to", "latest", "--into", str(site.folder / "new")
    )
    said, _ = restored.communicate(timeout=120)
    assert restored.returncode == 0, said
    assert rows(site.folder / "new") == [1, 2, 3]
    forgotten = site.aada("backup", "stream", "--forget")
    said, _ = forgotten.communicate(timeout=60)
    assert forgotten.returncode == 0, said
    assert state(site).receiving is None


def test_a_second_place_that_was_killed_is_given_up_after_a_while(site: School) -> None:
    stream = streaming(site, site.folder / "second", "--synchronous")
    wait_for(stream, "a full backup", "Every commit waits")
    end(stream, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while state(site).receiving and time.monotonic() < deadline:
        time.sleep(0.1)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(site.write, 1)
        while not state(site).waiting and time.monotonic() < deadline:
            time.sleep(0.1)
        assert state(site).is_held_up
        assert not waiting.done()
        with psycopg.connect(site.server.url(), autocommit=True) as connection:
            known = Installation(site.settings, database=connection)
            assert [one.level for one in doctor.streamed(known)] == [Level.PROBLEM]
        settings = site.settings.model_copy(update={"stream_patience_seconds": 1})
        database = Database(settings, settings.owner_database_url)
        watch = second.Watch(settings, database)
        with patch.object(second.history, "record") as kept:
            assert not watch.look()  # it has just gone
            time.sleep(1.1)
            assert watch.look()
        assert "goes on without it" in kept.call_args.kwargs["reason"]
        database.close()
        waiting.result(timeout=30)
    assert not state(site).synchronous
    with psycopg.connect(site.server.url(), autocommit=True) as connection:
        known = Installation(site.settings, database=connection)
        assert [one.level for one in doctor.streamed(known)] == [Level.WARNING]


def test_a_start_waits_for_it_no_longer_than_that(site: School) -> None:
    with psycopg.connect(site.server.url(), autocommit=True) as connection:
        connection.execute("SELECT pg_create_physical_replication_slot('aada_stream', true)")
        connection.execute("CREATE ROLE little LOGIN PASSWORD 'little'")
    second.hold(site.settings)
    poor = little(site)
    assert not second.give_way(poor, 0.1), "it may not, and goes on"
    database = Database(poor, poor.owner_database_url)
    watch = second.Watch(poor.model_copy(update={"stream_patience_seconds": 1}), database)
    with patch.object(database, "begin", side_effect=AssertionError("the pool is held up")):
        assert not watch.look()
        time.sleep(1.1)
        with pytest.raises(OperatorError, match="GRANT ALTER SYSTEM"):
            watch.look()
    database.close()
    assert state(site).is_held_up
    assert second.give_way(site.settings, 0.1)
    assert not second.give_way(site.settings, 0.1)
    assert not state(site).synchronous


def test_nobody_elses_standby_is_touched(site: School) -> None:
    with psycopg.connect(site.server.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'patroni1'")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.5)
    with pytest.raises(OperatorError, match="patroni1 already"):
        second.hold(site.settings)
    assert not second.release(site.settings)
    with psycopg.connect(site.server.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE ROLE little LOGIN PASSWORD 'little'")
    with pytest.raises(OperatorError, match="GRANT ALTER SYSTEM"):
        second.require_free(little(site))
