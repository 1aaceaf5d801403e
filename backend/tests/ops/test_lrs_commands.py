"""`aada lrs`, as typed."""

import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import select

from app import cli
from app.core.permissions import SYSTEM
from app.db.models import AuditEntry, XapiImport
from app.db.session import Database
from app.lrs.desk.keys import service
from app.settings import Settings, get_settings
from tests.factories.school import School
from tests.lrs.examples import statement


def aada(settings: Settings, *arguments: str, typed: str = "") -> tuple[int, str]:
    environment = dict(os.environ) | {
        "DATABASE_URL": settings.database_url or "",
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "AADA_APP_PASSWORD": "a password for tests alone",
        "DATA_DIR": str(settings.data_dir),
        "COLUMNS": "200",
    }
    shown, status = StringIO(), 0
    get_settings.cache_clear()
    with (
        patch.dict(os.environ, environment, clear=True),
        patch.object(sys, "argv", ["aada", "lrs", *arguments]),
        patch("app.cli.signal.signal"),
        patch.object(sys, "stdin", StringIO(typed)),
        redirect_stdout(shown),
        redirect_stderr(shown),
    ):
        try:
            cli.main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(bool(end.code))
    get_settings.cache_clear()
    return status, shown.getvalue()


def test_an_api_key_from_the_command_line(live_settings: Settings) -> None:
    status, shown = aada(live_settings, "keys", "create", "Simulator", "--scope", "all/read", "--limit", "60")
    assert status == 0, shown
    assert "Secret" in shown
    key = next(line.split()[1] for line in shown.splitlines() if line.startswith("Key"))
    status, shown = aada(live_settings, "keys", "list")
    assert (status, key in shown, "all/read" in shown) == (0, True, True)
    assert aada(live_settings, "keys", "rotate", "1")[0] == 0
    assert aada(live_settings, "keys", "revoke", "1", typed="n\n")[0] != 0
    assert key in aada(live_settings, "keys", "list")[1]
    assert aada(live_settings, "keys", "revoke", "1", "--yes") == (0, "Revoked: Simulator\n")
    assert key not in aada(live_settings, "keys", "list")[1]
    assert "Revoked" in aada(live_settings, "keys", "list", "--all")[1]


def test_mistakes_end_in_a_sentence(live_settings: Settings) -> None:
    status, shown = aada(live_settings, "keys", "create", "x", "--scope", "everything")
    assert status != 0
    assert "Choose at least one of all" in shown
    status, shown = aada(live_settings, "keys", "revoke", "7")
    assert status != 0
    assert "no such API key" in shown
    for number in ("99999999999999999999", "0", "-1"):
        status, shown = aada(live_settings, "keys", "rotate", number)
        assert status != 0
        assert "Traceback" not in shown
    status, shown = aada(live_settings, "keys", "create", "\u202e")
    assert (status != 0, "invisible" in shown) == (True, True)


def test_the_list_is_narrow_and_in_the_schools_time(live_database: Database, live_settings: Settings) -> None:
    made = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    with live_database.begin() as session:
        new = service.create(session, SYSTEM, "http://localhost:8000", label="Simulator", scopes=["all/read"])
        new.api_key.created_at = made
    status, shown = aada(live_settings, "keys", "list")
    assert status == 0
    assert "Nov 22, 2026, 8:30 PM EST" in shown
    assert "America/New_York" in shown
    assert new.api_key.key in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_launches_are_listed_and_revoked(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        learner = School(session).student(full_name="Ana Ruiz")
        agent = {"mbox": "mailto:ana@example.org"}
        key = service.launch_token(
            session,
            "http://localhost:8000",
            user_id=learner.id,
            agent=agent,
            activity="https://example.org/course",
            registration=None,
        ).api_key.key
    assert key not in aada(live_settings, "keys", "list")[1]
    shown = aada(live_settings, "keys", "list", "--launches")[1]
    assert "Ana Ruiz" in shown
    assert "https://example.org/course" in shown
    assert key in shown
    assert aada(live_settings, "keys", "rotate", "1")[0] != 0
    assert aada(live_settings, "keys", "revoke", "1", typed="y\n")[0] == 0
    assert "There are none." in aada(live_settings, "keys", "list", "--launches")[1]


def test_an_import_from_the_command_line_leaves_its_trace(
    live_settings: Settings, live_database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "old store.ndjson"
    lines = [json.dumps(statement()), json.dumps(statement()), "not JSON"]
    file.write_text("\n".join(lines))
    status, shown = aada(live_settings, "import", str(file))
    assert status == 1
    assert "line 3: This is not JSON." in shown
    assert "2 new, 0 known already, 1 refused" in shown
    file.write_text("[" + lines[0])
    status, shown = aada(live_settings, "import", str(file))
    assert status != 0
    assert "The file ends in the middle of a list." in shown
    with live_database.begin() as session:
        done, failed = session.scalars(select(XapiImport).order_by(XapiImport.id))
        assert (done.file_name, done.status, done.created_by) == ("old store.ndjson", "done", None)
        assert (done.stored, done.known, done.refused, done.bytes_read) == (2, 0, 1, done.size_bytes)
        assert done.started_at
        assert done.finished_at
        assert (failed.status, failed.known) == ("failed", 1)
        entries = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "statements.import_begun").order_by(AuditEntry.id)
        ).all()
        assert [(entry.actor_id, entry.target_id) for entry in entries] == [
            (None, str(done.id)),
            (None, str(failed.id)),
        ]
        assert entries[0].details == {"file_name": "old store.ndjson"}


def test_the_old_spelling_still_works(live_settings: Settings) -> None:
    assert aada(live_settings, "credentials", "create", "Simulator")[0] == 0
    assert "Simulator" in aada(live_settings, "credentials", "list")[1]
    assert "credentials" not in aada(live_settings, "--help")[1]
