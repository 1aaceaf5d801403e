"""`aada files`, as typed."""

import os
from pathlib import Path

from app.core import clock
from app.core.files import LocalStore
from app.settings import Settings
from tests.ops.conftest import Aada


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
