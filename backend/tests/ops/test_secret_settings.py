"""Secrets as they are set: one or several, from the environment or from files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.settings import Settings, SettingsError, load_settings

NEW = "1f0e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"
THIRD = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, 0),
        ("", 0),
        ("a key with, a comma and a length of more than 32", 1),
        (json.dumps([NEW, THIRD]), 2),
        (json.dumps(["k" * 32]), 0),  # the present one
        ("[]", 0),
    ],
)
def test_former_keys_are_one_or_a_list(given: str | None, kept: int) -> None:
    known = load_settings(_env_file=None, secret_key="k" * 32, secret_key_previous=given)
    assert len(known.secret_keys) == 1 + kept
    assert NEW not in repr(known)


@pytest.mark.parametrize("given", ["short", '["short"]', "[1, 2]", '["unended', '{"a": 1}'])
def test_a_former_key_that_is_none_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY_PREVIOUS") as caught:
        load_settings(_env_file=None, secret_key="k" * 32, secret_key_previous=given)
    assert given not in str(caught.value)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Secrets as systemd hands them over."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    for name in ("SECRET_KEY", "AADA_APP_PASSWORD", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    return tmp_path


def test_secrets_are_read_from_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "secret_key").write_text(f"{NEW}\n")
    (folder / "aada_app_password").write_text("from a file\n")
    known: Any = load_settings()
    assert known.secret_keys == (NEW,)
    assert known.aada_app_password.get_secret_value() == "from a file"
    monkeypatch.setenv("SECRET_KEY", THIRD)
    assert load_settings().secret_keys == (THIRD,)
    monkeypatch.delenv("SECRET_KEY")
    (folder / "secret_key").write_bytes(b"\xff\xfe not text")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings()
