"""`aada user`, as typed."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from unittest.mock import patch

import pytest

from app import cli
from app.core.permissions import Role
from app.db.session import Database
from app.settings import Settings, get_settings
from tests.factories.accounts import UserFactory

Aada = Callable[..., tuple[int, str]]


@pytest.fixture
def aada(live_settings: Settings) -> Iterator[Aada]:
    """`aada("user", "list")`: exit status, and what a terminal shows."""
    environment = dict(os.environ) | {
        "DATABASE_URL": live_settings.database_url or "",
        "SECRET_KEY": live_settings.secret_key.get_secret_value(),
        "AADA_APP_PASSWORD": "a password for tests alone",
        "DATA_DIR": str(live_settings.data_dir),
        "COLUMNS": "200",
    }

    def run(*arguments: str) -> tuple[int, str]:
        shown, status = StringIO(), 0
        get_settings.cache_clear()
        with (
            patch.dict(os.environ, environment, clear=True),
            patch.object(sys, "argv", ["aada", *arguments]),
            patch("app.cli.signal.signal"),
            redirect_stdout(shown),
            redirect_stderr(shown),
        ):
            try:
                cli.main()
            except SystemExit as left:
                status = int(left.code or 0)
        return status, shown.getvalue()

    yield run
    get_settings.cache_clear()


def test_a_person_comes_goes_and_comes_back(aada: Aada) -> None:
    status, shown = aada("user", "create", "Nina@example.org", "--name", "Nina  Neu", "--role", "instructor")
    assert status == 0
    assert "Nina Neu <nina@example.org>, instructor" in shown
    assert "/set-password/" in shown
    assert "invited" in aada("user", "list")[1]
    assert "/set-password/" in aada("user", "invite", "nina@example.org")[1]
    assert "/set-password/" in aada("user", "reset-link", "nina@example.org")[1]
    assert aada("user", "delete", "nina@example.org", "--yes")[0] == 0
    assert "nina@example.org" not in aada("user", "list")[1]
    assert "nina@example.org" in aada("user", "list", "--deleted", "--role", "instructor", "nina")[1]
    status, shown = aada("user", "create", "nina@example.org", "--name", "Nina Neu")
    assert status == 1
    assert "deleted account of Nina Neu" in shown
    assert aada("user", "restore", "nina@example.org")[0] == 0
    assert "0 of 0" in aada("user", "list", "--deleted")[1]


def test_refusals_are_one_sentence(aada: Aada, live_database: Database) -> None:
    with live_database.begin() as session:
        UserFactory(session=session, role=Role.ADMIN, email="ada@example.org", full_name="Ada Office")
    for arguments, words in (
        (("invite", "nobody@example.org"), "Nobody has the e-mail address"),
        (("invite", "nonsense"), "Enter an e-mail address"),
        (("create", "x@example.org", "--name", " "), "1 to 255 characters"),
        (("delete", "ada@example.org", "--yes"), "last administrator"),
        (("restore", "ada@example.org"), "no deleted person"),
        (("create", "ada@example.org", "--name", "Ada"), "has an account"),
    ):
        status, shown = aada("user", *arguments)
        assert status == 1
        assert words in shown
        assert shown.startswith("aada: ")
        assert shown.count("\n") == 1
