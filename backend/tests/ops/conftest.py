"""The `aada` command as a test types it."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from unittest.mock import patch

import pytest

from app import cli
from app.settings import Settings, get_settings

Aada = Callable[..., tuple[int, str]]


@pytest.fixture
def aada(live_settings: Settings) -> Iterator[Aada]:
    """`aada("files", "sweep", SMTP_URL="…")`: exit status, and what a terminal shows."""
    environment = dict(os.environ) | {
        "DATABASE_URL": live_settings.database_url or "",
        "SECRET_KEY": live_settings.secret_key.get_secret_value(),
        "AADA_APP_PASSWORD": "a password for tests alone",
        "DATA_DIR": str(live_settings.data_dir),
        "COLUMNS": "200",
    }

    def run(*arguments: str, **more: str) -> tuple[int, str]:
        shown, status = StringIO(), 0
        get_settings.cache_clear()
        with (
            patch.dict(os.environ, environment | more, clear=True),
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
