"""`aada files`, as typed."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest

from app import cli
from app.core import clock
from app.core.files import LocalStore
from app.settings import Settings, get_settings

Aada = Callable[..., tuple[int, str]]


@pytest.fixture
def aada(live_settings: Settings) -> Iterator[Aada]:
    """`aada("files", "sweep")`: exit status, and what a terminal shows."""
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


def test_sweep_tells_first_and_removes_then(aada: Aada, live_settings: Settings) -> None:
    store = LocalStore(live_settings.data_dir / "files")
    orphan = store.put(b"x" * 2**20)
    assert aada("files", "sweep") == (0, "0 files that nothing uses removed, 0.0 MiB.\n")
    path = Path(live_settings.data_dir) / "files" / orphan.sha256[:2] / orphan.sha256
    three_days_ago = clock.now().timestamp() - 72 * 3600
    os.utime(path, (three_days_ago, three_days_ago))
    assert "0 files" in aada("files", "sweep", "--older-than", "100")[1]
    assert aada("files", "sweep", "--dry-run")[1] == "1 file that nothing uses would be removed, 1.0 MiB.\n"
    assert store.exists(orphan.sha256)
    assert aada("files", "sweep") == (0, "1 file that nothing uses removed, 1.0 MiB.\n")
    assert not store.exists(orphan.sha256)
    assert aada("files", "sweep", "--older-than", "0")[0] != 0
