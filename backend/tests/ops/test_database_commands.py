"""`aada db`, as typed: what it does, and the one sentence when it cannot."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest

from app import cli
from app.ops import migrations
from app.ops.errors import OperatorError
from app.ops.postgres import EmbeddedServer
from app.ops.servers import with_url
from app.settings import Settings, get_settings, load_settings

BACKEND = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded_server")]


@pytest.fixture(scope="module")
def installation() -> Iterator[dict[str, str]]:
    """The environment of an installation with a migrated, running embedded database."""
    folder = Path(tempfile.mkdtemp(prefix="aada-"))
    folder.chmod(0o711)
    environment = dict(os.environ)
    environment |= {
        "DATABASE_URL": "",
        "DATA_DIR": str(folder),
        "SECRET_KEY": "k" * 32,
        "AADA_APP_PASSWORD": "for-tests",
    }
    assert aada(environment, "db", "start").returncode == 0
    done = aada(environment, "db", "migrate")
    assert done.returncode == 0, done.stderr
    yield environment
    assert aada(environment, "db", "stop").stdout == "The database is stopped.\n"
    shutil.rmtree(folder)


def aada(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in this process (a new one takes a second to import); the output as from a terminal."""
    out, err, code = StringIO(), StringIO(), 0
    with (
        patch.dict(os.environ, environment, clear=True),
        patch.object(sys, "argv", ["aada", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        get_settings.cache_clear()
        try:
            cli.run()
        except SystemExit as left:
            code = int(left.code or 0)
        finally:
            get_settings.cache_clear()
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def refused(environment: dict[str, str], *arguments: str) -> str:
    """The one sentence a command leaves with."""
    done = aada(environment, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("aada: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_check_finds_server_revision_and_role_in_order(installation: dict[str, str]) -> None:
    done = aada(installation, "db", "check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("PostgreSQL 17.")
    assert "role aada_app signs in" in done.stdout


def test_a_second_migration_finds_nothing_to_do(installation: dict[str, str]) -> None:
    assert aada(installation, "db", "migrate").stdout == "The database is up to date.\n"


def test_the_printed_urls_open_the_database(installation: dict[str, str]) -> None:
    for arguments, user in (((), "postgres"), (("--app",), "aada_app")):
        url = aada(installation, "db", "url", *arguments).stdout.strip()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (user,)


def test_the_programs_role_cannot_change_the_schema(installation: dict[str, str]) -> None:
    url = aada(installation, "db", "url", "--app").stdout.strip()
    for statement in (
        "CREATE TABLE mine (a int)",
        "DROP TABLE users",
        "TRUNCATE users",
        "ALTER TABLE users ADD x int",
    ):
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)  # type: ignore[arg-type]


def test_psql_takes_arguments_and_passes_its_exit_status_on(installation: dict[str, str]) -> None:
    command = [sys.executable, "-m", "app.cli", "db", "psql", "-Atc"]
    for query, expected in (("SELECT current_user", (0, "postgres\n")), ("SELECT nonsense", (1, ""))):
        done = subprocess.run(
            [*command, query], cwd=BACKEND, env=installation, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == expected


def test_explain_runs_the_statement_and_keeps_nothing(installation: dict[str, str]) -> None:
    done = aada(installation, "db", "explain", "DELETE FROM users")
    assert "actual time" in done.stdout
    assert "Buffers" in done.stdout
    assert "cannot insert multiple commands" in refused(installation, "db", "explain", "SELECT 1; COMMIT")
    assert "syntax error" in refused(installation, "db", "explain", "DROP TABLE users")


def test_a_dump_is_whole_and_loaded_into_nothing_but_an_empty_database(
    installation: dict[str, str], tmp_path: Path
) -> None:
    dump, broken = tmp_path / "a.sql.gz", tmp_path / "broken.sql.gz"
    assert aada(installation, "db", "dump", str(dump)).returncode == 0
    assert [one.name for one in tmp_path.iterdir()] == [dump.name]
    assert dump.stat().st_mode & 0o777 == 0o600
    assert "is there already" in refused(installation, "db", "dump", str(dump))
    assert "is not empty" in refused(installation, "db", "load", str(dump))
    url = aada(installation, "db", "url").stdout.strip()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE loaded")
        tables = connection.execute("SELECT count(*) FROM pg_tables").fetchone()
    empty = installation | {"DATABASE_URL": url.replace("/aada_lms", "/loaded")}
    content = dump.read_bytes()
    broken.write_bytes(content[: len(content) // 2])
    assert "can’t be read to its end" in refused(empty, "db", "load", str(broken))
    plain = gzip.decompress(content)
    broken.write_bytes(gzip.compress(plain[: len(plain) // 2]))
    assert "last line is missing" in refused(empty, "db", "load", str(broken))
    _kill_while_loading(empty, tmp_path / "killed.sql.gz")
    broken.write_bytes(gzip.compress(plain + b"\nSELECT nonsense;"))
    assert "nonsense" in refused(empty, "db", "load", str(broken))
    loaded = aada(empty, "db", "load", str(dump))
    assert loaded.returncode == 0, loaded.stderr
    with psycopg.connect(empty["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables").fetchone() == tables
    assert aada(empty, "db", "check").returncode == 0
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE loaded")


def _kill_while_loading(environment: dict[str, str], dump: Path) -> None:
    """Kill the command in the middle, and let psql go on to the end of what it was given: nothing is committed."""
    dump.write_bytes(
        gzip.compress(
            b"CREATE TABLE half (i int);\nSELECT pg_sleep(2);\n"
            + b"-- more than a pipe holds\n" * 100_000
            + b"-- PostgreSQL database dump complete\n"
        )
    )
    code = (
        "import sys\nfrom app import cli\nfrom app.ops.backup import tools\ntools.dies_with_parent = lambda: None\n"
        f"sys.argv = ['aada', 'db', 'load', {str(dump)!r}]\ncli.run()"
    )
    loading = subprocess.Popen([sys.executable, "-c", code], cwd=BACKEND, env=environment)
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:

        def wait_for(count: int, more: str = "") -> None:
            deadline = time.monotonic() + 60
            while connection.execute((others + more).encode()).fetchone() != (count,):
                assert time.monotonic() < deadline
                time.sleep(0.02)

        wait_for(1, " AND query LIKE '%pg_sleep%' AND state = 'active'")
        loading.kill()
        loading.wait()
        wait_for(0)
        assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)


def test_status_tells_running_from_not_made(installation: dict[str, str], tmp_path: Path) -> None:
    assert aada(installation, "db", "status").stdout.startswith("running on 127.0.0.1:")
    elsewhere = aada(installation | {"DATA_DIR": str(tmp_path)}, "db", "status")
    assert elsewhere.returncode == 3
    assert "not created yet" in elsewhere.stdout
    assert "no database" in refused(installation | {"DATA_DIR": str(tmp_path)}, "db", "url")


def test_an_external_server_is_used_and_never_started_or_stopped(installation: dict[str, str]) -> None:
    url = aada(installation, "db", "url").stdout.strip()
    external = installation | {"DATABASE_URL": url, "DATA_DIR": "/nonexistent"}
    assert aada(external, "db", "check").returncode == 0
    assert aada(external, "db", "status").stdout.startswith("PostgreSQL 17.")
    sentence = refused(external, "db", "stop")
    assert "the system does not stop that server" in sentence
    assert url.split(":")[2].split("@")[0] not in sentence, "the password is not shown"


def test_a_wrong_database_url_is_one_sentence(installation: dict[str, str]) -> None:
    url = aada(installation, "db", "url").stdout.strip()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        nobody = f"postgresql://postgres:hidden@127.0.0.1:{port}/aada_lms"
        sentence = refused(installation | {"DATABASE_URL": nobody}, "db", "check")
    assert f"No PostgreSQL server answers at 127.0.0.1:{port}" in sentence
    assert "hidden" not in sentence
    for wrong, expected in (
        (url.replace("/aada_lms", "/absent"), "has no database called absent"),
        (url.replace("postgres:", "postgres:wrong"), "refuses user postgres"),
        ("postgresql://u:p@no-such-host.invalid/x", "cannot be found"),
        ("mysql://u:p@localhost/x", "PostgreSQL 17"),
        ("not a url", "DATABASE_URL is not a URL"),
    ):
        assert expected in refused(installation | {"DATABASE_URL": wrong}, "db", "check")


def test_a_database_behind_or_ahead_is_refused_with_the_remedy(installation: dict[str, str]) -> None:
    settings = settings_of(installation)
    with psycopg.connect(aada(installation, "db", "url").stdout.strip(), autocommit=True) as owner:
        before = owner.execute("SELECT version_num FROM alembic_version").fetchone()
        assert before is not None
        try:
            owner.execute("UPDATE alembic_version SET version_num = '0001'")
            assert migrations.state(settings).pending > 0
            with pytest.raises(OperatorError, match="run `aada db migrate`"):
                migrations.require_head(settings)
            owner.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
            with pytest.raises(OperatorError, match="does not know"):
                migrations.require_head(settings)
            with pytest.raises(OperatorError, match="does not know"):
                migrations.upgrade(settings)
            owner.execute("DELETE FROM alembic_version")
            with pytest.raises(OperatorError, match="no tables yet"):
                migrations.require_head(settings)
        finally:
            owner.execute("DELETE FROM alembic_version")
            owner.execute("INSERT INTO alembic_version VALUES (%s)", before)
    migrations.require_head(settings)


def test_a_missing_secret_is_named(installation: dict[str, str]) -> None:
    assert "SECRET_KEY" in refused(installation | {"SECRET_KEY": "short"}, "db", "url")


def settings_of(environment: dict[str, str]) -> Settings:
    url = EmbeddedServer(Path(environment["DATA_DIR"]) / "postgres").url()
    return with_url(load_settings(secret_key=environment["SECRET_KEY"], aada_app_password="for-tests"), url)
