"""`aada files`, as typed."""

import os

from app.core import clock
from app.core.files import LocalStore, claims
from app.db.session import Database
from app.settings import Settings
from tests.ops.conftest import Aada


def test_sweep_shows_first_and_removes_then(aada: Aada, live_settings: Settings) -> None:
    store = LocalStore(live_settings.data_dir / "files")
    orphan = store.put(b"x" * 2**20)
    assert aada("files", "sweep") == (0, "0 files that nothing uses removed, 0.0 MB.\n")
    three_days_ago = clock.now().timestamp() - 72 * 3600
    os.utime(store._path(orphan.sha256), (three_days_ago, three_days_ago))
    assert "0 files" in aada("files", "sweep", "--older-than", "100")[1]
    shown = aada("files", "sweep", "--dry-run")[1]
    assert shown == "1 file that nothing uses would be removed, 1.0 MB.\n"
    assert store.exists(orphan.sha256)
    assert aada("files", "sweep") == (0, "1 file that nothing uses removed, 1.0 MB.\n")
    assert not store.exists(orphan.sha256)
    assert aada("files", "sweep", "--older-than", "0")[0] != 0


def test_list_and_check_name_files_with_their_owners(
    aada: Aada, live_settings: Settings, live_database: Database
) -> None:
    store = LocalStore(live_settings.data_dir / "files")
    kept, given_up = store.put(b"a certificate"), store.put(b"a draft")
    with live_database.begin() as session:
        claims.claim(session, kept, room="documents", row=7, media_type="application/pdf")
        claims.claim(session, given_up, room="documents", row=8)
        claims.release(session, "documents", 8)
    assert f"{kept.sha256}\t13\tapplication/pdf\tdocuments 7\n" in aada("files", "list")[1]
    assert aada("files", "list", "--unclaimed")[1] == f"{given_up.sha256}\t7\t-\t-\n"
    assert aada("files", "list", "--room", "content.packages") == (0, "")
    assert aada("files", "check") == (0, "1 file checked, all in order.\n")

    path = store._path(kept.sha256)
    path.chmod(0o640)
    path.write_bytes(b"A certificate")
    status, shown = aada("files", "check")
    assert status == 1
    assert f"{kept.sha256} has other content than when it was stored: documents 7" in shown
    assert aada("files", "check", "--quick")[0] == 0, "the size is right"
    path.write_bytes(b"short")
    assert "has 5 bytes instead of 13" in aada("files", "check", "--quick")[1]
    path.unlink()
    assert "is missing: documents 7" in aada("files", "check")[1]
