"""`aada signing-keys` and `aada document`, as an operator runs them."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from app.commands import document as document_commands
from app.commands import signing_keys as keys_commands
from app.ops import school_database
from app.settings import Settings
from tests.documents.test_issue import _kinds, make, world

__all__ = ["_kinds", "world"]

Run = Callable[..., Result]


@pytest.fixture
def run(live_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(school_database, "get_settings", lambda: live_settings)

    def call(*arguments: str) -> Result:
        app = {"signing-keys": keys_commands.commands, "document": document_commands.commands}[arguments[0]]
        return CliRunner().invoke(app, list(arguments[1:]))

    return call


def test_keys_are_listed_rotated_and_exported(run: Run, world: SimpleNamespace, tmp_path: Path) -> None:
    assert "none yet" in run("signing-keys", "list").output
    make(world)
    assert run("signing-keys", "list").output.count("in use") == 3
    assert "signs from now on" in run("signing-keys", "rotate", "--yes").output
    assert "what it signed stays valid" in run("signing-keys", "list").output
    assert run("signing-keys", "rotate", "--compromised", "--yes").exit_code == 0
    assert "revoked" in run("signing-keys", "list").output
    path = tmp_path / "root.pem"
    assert run("signing-keys", "export-root", str(path)).exit_code == 0
    assert path.read_text().count("BEGIN CERTIFICATE") == 1
    everything = run("signing-keys", "export-root", "--all").output
    assert everything.count("BEGIN CERTIFICATE") == 5
    assert "PRIVATE" not in everything


def test_a_file_is_verified(run: Run, world: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "document.pdf"
    path.write_bytes(world.files.read_bytes(make(world).sha256))
    done = run("document", "verify", str(path))
    assert done.exit_code == 0, done.output
    assert "unchanged" in done.output
    assert "Maria Lopez" in done.output
    path.write_bytes(path.read_bytes() + b"\n")
    done = run("document", "verify", str(path))
    assert done.exit_code == 1
    assert "Do not rely on this file" in done.output
    assert "cannot be read" in str(run("document", "verify", str(tmp_path / "none.pdf")).exception)


def test_layouts_are_tried(
    run: Run, live_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run("document", "check")
    assert done.exit_code == 0, done.output
    assert "Attendance record" in done.output
    assert "Enrollment verification letter" in done.output
    own = tmp_path / "own"
    own.mkdir()
    (own / "school.typ").write_text("#unknown")
    broken = live_settings.model_copy(update={"document_templates_dir": own})
    monkeypatch.setattr(school_database, "get_settings", lambda: broken)
    assert "unknown variable" in str(run("document", "check").exception)
