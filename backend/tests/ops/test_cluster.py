"""A cluster of three under Patroni loses its leader under load: nothing acknowledged is lost, and pages come back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.db.models import Attendance, User
from app.db.session import Database
from app.main import create_app
from app.ops import migrations, roles
from app.setting_values import normalize_database_url
from app.settings import Settings
from tests.client import Client
from tests.conftest import sign_in_directly
from tests.factories.school import School
from tests.fast_disk import fast_folder
from tests.ops.cluster import MISSING, Cluster, cluster
from tests.ops.load import Visitor, Writers

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        MISSING, reason="patroni or etcd is not here (Debian: apt install patroni etcd-server)"
    ),
    pytest.mark.xdist_group("cluster"),
    pytest.mark.timeout(400),
]


@pytest.fixture
def three() -> Iterator[Cluster]:
    with fast_folder() as folder, cluster(folder) as made:
        made.wait()
        made.be_strict()
        yield made


def settings_of(made: Cluster, folder: Path) -> Settings:
    """A school in the cluster, migrated."""
    with psycopg.connect(made.libpq(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE aada_lms")
    settings = Settings(
        _env_file=None,
        environment="test",
        secret_key="a key for tests alone, of good length",
        aada_app_password="a password for tests alone",
        bcrypt_rounds=4,
        pool_size=5,
        log_level="ERROR",
        data_dir=folder,
        database_url=normalize_database_url(made.url("aada_lms")),
    )
    migrations.upgrade(settings)
    roles.set_app_password(settings)
    return settings


def student_of(settings: Settings, database: Database) -> TestClient:
    with database.begin() as session:
        school = School(session)
        student = school.student()
        school.enrollment(student)
    with database.sessions() as session:
        client = Client(
            create_app(settings, database),
            base_url=settings.app_origin,
            follow_redirects=False,
            raise_server_exceptions=False,
        )
        return sign_in_directly(session, client, session.get_one(User, student.id))


def test_a_leader_killed_under_load_costs_nothing_that_was_acknowledged(
    three: Cluster, tmp_path: Path
) -> None:
    settings = settings_of(three, tmp_path)
    database = Database(settings)
    client = student_of(settings, database)
    origin = {"Origin": settings.app_origin}

    def look(browser: TestClient) -> tuple[int, str | None]:
        answer = browser.get("/")
        return answer.status_code, answer.headers.get("Retry-After")

    writers, visitor = Writers(three.libpq("aada_lms")), Visitor(client, look)
    writers.start()
    visitor.start()
    time.sleep(2)
    leader = three.wait(streaming=1)
    killed = time.monotonic()
    three.kill(leader)
    # Somebody clocks in again and again until it is acknowledged, as a browser does that got no answer.
    deadline = killed + 60
    status = 0
    while status not in (201, 409) and time.monotonic() < deadline:
        status = client.post("/api/v1/attendance/clock-in", json={}, headers=origin).status_code
        assert status in (201, 409, 503)
        time.sleep(0.2)
    time.sleep(2)
    visitor.stop()
    writers.stop()
    assert three.wait(streaming=1).name != leader.name
    assert writers.acknowledged
    assert max(writers.at) > killed
    assert writers.lost() == 0
    assert set(visitor.answers) <= {200, 503}
    assert visitor.without_retry == 0
    assert client.get("/").status_code == 200
    with database.begin() as session:
        assert session.scalar(select(func.count()).select_from(Attendance)) == 1
    database.close()
