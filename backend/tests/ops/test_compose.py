"""docker-compose.yml: nobody on the network is the superuser, and its own script and roles run the school.

There is no Docker here. What the file says is read; what it runs (the script of the database's container, the
migrations, the start) is run against a real server with the same roles.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql

from app.ops.postgres import EmbeddedServer, find_pg17
from tests.ops.test_least_privilege import FORBIDDEN
from tests.ops.test_serving import answer, free_port, serve

ROOT = Path(__file__).resolve().parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
BACKEND = ROOT / "backend"
ROLES = ("aada_owner", "aada_app")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("compose")]


def aada(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / ".venv" / "bin" / "aada"), *arguments]
    return subprocess.run(command, env=environment, cwd=BACKEND, capture_output=True, text=True, check=False)


# What the file says


def test_no_password_stands_in_the_file_and_every_secret_is_a_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert "POSTGRES_PASSWORD:" not in text
    assert not re.search(r"postgresql://\S+:\S+@", text)
    assert {name: entry["file"] for name, entry in COMPOSE["secrets"].items()} == {
        name: f"./secrets/{name}" for name in COMPOSE["secrets"]
    }
    for service in COMPOSE["services"].values():
        assert "env_file" not in service
        for name in ("SECRET_KEY", "AADA_APP_PASSWORD", "DATABASE_URL"):
            assert name not in service.get("environment", {})


def test_the_pages_get_neither_the_owner_nor_the_superuser() -> None:
    given = {
        service: {one if isinstance(one, str) else one["source"] for one in entry.get("secrets", [])}
        for service, entry in COMPOSE["services"].items()
    }
    assert given["backend"] == {"secret_key", "app_url"}
    assert given["migrate"] == {"secret_key", "aada_app_password", "owner_url"}
    assert given["db"] == {"postgres_password", "owner_password", "aada_app_password"}
    waits = COMPOSE["services"]["backend"]["depends_on"]
    assert waits["migrate"]["condition"] == "service_completed_successfully"


def test_the_database_is_on_a_network_that_leads_nowhere() -> None:
    services = COMPOSE["services"]
    assert COMPOSE["networks"]["database"]["internal"] is True
    assert services["db"]["networks"] == services["migrate"]["networks"] == ["database"]
    assert "ports" not in services["db"]
    assert services["backend"]["ports"] == ["127.0.0.1:8000:8000"]


def test_over_the_network_the_superuser_is_refused() -> None:
    rules = [
        line.split()
        for line in (ROOT / "script" / "compose-hba.conf").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    over_network = [rule for rule in rules if rule[0].startswith("host")]
    assert {rule[2] for rule in over_network if rule[-1] != "reject"} == set(ROLES)
    assert over_network[-1] == ["host", "all", "all", "all", "reject"]
    assert all(rule[-1] in ("scram-sha-256", "reject") for rule in over_network)
    mounted = [one.split(":") for one in COMPOSE["services"]["db"]["volumes"]]
    assert ["./script/compose-hba.conf", "/etc/aada/pg_hba.conf", "ro"] in mounted
    assert "hba_file=/etc/aada/pg_hba.conf" in COMPOSE["services"]["db"]["command"]
    assert ["./script/compose-roles", "/docker-entrypoint-initdb.d/10-roles.sh", "ro"] in mounted


def test_the_server_reads_the_file_of_who_may_sign_in(postgres: EmbeddedServer, tmp_path: Path) -> None:
    """PostgreSQL's own reader finds no fault in it: it is included after the server's own rules."""
    copy = postgres.data / "compose_hba.conf"
    own = postgres.data / "pg_hba.conf"
    before = own.read_bytes()
    try:
        copy.write_bytes((ROOT / "script" / "compose-hba.conf").read_bytes())
        copy.chmod(0o644)
        own.write_bytes(before + b"\ninclude compose_hba.conf\n")
        with psycopg.connect(postgres.url("postgres")) as connection:
            rows = connection.execute("SELECT error, auth_method FROM pg_hba_file_rules").fetchall()
    finally:
        own.write_bytes(before)
        copy.unlink()
    assert [row for row in rows if row[0]] == []
    assert rows[-1] == (None, "reject")


# The secrets


def test_secrets_are_made_once_and_taken_from_an_existing_installation(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET_KEY=" + "ab" * 32 + "\nAADA_APP_PASSWORD=has spaces / and @\n")
    command = ["sh", str(ROOT / "script" / "compose-secrets"), str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    folder = tmp_path / "secrets"
    made = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(made) == set(COMPOSE["secrets"])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert made["secret_key"] == "ab" * 32
    assert re.fullmatch(
        r"[0-9a-f]{64}", made["aada_app_password"]
    )  # one that cannot stand in a URL is replaced
    assert made["owner_url"] == f"postgresql://aada_owner:{made['owner_password']}@db:5432/aada_lms"
    assert (
        len(
            {
                made[name]
                for name in ("secret_key", "aada_app_password", "owner_password", "postgres_password")
            }
        )
        == 4
    )
    subprocess.run(command, check=True, capture_output=True)
    assert {path.name: path.read_text() for path in folder.iterdir()} == made


# What it runs


@pytest.fixture
def container(postgres: EmbeddedServer, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A database as the image makes it, the secrets, and a way to run the container's script."""
    name = f"compose_{uuid.uuid4().hex[:12]}"
    subprocess.run(
        ["sh", str(ROOT / "script" / "compose-secrets"), str(tmp_path)], check=True, capture_output=True
    )
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        found = admin.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'aada_app'").fetchone()
    verifier = found[0] if found else None
    secrets = tmp_path / "secrets"
    environment = os.environ | {
        "PATH": f"{find_pg17().bin}:{os.environ['PATH']}",
        "SECRETS": str(secrets),
        "POSTGRES_USER": "postgres",
        "POSTGRES_DB": name,
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgres.port),
        "PGPASSWORD": postgres.password,
    }

    def roles() -> subprocess.CompletedProcess[str]:
        command = ["sh", str(ROOT / "script" / "compose-roles")]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def settings(role: str) -> dict[str, str]:
        """The environment of a service: its secrets, as files."""
        password = "owner_password" if role == "aada_owner" else "aada_app_password"
        folder = tmp_path / f"run_{role}"
        folder.mkdir(exist_ok=True)
        url = f"postgresql://{role}:{(secrets / password).read_text()}@127.0.0.1:{postgres.port}/{name}"
        (folder / "database_url").write_text(url)
        # The containers have no .env, and the checkout's would come before files.
        known = os.environ | {"SECRET_KEY": (secrets / "secret_key").read_text()}
        known.pop("DATABASE_URL", None)
        if role == "aada_owner":
            known["AADA_APP_PASSWORD"] = (secrets / "aada_app_password").read_text()
        return known | {"CREDENTIALS_DIRECTORY": str(folder), "DATA_DIR": str(tmp_path / "data")}

    yield {"roles": roles, "settings": settings, "name": name, "url": postgres.url(name), "secrets": secrets}
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        if verifier is not None:
            # The other tests' password.
            admin.execute(sql.SQL("ALTER ROLE aada_app PASSWORD {}").format(sql.Literal(verifier)))


def test_the_school_is_migrated_by_an_owner_and_served_without_one(container: dict[str, Any]) -> None:
    for _ in range(2):  # it may be run again
        done = container["roles"]()
        assert done.returncode == 0, done.stderr
    migrated = aada(container["settings"]("aada_owner"), "db", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    with psycopg.connect(container["url"]) as admin:
        for role in ROLES:
            row = admin.execute(
                "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles "
                "WHERE rolname = %s",
                (role,),
            ).fetchone()
            assert row == (False,) * 5, role
        assert admin.execute(
            "SELECT DISTINCT relowner::regrole::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
            "WHERE n.nspname = 'public' AND relkind IN ('r', 'p', 'S', 'v')"
        ).fetchall() == [("aada_owner",)]
    alone = container["settings"]("aada_app")
    assert aada(alone, "db", "check").returncode == 0
    examined = aada(alone, "doctor")
    assert examined.returncode == 0, examined.stdout
    said = " ".join(examined.stdout.split())
    assert "works as aada_app, which reads and writes rows" in said
    assert "shows each student their own rows alone" in said
    url = (Path(alone["CREDENTIALS_DIRECTORY"]) / "database_url").read_text()
    with psycopg.connect(url, autocommit=True) as connection:
        for command in FORBIDDEN.values():
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(command.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TEMPORARY TABLE mine (id int)")
    # As script/server begins the school: `aada serve`, with nothing but the system's own role.
    port = str(free_port())
    program = serve(
        alone | {"LOG_LEVEL": "WARNING", "PACE_FACTOR": "1000"}, "--port", port, "--processes", "1"
    )
    try:
        assert program.stdout is not None
        shown = []
        for line in program.stdout:
            shown.append(line)
            if re.search(rf"http://localhost:{port}$", line.strip()):
                break
        else:
            pytest.fail(program.communicate()[1])
        with urllib.request.urlopen(f"http://localhost:{port}/readyz", timeout=30) as page:
            assert page.status == 200
        assert answer(f"http://localhost:{port}/") < 500
        assert any("choose the administrator" in line for line in shown)
    finally:
        program.terminate()
        _, errors = program.communicate(timeout=60)
    assert "Traceback" not in errors


def test_a_volume_of_the_superuser_is_handed_over_to_the_owner(container: dict[str, Any]) -> None:
    """As the compose file was before: everything migrated as postgres."""
    superuser = container["settings"]("aada_owner")
    (Path(superuser["CREDENTIALS_DIRECTORY"]) / "database_url").write_text(container["url"])
    assert aada(superuser, "db", "migrate").returncode == 0
    with psycopg.connect(container["url"]) as admin:
        admin.execute("INSERT INTO programs (name) VALUES ('Radiography')")
    done = container["roles"]()
    assert done.returncode == 0, done.stderr
    owner = container["settings"]("aada_owner")
    migrated = aada(owner, "db", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    url = (Path(owner["CREDENTIALS_DIRECTORY"]) / "database_url").read_text()
    with psycopg.connect(url) as connection:
        # What later migrations do to what is there.
        connection.execute("ALTER TABLE programs ADD COLUMN later int")
        connection.execute("ALTER TYPE user_role ADD VALUE 'later'")
        connection.execute("CREATE OR REPLACE FUNCTION later() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        connection.execute("CREATE TABLE later_table (id serial PRIMARY KEY)")
        connection.commit()
    url = (Path(container["settings"]("aada_app")["CREDENTIALS_DIRECTORY"]) / "database_url").read_text()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT name FROM programs").fetchall() == [("Radiography",)]
        connection.execute("INSERT INTO later_table DEFAULT VALUES")


def test_missing_secrets_and_a_wrong_password_end_in_a_sentence(container: dict[str, Any]) -> None:
    assert container["roles"]().returncode == 0
    owner = container["settings"]("aada_owner")
    done = aada(owner | {"AADA_APP_PASSWORD": "not the one of the role"}, "db", "migrate")
    assert done.returncode == 1
    assert "aada_owner may not change it" in done.stderr
    assert "Traceback" not in done.stderr
    (container["secrets"] / "owner_password").write_text("")
    done = container["roles"]()
    assert done.returncode == 1
    assert "run script/compose-secrets" in done.stderr


def test_an_update_makes_again_what_keeps_students_to_their_own_rows(container: dict[str, Any]) -> None:
    """By an owner that may make no role, on a database that a dump without rights was loaded into."""
    assert container["roles"]().returncode == 0
    owner, alone = container["settings"]("aada_owner"), container["settings"]("aada_app")
    assert aada(owner, "db", "migrate").returncode == 0
    with psycopg.connect(container["url"]) as admin:
        admin.execute("DROP OWNED BY aada_student")
    examined = aada(alone, "doctor")
    assert examined.returncode == 1
    assert "Students, or the system itself, cannot read" in " ".join(examined.stdout.split())
    migrated = aada(owner, "db", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert "made policies and rights of students’ rows again" in migrated.stdout
    assert aada(alone, "doctor").returncode == 0
