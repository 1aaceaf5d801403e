"""The record store's speed, beside what PostgreSQL itself can do on the same machine in the same run.

    python benchmarks/lrs.py [--seconds 5] [--stored 20000] [--large 0] [--clients 8]

Starts a durable embedded server in a temporary directory (fsync on, every commit flushed), the program in a
process of its own, and clients in processes of their own; client, program and database share the machine. With
`--large 5000000` it then fills the store and measures the reads again.
"""

import argparse
import base64
import json
import multiprocessing
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg

from app.db.session import Database
from app.lrs.credentials import service
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.settings import Settings, load_settings

ACTORS, ACTIVITIES = 500, 60
SERVE = """
import sys, uvicorn
from app.lrs.api import create_lrs_app
from app.settings import load_settings
uvicorn.run(create_lrs_app(load_settings()), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning",
            access_log=False, lifespan="off", loop="uvloop", http="httptools")
"""


def statement(number: int) -> dict[str, Any]:
    """A statement of about 0.9 KB; actors and activities repeat as they do in a school."""
    pick = random.Random(number)
    lesson = pick.randrange(ACTIVITIES)
    return {
        "actor": {
            "objectType": "Agent",
            "name": f"Student {number % ACTORS}",
            "mbox": f"mailto:student{number % ACTORS}@school.example",
        },
        "verb": {
            "id": f"http://adlnet.gov/expapi/verbs/{pick.choice(['answered', 'completed', 'experienced'])}",
            "display": {"en-US": "answered"},
        },
        "object": {
            "objectType": "Activity",
            "id": f"https://school.example/lessons/{lesson}",
            "definition": {
                "name": {"en-US": f"Lesson {lesson}"},
                "description": {"en-US": "Radiation hygiene, positioning and the paralleling technique."},
                "type": "http://adlnet.gov/expapi/activities/lesson",
            },
        },
        "result": {
            "score": {"scaled": 0.85, "raw": 85, "min": 0, "max": 100},
            "success": True,
            "completion": True,
            "duration": "PT12M30S",
        },
        "context": {
            "registration": f"00000000-0000-4000-8000-{number % ACTORS:012d}",
            "contextActivities": {
                "parent": [{"id": f"https://school.example/modules/{lesson // 5}"}],
                "grouping": [{"id": "https://school.example/programs/dental-assistant"}],
            },
            "language": "en-US",
        },
        "timestamp": "2026-11-22T10:00:00.123Z",
    }


@dataclass(frozen=True)
class Target:
    """Where the store answers, and the Authorization that opens it."""

    port: int
    authorization: str

    def get(self, path: str) -> bytes:
        return self._head("GET", path) + b"\r\n"

    def post(self, body: bytes) -> bytes:
        head = self._head("POST", "/statements")
        return head + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    def _head(self, method: str, path: str) -> bytes:
        return (
            f"{method} /xapi{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {self.authorization}\r\n"
            "X-Experience-API-Version: 2.0.0\r\n"
        ).encode()


class Line:
    """One kept-alive connection, spoken to with ready-made bytes."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        self.socket.sendall(request)
        data = self.socket.recv(262_144)
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self.socket.recv(262_144)
        head = data[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        total = end + 4 + length
        while len(data) < total:
            data += self.socket.recv(262_144)
        return int(data[9:12]), data[end + 4 :]


def _client(target: Target, requests: list[bytes], seconds: float, barrier: Barrier, results: Any) -> None:
    line = Line(target.port)
    random.shuffle(requests)
    times, failed, index = [], 0, 0
    line.ask(requests[0])
    barrier.wait()
    end = time.perf_counter() + seconds
    while (begin := time.perf_counter()) < end:
        status, _ = line.ask(requests[index % len(requests)])
        times.append(time.perf_counter() - begin)
        failed += status != 200
        index += 1
    results.put((times, failed))


@dataclass(frozen=True)
class Measured:
    """Requests a second, latencies in milliseconds, failures."""

    rate: float
    p50: float
    p95: float
    failed: int
    program_us: float = 0.0
    """Processor time of the program for each request, in microseconds."""
    database_us: float = 0.0


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15])


def _family(pid: int) -> int:
    """Processor time of a process and its children, the ended ones too."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return _ticks(pid) + sum(_ticks(int(child)) for child in children)


@dataclass
class Meter:
    """Processor time used by the program and by the database since it was last read, in seconds."""

    program: int
    database: int
    last: tuple[int, int] = (0, 0)

    def read(self) -> tuple[float, float]:
        now = (_family(self.program), _family(self.database))
        before, self.last = self.last, now
        tick = os.sysconf("SC_CLK_TCK")
        return (now[0] - before[0]) / tick, (now[1] - before[1]) / tick


def load(
    meter: Meter, target: Target, make: Callable[[int], list[bytes]], clients: int, seconds: float
) -> Measured:
    """`clients` processes asking one request after another for `seconds`."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(clients), context.Queue()
    workers = [
        context.Process(target=_client, args=(target, make(number), seconds, barrier, results))
        for number in range(clients)
    ]
    for worker in workers:
        worker.start()
    meter.read()
    gathered = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    times = sorted(taken for found, _ in gathered for taken in found)
    program, database = (used * 1e6 / len(times) for used in meter.read())
    cut = statistics.quantiles(times, n=100)
    failed = sum(failed for _, failed in gathered)
    return Measured(len(times) / seconds, cut[49] * 1000, cut[94] * 1000, failed, program, database)


def posts(target: Target, size: int, number: int) -> list[bytes]:
    """Ready-made POST requests of `size` statements."""
    found = []
    for index in range(40):
        first = number * 100_000 + index * size
        batch = [statement(first + offset) for offset in range(size)]
        found.append(target.post(json.dumps(batch if size > 1 else batch[0], separators=(",", ":")).encode()))
    return found


def _param(value: object) -> str:
    return quote(value if isinstance(value, str) else json.dumps(value), safe="")


def reads(target: Target, ids: Sequence[str]) -> dict[str, Callable[[int], list[bytes]]]:
    """The queries that are measured, by their name in the table."""

    def agent(number: int) -> list[bytes]:
        who = [{"mbox": f"mailto:student{n}@school.example"} for n in range(number, ACTORS, 8)]
        return [target.get(f"/statements?limit=25&agent={_param(one)}") for one in who]

    def one(number: int) -> list[bytes]:
        return [target.get(f"/statements?statementId={one}") for one in ids[number::8][:500]]

    def activity(number: int) -> list[bytes]:
        names = [f"https://school.example/modules/{n % 12}" for n in range(number, number + 12)]
        return [
            target.get(f"/statements?limit=25&related_activities=true&activity={_param(n)}") for n in names
        ]

    def verb(_number: int) -> list[bytes]:
        name = _param("http://adlnet.gov/expapi/verbs/completed")
        return [target.get(f"/statements?limit=25&verb={name}")]

    def both(number: int) -> list[bytes]:
        return [
            target.get(
                f"/statements?limit=25&agent={_param({'mbox': f'mailto:student{n}@school.example'})}"
                f"&verb={_param('http://adlnet.gov/expapi/verbs/completed')}&since=2020-01-01T00:00:00Z"
            )
            for n in range(number, ACTORS, 8)
        ]

    def registration(number: int) -> list[bytes]:
        return [
            target.get(f"/statements?limit=25&registration=00000000-0000-4000-8000-{n:012d}")
            for n in range(number, ACTORS, 8)
        ]

    return {
        "GET limit=25&agent": agent,
        "GET statementId": one,
        "GET limit=25&activity (related)": activity,
        "GET limit=25&verb": verb,
        "GET limit=25&agent&verb&since": both,
        "GET limit=25&registration": registration,
    }


# PostgreSQL's own limit ------------------------------------------------------------------------------------

BARE = """
CREATE TABLE bare (id bigint PRIMARY KEY, statement_id uuid UNIQUE, verb text, registration uuid, at timestamptz,
                   payload jsonb);
CREATE INDEX ON bare (verb, id); CREATE INDEX ON bare (registration, id); CREATE INDEX ON bare (at)
"""


def _bare_row(number: int, payload: str) -> str:
    return f"{number}\t{uuid4()}\turn:verb:{number % 5}\t{uuid4()}\t2026-11-22T10:00:00Z\t{payload}\n"


def limits(url: str, seconds: float) -> dict[str, float]:
    """What the database does when nothing stands before it: rows or look-ups a second."""
    payload = json.dumps(statement(1)).replace("\\", "\\\\")
    found: dict[str, float] = {}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bare")
        for command in BARE.strip().split(";"):
            connection.execute(command)  # type: ignore[call-overload]
        number, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            with connection.cursor().copy("COPY bare FROM STDIN") as copy:
                copy.write("".join(_bare_row(number + n, payload) for n in range(50)))
            number += 50
        found["COPY of 50 rows per commit, 1 connection"] = number / (time.perf_counter() - begin)
        start, begin = number, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            connection.execute(
                "INSERT INTO bare VALUES (%s, %s, %s, %s, now(), %s)",
                (number, uuid4(), "urn:verb:1", uuid4(), payload),
                prepare=True,
            )
            number += 1
        found["INSERT + COMMIT of 1 row, 1 connection"] = (number - start) / (time.perf_counter() - begin)
        count, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            connection.execute(
                "SELECT payload::text FROM bare WHERE id = %s", (count % number,), prepare=True
            ).fetchone()
            count += 1
        found["SELECT by key, 1 connection"] = count / (time.perf_counter() - begin)
        connection.execute("DROP TABLE bare")
    return found


# The run --------------------------------------------------------------------------------------------------


@contextmanager
def serving(settings: Settings, environment: dict[str, str]) -> Iterator[tuple[Target, int]]:
    """The program in its own process; gives the target and the process id."""
    with Database(settings).begin() as session:
        made = service.create(session, None, settings.app_origin, label="benchmark", scopes=["all"])
        pair = f"{made.credential.key}:{made.secret}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(port)], env={**os.environ, **environment})
    try:
        target = Target(port, "Basic " + base64.b64encode(pair.encode()).decode())
        for _ in range(1200):
            try:
                Line(port).ask(target.get("/about"))
                break
            except OSError:
                time.sleep(0.05)
        yield target, process.pid
    finally:
        process.terminate()
        process.wait()


def fill(target: Target, count: int) -> list[str]:
    """Store `count` statements through the front door; answers their ids."""
    line, ids = Line(target.port), []
    for first in range(0, count, 500):
        batch = [statement(first + n) for n in range(500)]
        status, body = line.ask(target.post(json.dumps(batch).encode()))
        assert status == 200, body
        ids += json.loads(body)
    return ids


def multiply(url: str, wanted: int) -> None:
    """Copy what is stored, under new keys and ids, until `wanted` statements are there."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*), min(id), max(id) FROM xapi_statements").fetchone()
        assert row is not None
        have, low, high = row
        step = high - low + 1
        copies = 0
        while have * (copies + 1) < wanted:
            copies += 1
            shift = -step * copies
            connection.execute(
                """
                INSERT INTO xapi_statements (id, user_id, verb, object_id, result, context, timestamp, stored,
                    payload, version, registration, credential_id)
                SELECT id + %s, user_id, verb, object_id, result, context, timestamp, stored, payload, version,
                    registration, credential_id FROM xapi_statements WHERE id >= %s
                """,
                (shift, low),
            )
            for noun, plural in (("actor", "actors"), ("activity", "activities")):
                connection.execute(
                    f"INSERT INTO xapi_statement_{plural} SELECT {noun}_id, direct, statement_id + %s,"  # type: ignore[arg-type]
                    f" subject_id + %s, usage FROM xapi_statement_{plural} WHERE statement_id >= %s",
                    (shift, shift, low),
                )
            print(f"\r{have * (copies + 1):,} statements", end="", flush=True)
        connection.execute("VACUUM ANALYZE")
        print()


def memory(pid: int) -> float:
    """Resident memory of a process in MB."""
    for row in Path(f"/proc/{pid}/status").read_text().splitlines():
        if row.startswith("VmRSS"):
            return int(row.split()[1]) / 1024
    return 0.0


def show(name: str, found: Measured, per: int, unit: str, limit: float | None = None) -> None:
    ratio = f"   {found.rate * per / limit:5.2f} × the database's own" if limit else ""
    print(
        f"{name:34}{found.rate * per:9,.0f} {unit}   p50 {found.p50:6.1f} ms   p95 {found.p95:6.1f} ms"
        f"   {found.failed} failed   processor {found.program_us / per:5.0f} + {found.database_us / per:4.0f} µs{ratio}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--stored", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--large", type=int, default=0)
    options = parser.parse_args()
    # The directory below /tmp must be open to the server's own user.
    with tempfile.TemporaryDirectory(prefix="aada-benchmark-") as folder:
        Path(folder).chmod(0o711)
        server = EmbeddedServer(Path(folder) / "postgres")
        with server:
            run(server, Path(folder), options)


def run(server: EmbeddedServer, folder: Path, options: argparse.Namespace) -> None:
    environment = {
        "DATABASE_URL": server.url("aada_lms"),
        "SECRET_KEY": "a key for the benchmark and nothing else",
        "AADA_APP_PASSWORD": "for-the-benchmark",
        "DATA_DIR": str(folder / "data"),
    }
    os.environ.update(environment)
    settings = load_settings()
    server.ensure_database("aada_lms")
    migrations.upgrade(settings)
    roles.set_app_password(settings)
    seconds, clients = options.seconds, options.clients
    print(f"{os.cpu_count()} cores; client, program and database share them; durable commits\n")
    bare = limits(server.url("aada_lms"), min(seconds, 3))
    for name, rate in bare.items():
        print(f"PostgreSQL alone: {name:42}{rate:9,.0f} /s")
    print()
    single, batch, key = bare.values()
    with serving(settings, environment) as (target, pid):
        ids = fill(target, options.stored)
        postmaster = server.status().pid
        assert postmaster is not None
        meter = Meter(pid, postmaster)
        print(f"{options.stored:,} statements stored; {clients} clients\n")
        show(
            "POST 1, 1 client",
            load(meter, target, lambda n: posts(target, 1, n), 1, seconds),
            1,
            "st/s ",
            batch,
        )
        show(
            "POST 1", load(meter, target, lambda n: posts(target, 1, n), clients, seconds), 1, "st/s ", batch
        )
        show(
            "POST 50, 1 client",
            load(meter, target, lambda n: posts(target, 50, n), 1, seconds),
            50,
            "st/s ",
            single,
        )
        show(
            "POST 50",
            load(meter, target, lambda n: posts(target, 50, n), clients, seconds),
            50,
            "st/s ",
            single,
        )
        with psycopg.connect(server.url("aada_lms"), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        small = {}
        for name, make in reads(target, ids).items():
            small[name] = load(meter, target, make, clients, seconds)
            show(name, small[name], 1, "req/s", key if name.endswith("statementId") else None)
        print(f"\nmemory of the program: {memory(pid):.0f} MB")
        if options.large:
            multiply(server.url("aada_lms"), options.large)
            for name, make in reads(target, ids).items():
                large = load(meter, target, make, clients, seconds)
                show(name, large, 1, "req/s")
                print(f"{'':34}p95 is {large.p95 / small[name].p95:.2f} × that of the small store")


if __name__ == "__main__":
    main()
