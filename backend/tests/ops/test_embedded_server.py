"""The embedded server: started, shared, stopped, killed, and refused in one sentence."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.ops.errors import OperatorError
from app.ops.postgres import EmbeddedServer, find_pg17, postmaster
from app.ops.postgres.identity import server_user

BACKEND = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that any system user can reach (pytest's own are closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="aada-"))
    folder.chmod(0o711)
    yield folder / "postgres"
    EmbeddedServer(folder / "postgres").shut_down(force=True)
    shutil.rmtree(folder)


def value(server: EmbeddedServer, query: str) -> object:
    with psycopg.connect(server.url("postgres")) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def write_row(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("postgres")) as connection:
        connection.execute("CREATE TABLE kept (line text)")
        connection.execute("INSERT INTO kept VALUES ('acknowledged')")


def program(place: Path, body: str) -> subprocess.Popen[str]:
    """Another Python program with `server`, an EmbeddedServer of the same directory."""
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom app.ops.postgres import EmbeddedServer\n"
        f"server = EmbeddedServer(Path({str(place)!r}))\n" + textwrap.dedent(body)
    )
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=BACKEND
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_new_server_is_seventeen_with_checksums_utf8_and_passwords(place: Path) -> None:
    with EmbeddedServer(place) as server:
        assert str(value(server, "SHOW server_version")).startswith("17.")
        assert value(server, "SHOW data_checksums") == "on"
        assert value(server, "SHOW server_encoding") == "UTF8"
        assert value(server, "SELECT datlocale FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"
        assert value(server, "SHOW summarize_wal") == "on"
        assert value(server, "SHOW fsync") == "on"
        assert value(server, "SHOW listen_addresses") == "127.0.0.1"
        assert server.port < 32768
        assert stat.S_IMODE((place / "password").stat().st_mode) == 0o600
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url("postgres").replace(server.password, "guess"))
        assert server.ensure_database("school")
        assert not server.ensure_database("school")
        assert server.status().running
    assert not server.status().running


def test_the_port_and_the_rows_stay_over_a_restart(place: Path) -> None:
    with EmbeddedServer(place) as server:
        write_row(server)
        port = server.port
    with EmbeddedServer(place) as server:
        assert server.port == port
        assert value(server, "SELECT line FROM kept") == "acknowledged"


def test_a_second_program_shares_the_server_and_the_last_one_stops_it(place: Path) -> None:
    first = EmbeddedServer(place).start()
    pid = first.status().pid
    second = program(place, "server.start(); print(server.status().pid, flush=True); input(); server.stop()")
    assert line(second) == str(pid)
    with pytest.raises(OperatorError, match="uses this database"):
        EmbeddedServer(place).shut_down()
    first.stop()
    assert first.status().running, "the second program still uses it"
    second.communicate("\n", timeout=60)
    assert not first.status().running


def test_a_server_asked_to_keep_running_outlives_its_programs(place: Path) -> None:
    starter = program(place, "server.start(keep_running=True); server.stop()")
    starter.communicate(timeout=60)
    assert starter.returncode == 0
    with EmbeddedServer(place) as server:
        assert server.status().running
    assert server.status().running
    assert server.shut_down()
    assert not server.status().running
    assert not server.shut_down()


def test_a_killed_program_leaves_a_server_that_the_next_one_adopts(place: Path) -> None:
    killed = program(place, "server.start(); print(server.status().pid, flush=True); time.sleep(600)")
    pid = int(line(killed))
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=10)
    with EmbeddedServer(place) as server:
        assert server.status().pid == pid
    assert not server.status().running


def test_a_killed_server_recovers_with_every_acknowledged_row(place: Path) -> None:
    server = EmbeddedServer(place).start()
    write_row(server)
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    server.stop()
    with EmbeddedServer(place) as again:
        assert value(again, "SELECT line FROM kept") == "acknowledged"


def test_a_running_program_revives_its_killed_server(place: Path) -> None:
    with EmbeddedServer(place) as server:
        write_row(server)
        assert not server.revive()
        pid = server.status().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        # A dying process lets go of its directory before its parent can learn of its end: wait for the latter.
        assert server._process.child is not None
        server._process.child.wait(60)
        assert server.revive()
        assert value(server, "SELECT line FROM kept") == "acknowledged"


def test_a_program_that_joined_a_server_revives_it(place: Path) -> None:
    killed = program(place, "server.start(); print(server.status().pid, flush=True); time.sleep(600)")
    pid = int(line(killed))
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=10)
    with EmbeddedServer(place) as server:
        assert server.status().pid == pid
        write_row(server)
        assert not server.revive()
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while postmaster.read(server.data) is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert server.revive()
        assert value(server, "SELECT line FROM kept") == "acknowledged"
        assert not server.revive()


def test_a_joined_server_that_was_stopped_on_purpose_stays_stopped(place: Path) -> None:
    starter = program(place, "server.start(keep_running=True); server.stop()")
    starter.communicate(timeout=60)
    with EmbeddedServer(place) as server:
        assert server.status().running
        assert EmbeddedServer(place).shut_down(force=True)
        assert not server.revive()
        assert not server.status().running


def test_a_stale_pid_file_that_names_a_living_stranger_does_not_stop_the_start(place: Path) -> None:
    with EmbeddedServer(place) as server:
        write_row(server)
        kept = (server.data / "postmaster.pid").read_text().splitlines()
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        pid_file = server.data / "postmaster.pid"
        pid_file.write_text("\n".join([str(stranger.pid), *kept[1:]]) + "\n")
        owner = server.data.stat()
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        socket_lock = server.home / "run" / f".s.PGSQL.{kept[3]}.lock"
        socket_lock.write_text(pid_file.read_text())
        with EmbeddedServer(place) as again:
            assert value(again, "SELECT line FROM kept") == "acknowledged"
        assert stranger.poll() is None
    finally:
        stranger.communicate(b"\n", timeout=30)


def test_initdb_killed_half_way_leaves_nothing_in_the_way(place: Path) -> None:
    half = place / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("17\n")
    with EmbeddedServer(place) as server:
        assert value(server, "SELECT 1") == 1
    assert not half.exists()


def test_data_of_another_version_is_refused_and_not_touched(place: Path) -> None:
    (place / "data").mkdir(parents=True)
    (place / "data" / "PG_VERSION").write_text("15\n")
    with pytest.raises(OperatorError, match=r"made by PostgreSQL 15, and this version includes 17"):
        EmbeddedServer(place).start()
    assert [path.name for path in (place / "data").iterdir()] == ["PG_VERSION"]


def test_a_directory_that_is_not_a_database_is_refused(place: Path) -> None:
    (place / "data").mkdir(parents=True)
    (place / "data" / "holiday.jpg").write_bytes(b"\xff\xd8")
    with pytest.raises(OperatorError, match="not a PostgreSQL data directory"):
        EmbeddedServer(place).start()


def test_an_unwritable_directory_is_refused_in_one_sentence(place: Path) -> None:
    place.parent.joinpath("file").write_text("in the way")
    with pytest.raises(OperatorError, match="cannot be written"):
        EmbeddedServer(place.parent / "file" / "postgres").start()
    with pytest.raises(OperatorError, match="cannot be written"):
        EmbeddedServer(Path("/proc/aada")).start()


def test_a_taken_port_is_avoided_at_first_and_named_later(place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        with pytest.raises(OperatorError, match=f"Port {number} on 127.0.0.1"):
            EmbeddedServer(place, port=number).start()
        with EmbeddedServer(place) as server:
            port = server.port
            assert port != number
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with pytest.raises(OperatorError, match=f"Port {port} on 127.0.0.1"):
            EmbeddedServer(place).start()
    with EmbeddedServer(place) as server:
        assert server.port == port


def test_a_missing_password_file_is_named(place: Path) -> None:
    with EmbeddedServer(place) as server:
        (place / "password").rename(place / "away")
        with pytest.raises(OperatorError, match=r"password file .* is missing"):
            server.url()
        (place / "away").rename(place / "password")


def test_a_throw_away_server_leaves_no_data(place: Path) -> None:
    server = EmbeddedServer(place, durable=False).start()
    assert value(server, "SHOW fsync") == "off"
    server.stop()
    assert not server.data.exists()


@pytest.mark.skipif(
    sys.platform != "linux", reason="that a process learns of its parent's death is a Linux feature"
)
@pytest.mark.parametrize("how", ["durable=False", "ends_with_program=True"])
def test_a_server_that_is_to_end_with_its_program_does_when_that_is_killed(place: Path, how: str) -> None:
    killed = program(
        place,
        f"server = EmbeddedServer(server.directory, {how}).start()\n"
        "print(server.status().pid, flush=True); time.sleep(600)",
    )
    pid = int(line(killed))
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=10)
    for _ in range(500):
        if not postmaster.belongs(pid, place / "data"):
            break
        time.sleep(0.02)
    assert not postmaster.belongs(pid, place / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_root_keeps_the_data_where_the_server_user_can_reach_it(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedServer(closed / "postgres", durable=False) as server:
        user = server_user(server.data)
        assert user.uid != 0
        assert server.data.stat().st_uid == user.uid
        assert server.home != server.directory
        assert value(server, "SELECT 1") == 1
        home = server.home
    assert not home.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root runs the server as somebody else")
def test_an_ordinary_user_owns_their_server(place: Path) -> None:
    with EmbeddedServer(place) as server:
        assert server.data.stat().st_uid == os.geteuid()


def test_the_programs_are_found_by_the_environment_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bundled = find_pg17()
    monkeypatch.setenv("AADA_PG_BIN", str(bundled.bin))
    assert find_pg17() == bundled
    monkeypatch.setenv("AADA_PG_BIN", str(tmp_path))
    with pytest.raises(OperatorError, match="has no PostgreSQL programs"):
        find_pg17()
    for name in ("initdb", "postgres", "psql", "pg_dump"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.8'\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(OperatorError, match=r"is postgres \(PostgreSQL\) 15.8, and PostgreSQL 17 is needed"):
        find_pg17()
