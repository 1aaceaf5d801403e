"""The demo school, served as everywhere, and a crowd that asks it at a pace: what several benchmarks share."""

import http.client
import json
import os
import re
import secrets
import signal
import statistics
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.access import service as access
from app.accounts.access.attempts import Visitor
from app.accounts.people import service as people
from app.core.permissions import SYSTEM
from app.db.session import Database
from app.lrs.desk.keys import service as keys
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from benchmarks.start import free_port

PASSWORD = "a password for a benchmark"
STUDENTS = """
INSERT INTO users (email, hashed_password, full_name, role)
SELECT CAST(:name AS text) || '-' || n || '@demo.aada.example', '!', 'Load Tester ' || n, 'student'
FROM generate_series(1, :count) n RETURNING id
"""
ENROLLMENTS = """
INSERT INTO enrollments (user_id, program_id, status, enrolled_at)
SELECT u, (SELECT m.program_id FROM lessons l JOIN modules m ON m.id = l.module_id WHERE l.id = :lesson),
       'active', now()
FROM unnest(CAST(:users AS int[])) u
"""


@dataclass
class Kind:
    """One kind of request: how often a second, and how it went."""

    name: str
    rate: float
    act: Callable[["Client", int], int]
    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)

    def line(self) -> str:
        found = " ".join(f"{status}:{count}" for status, count in sorted(self.statuses.items()))
        middle, late = statistics.median(self.times), percentile(self.times, 0.95)
        return f"{self.name:22} {found:28} p50 {middle:7.1f} ms   p95 {late:7.1f} ms"


def percentile(times: Sequence[float], part: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


class Client:
    """A thread's connections to the two hosts."""

    def __init__(self, port: int, school: "School") -> None:
        self.school = school
        self._hosts = {
            name: http.client.HTTPConnection(name, port, timeout=60) for name in ("localhost", "127.0.0.1")
        }
        self.port = port

    def ask(
        self,
        method: str,
        path: str,
        *,
        cookie: str = "",
        body: bytes | None = None,
        host: str = "localhost",
        **headers: str,
    ) -> tuple[int, bytes]:
        connection = self._hosts[host]
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if cookie:
            sent["Cookie"] = f"aada_session={cookie}"
        # A connection that idled is closed by the server; asked over it once more, a new one is made.
        for again in (True, False):
            try:
                connection.request(method, path, body=body, headers={"Accept-Encoding": "gzip"} | sent)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                connection.close()
                if not again:
                    break
            except (OSError, http.client.HTTPException):
                connection.close()
                break
        return 0, b""


@dataclass
class School:
    """Whom the load signs in as. `launches` holds the place of a student's course once it is open."""

    students: list[str]
    staff: str
    key: str
    lesson: int
    launches: dict[int, tuple[str, int]] = field(default_factory=dict)
    inside: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Opened:
    """A part of a lesson that was opened: the number of its launch, and the secret in its address."""

    launch: str
    token: str


def open_course(client: Client, place: int) -> tuple[int, Opened | None]:
    """Open the school's course as one of its students; the status, and None if it did not open."""
    status, found = client.ask(
        "POST",
        f"/api/v1/lessons/{client.school.lesson}/launches",
        cookie=client.school.students[place],
        body=b"{}",
        Content_Type="application/json",
        Accept_Encoding="identity",
    )
    if status != 201:
        return status, None
    launch = json.loads(found)
    token = re.search(r"/p/([A-Za-z0-9_-]{20,})", launch["player_url"])
    return status, None if token is None else Opened(launch["launch_id"], token[1])


def commit(client: Client, token: str, sent: dict[str, Any]) -> tuple[int, bytes]:
    """What a course reports, as the player sends it; status and answer."""
    return client.ask(
        "POST",
        f"/p/{token}/commit",
        host="127.0.0.1",
        body=json.dumps(sent).encode(),
        Origin=f"http://127.0.0.1:{client.port}",
    )


@contextmanager
def served(folder: Path, processes: int | None) -> Iterator[tuple[int, int, Settings]]:
    """The demo school at a port: process number, port, settings that reach its database."""
    port = free_port()
    known = {"DATA_DIR": str(folder), "SECRET_KEY": secrets.token_hex(32), "AADA_APP_PASSWORD": PASSWORD}
    more = ["--processes", str(processes)] if processes else []
    program = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--demo", "--port", str(port), *more],
        env=os.environ | known | {"DATABASE_URL": "", "LOG_LEVEL": "WARNING"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout is not None
        for line in program.stdout:
            if f"http://localhost:{port}" in line:
                break
        else:
            sys.exit("The system ended before it answered.")
        settings = Settings(
            _env_file=None,
            database_url=EmbeddedServer(folder / "postgres").url(),
            secret_key=known["SECRET_KEY"],
            aada_app_password=PASSWORD,
            data_dir=folder,
            app_origin=f"http://localhost:{port}",
            content_origin=f"http://127.0.0.1:{port}",
        )
        yield program.pid, port, settings
    finally:
        program.send_signal(signal.SIGINT)
        program.wait(90)


def add_students(session: Session, count: int, lesson: int, name: str = "load") -> list[int]:
    """Add students to the program of a lesson; their numbers. `name` begins their addresses."""
    added = list(session.scalars(text(STUDENTS), {"count": count, "name": name}))
    session.execute(text(ENROLLMENTS), {"users": added, "lesson": lesson})
    return added


def sign_in(session: Session, settings: Settings, user: int) -> str:
    """The secret in the cookie of somebody who has just signed in."""
    person = people.get_person(session, SYSTEM, user)
    return access.open_session(session, settings, person, Visitor()).secret


def school_of(settings: Settings, students: int) -> School:
    """Add students, and sign them and an administrator in."""
    database = Database(settings)
    with database.begin() as session:
        lesson = int(session.scalar(text("SELECT min(id) FROM lessons WHERE content_type = 'scorm'")) or 0)
        added = add_students(session, students, lesson)
        staff = int(session.scalar(text("SELECT id FROM users WHERE email = 'admin@demo.aada.example'")) or 0)
        made = keys.create(session, SYSTEM, settings.app_origin, label="load", scopes=["all"])
    with database.begin() as session:
        signed = [sign_in(session, settings, number) for number in [*added, staff]]
    database.close()
    pair = b64encode(f"{made.api_key.key}:{made.secret}".encode()).decode()
    return School(signed[:-1], signed[-1], f"Basic {pair}", lesson)


def at_pace(
    kind: Kind,
    port: int,
    school: School,
    seconds: float,
    count: int | None = None,
    *,
    connections: int | None = None,
) -> list[threading.Thread]:
    """Threads that ask at the kind's rate until the time is over, each over a kept connection of its own.

    Whoever is free takes the next number, however long another's answer takes. With `connections`, connection n takes
    the numbers that are n modulo their count: what is asked over one is in order, and waits for the answer before it.
    """
    begun = time.monotonic()
    numbers = range(count if count is not None else int(seconds * kind.rate) + 1)
    kept = connections or min(32, max(1, int(kind.rate * 2)))
    together = iter(numbers)
    turns = [together if connections is None else iter(numbers[place::kept]) for place in range(kept)]
    lock = threading.Lock()

    def work(mine: Iterator[int]) -> None:
        client = Client(port, school)
        while True:
            with lock:
                number = next(mine, None)
            if number is None:
                return
            pause = begun + number / kind.rate - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            asked = time.perf_counter()
            status = kind.act(client, number)
            with lock:
                kind.statuses[status] += 1
                kind.times.append((time.perf_counter() - asked) * 1000)

    threads = [threading.Thread(target=work, args=(mine,), daemon=True) for mine in turns]
    for one in threads:
        one.start()
    return threads
