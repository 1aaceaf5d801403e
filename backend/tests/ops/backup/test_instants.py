"""Restoring on a real server: what was acknowledged comes back, and what is damaged is named and not used."""

from __future__ import annotations

import errno
from datetime import timedelta
from unittest.mock import patch

import psycopg
import pytest
from pydantic import SecretStr

from app.core import clock
from app.core.files import LocalStore
from app.ops.backup import (
    plan,
    receiver,
    restore,
    standing,
    store,
    take,
    upkeep,
    wal,
)
from app.ops.backup.place import DAMAGED, MANIFEST, BackupPlace
from app.ops.backup.tools import source_of
from app.ops.errors import OperatorError
from app.ops.postgres import EmbeddedServer
from app.ops.servers import with_url
from app.rules.backups import BackupKind
from app.settings import Settings
from tests.ops.backup.school import School, rows

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("backup")]


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
    school.ensure_backups()
    (begins,) = (span.start for span in standing.of(school.settings).spans[-1:])  # type: ignore[union-attr]
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
    school.ensure_backups()
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
    with pytest.raises(
        OperatorError, match=r"There is no database 9-9 here\. Name one of these with --branch"
    ):
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


def test_the_log_is_received_as_the_backup_role(school: School) -> None:
    with psycopg.connect(school.server.url(), autocommit=True) as owner:
        owner.execute("CREATE ROLE lesser_backup LOGIN REPLICATION BYPASSRLS PASSWORD 'for tests'")
        owner.execute("GRANT pg_read_all_data, pg_read_all_stats TO lesser_backup")
    url = school.settings.owner_database_url.set(username="lesser_backup", password="for tests")
    lesser = school.settings.model_copy(
        update={
            "backup_url": url.render_as_string(hide_password=False),
            "aada_app_password": SecretStr("a password for tests alone"),
        }
    )
    school.place.prepare()
    before = school.write(4711)
    receiver.catch_up(school.place, source_of(lesser))
    horizon = school.place.horizon
    assert horizon is not None
    assert horizon.at >= before
