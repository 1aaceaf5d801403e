"""`aada serve` as a program: started, signalled, killed, and refused."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psycopg
import pytest

from app.ops.postgres import EmbeddedServer

BACKEND = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@contextmanager
def installation() -> Iterator[dict[str, str]]:
    """The environment of an installation of its own, with nothing in it."""
    folder = Path(tempfile.mkdtemp(prefix="aada-"))
    folder.chmod(0o711)
    yield {
        **os.environ,
        "DATABASE_URL": "",
        "DATA_DIR": str(folder),
        "SECRET_KEY": "k" * 32,
        "AADA_APP_PASSWORD": "for tests",
        "APP_ORIGIN": "http://localhost:8000",
        "CONTENT_ORIGIN": "http://127.0.0.1:8000",
        # A line for each request would fill a pipe that nobody reads before the end, and stop the system.
        "LOG_LEVEL": "WARNING",
        # Whoever asks without a pause here stands for many people.
        "PACE_FACTOR": "1000",
    }
    EmbeddedServer(folder / "postgres").shut_down(force=True)
    shutil.rmtree(folder)


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    with installation() as environment:
        yield environment


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


def serve(
    environment: dict[str, str], *arguments: str, stderr: int | IO[str] = subprocess.PIPE
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", *arguments],
        cwd=BACKEND,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def address(program: subprocess.Popen[str]) -> str:
    """Wait for the address, which is printed last."""
    assert program.stdout is not None
    for line in program.stdout:
        found = re.search(r"http://localhost:\d+$", line.strip())
        if found:
            return found.group(0)
    _, errors = program.communicate()
    pytest.fail(f"it did not start: {errors}")


def answer(url: str) -> int:
    """The status of a page; any page will do."""
    try:
        with urllib.request.urlopen(url, timeout=30) as page:  # noqa: S310
            return int(page.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def database(environment: dict[str, str]) -> EmbeddedServer:
    return EmbeddedServer(Path(environment["DATA_DIR"]) / "postgres")


def _ends_cleanly(program: subprocess.Popen[str], number: signal.Signals, server: EmbeddedServer) -> None:
    """A signal ends the program and its database in good order."""
    server.log.write_text("")
    program.send_signal(number)
    _, errors = program.communicate(timeout=60)
    assert program.returncode == 0
    assert "Traceback" not in errors
    assert not server.status().running
    assert "database system is shut down" in server.log.read_text()


@pytest.fixture(scope="module")
def installed() -> Iterator[dict[str, str]]:
    """One installation for tests that each leave it stopped and whole: a first start migrates for half a minute."""
    with installation() as environment:
        yield environment


@pytest.mark.xdist_group("serving")
def test_a_signal_ends_program_and_database_cleanly(installed: dict[str, str]) -> None:
    program = serve(installed, "--port", str(free_port()))
    assert answer(address(program)) < 500
    assert database(installed).status().running
    _ends_cleanly(program, signal.SIGINT, database(installed))


@pytest.mark.xdist_group("serving")
def test_a_killed_program_starts_again_with_everything_acknowledged(installed: dict[str, str]) -> None:
    port = str(free_port())
    program = serve(installed, "--port", port)
    address(program)
    with psycopg.connect(database(installed).url()) as connection:
        connection.execute("CREATE TABLE acknowledged AS SELECT 1 AS row")
    # Both at once, as when the machine loses power.
    pid = database(installed).status().pid
    assert pid is not None
    program.kill()
    os.kill(pid, signal.SIGKILL)
    program.communicate(timeout=30)
    again = serve(installed, "--port", port)
    assert answer(address(again)) < 500
    with psycopg.connect(database(installed).url()) as connection:
        assert connection.execute("SELECT count(*) FROM acknowledged").fetchone() == (1,)
    _ends_cleanly(again, signal.SIGTERM, database(installed))


def test_a_port_in_use_is_one_sentence_and_nothing_is_started(environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        program = serve(environment, "--port", str(port))
        _, errors = program.communicate(timeout=60)
    assert program.returncode == 1
    assert errors == (
        f"aada: Port {port} is in use by another program: stop that one, or choose another with --port.\n"
    )
    assert not (Path(environment["DATA_DIR"]) / "postgres" / "data").exists()


def test_an_external_database_behind_the_code_is_refused_and_left_alone(environment: dict[str, str]) -> None:
    with database(environment) as server:
        server.ensure_database()
        program = serve({**environment, "DATABASE_URL": server.url()}, "--port", str(free_port()))
        _, errors = program.communicate(timeout=60)
        assert program.returncode == 1
        assert errors == "aada: The database has no tables yet: create them with `aada db migrate`.\n"
        with psycopg.connect(server.url()) as connection:
            row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        assert row == (0,)
