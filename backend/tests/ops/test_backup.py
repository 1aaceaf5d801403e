"""Backups on a real server: what was acknowledged comes back, and what is damaged is named and not used."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest

from app.core import clock
from app.core.files import LocalStore
from app.ops.backup import (
    drill,
    instants,
    keeper,
    plan,
    receiver,
    restore,
    standing,
    store,
    take,
    upkeep,
    wal,
)
from app.ops.backup.place import DAMAGED, MANIFEST, SEGMENT_BYTES, BackupPlace, place_of
from app.ops.backup.tools import Source, source_of
from app.ops.doctor import backups
from app.ops.doctor.findings import Installation, Level
from app.ops.errors import OperatorError
from app.ops.postgres import EmbeddedServer
from app.ops.servers import with_url
from app.rules.backups import BackupKind
from app.settings import Settings, normalize_database_url

BACKEND = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("backup")]

_TABLES = """
CREATE TABLE kept (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE stored_files (sha256 text PRIMARY KEY, stored_at timestamptz DEFAULT now());
CREATE TABLE file_claims (sha256 text, released_at timestamptz);
"""


@dataclass
class School:
    """A small database on a real server, its files, and the place of its backups."""

    folder: Path
    server: EmbeddedServer
    settings: Settings

    @property
    def place(self) -> BackupPlace:
        return place_of(self.settings)

    @property
    def source(self) -> Source:
        return source_of(self.settings)

    @property
    def files(self) -> LocalStore:
        return LocalStore(self.settings.data_dir / "files")

    def make(self, kind: BackupKind | None = None) -> str:
        return keeper.make(self.place, self.source, self.settings, kind)[0].id

    def write(self, *ids: int, server: EmbeddedServer | None = None) -> datetime:
        """Commit rows; a moment after the commit, and before anything that is committed later."""
        with psycopg.connect((server or self.server).url()) as connection:
            for one in ids:
                connection.execute("INSERT INTO kept VALUES (%s)", (one,))
        time.sleep(0.02)
        after = clock.now()
        time.sleep(0.02)
        return after

    def claim(self, content: bytes) -> str:
        stored = self.files.put(content)
        with psycopg.connect(self.server.url()) as connection:
            connection.execute("INSERT INTO stored_files VALUES (%s)", (stored.sha256,))
            connection.execute("INSERT INTO file_claims VALUES (%s)", (stored.sha256,))
        return stored.sha256

    def restored(self, target: datetime | None, name: str) -> tuple[Path, list[int], list[str]]:
        """Restore into a new folder; its rows, and what was said."""
        said: list[str] = []
        into = self.folder / name
        wanted = plan.make(self.place, target, self.settings)
        done = restore.restore(self.place, wanted, into, self.settings, said.append)
        assert done.missing_files == ()
        return into, rows(into), said

    def aada(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        environment = dict(os.environ) | {
            "DATA_DIR": str(self.settings.data_dir),
            "SECRET_KEY": "a key for tests alone, of good length",
            "AADA_APP_PASSWORD": "secret",
            "BACKUP_DIR": str(self.place.folder),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=BACKEND,
            env={name: value for name, value in environment.items() if name != "DATABASE_URL"} | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def rows(data_dir: Path) -> list[int]:
    with EmbeddedServer(data_dir / "postgres") as server, psycopg.connect(server.url()) as connection:
        return [int(str(row[0])) for row in connection.execute("SELECT id FROM kept ORDER BY id")]


def new_school(folder: Path) -> School:
    # Nothing here has to outlive a power cut.
    server = EmbeddedServer(folder / "data" / "postgres", settings={"fsync": "off"}).start()
    server.ensure_database()
    with psycopg.connect(server.url()) as connection:
        connection.execute(_TABLES)
    settings = Settings(
        _env_file=None,
        environment="test",
        secret_key="a key for tests alone, of good length",
        data_dir=folder / "data",
        database_url=normalize_database_url(server.url()),
    )
    return School(folder, server, settings)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aada-backup-")))
        place.chmod(0o711)
        yield place


@pytest.fixture(scope="module")
def school(folder: Path) -> Iterator[School]:
    made = new_school(folder)
    yield made
    made.server.shut_down(force=True)


def test_a_chain_and_the_log_restore_exactly_what_was_committed_at_an_instant(school: School) -> None:
    school.write(1)
    early = school.claim(b"claimed before")
    full = school.make(BackupKind.FULL)
    school.write(2)
    first = school.make()
    school.write(3)
    second = school.make()
    at = school.write(4)
    school.write(5)
    late = school.claim(b"claimed after")
    with psycopg.connect(school.server.url()) as connection:
        connection.execute("UPDATE file_claims SET released_at = now() WHERE sha256 = %s", (early,))
    school.files.delete(early)
    receiver.catch_up(school.place, school.source)
    store.copy_all(school.place, school.files)

    wanted = plan.make(school.place, at, school.settings)
    assert [one.id for one in wanted.chain] == [full, first, second]
    assert [one.parent for one in wanted.chain] == [None, full, first]
    assert wanted.log, "row 4 is in the log alone"
    into, found, _ = school.restored(at, "exactly")
    assert found == [1, 2, 3, 4]
    kept = LocalStore(into / "files")
    assert kept.read_bytes(early) == b"claimed before", "given up since, but not at that instant"
    assert not kept.exists(late)
    with EmbeddedServer(into / "postgres") as server:
        assert server.password != school.server.password
        school.write(6, server=server)
    assert rows(into) == [1, 2, 3, 4, 6], "it is a school of its own"
    with psycopg.connect(school.server.url()) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (5,), "the live one is untouched"

    _, latest, _ = school.restored(None, "latest")
    assert latest == [1, 2, 3, 4, 5]
    horizon = school.place.horizon
    assert horizon is not None
    _, found, _ = school.restored(horizon.at, "idle")
    assert found == [1, 2, 3, 4, 5], "nothing was committed between the last row and the instant"

    before = {path: path.stat().st_mtime_ns for path in into.rglob("*") if path.is_file()}
    with pytest.raises(OperatorError, match="never writes over anything"):
        school.restored(at, "exactly")
    assert {path: path.stat().st_mtime_ns for path in into.rglob("*") if path.is_file()} == before


def test_instants_that_cannot_be_restored_are_refused_in_a_sentence(school: School) -> None:
    if not school.place.backups():
        school.make()
    (begins,) = (span.start for span in upkeep.spans(school.place)[:1])
    for target, says in (
        (
            begins - timedelta(hours=1),
            "no sound backup is as old. The first is",
        ),
        (clock.now() + timedelta(hours=1), "is in the future"),
    ):
        with pytest.raises(OperatorError, match=says):
            plan.make(school.place, target, school.settings)
    with pytest.raises(OperatorError, match="There is no backup in"):
        plan.make(BackupPlace(school.folder / "nowhere"), None, school.settings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-08 01:59:59 America/New_York", datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC)),
        ("2026-03-08T06:59:59Z", datetime(2026, 3, 8, 6, 59, 59, tzinfo=UTC)),
        ("2026-11-01 01:30:00-05:00", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        ("2026-07-01 12:00", datetime(2026, 7, 1, 16, tzinfo=UTC)),
        ("2026-03-08 02:30:00 America/New_York", "There was no 2026-03-08 02:30:00"),
        ("2026-11-01 01:30", "came twice"),
        ("2026-11-01 01:30 Mars/Base", "no time zone"),
        ("2026-13-01 01:30", "no instant"),
        ("yesterday", "no instant"),
        ("2026-03-08 01:59:59 ../etc/passwd", "no time zone"),
    ],
)
def test_instants_as_people_write_them(text: str, expected: datetime | str, school: School) -> None:
    if isinstance(expected, datetime):
        assert instants.parse(text, school.settings.zone) == expected
    else:
        with pytest.raises(OperatorError, match=expected):
            instants.parse(text, school.settings.zone)


def test_a_byte_that_changed_is_found_named_and_not_used(school: School) -> None:
    sound = school.make(BackupKind.FULL)
    at = school.write(20)
    damaged = school.make(BackupKind.INCREMENTAL)
    archive = school.place.base / damaged / "base.tar.zst"
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0x10
    archive.write_bytes(content)
    after = school.write(21)
    receiver.catch_up(school.place, school.source)

    # Nobody has looked yet: the restore finds it, and takes another way to the same instant.
    assert plan.make(school.place, after, school.settings).backup.id == damaged
    _, found, said = school.restored(after, "around")
    assert {20, 21} <= set(found)
    assert any(damaged in line and "damaged" in line for line in said)
    (marked,) = (one for one in school.place.backups() if one.id == damaged)
    assert marked.fault is not None
    assert plan.make(school.place, after, school.settings).backup.id == sound

    faults = {one.what: one.fault for one in upkeep.verify(school.place) if one.fault}
    assert set(faults) == {damaged}
    process = school.aada("backup", "verify", damaged)
    shown, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert damaged in shown
    assert "Traceback" not in shown
    # What is damaged is never built on.
    assert school.make(BackupKind.INCREMENTAL)
    assert school.place.backups()[-1].parent == sound
    assert plan.make(school.place, at, school.settings).backup.id == sound

    manifest = school.place.base / sound / MANIFEST
    text = manifest.read_bytes()
    manifest.write_bytes(text.replace(b'"Size": 8192', b'"Size": 8193', 1))
    (one,) = upkeep.verify(school.place, sound)
    assert one.fault == "backup_manifest has changed since it was written"
    manifest.write_bytes(text)
    (one,) = upkeep.verify(school.place, sound)
    assert one.fault is None, "mended, it is used again"


def test_a_missing_segment_is_named(school: School) -> None:
    school.make(BackupKind.FULL)
    with psycopg.connect(school.server.url(), autocommit=True) as connection:
        for one in (30, 31, 32):
            connection.execute("INSERT INTO kept VALUES (%s)", (one,))
            connection.execute("SELECT pg_switch_wal()")
    at = school.write(33)
    receiver.catch_up(school.place, school.source)
    files = [one for one in wal.files(school.place) if one.complete]
    gone = files[-2]
    content = gone.path.read_bytes()
    gone.path.unlink()
    try:
        with pytest.raises(
            OperatorError, match=rf"segment {gone.name} of the write-ahead log is not in the backup"
        ):
            plan.make(school.place, at, school.settings)
        faults = [one.fault for one in upkeep.verify(school.place) if one.fault]
        assert any(fault.startswith(f"segment {gone.name} is missing") for fault in faults)
        gone.path.write_bytes(content[: len(content) // 2])
        with pytest.raises(OperatorError, match="breaks off"):
            school.restored(at, "broken off")
        faults = [one.fault for one in upkeep.verify(school.place) if one.fault]
        assert any(gone.name in fault and "breaks off" in fault for fault in faults)
    finally:
        gone.path.write_bytes(content)
        gone.path.with_name(f"{gone.path.name}{DAMAGED}").unlink(missing_ok=True)


def test_two_at_once_are_refused_and_a_killed_one_leaves_the_catalog_right(school: School) -> None:
    known = [one.id for one in school.place.backups()]
    with school.place.alone():
        process = school.aada("backup", "now")
        shown, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "aada: Another backup is being made in" in shown
    with psycopg.connect(school.server.url()) as connection:
        connection.execute(
            "CREATE TABLE bulk AS SELECT md5(i::text) AS line FROM generate_series(1, 300000) i"
        )
    process = school.aada("backup", "now", "--full")
    deadline = time.monotonic() + 60
    while not list(school.place.base.glob("*.partial/base.tar.zst")) and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.communicate()
    assert list(school.place.base.glob("*.partial")), "it was cut off in the middle"
    assert [one.id for one in school.place.backups()] == known
    made = school.make()
    assert [one.id for one in school.place.backups()] == [*known, made]
    assert not list(school.place.base.glob("*.partial"))
    assert {one.fault for one in upkeep.verify(school.place, made)} == {None}


def test_a_full_or_closed_disk_is_said_and_the_last_backup_stays(school: School) -> None:
    school.make()
    known = {path: path.stat().st_mtime_ns for path in school.place.base.rglob("*")}

    def refused(*arguments: str, prefix: str = "", **more: str) -> str:
        process = school.aada(*arguments, **more)
        shown, _ = process.communicate(timeout=60)
        assert process.returncode == 1, shown
        assert shown.startswith("aada: "), shown
        return shown

    assert "Backups cannot be written to" in refused("backup", "now", BACKUP_DIR="/dev/null/backups")
    assert "DATABASE_URL is set" in refused("backup", "now", DATABASE_URL="postgresql://a:b@127.0.0.1:1/x")
    assert "no instant" in refused("restore", "--to", "never")

    usage = shutil.disk_usage(school.folder)
    with (
        patch("app.ops.backup.take.shutil.disk_usage", return_value=usage._replace(free=1024)),
        pytest.raises(OperatorError, match="There is no room for another backup"),
    ):
        school.make()
    limited = subprocess.run(
        ["sh", "-c", f"ulimit -f 64; exec {sys.executable} -m app.cli backup now --full"],
        cwd=BACKEND,
        env={
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(school.settings.data_dir),
            "SECRET_KEY": "a key for tests alone, of good length",
            "AADA_APP_PASSWORD": "secret",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode == 1, limited
    assert "The backup could not be made (nothing else was changed" in limited.stderr
    assert not list(school.place.base.glob("*.partial"))
    assert {path: path.stat().st_mtime_ns for path in school.place.base.rglob("*")} == known


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
    school.make()
    says = "The write-ahead log is not being received"
    for later, alarmed in ((0, False), (16, True)):
        with patch("app.ops.backup.standing.clock.now", return_value=clock.now() + timedelta(minutes=later)):
            found = standing.of(school.settings, scheduled=True)
            known = replace(Installation(school.settings), embedded=True)
            examined = [one for one in backups.age(known) if "write-ahead log" in one.says]
        assert found is not None
        assert any(one.startswith(says) for one in found.alarms) == alarmed
        assert [one.level for one in examined] == [Level.WARNING] * alarmed


def test_several_databases_in_one_folder_are_kept_apart(school: School) -> None:
    place = BackupPlace(school.folder / "shared")
    first = take.take(place, school.source, BackupKind.FULL)
    system = first.system_identifier
    assert school.server.password not in school.source.conninfo, "every user of the machine sees arguments"

    def restored(branch: str | None, name: str, **more: object) -> tuple[Settings, list[str]]:
        into, said = school.folder / name, list[str]()
        settings = school.settings.model_copy(update=more)
        wanted = plan.make(place, None, settings, branch=branch)
        restore.restore(place, wanted, into, settings, said.append)
        return school.settings.model_copy(update={"data_dir": into}), said

    timelines = []
    for branch, name in ((None, "second"), (f"{system}-1", "third"), (f"{system}-1", "fourth")):
        read_only = OSError(errno.EROFS, "Read-only file system")
        with patch.object(BackupPlace, "_opened", side_effect=read_only):
            settings, said = restored(branch, name, s3_bucket="records")
        assert any("in the bucket" in line for line in said)
        with EmbeddedServer(settings.data_dir / "postgres") as server:
            made = take.take(place, source_of(with_url(settings, server.url())), BackupKind.FULL)
        timelines.append(made.timeline)
        # It has taken the school's place: what came before ended before it began.
        assert name != "second" or plan.make(place, None, settings).backup.id == made.id
    assert timelines == [2, 3, 4], "each a number of its own, though two began from one"

    last = take.take(place, school.source)
    with pytest.raises(OperatorError, match=rf"4 databases .*{system}-1 \(from .*; {system}-4 \(from"):
        plan.make(place, None, school.settings)
    with pytest.raises(OperatorError, match="There is no database 9-9 here"):
        plan.make(place, None, school.settings, branch="9-9")
    wanted = plan.make(place, None, school.settings, branch=f"{system}-1")
    assert [one.id for one in wanted.chain] == [first.id, last.id]
    assert wanted.needed_bytes > 2 * first.restored_bytes, "the two of them, and what they are combined to"

    real = restore.run
    for program, says in (("pg_verifybackup", "and is sound"), ("pg_combinebackup", "not be put together")):

        def run(programs: object, name: str, *more: object, failing: str = program, **named: object) -> str:
            if name == failing:
                raise OperatorError(f"{name}: it ended with status -9.")
            return real(programs, name, *more, **named)  # type: ignore[arg-type]

        with patch("app.ops.backup.restore.run", run), pytest.raises(OperatorError, match=says):
            restored(f"{system}-1", f"fails in {program}")
    assert {one.fault for one in place.backups()} == {None}, "none of that is the backup's fault"


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


def test_what_a_day_finds_damaged_is_set_aside_and_brought_again(school: School) -> None:
    school.make()
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


def test_pruning_follows_the_window_and_never_a_restore(school: School) -> None:
    school.make(BackupKind.FULL)
    assert upkeep.prune(school.place, None, dry_run=True).backups == ()
    with school.place.in_use():
        with pytest.raises(OperatorError, match="A restore reads these backups"):
            upkeep.prune(school.place, None)
        assert school.make(), "a backup is good, though nothing can be pruned after it"
    # As if everything but the newest two full backups were of two months ago.
    known = school.place.backups()
    newest = [one.id for one in known if one.parent is None][-2:]
    for one in known:
        if one.id != newest[1]:
            entry = school.place.base / one.id / "backup.json"
            found = json.loads(entry.read_bytes())
            for name in ("started_at", "ended_at"):
                found[name] = (datetime.fromisoformat(found[name]) - timedelta(days=60)).isoformat()
            entry.write_text(json.dumps(found))
    content = b"of long ago"
    old = hashlib.sha256(content).hexdigest()
    copy = store.path_of(school.place, old)
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(content)
    os.utime(copy, (0, 0))
    segments = len(wal.files(school.place))
    pruned = upkeep.prune(school.place, school.files)
    left = {one.id for one in school.place.backups()}
    assert set(newest) <= left
    assert set(pruned.backups).isdisjoint(left)
    assert pruned.segments > 0
    assert len(wal.files(school.place)) == segments - pruned.segments
    assert pruned.files == 1
    assert not copy.exists()
    assert not [one.fault for one in upkeep.verify(school.place) if one.fault]


def test_the_log_is_received_as_it_is_written_and_a_lost_server_loses_nothing_of_it(school: School) -> None:
    """The receiver by itself, rows under way, the server killed and its data deleted."""
    school.make(BackupKind.FULL)
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
    _, found, _ = school.restored(None, "after the loss")
    assert set(range(1000, 1200)) <= set(found)
