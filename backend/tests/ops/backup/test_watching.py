"""What looks after backups by itself: the drill, the alarms, the daily check, pruning, and receiving the log."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest

from app.core import clock
from app.ops.backup import (
    drill,
    keeper,
    receiver,
    standing,
    store,
    upkeep,
    wal,
)
from app.ops.backup.place import DAMAGED, BackupPlace
from app.ops.backup.tools import Source, end, source_of
from app.ops.doctor import backups
from app.ops.doctor.findings import Installation, Level
from app.ops.errors import OperatorError
from app.ops.postgres import EmbeddedServer
from app.rules.backups import BackupKind
from tests.ops.backup.school import School, new_school

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("backup")]


@patch("app.ops.backup.drill._PATIENCE_SECONDS", 1)  # nothing receives the log here, so it waits in vain
def test_a_drill_restores_compares_and_says_what_is_wrong(school: School) -> None:
    school.claim(b"a document")
    school.make(BackupKind.FULL)
    outcome = drill.run_drill(school.place, school.source, school.settings)
    assert outcome.fault is None
    assert outcome.rows > 0
    assert outcome.documents > 0
    assert outcome.recovery_seconds > 0
    assert drill.last(school.place) == outcome
    known = replace(Installation(school.settings), embedded=True)
    assert [one.level for one in backups.drilled(known)] == [Level.OK]
    said = standing.of(school.settings, scheduled=True).alarms  # type: ignore[union-attr]
    assert [one for one in said if not one.endswith("is damaged.")] == []

    killed = school.place.folder / "drill-killed"
    killed.mkdir(mode=0o711)
    school.restored(None, str(killed / "school"))
    left = EmbeddedServer(killed / "school" / "postgres").start(keep_running=True)
    left.stop()
    home = left.home
    assert left.status().running
    copy = store.path_of(school.place, hashlib.sha256(b"a document").hexdigest())
    copy.rename(copy.with_suffix(".away"))
    failed = drill.run_drill(school.place, school.source, school.settings)
    assert not killed.exists()
    assert not (home / "data").exists(), "neither its server nor its records are left"
    with school.place.drilling(), pytest.raises(OperatorError, match="Another restore drill runs"):
        drill.run_drill(school.place, school.source, school.settings)
    copy.with_suffix(".away").rename(copy)
    assert failed.fault == f"file {copy.name} is missing"
    assert [one.level for one in backups.drilled(known)] == [Level.PROBLEM]
    said = standing.of(school.settings).alarms  # type: ignore[union-attr]
    assert "The last restore drill failed" in said[-1]
    assert not list(school.place.folder.glob("drill-*"))
    in_bucket = school.settings.model_copy(update={"s3_bucket": "records"})
    assert drill.run_drill(school.place, school.source, in_bucket).fault is None, "no file is expected here"


def test_silence_is_an_alarm_where_backups_should_be_made(school: School, tmp_path: Path) -> None:
    nothing = school.settings.model_copy(update={"data_dir": tmp_path})
    assert standing.of(nothing) is None
    assert standing.of(nothing, scheduled=True).alarms == [  # type: ignore[union-attr]
        "There is no sound backup of this school yet."
    ]
    school.ensure_backups()
    says = "The write-ahead log is not being received"
    for later, alarmed in ((0, False), (16, True)):
        with patch("app.ops.backup.standing.clock.now", return_value=clock.now() + timedelta(minutes=later)):
            found = standing.of(school.settings, scheduled=True)
            known = replace(Installation(school.settings), embedded=True)
            examined = [one for one in backups.age(known) if "write-ahead log" in one.says]
        assert found is not None
        assert any(one.startswith(says) for one in found.alarms) == alarmed
        assert [one.level for one in examined] == [Level.WARNING] * alarmed


def test_what_a_day_finds_damaged_is_set_aside_and_brought_again(school: School) -> None:
    school.ensure_backups()
    with psycopg.connect(school.server.url(), autocommit=True) as connection:
        for one in (40, 41):
            connection.execute("INSERT INTO kept VALUES (%s)", (one,))
            connection.execute("SELECT pg_switch_wal()")
    sha256 = school.claim(b"to be damaged")
    school.make()
    now, sound = clock.now(), [one for one in school.place.backups() if one.fault is None]
    longest_ago = min(sound, key=lambda one: one.verified_at or one.ended_at)
    segment = next(one for one in wal.files(school.place)[::-1] if one.complete)
    content = segment.path.read_bytes()
    segment.path.write_bytes(content[:-100])
    copy = store.path_of(school.place, sha256)
    copy.write_bytes(b"other content")
    day = datetime.fromordinal(256 * 2_900 + int(sha256[:2], 16)).replace(tzinfo=UTC)
    found = list(upkeep.verify_a_part(school.place, now - timedelta(hours=1), day, lambda _bytes: None))
    assert [one.fault for one in found if one.what == longest_ago.id] == [None]
    assert [one.what for one in found if one.fault] == ["write-ahead log", "files"]
    assert segment.name not in {one.name for one in wal.files(school.place)}, "no plan counts on it"
    store.copy_all(school.place, school.files)
    assert copy.read_bytes() == b"to be damaged"
    segment.path.write_bytes(content)
    segment.path.with_name(f"{segment.path.name}{DAMAGED}").unlink()


def test_the_keeper_outlives_every_error_and_is_alone_in_its_folder(school: School) -> None:
    ticks: list[str] = []
    went_on = threading.Event()

    def tick(kept: keeper.Keeper, _source: Source) -> None:
        ticks.append(kept.name)  # type: ignore[attr-defined]
        if len(ticks) > 1:
            went_on.set()
        raise RuntimeError("what nobody thought of")

    with (
        patch.object(keeper.Keeper, "tick", tick),
        patch.object(keeper.Keeper, "_note_failure"),
        patch("app.ops.backup.keeper.Receiver"),
        patch("app.ops.backup.keeper._TICK_SECONDS", 0.01),
    ):
        both = [keeper.Keeper(school.settings, None) for _ in range(2)]  # type: ignore[arg-type]
        for name, one in zip("ab", both, strict=True):
            one.name = name  # type: ignore[attr-defined]
            one.start()
        assert went_on.wait(30)
        both[0].stop()
        both[1].stop()
    assert len(set(ticks[:2])) == 1


def test_new_files_are_copied_while_a_backup_takes_its_time(school: School) -> None:
    copied_twice, copied, backup = threading.Event(), [], threading.Event()

    def copy(_kept: keeper.Keeper, now: datetime) -> None:
        copied.append(now)
        if len(copied) > 1:
            copied_twice.set()

    with (
        patch.object(keeper.Keeper, "tick", lambda _kept, _source: backup.wait(60)),
        patch.object(keeper.Keeper, "_copy_new_files", copy),
        patch("app.ops.backup.keeper.Receiver"),
        patch("app.ops.backup.keeper._TICK_SECONDS", 0.01),
    ):
        kept = keeper.Keeper(school.settings, None)  # type: ignore[arg-type]
        kept.start()
        assert copied_twice.wait(30)
        backup.set()
        kept.stop()


def test_a_file_that_two_copy_at_once_is_there_and_whole(school: School) -> None:
    sha256 = school.files.put(b"copied by two").sha256
    begun, other = threading.Event(), threading.Event()

    class Slow:
        """A store that gives the file out in two pieces, and meanwhile somebody else copies and prunes."""

        def read(self, _sha256: str) -> Iterator[bytes]:
            yield b"copied by"
            begun.set()
            assert other.wait(30)
            yield b" two"

    first = threading.Thread(target=store.copy, args=(school.place, Slow(), iter([sha256])))
    first.start()
    assert begun.wait(30)
    assert store.copy(school.place, school.files, iter([sha256])) == 1
    store.prune(school.place, school.files, [])
    other.set()
    first.join(30)
    assert store.path_of(school.place, sha256).read_bytes() == b"copied by two"
    assert not list(school.place.files.glob("??/*.partial"))


def test_a_file_that_cannot_be_read_leaves_nothing_behind(school: School) -> None:
    sha256 = school.files.put(b"cannot be read to its end").sha256

    class Failing:
        def read(self, _sha256: str) -> Iterator[bytes]:
            yield b"cannot be"
            raise OSError(errno.EIO, "Input/output error")

    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            store.copy(school.place, Failing(), iter([sha256]))  # type: ignore[arg-type]
    assert not list(school.place.files.glob("??/*.partial"))
    stopping = threading.Event()
    stopping.set()
    assert store.copy(school.place, school.files, iter([sha256]), stopping) == 0
    assert store.copy(school.place, school.files, iter([sha256])) == 1


def test_pruning_passes_over_what_somebody_takes_away_meanwhile(school: School) -> None:
    partial = school.place.files / "ab" / f"ab{'0' * 62}-1.partial"
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.touch()
    found = Path.glob

    def listed(folder: Path, pattern: str) -> list[Path]:
        names = list(found(folder, pattern))
        partial.unlink(missing_ok=True)
        return names

    with patch.object(Path, "glob", listed):
        assert store.prune(school.place, school.files, []) == (0, 0)


def test_pruning_follows_the_window_and_never_a_restore(school: School) -> None:
    for _ in range(2):
        school.make(BackupKind.FULL)
    with school.place.in_use():
        assert school.make(), "a backup is good, though nothing can be pruned after it"
    place = BackupPlace(school.folder / "pruned")
    shutil.copytree(school.place.folder, place.folder)
    assert upkeep.prune(place, None, dry_run=True).backups == ()
    with place.in_use(), pytest.raises(OperatorError, match="A restore reads these backups"):
        upkeep.prune(place, None)
    # As if everything but the newest two full backups were of two months ago.
    known = place.backups()
    newest = [one.id for one in known if one.parent is None][-2:]
    for one in known:
        if one.id != newest[1]:
            entry = place.base / one.id / "backup.json"
            found = json.loads(entry.read_bytes())
            for name in ("started_at", "ended_at"):
                found[name] = (datetime.fromisoformat(found[name]) - timedelta(days=60)).isoformat()
            entry.write_text(json.dumps(found))
    content = b"of long ago"
    old = hashlib.sha256(content).hexdigest()
    copy = store.path_of(place, old)
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(content)
    os.utime(copy, (0, 0))
    segments = len(wal.files(place))
    pruned = upkeep.prune(place, school.files)
    left = {one.id for one in place.backups()}
    assert set(newest) <= left
    assert set(pruned.backups).isdisjoint(left)
    assert pruned.segments > 0
    assert len(wal.files(place)) == segments - pruned.segments
    assert pruned.files == 1
    assert not copy.exists()
    assert not [one.fault for one in upkeep.verify(place) if one.fault]


def test_the_log_is_received_as_it_is_written_and_a_lost_server_loses_nothing_of_it(folder: Path) -> None:
    """The receiver by itself, rows under way, the server killed and its data deleted."""
    own = folder / "lost"
    own.mkdir(mode=0o711)
    school = new_school(own)
    school.make(BackupKind.FULL)
    # Another tool that streams the log, under the name that all of them have, is not the receiver.
    elsewhere = own / "elsewhere"
    elsewhere.mkdir()
    arguments = [
        f"--dbname={school.source.conninfo}",
        f"--directory={elsewhere}",
        "--no-loop",
        "--synchronous",
    ]
    other = school.source.spawn("pg_receivewal", arguments, own / "other.log")
    try:
        deadline = time.monotonic() + 60
        while not _flushed_all(school) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert _flushed_all(school)
        assert not receiver.note_caught_up(school.place, school.source)
    finally:
        end(other)
    stopping = threading.Event()
    source = source_of(school.settings, stopping)
    running = receiver.Receiver(school.place, source)
    running.start()
    try:
        deadline = time.monotonic() + 60
        while receiver.require_slot(school.place, source) is not None and time.monotonic() < deadline:
            time.sleep(0.1)
        school.write(*range(1000, 1200))
        assert receiver.lag_seconds(school.place, source, 30) is not None
        assert receiver.note_caught_up(school.place, source)
        process = school.server.status().pid
        assert process is not None
        os.kill(process, signal.SIGKILL)
        shutil.rmtree(school.server.data)
    finally:
        stopping.set()
        running.join(30)
        school.server.shut_down(force=True)
    _, found, _ = school.restored(None, "after the loss")
    assert set(range(1000, 1200)) <= set(found)


def _flushed_all(school: School) -> bool:
    with psycopg.connect(school.server.url()) as connection:
        return connection.execute(
            "SELECT bool_or(flush_lsn >= pg_current_wal_flush_lsn()) FROM pg_stat_replication"
        ).fetchone() == (True,)
