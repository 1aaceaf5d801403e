"""What the record store's benchmarks are made of: statements, requests, a filled store, the program serving it."""

import base64
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from app.core.permissions import SYSTEM
from app.db.session import Database
from app.lrs.desk.keys import service
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from benchmarks.lrs_clients import Line, Target

ACTORS, ACTIVITIES = 500, 60
SERVE = """
import gc, sys, uvicorn
from app.main import create_app
from app.settings import load_settings
app = create_app(load_settings())
gc.collect()
gc.freeze()  # as app.ops.lifecycle does
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning",
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

    def registration_and_activity(number: int) -> list[bytes]:
        return [
            target.get(
                f"/statements?limit=25&registration=00000000-0000-4000-8000-{n:012d}&related_activities=true"
                f"&activity={_param('https://school.example/programs/dental-assistant')}"
            )
            for n in range(number, ACTORS, 8)
        ]

    def newest(_number: int) -> list[bytes]:
        return [target.get("/statements?limit=25")]

    def since(_number: int) -> list[bytes]:
        return [target.get("/statements?limit=25&ascending=true&since=2020-01-01T00:00:00Z")]

    return {
        "GET limit=25": newest,
        "GET limit=25&since&ascending": since,
        "GET limit=25&agent": agent,
        "GET statementId": one,
        "GET limit=25&activity (related)": activity,
        "GET limit=25&verb": verb,
        "GET limit=25&agent&verb&since": both,
        "GET limit=25&registration": registration,
        "GET limit=25&registration&activity": registration_and_activity,
    }


@contextmanager
def durable(keep: Path | None) -> Iterator[tuple[EmbeddedServer, Path]]:
    """A durable server for the stores that are compared, and its folder, which is kept where one is named."""
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aada-benchmark-")))
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)  # open to the server's own user
        yield stack.enter_context(EmbeddedServer(folder / "postgres")), folder


def prepared(server: EmbeddedServer, name: str, folder: Path) -> Settings:
    """Settings for a migrated database of this name."""
    settings = Settings(
        _env_file=None,
        database_url=server.url(name),
        secret_key="a key for the benchmark and nothing else",
        aada_app_password="for-the-benchmark",
        data_dir=folder / "data",
    )
    server.ensure_database(name)
    migrations.upgrade(settings)
    roles.set_app_password(settings)
    return settings


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[Target, int]]:
    """The program in its own process; gives the target and the process id."""
    environment = {
        "DATABASE_URL": str(settings.database_url),
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "AADA_APP_PASSWORD": "for-the-benchmark",
        "DATA_DIR": str(settings.data_dir),
    }
    with Database(settings).begin() as session:
        made = service.create(session, SYSTEM, settings.app_origin, label="benchmark", scopes=["all"])
        pair = f"{made.api_key.key}:{made.secret}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(port)], env={**os.environ, **environment})
    try:
        target = Target(port, "Basic " + base64.b64encode(pair.encode()).decode())
        for _ in range(4_000):
            try:
                Line(port).ask(target.get("/about"))
                break
            except OSError:
                time.sleep(0.05)
        yield target, process.pid
    finally:
        process.terminate()
        process.wait()


def fill(target: Target, count: int) -> None:
    """Store `count` statements through the front door."""
    line = Line(target.port)
    for first in range(0, count, 500):
        batch = [statement(first + n) for n in range(min(500, count - first))]
        status, body = line.ask(target.post(json.dumps(batch).encode()))
        assert status == 200, body


def random_ids(url: str, count: int = 4_000) -> list[str]:
    """Ids of statements from all over the store."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT statement_id::text FROM xapi_statements ORDER BY random() LIMIT %s", (count,)
        )
        return [row[0] for row in rows]


def multiply(url: str, wanted: int, *, over_a_year: bool = False) -> None:
    """Copy what is stored, under new ids and keys that lie before it, until `wanted` statements are there.

    The copies are the older ones, as they would be in a store that has grown. With `over_a_year` all of them happened
    at any time of the last 365 days.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        have, low, high = _stored(connection)
        moment = "now() - random() * interval '365 days'" if over_a_year else "timestamp"
        if over_a_year:
            connection.execute(f"UPDATE xapi_statements SET timestamp = {moment}")
        for copy in range(1, -(-wanted // have)):
            _copy(connection, low, (high - low + 1) * copy, moment)
            print(f"\r{have * (copy + 1):,} statements", end="", flush=True)
        print()
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def spread(url: str, wanted: int, months: int) -> None:
    """Copy what is stored, each time to other days of the last months, until so many statements are there."""
    with psycopg.connect(url, autocommit=True) as connection:
        have, low, _ = _stored(connection)
        copies = wanted // have
        step = months * 30 * 86_400_000_000 // max(copies, 1)  # a key is microseconds
        for copy in range(1, copies):
            shift = step * copy
            _copy(connection, low, shift, f"timestamp - {shift} * interval '1 microsecond'")
            print(f"\r{have * (copy + 1):,} statements", end="", flush=True)
        print()
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def _stored(connection: psycopg.Connection[Any]) -> tuple[int, int, int]:
    """How many statements, their lowest and their highest key."""
    row = connection.execute("SELECT count(*), min(id), max(id) FROM xapi_statements").fetchone()
    assert row is not None
    count, lowest, highest = row
    return count, lowest, highest


def _copy(connection: psycopg.Connection[Any], low: int, shift: int, moment: str) -> None:
    """Everything from this key on once more, that much earlier."""
    with connection.transaction():
        connection.execute(
            f"""
            INSERT INTO xapi_statements (id, user_id, verb, object_id, result, context, timestamp, stored,
                packed, octets, actor_id, version, registration, credential_id)
            SELECT id - %s, user_id, verb, object_id, result, context, {moment}, stored, packed,
                octets, actor_id, version, registration, credential_id FROM xapi_statements WHERE id >= %s
            """,
            (shift, low),
        )
        for noun, plural in (("actor", "actors"), ("activity", "activities")):
            connection.execute(
                f"INSERT INTO xapi_statement_{plural} SELECT {noun}_id, direct, statement_id - %s,"
                f" subject_id - %s, usage FROM xapi_statement_{plural} WHERE statement_id >= %s",
                (shift, shift, low),
            )
