"""Passwords of roles stand in a file before a server has them, and nowhere else."""

from __future__ import annotations

import errno
import re
import stat
from pathlib import Path

import psycopg
import pytest

from app.ops.database_roles import service
from app.ops.database_roles.kinds import MONITOR, READONLY
from app.ops.errors import OperatorError
from app.ops.servers import connect
from app.settings import Settings
from tests.ops.conftest import Aada
from tests.ops.database_roles.conftest import OURS


def test_the_command_shows_a_plan_and_never_a_password(aada: Aada, owned: Settings, tmp_path: Path) -> None:
    file = tmp_path / "roles.env"
    status, shown = aada("db", "roles")
    assert status == 1
    assert "aada_readonly  is not there" in " ".join(shown.split("\n")).replace("   ", "  ")
    assert not file.exists()
    status, shown = aada("db", "roles", "--apply", "--passwords", str(file))
    assert (status, "Everything is as it should be." in shown) == (0, True), shown
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text(encoding="utf-8")
    keys = re.findall(r"postgresql://\w+:([^@]+)@", text)
    assert len(keys) == len(OURS)
    assert not [key for key in keys if key in shown]
    assert re.findall(r"^(\w+)=", text, re.MULTILINE) == ["DATABASE_URL", "MONITOR_URL", "BACKUP_URL"]
    status, shown = aada("db", "roles", "--renew", MONITOR, "--passwords", str(file))
    assert (status, "is there already" in shown) == (1, True)
    other = tmp_path / "other.env"
    assert aada("db", "roles", "--renew", MONITOR, "--passwords", str(other))[0] == 0
    (address,) = re.findall(r"postgresql://\S+", other.read_text(encoding="utf-8"))
    psycopg.connect(address).close()
    before = next(line for line in text.split("\n") if line.startswith("MONITOR_URL"))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(before.partition("=")[2])
    status, shown = aada("db", "roles", "--renew", "aada_app", "--passwords", str(tmp_path / "third.env"))
    assert (status, "is none of the roles" in shown) == (1, True)


def test_another_password_changes_nothing_else(aada: Aada, owned: Settings, tmp_path: Path) -> None:
    service.bring(owned, tmp_path / "roles.env")
    with connect(owned) as admin:
        admin.execute("ALTER ROLE aada_monitor CREATEDB")
    status, shown = aada("db", "roles", "--renew", READONLY, "--passwords", str(tmp_path / "other.env"))
    assert (status, "has CREATEDB" in shown, "Only passwords were changed" in " ".join(shown.split())) == (
        1,
        True,
        True,
    )
    (address,) = re.findall(r"postgresql://\S+", (tmp_path / "other.env").read_text(encoding="utf-8"))
    psycopg.connect(address).close()
    assert [step.says for step in service.look(owned)[1]] == ["has CREATEDB"]


def test_a_file_that_cannot_be_written_stops_before_anything_is_made(owned: Settings, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path, says in (
        (tmp_path / "none" / "roles.env", "cannot be written"),
        (tmp_path / "link", "already"),
    ):
        with pytest.raises(OperatorError, match=says):
            service.bring(owned, path)
    assert len([step for step in service.look(owned)[1] if step.makes]) == len(OURS)


def test_a_role_is_made_once_its_password_is_on_the_disk(
    owned: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int, _line: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("app.ops.database_roles.service.os.write", full)
    with pytest.raises(OperatorError, match=r"cannot be written \(No space left on device\)"):
        service.bring(owned, tmp_path / "roles.env")
    monkeypatch.undo()
    assert not (tmp_path / "roles.env").exists()
    with connect(owned) as admin:
        there = "SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)"
        assert admin.execute(there, (list(OURS),)).fetchone() == (0,), "nobody would know its password"


def test_another_password_for_a_role_that_was_never_made_is_a_sentence(
    aada: Aada, owned: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "roles.env"
    status, shown = aada("db", "roles", "--renew", MONITOR, "--passwords", str(file))
    assert status == 1
    assert f"There is no role {MONITOR} yet: make it with `aada db roles --apply`." in " ".join(shown.split())
    assert not file.exists()
