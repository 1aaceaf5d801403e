"""`aada lrs`, as typed."""

import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from unittest.mock import patch

from app import cli
from app.settings import Settings, get_settings


def aada(settings: Settings, *arguments: str) -> tuple[int, str]:
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
        redirect_stdout(shown),
        redirect_stderr(shown),
    ):
        try:
            cli.main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(bool(end.code))
    get_settings.cache_clear()
    return status, shown.getvalue()


def test_a_credential_from_the_command_line(live_settings: Settings) -> None:
    status, shown = aada(
        live_settings, "credentials", "create", "Simulator", "--scope", "all/read", "--limit", "60"
    )
    assert status == 0, shown
    assert "Secret" in shown
    key = next(line.split()[1] for line in shown.splitlines() if line.startswith("Key"))
    status, shown = aada(live_settings, "credentials", "list")
    assert (status, key in shown, "all/read" in shown) == (0, True, True)
    assert aada(live_settings, "credentials", "rotate", "1")[0] == 0
    assert aada(live_settings, "credentials", "revoke", "1") == (0, "Revoked: Simulator\n")
    assert key not in aada(live_settings, "credentials", "list")[1]
    assert "revoked" in aada(live_settings, "credentials", "list", "--all")[1]


def test_mistakes_end_in_a_sentence(live_settings: Settings) -> None:
    status, shown = aada(live_settings, "credentials", "create", "x", "--scope", "everything")
    assert status != 0
    assert "Choose at least one of all" in shown
    status, shown = aada(live_settings, "credentials", "revoke", "7")
    assert status != 0
    assert "no such credential" in shown
