"""What can be seen of backups without a server: instants as written, refusals, alarms, and who is left alive."""

from __future__ import annotations

import errno
import gzip
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, Mock, patch
from zoneinfo import ZoneInfo

import pytest

from app.commands import backup as backup_command
from app.commands import restore as restore_command
from app.ops import lifecycle
from app.ops.backup import drill, instants, keeper, plan, restore, standing, tools, upkeep, wal
from app.ops.backup.place import SEGMENT_BYTES, Backup, BackupPlace, place_of
from app.ops.errors import OperatorError
from app.ops.postgres.launch import dies_with_parent
from app.rules.backups import BackupKind
from app.settings import Settings

_ZONE = ZoneInfo("America/New_York")


def settings_in(folder: Path) -> Settings:
    return Settings(_env_file=None, environment="test", secret_key="k" * 32, data_dir=folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-08 01:59:59 America/New_York", datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC)),
        ("2026-03-08T06:59:59Z", datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC)),
        ("2026-11-01 01:30:00-05:00", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        ("2026-07-01 12:00", datetime(2026, 7, 1, 16, tzinfo=UTC)),
        ("2026-03-08 02:30:00 America/New_York", "There was no 2026-03-08 02:30:00"),
        ("2026-11-01 01:30", "came twice"),
        ("2026-11-01 01:30 Mars/Base", "not a time zone"),
        ("2026-13-01 01:30", "not a date and time"),
        ("yesterday", "not a date and time"),
        ("2026-03-08 01:59:59 ../etc/passwd", "not a time zone"),
    ],
)
def test_instants_as_people_write_them(text: str, expected: datetime | str) -> None:
    if isinstance(expected, datetime):
        assert instants.parse(text, _ZONE) == expected
    else:
        with pytest.raises(OperatorError, match=expected):
            instants.parse(text, _ZONE)


def test_a_list_of_damaged_backups_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_in(tmp_path)
    monkeypatch.setattr(backup_command, "get_settings", lambda: settings)
    backup_command.list_backups()
    assert "Make the first one: aada backup now" in capsys.readouterr().out
    place = place_of(settings)
    place.prepare()
    at = datetime(2026, 1, 1, 3, tzinfo=UTC)
    known = Backup(
        "20260101T030000Z-full",
        BackupKind.FULL,
        None,
        at,
        at,
        1,
        "0/2000028",
        "0/2000100",
        7,
        "17",
        1,
        1,
        "ab",
    )
    place.of(known).mkdir()
    place.note(known, fault="base.tar.gz is missing", at=at)
    backup_command.list_backups()
    said = capsys.readouterr().out
    assert "DAMAGED: base.tar.gz is missing" in said
    assert said.splitlines()[-1] == (
        "Nothing can be restored from them. Make a full backup now: aada backup now --full"
    )
    elsewhere = settings.model_copy(update={"backup_dir": tmp_path / "elsewhere"})
    for target, wrong in ((None, r"No backup of 7-1 is sound\."), (at, r"no sound backup is as old\.")):
        with pytest.raises(
            OperatorError, match=f"{wrong} See .* make a full backup now: aada backup now --full"
        ):
            plan.make(place, target, settings)
        with pytest.raises(OperatorError, match=f"{wrong} Look for another copy") as refused:
            plan.make(place, target, elsewhere)
        assert "backup now" not in str(refused.value), "aada restore --from, of a school that may be lost"
    with pytest.raises(OperatorError, match="Name one of these with --branch: 7-1 "):
        plan.make(place, None, settings, branch="9-9")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a priority is a whole program's")
def test_what_is_done_gently_gives_way_and_nothing_else_does() -> None:
    def mine() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def look() -> tuple[int, int]:
        started = subprocess.run(["nice"], capture_output=True, text=True, check=True)
        return mine(), int(started.stdout)

    before = mine()
    assert tools.gently(look) == (19, 19)
    assert mine() == before
    with pytest.raises(OperatorError, match="the disk is full"):
        tools.gently(Mock(side_effect=OperatorError("the disk is full")))


def test_a_segment_that_arrived_in_part_replaces_no_fuller_one(tmp_path: Path) -> None:
    folder = tmp_path / "wal" / "20260101T000000000000Z"
    folder.mkdir(parents=True)
    archived = folder / f"{wal.segment_name(1, 5)}.gz.partial"
    data = tmp_path / "data"
    data.mkdir()
    for content, expected in ((b"x" * 100, b"y" * 200), (b"x" * 300, b"x" * 300)):
        (data / wal.segment_name(1, 5)).write_bytes((b"y" * 200).ljust(SEGMENT_BYTES, b"\0"))
        archived.write_bytes(gzip.compress(content))
        (one,) = wal.files(BackupPlace(tmp_path))
        assert wal.write_out(one, data).read_bytes() == expected.ljust(SEGMENT_BYTES, b"\0")


def test_a_restore_makes_room_in_its_folder_and_leaves_the_folder_itself(tmp_path: Path) -> None:
    """Root may have made it for another user, in a folder where that one could not make it again."""
    into = tmp_path / "restored"
    (into / "unpacked" / "one").mkdir(parents=True)
    (into / "unpacked" / "one" / "file").touch()
    (into / "link").symlink_to(tmp_path)
    (into / restore.MARK).touch()
    made = into.stat().st_ino
    wanted: Any = SimpleNamespace(needed_bytes=1)
    with (
        patch.object(
            restore.shutil, "rmtree", side_effect=PermissionError(errno.EACCES, "Permission denied")
        ),
        pytest.raises(OperatorError, match=r"What an earlier restore left in .* \(Permission denied\)"),
    ):
        restore._claim_folder(into, wanted)
    assert (into / restore.MARK).exists()
    restore._claim_folder(into, wanted)
    assert into.stat().st_ino == made
    assert [path.name for path in into.iterdir()] == [restore.MARK]


def test_backups_that_may_not_be_read_are_not_said_to_be_none(tmp_path: Path) -> None:
    place = BackupPlace(tmp_path)
    assert (place.backups(), wal.files(place), place.horizon, drill.last(place)) == ([], [], None, None)

    def closed(path: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    cases: tuple[tuple[str, Callable[[], object]], ...] = (
        ("base", place.backups),
        ("wal", lambda: wal.files(place)),
    )
    for name, read in cases:
        with (
            patch("app.ops.backup.place.os.scandir", closed),
            pytest.raises(OperatorError, match=rf"{name} cannot be read .*as the user who serves the school"),
        ):
            read()
    with (
        patch.object(Path, "read_bytes", closed),
        pytest.raises(OperatorError, match=r"caught-up\.json cannot be read"),
    ):
        _ = place.horizon
    with pytest.raises(OperatorError, match="cannot be read"):
        BackupPlace(Path("/dev/null/backups")).backups()


def test_a_disk_that_is_away_is_an_alarm_on_the_page(tmp_path: Path) -> None:
    BackupPlace(tmp_path / "backups").prepare()
    away = OSError(errno.EIO, "Input/output error")
    for what in ("wal.files", "drill.last", "upkeep.spans"):
        with patch(f"app.ops.backup.standing.{what}", side_effect=away):
            found = standing.of(settings_in(tmp_path))
        assert found is not None
        (said,) = found.alarms
        assert said.endswith("backups cannot be read (Input/output error).")


def test_the_hint_repeats_where_the_backups_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        patch.object(restore_command, "get_settings", lambda: settings_in(tmp_path)),
        patch.object(restore_command, "_show"),
        patch.object(restore_command.plan, "make"),
    ):
        restore_command.restore("latest", source=Path("/mnt/old disk"), branch="7-1")
    assert (
        "aada restore --to 'latest' --from '/mnt/old disk' --branch 7-1 --into DIR" in capsys.readouterr().out
    )


def test_a_program_that_does_not_end_when_asked_is_killed() -> None:
    process = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    with patch.object(tools, "_PATIENCE_SECONDS", 0.2):
        tools.end(process)
    process.stdout.close()
    assert process.returncode == -signal.SIGKILL
    tools.end(process)


@pytest.mark.skipif(
    dies_with_parent() is None, reason="that a process learns of its parent's death is a Linux feature"
)
def test_a_program_whose_parent_was_killed_before_it_began_does_not_begin() -> None:
    with patch("app.ops.postgres.launch.os.getpid", return_value=1):
        orphaned = dies_with_parent()
    for before, expected in ((orphaned, 1), (dies_with_parent(), 0)):
        done = subprocess.run(["true"], preexec_fn=before, check=False)
        assert done.returncode == expected


@pytest.mark.parametrize(
    ("before", "restored", "after", "deleted", "fault"),
    [
        (5, 5, 5, 0, None),
        (5, 6, 7, 0, None),
        (5, 4, 7, 0, "kept has 4 rows in the restored database and 5 in the school’s"),
        (5, 8, 7, 0, "kept has 8 rows in the restored database and 5 in the school’s"),
        (5, 8, 7, 1, None),  # three came, and one went after the instant
        (5, 4, 6, 2, None),  # one went before it, and two came after
    ],
)
def test_rows_that_came_and_went_during_a_drill_are_no_fault(
    before: int, restored: int, after: int, deleted: int, fault: str | None
) -> None:
    live = drill._Live({"kept": before}, {"kept": 10})
    later = drill._Live({"kept": after}, {"kept": 10 + deleted})
    assert drill._differing(live, {"kept": restored}, later) == fault


def test_all_faults_of_a_day_are_in_the_history(tmp_path: Path) -> None:
    found = [upkeep.Checked("files", f"file {number} has other content") for number in range(22)]
    kept = keeper.Keeper(settings_in(tmp_path), MagicMock())
    with (
        patch.object(upkeep, "verify_a_part", return_value=iter([upkeep.Checked("sound", None), *found])),
        patch.object(keeper.history, "record") as record,
    ):
        kept._verify_if_due(datetime(2026, 3, 8, tzinfo=UTC))
    record.assert_called_once()
    reason = record.call_args.kwargs["reason"]
    assert "file 0 has" in reason
    assert "file 19 has" in reason
    assert reason.endswith("; and 2 more")


@pytest.mark.parametrize("before", [0, 1])
def test_the_first_backup_is_made_at_once_and_the_others_calmly(tmp_path: Path, before: int) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    known = [Mock(fault=None, member=Mock(parent=None, started_at=long_ago))] * before
    kept = keeper.Keeper(settings_in(tmp_path), MagicMock())
    with (
        patch.object(keeper.take, "current", return_value=known),
        patch.object(keeper, "make") as make,
    ):
        kept.tick(Mock())
    assert make.call_args.kwargs == {"calmly": bool(before)}


def test_files_that_cannot_be_copied_are_said_in_a_sentence(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    made = Mock(id="20260308T000000Z-full")
    with (
        patch.object(keeper.take, "take", return_value=made),
        patch.object(keeper, "catch_up"),
        patch.object(keeper.store, "copy_all", side_effect=full),
        pytest.raises(
            OperatorError, match=r"full was made, and the files could not be copied \(No space left"
        ),
    ):
        keeper.make(BackupPlace(tmp_path), Mock(), settings_in(tmp_path))


def test_nothing_is_started_where_it_cannot_be_seen_what_is_scheduled(tmp_path: Path) -> None:
    before = threading.active_count()
    with (
        patch.object(lifecycle, "is_scheduled", side_effect=OperatorError("The database is away.")),
        patch.object(lifecycle, "JobWorker") as worker,
        patch.object(lifecycle.projections, "runner") as runner,
        pytest.raises(OperatorError, match="is away"),
        lifecycle._working(settings_in(tmp_path), MagicMock()),
    ):
        pass
    worker.return_value.start.assert_not_called()
    runner.return_value.start.assert_not_called()
    assert threading.active_count() == before
