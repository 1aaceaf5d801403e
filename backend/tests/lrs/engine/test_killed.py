"""kill -9 of the program, and of PostgreSQL, under load: whatever was acknowledged is there."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx2 as httpx
import psycopg
import pytest

from app.core.permissions import SYSTEM
from app.db.session import Database
from app.lrs.desk.keys import service
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.settings import Settings, load_settings
from tests.lrs.examples import statement

BACKEND = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded_server"), pytest.mark.timeout(300)]
PROGRAM = """
import sys, uvicorn
from app.lrs.host.service import lrs_app
from app.db.session import Database
from app.settings import load_settings
settings = load_settings()
uvicorn.run(lrs_app(settings, Database(settings)), host="127.0.0.1", port=int(sys.argv[1]), log_level="critical",
            lifespan="off", access_log=False)
"""


class School:
    """A durable database and the program on it, each of which can be killed."""

    def __init__(self, folder: Path) -> None:
        self.server = EmbeddedServer(folder / "postgres").start()
        self.server.ensure_database("aada_lms")
        self.environment = {
            "DATABASE_URL": self.server.url("aada_lms"),
            "SECRET_KEY": "a key for this test and nothing else",
            "AADA_APP_PASSWORD": "for-this-test",
            "DATA_DIR": str(folder / "data"),
        }
        self.settings: Settings = load_settings(
            **{name.lower(): value for name, value in self.environment.items()}
        )
        migrations.upgrade(self.settings)
        roles.set_app_password(self.settings)
        database = Database(self.settings)
        with database.begin() as session:
            made = service.create(session, SYSTEM, self.settings.app_origin, label="load", scopes=["all"])
            self.auth = (made.api_key.key, made.secret)
        database.close()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.program = self.run()

    def run(self) -> subprocess.Popen[bytes]:
        program = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(self.port)], env=os.environ | self.environment, cwd=BACKEND
        )
        with self.http() as http:
            for _ in range(600):
                try:
                    http.get("/xapi/about")
                    return program
                except httpx.TransportError:
                    time.sleep(0.05)
        raise AssertionError("the program did not start")

    def http(self) -> httpx.Client:
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            auth=self.auth,
            headers={"X-Experience-API-Version": "2.0.0"},
            timeout=30,
            trust_env=False,
            verify=False,
        )

    def load(self, stop: threading.Event, acknowledged: list[str], wrong: list[int]) -> None:
        """Write single statements and batches until asked to stop; note what was acknowledged."""
        while not stop.is_set():
            try:
                with self.http() as http:
                    while not stop.is_set():
                        batch = [
                            statement(id=str(uuid4())) for _ in range(1 if len(acknowledged) % 2 else 20)
                        ]
                        answer = http.post("/xapi/statements", json=batch)
                        if answer.status_code == 200:
                            acknowledged += answer.json()
                        elif answer.status_code != 503:
                            wrong.append(answer.status_code)
            except httpx.TransportError:
                time.sleep(0.02)

    def missing(self, names: list[str]) -> set[str]:
        with psycopg.connect(self.server.url("aada_lms")) as connection:
            rows = connection.execute(
                "SELECT statement_id::text FROM xapi_statements WHERE statement_id = ANY(%s::uuid[])",
                (names,),
            ).fetchall()
        return set(names) - {row[0] for row in rows}


@pytest.fixture
def school() -> Iterator[School]:
    folder = Path(tempfile.mkdtemp(prefix="aada-"))
    folder.chmod(0o711)
    found = School(folder)
    yield found
    found.program.kill()
    found.program.wait()
    found.server.shut_down(force=True)
    shutil.rmtree(folder)


def test_every_acknowledged_statement_survives_both_kills(school: School) -> None:
    stop: threading.Event = threading.Event()
    acknowledged: list[str] = []
    wrong: list[int] = []
    threads = [threading.Thread(target=school.load, args=(stop, acknowledged, wrong)) for _ in range(6)]
    for thread in threads:
        thread.start()

    def wait_for(more: int) -> None:
        goal, until = len(acknowledged) + more, time.monotonic() + 60
        while len(acknowledged) < goal:
            assert time.monotonic() < until, "nothing is acknowledged any more"
            time.sleep(0.02)

    wait_for(80)
    school.program.kill()
    school.program.wait()
    school.program = school.run()
    wait_for(80)
    pid = school.server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    # The program stays up and says 503 until the database is back; the kill takes a moment to be noticed.
    for _ in range(100):
        if school.server.revive():
            break
        time.sleep(0.1)
    wait_for(80)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert school.missing(acknowledged) == set()
    with psycopg.connect(school.server.url("aada_lms")) as connection:
        row = connection.execute(
            "SELECT count(*), count(DISTINCT statement_id) FROM xapi_statements"
        ).fetchone()
        linked = connection.execute(
            "SELECT count(*) FROM xapi_statements s WHERE NOT EXISTS"
            " (SELECT FROM xapi_statement_actors a WHERE a.statement_id = s.id)"
        ).fetchone()
    assert row is not None
    assert row[0] == row[1]
    assert linked == (0,)
