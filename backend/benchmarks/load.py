"""Many at once: students' pages, clocks, courses, statements, an export, an import and a report, for a given time.

    ../.venv/bin/python -m benchmarks.load [--seconds 600] [--processes N] [--students 500]

Serves the demo school, with as many students added, by the program as it is started everywhere. First all students
clock in within ten seconds; then everything goes on at once, each kind at its own pace. Prints for each kind the
statuses, the median and the 95th percentile, and what the processes weigh after each tenth of the time: the system, the
database's own memory, and what its processes share. The client runs on the same machine and takes its part of it.
"""

import argparse
import http.client
import json
import os
import re
import secrets
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text

from app.accounts.access import service as access
from app.accounts.access.attempts import Visitor
from app.accounts.people import service as people
from app.core.permissions import SYSTEM
from app.db.session import Database
from app.lrs.desk.keys import service as keys
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from benchmarks.start import family, free_port, proportional_mib

PASSWORD = "a password for a benchmark"
WITHIN_SECONDS = 10.0
PARTS = 10
"""The processes are weighed after each part of the time."""
STUDENTS = """
INSERT INTO users (email, hashed_password, full_name, role)
SELECT 'load-' || n || '@demo.aada.example', '!', 'Load Tester ' || n, 'student'
FROM generate_series(1, :count) n RETURNING id
"""
ENROLLMENTS = """
INSERT INTO enrollments (user_id, program_id, status, enrolled_at)
SELECT u, (SELECT m.program_id FROM lessons l JOIN modules m ON m.id = l.module_id
           WHERE l.content_type = 'scorm' ORDER BY l.id LIMIT 1), 'active', now()
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


# What is asked


def page(client: Client, number: int) -> int:
    path = ("/", "/learn", "/hours", "/")[number % 4]
    return client.ask("GET", path, cookie=_student(client, number))[0]


def clock(client: Client, number: int) -> int:
    """In, or out for whoever is in."""
    place = number % len(client.school.students)
    with client.school.lock:
        out = place in client.school.inside
        client.school.inside.symmetric_difference_update({place})
    status, _ = client.ask(
        "POST",
        f"/hours/clock-{'out' if out else 'in'}",
        cookie=client.school.students[place],
        body=b"",
        Content_Type="application/x-www-form-urlencoded",
    )
    return status


def course(client: Client, number: int) -> int:
    """A commit of a course; the first of a student opens it."""
    place = number % min(40, len(client.school.students))
    with client.school.lock:
        token, seq = client.school.launches.get(place, ("", 0))
    if not token:
        status, found = client.ask(
            "POST",
            f"/api/v1/lessons/{client.school.lesson}/launches",
            cookie=client.school.students[place],
            body=b"{}",
            Content_Type="application/json",
            Accept_Encoding="identity",
        )
        opened = re.search(rb"/p/([A-Za-z0-9_-]{20,})", found)
        if opened is None:
            return status
        token = opened[1].decode()
    with client.school.lock:
        client.school.launches[place] = (token, seq + 1)
    sent = {"seq": seq + 1, "cmi": {"core": {"lesson_status": "incomplete", "session_time": "00:00:05"}}}
    return client.ask(
        "POST",
        f"/p/{token}/commit",
        host="127.0.0.1",
        body=json.dumps(sent).encode(),
        Origin=f"http://127.0.0.1:{client.port}",
    )[0]


def statement(client: Client, _number: int) -> int:
    sent = {
        "id": str(uuid.uuid4()),
        "actor": {"mbox": f"mailto:load-{secrets.randbelow(500)}@demo.aada.example"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/experienced"},
        "object": {"id": f"https://example.edu/load/{secrets.randbelow(50)}"},
    }
    return client.ask(
        "POST",
        "/xapi/statements",
        body=json.dumps(sent).encode(),
        Authorization=client.school.key,
        X_Experience_API_Version="1.0.3",
        Content_Type="application/json",
    )[0]


def export(client: Client, _number: int) -> int:
    return client.ask("GET", "/attendance?format=csv", cookie=client.school.staff)[0]


def report(client: Client, _number: int) -> int:
    return client.ask("GET", "/attendance/students?format=pdf", cookie=client.school.staff)[0]


def upload(client: Client, number: int) -> int:
    """A list of people to import, which is checked and not taken in."""
    rows = "".join(f"Person {number} {n},import-{number}-{n}@example.edu,student\n" for n in range(500))
    mark = uuid.uuid4().hex
    body = (
        f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\nfull_name,email,role\n{rows}\r\n--{mark}--\r\n"
    )
    return client.ask(
        "POST",
        "/imports/people/new",
        cookie=client.school.staff,
        body=body.encode(),
        Content_Type=f"multipart/form-data; boundary={mark}",
    )[0]


def _student(client: Client, number: int) -> str:
    return client.school.students[number % len(client.school.students)]


KINDS = (
    ("students' pages", 20.0, page),
    ("clock", 4.0, clock),
    ("course's commit", 4.0, course),
    ("statement", 4.0, statement),
    ("export of attendance", 1 / 20, export),
    ("report as PDF", 1 / 30, report),
    ("import checked", 1 / 30, upload),
)


# The run


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
            sys.exit("The program ended before it answered.")
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


def school_of(settings: Settings, students: int) -> School:
    """Add students, and sign them and an administrator in."""
    database = Database(settings)
    with database.begin() as session:
        added = list(session.scalars(text(STUDENTS), {"count": students}))
        session.execute(text(ENROLLMENTS), {"users": added})
        lesson = session.scalar(text("SELECT min(id) FROM lessons WHERE content_type = 'scorm'"))
        staff = session.scalar(text("SELECT id FROM users WHERE email = 'admin@demo.aada.example'"))
        made = keys.create(session, SYSTEM, settings.app_origin, label="load", scopes=["all"])
    with database.begin() as session:
        signed = [
            access.open_session(
                session, settings, people.get_person(session, SYSTEM, number), Visitor()
            ).secret
            for number in [*added, staff]
        ]
    database.close()
    pair = b64encode(f"{made.api_key.key}:{made.secret}".encode()).decode()
    return School(signed[:-1], signed[-1], f"Basic {pair}", int(lesson or 0))


def at_pace(
    kind: Kind, port: int, school: School, seconds: float, count: int | None = None
) -> list[threading.Thread]:
    """Threads that ask at the kind's rate until the time is over, however long each answer takes."""
    begun = time.monotonic()
    numbers = iter(range(count if count is not None else int(seconds * kind.rate) + 1))
    lock = threading.Lock()

    def work() -> None:
        client = Client(port, school)
        while True:
            with lock:
                number = next(numbers, None)
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

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(32, max(1, int(kind.rate * 2))))]
    for one in threads:
        one.start()
    return threads


def weight(program: int, database: int | None) -> dict[str, float]:
    """MiB of the processes that serve, of the database's own memory, and of the memory that its processes share.

    The shared part is the buffer cache and its tables: counted as it is touched for the first time, and never more
    than the server has set aside when it started. What may grow without an end is in the other two.
    """
    postgres = set(family(database)) if database else set()
    own = [pid for pid in family(program) if pid not in postgres]
    shared = proportional_mib(sorted(postgres), "Pss_Shmem")
    return {
        "program": proportional_mib(own),
        "database, its own": proportional_mib(sorted(postgres)) - shared,
        "database, shared": shared,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--processes", type=int)
    parser.add_argument("--students", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aada-load-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with served(folder, options.processes) as (program, port, settings):
            school = school_of(settings, options.students)
            server = EmbeddedServer(folder / "postgres").status().pid
            rush = Kind(f"{options.students} clock in", options.students / WITHIN_SECONDS, clock)
            for one in at_pace(rush, port, school, WITHIN_SECONDS, options.students):
                one.join()
            print(rush.line())
            kinds = [Kind(*kind) for kind in KINDS]
            weights: dict[str, list[float]] = defaultdict(list)
            # A tenth of the time to fill what is filled once: pools, compiled statements, caches.
            for _ in range(PARTS):
                running = [
                    one for kind in kinds for one in at_pace(kind, port, school, options.seconds / PARTS)
                ]
                for one in running:
                    one.join()
                for what, mib in weight(program, server).items():
                    weights[what].append(mib)
            for kind in kinds:
                print(kind.line())
            print(f"{'MiB after each tenth':22} " + " ".join(f"{part + 1:5}" for part in range(PARTS)))
            for what, found in weights.items():
                grown = 100 * (found[-1] / found[0] - 1)
                print(f"{what:22} " + " ".join(f"{mib:5.0f}" for mib in found) + f"   {grown:+.1f} %")
            bad = sum(
                count
                for kind in [rush, *kinds]
                for status, count in kind.statuses.items()
                if status >= 500 or not status
            )
            print(f"answers of 500 and above, or none: {bad}")


if __name__ == "__main__":
    main()
