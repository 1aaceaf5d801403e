"""Several processes that serve: killed, replaced, and ended, while somebody goes on asking."""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.ops.test_serving import address, answer, database, environment, free_port, serve

__all__ = ["environment"]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TWO = ("--processes", "2")


def children(pid: int) -> list[int]:
    """The processes that serve or work off jobs, not the database."""
    found = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [one for one in found if "postgres" not in Path(f"/proc/{one}/comm").read_text()]


def until(holds: Callable[[], bool], what: str, seconds: float = 160) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.1)


class Asking:
    """Somebody who goes on asking, over connections that are kept and over new ones."""

    def __init__(self, url: str, threads: int = 4) -> None:
        self.host = urlsplit(url).netloc
        self.answers: Counter[str] = Counter()
        self._enough = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(number % 2 == 0,), daemon=True)
            for number in range(threads)
        ]

    def __enter__(self) -> Asking:
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for one in self._threads:
            one.join(60)

    def _ask(self, keeps: bool) -> None:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        while not self._enough.is_set():
            try:
                connection.request("GET", "/sign-in", headers={} if keeps else {"Connection": "close"})
                response = connection.getresponse()
                response.read()
                self.answers[str(response.status)] += 1
                if not keeps or response.getheader("connection") == "close":
                    connection.close()
            except (OSError, http.client.HTTPException) as error:
                # A refused connection, or one that broke while an answer was under way.
                self.answers[type(error).__name__] += 1
                connection.close()
            # Without a pause they take the processor from the processes whose start is waited for.
            self._enough.wait(0.02)
        connection.close()


def test_a_killed_child_is_replaced_and_the_site_goes_on(environment: dict[str, str]) -> None:
    program = serve(environment, "--port", str(free_port()), *TWO)
    url = address(program)
    before = children(program.pid)
    assert len(before) == 3, "two that answer, one for the jobs"
    with Asking(url) as asking:
        until(lambda: asking.answers["200"] > 20, "answers")
        for pid in before:
            os.kill(pid, signal.SIGKILL)
            until(
                lambda pid=pid: pid not in children(program.pid) and len(children(program.pid)) == 3,  # type: ignore[misc]
                "a new child",
            )
        count = asking.answers["200"]
        until(lambda: asking.answers["200"] > count + 20, "answers")
    assert "ConnectionRefusedError" not in asking.answers
    assert set(children(program.pid)).isdisjoint(before)
    program.terminate()
    _, errors = program.communicate(timeout=90)
    assert program.returncode == 0
    assert errors.count("serving.child_died") == 3
    assert not database(environment).status().running


def test_a_rolling_restart_refuses_nobody(environment: dict[str, str]) -> None:
    program = serve(environment, "--port", str(free_port()), *TWO)
    url = address(program)
    before = children(program.pid)
    with Asking(url) as asking:
        until(lambda: asking.answers["200"] > 20, "answers")
        program.send_signal(signal.SIGHUP)
        until(lambda: set(children(program.pid)).isdisjoint(before), "others")
        until(lambda: len(children(program.pid)) == 3, "as many as before")
        count = asking.answers["200"]
        until(lambda: asking.answers["200"] > count + 20, "answers")
    assert set(asking.answers) == {"200"}, asking.answers
    program.terminate()
    _, errors = program.communicate(timeout=90)
    assert program.returncode == 0
    assert "Traceback" not in errors
    assert not database(environment).status().running


def test_a_second_wish_for_others_waits_for_the_first(environment: dict[str, str]) -> None:
    """A SIGHUP that comes while the program takes its own place ends nobody, and is not forgotten."""
    program = serve(environment, "--port", str(free_port()), *TWO)
    url = address(program)
    begun = Path(f"/proc/{program.pid}/environ")
    program.send_signal(signal.SIGHUP)
    until(lambda: b"AADA_TAKEN_OVER" in begun.read_bytes(), "the program in its own place")
    first = begun.read_bytes()
    program.send_signal(signal.SIGHUP)
    until(lambda: program.poll() is not None or begun.read_bytes() != first, "the same once more")
    assert program.poll() is None
    former = children(program.pid)
    until(lambda: set(children(program.pid)).isdisjoint(former), "others")
    until(lambda: len(children(program.pid)) == 3, "as many as before")
    assert answer(f"{url}/sign-in") == 200
    program.terminate()
    program.communicate(timeout=90)
    assert program.returncode == 0


@pytest.mark.parametrize("moment", ["while it looks whether it would start", "in its own place"])
def test_a_wish_to_end_is_not_lost_in_a_rolling_restart(environment: dict[str, str], moment: str) -> None:
    program = serve(environment, "--port", str(free_port()), *TWO)
    address(program)
    before = len(children(program.pid))
    begun = Path(f"/proc/{program.pid}/environ")
    program.send_signal(signal.SIGHUP)
    if moment == "in its own place":
        until(lambda: b"AADA_TAKEN_OVER" in begun.read_bytes(), moment)
    else:
        until(lambda: len(children(program.pid)) > before, moment)
    program.terminate()
    program.communicate(timeout=90)
    assert program.returncode == 0
    assert not database(environment).status().running


def test_a_program_that_would_not_start_does_not_take_over(environment: dict[str, str]) -> None:
    """Settings that do not hold are found before anything is given up."""
    program = serve(environment, "--port", str(free_port()), *TWO)
    url = address(program)
    before = children(program.pid)
    with psycopg.connect(database(environment).url(), autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    program.send_signal(signal.SIGHUP)
    until(lambda: len(children(program.pid)) > len(before), "a look whether it would start")
    until(lambda: len(children(program.pid)) == len(before), "the end of that look")
    assert children(program.pid) == before
    assert answer(f"{url}/sign-in") == 200
    program.terminate()
    _, errors = program.communicate(timeout=90)
    assert "serving.reload_refused" in errors


def test_children_end_with_a_parent_that_was_killed(environment: dict[str, str]) -> None:
    program = serve(environment, "--port", str(free_port()), *TWO)
    address(program)
    left = children(program.pid)
    program.kill()
    program.communicate(timeout=30)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left), "the end of the children", 60)


def test_a_database_that_dies_is_started_again_once(environment: dict[str, str]) -> None:
    program = serve(environment, "--port", str(free_port()), *TWO)
    url = address(program)
    pid = database(environment).status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(
        lambda: database(environment).status().running and database(environment).status().pid != pid,
        "a database",
    )
    until(lambda: answer(f"{url}/readyz") == 200, "ready")
    program.terminate()
    _, errors = program.communicate(timeout=90)
    assert errors.count("database.revived") == 1


def test_beyond_the_limit_of_connections_one_is_asked_to_come_again(environment: dict[str, str]) -> None:
    program = serve(environment, "--port", str(free_port()), "--processes", "1")
    host = urlsplit(address(program)).netloc
    held = [http.client.HTTPConnection(host, timeout=60) for _ in range(1_000)]
    try:
        for one in held[:]:
            one.connect()
        late, watching = (http.client.HTTPConnection(host, timeout=60) for _ in range(2))
        held += [late, watching]
        late.request("GET", "/sign-in")
        refused = late.getresponse()
        assert (refused.status, refused.getheader("Retry-After")) == (503, "5")
        assert b"try again" in refused.read()
        watching.request("GET", "/healthz")
        alive = watching.getresponse()
        assert (alive.status, b"ok" in alive.read()) == (200, True)
    finally:
        for one in held:
            one.close()
    until(lambda: answer(f"http://{host}/sign-in") == 200, "room again")
    program.terminate()
    program.communicate(timeout=90)
