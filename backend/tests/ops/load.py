"""Writers that keep what was acknowledged to them, and people at the pages, while servers come and go."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

import psycopg
from fastapi.testclient import TestClient

_ROW = "INSERT INTO acknowledged VALUES (%s, %s) ON CONFLICT DO NOTHING"


@dataclass
class Writers:
    """Threads that commit one row after another, and send the same row again until it is acknowledged."""

    conninfo: str
    count: int = 4
    acknowledged: list[tuple[int, int]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        with psycopg.connect(self.conninfo) as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS acknowledged (writer int, number int, PRIMARY KEY (writer, number))"
            )
        for one in range(self.count):
            thread = threading.Thread(target=self._write, args=(one,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    def longest_gap(self, since: float) -> float:
        """The longest time without any acknowledgement since then, in seconds."""
        times = [since, *sorted(at for at in self.at if at > since)]
        return max((after - before for before, after in pairwise(times)), default=0.0)

    def lost(self) -> int:
        """How many acknowledged rows are not there."""
        with psycopg.connect(self.conninfo) as connection:
            there = set(connection.execute("SELECT writer, number FROM acknowledged").fetchall())
        return len(set(self.acknowledged) - there)

    def _write(self, writer: int) -> None:
        number = 0
        while not self._stopping.is_set():
            with suppress(psycopg.Error), psycopg.connect(self.conninfo, autocommit=True) as connection:
                while not self._stopping.is_set():
                    connection.execute(_ROW, (writer, number))
                    self.acknowledged.append((writer, number))
                    self.at.append(time.monotonic())
                    number += 1
            time.sleep(0.05)


@dataclass
class Visitor:
    """A person who asks for a page again and again; what was answered."""

    client: TestClient
    ask: Callable[[TestClient], tuple[int, str | None]]
    answers: Counter[int] = field(default_factory=Counter)
    without_retry: int = 0
    """Answers of 503 that do not say when to come back."""
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._visit, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(60)

    def _visit(self) -> None:
        while not self._stopping.wait(0.1):
            status, retry = self.ask(self.client)
            self.answers[status] += 1
            self.without_retry += status == 503 and not retry
