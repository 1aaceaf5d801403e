"""Several processes that serve: killed, replaced, and ended, while somebody goes on asking."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.ops.test_serving import address, answer, database, free_port, installation, serve

# One worker: the program is started for the first of these tests, and again after one that ended it. Those that end it
# come last.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("processes")]


def children(pid: int) -> list[int]:
    """The processes that serve or work off jobs, not the database."""
    found = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [one for one in found if "postgres" not in Path(f"/proc/{one}/comm").read_text()]


def until(holds: Callable[[], bool], what: str, seconds: float = 160) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.1)


class Site:
    """A program with two processes that answer, on an installation of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self._log = Path(environment["DATA_DIR"]) / "errors.log"
        self._read_from = 0
        self.program: subprocess.Popen[str] | None = None
        self.url = ""

    @property
    def pid(self) -> int:
        assert self.program is not None
        return self.program.pid

    def ready(self) -> None:
        """Started, unless it is running; what it wrote before is not looked at again."""
        self._read_from = self._log.stat().st_size if self._log.exists() else 0
        if self.program is None or self.program.poll() is not None:
            with self._log.open("a") as errors:
                self.program = serve(
                    self.environment, "--port", str(free_port()), "--processes", "2", stderr=errors
                )
            self.url = address(self.program)
        assert len(children(self.pid)) == 3, "two that answer, one for the jobs"

    def said(self) -> str:
        """What went to standard error since the test began."""
        return self._log.read_text()[self._read_from :]

    def ends(self) -> None:
        """It is asked to end, and leaves nothing running."""
        assert self.program is not None
        self.program.terminate()
        self.program.communicate(timeout=90)
        assert self.program.returncode == 0
        assert not database(self.environment).status().running


@pytest.fixture(scope="module")
def one_site() -> Iterator[Site]:
    with installation() as environment:
        site = Site(environment)
        yield site
        if site.program is not None and site.program.poll() is None:
            site.program.kill()
            site.program.communicate(timeout=30)


@pytest.fixture
def site(one_site: Site) -> Site:
    one_site.ready()
    return one_site


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


def _of_the_next(environment: Path, before: bytes) -> bytes:
    """The environment of the program that took this one's place. It is empty while the kernel changes them."""
    found = [b""]

    def changed() -> bool:
        found[0] = environment.read_bytes()
        return b"AADA_TAKEN_OVER" in found[0] and found[0] != before

    until(changed, "the program in its own place")
    return found[0]


def test_a_killed_child_is_replaced_and_the_site_goes_on(site: Site) -> None:
    before = children(site.pid)
    with Asking(site.url) as asking:
        until(lambda: asking.answers["200"] > 20, "answers")
        for pid in before:
            os.kill(pid, signal.SIGKILL)
            until(
                lambda pid=pid: pid not in children(site.pid) and len(children(site.pid)) == 3,  # type: ignore[misc]
                "a new child",
            )
        count = asking.answers["200"]
        until(lambda: asking.answers["200"] > count + 20, "answers")
    assert "ConnectionRefusedError" not in asking.answers
    assert set(children(site.pid)).isdisjoint(before)
    assert site.said().count("serving.child_died") == 3


def test_rolling_restarts_refuse_nobody_and_a_second_wish_waits_for_the_first(site: Site) -> None:
    """A SIGHUP that comes while the program takes its own place ends nobody, and is not forgotten."""
    assert site.program is not None
    begun = Path(f"/proc/{site.pid}/environ")
    before = begun.read_bytes()
    with Asking(site.url) as asking:
        until(lambda: asking.answers["200"] > 20, "answers")
        site.program.send_signal(signal.SIGHUP)
        first = _of_the_next(begun, before)
        site.program.send_signal(signal.SIGHUP)
        _of_the_next(begun, first)
        assert site.program.poll() is None
        former = children(site.pid)
        until(lambda: set(children(site.pid)).isdisjoint(former), "others")
        until(lambda: len(children(site.pid)) == 3, "as many as before")
        count = asking.answers["200"]
        until(lambda: asking.answers["200"] > count + 20, "answers")
    assert set(asking.answers) == {"200"}, asking.answers
    assert "Traceback" not in site.said()


def test_a_program_that_would_not_start_does_not_take_over(site: Site) -> None:
    """Settings that do not hold are found before anything is given up."""
    before = children(site.pid)
    with psycopg.connect(database(site.environment).url(), autocommit=True) as connection:
        [(head,)] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        os.kill(site.pid, signal.SIGHUP)
        until(lambda: len(children(site.pid)) > len(before), "a look whether it would start")
        until(lambda: len(children(site.pid)) == len(before), "the end of that look")
        connection.execute("UPDATE alembic_version SET version_num = %s", (head,))
    assert children(site.pid) == before
    assert answer(f"{site.url}/sign-in") == 200
    assert "serving.reload_refused" in site.said()


def test_a_database_that_dies_is_started_again_once(site: Site) -> None:
    pid = database(site.environment).status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(
        lambda: (
            database(site.environment).status().running and database(site.environment).status().pid != pid
        ),
        "a database",
    )
    until(lambda: answer(f"{site.url}/readyz") == 200, "ready")
    assert site.said().count("database.revived") == 1


@pytest.mark.parametrize("moment", ["while it looks whether it would start", "in its own place"])
def test_a_wish_to_end_is_not_lost_in_a_rolling_restart(site: Site, moment: str) -> None:
    before = len(children(site.pid))
    begun = Path(f"/proc/{site.pid}/environ")
    first = begun.read_bytes()
    os.kill(site.pid, signal.SIGHUP)
    if moment == "in its own place":
        _of_the_next(begun, first)
    else:
        until(lambda: len(children(site.pid)) > before, moment)
    site.ends()


def test_children_end_with_a_parent_that_was_killed(site: Site) -> None:
    assert site.program is not None
    left = children(site.pid)
    site.program.kill()
    site.program.communicate(timeout=30)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left), "the end of the children", 60)


def test_beyond_the_limit_of_connections_one_is_asked_to_come_again(one_site: Site) -> None:
    if one_site.program is not None and one_site.program.poll() is None:
        one_site.ends()
    program = serve(one_site.environment, "--port", str(free_port()), "--processes", "1")
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
