"""Restoring an instant into a new data directory: unpack, combine, replay, give it a password, bring the files."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import psycopg
from sqlalchemy import NullPool, create_engine, inspect
from sqlalchemy.orm import Session

from app.core import clock
from app.core.files import claims
from app.ops.backup import archive, plan, store, wal
from app.ops.backup.archive import Damaged
from app.ops.backup.place import MANIFEST, SEGMENT_BYTES, Backup, BackupPlace
from app.ops.backup.plan import Plan
from app.ops.backup.tools import Stopped, count_rows, run
from app.ops.errors import OperatorError
from app.ops.postgres import EmbeddedServer, PostgresPrograms, find_pg17
from app.setting_values import normalize_database_url
from app.settings import Settings

MARK = "RESTORE-NOT-FINISHED"
_A_DAY = 24 * 3600.0
_TOO_EARLY = "recovery ended before configured recovery target"
_MISSED_FIRST = ("users", "enrollments", "attendance", "transcripts", "audit_log")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored where, and what it holds. `last_commit_at` is when the last transaction of it was committed."""

    plan: Plan
    into: Path
    seconds: float
    last_commit_at: datetime | None
    files: int
    missing_files: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)


def restore(
    place: BackupPlace,
    wanted: Plan,
    into: Path,
    settings: Settings,
    say: Say,
    stopping: threading.Event | None = None,
) -> Restored:
    """Restore into a folder that is not there yet or is empty: it becomes a DATA_DIR, to be served from as it is.

    A backup that turns out to be damaged is marked, said, and the next best one is used. Trouble on this side marks
    nothing. Raises OperatorError, and Stopped once `stopping` is set.
    """
    begun = time.monotonic()
    into = into.absolute()
    programs = find_pg17()
    damaged_ones: set[str] = set()
    with place.in_use():
        while True:
            _claim_folder(into, wanted)
            try:
                commit = _database(place, wanted, into, programs, say, stopping)
                break
            except _Unusable as unusable:
                say(f"! {unusable.backup.id} is damaged ({unusable}): it is not used any more.")
                with suppress(OSError):  # a medium that cannot be written
                    place.note(unusable.backup, fault=str(unusable), at=clock.now())
                damaged_ones.add(unusable.backup.id)
                wanted = plan.make(place, wanted.target, settings, branch=wanted.branch, without=damaged_ones)
                say(f"· going on with {wanted.backup.id}")
            except Damaged as damaged:
                raise OperatorError(
                    f"{damaged}. {into} is not complete, and nothing else was changed. Run the same command with --to "
                    "and an instant before it, or one after the next backup (see aada backup list)."
                ) from damaged
            except OSError as error:
                raise OperatorError(
                    f"The restore into {into} was broken off: {error.strerror or error}. The backups are as they were. "
                    "Mend that, and run the same command again."
                ) from error
        say("· starting the database, giving it a new password")
        with _serving(into) as server:
            missing, files = _files(place, server, into, settings, say)
            with psycopg.connect(server.url()) as connection:
                rows = count_rows(connection, _MISSED_FIRST)
    (into / MARK).unlink()
    return Restored(wanted, into, time.monotonic() - begun, commit, files, tuple(missing), rows)


class _Unusable(Exception):
    def __init__(self, backup: Backup, why: str) -> None:
        super().__init__(why)
        self.backup = backup


def _claim_folder(into: Path, wanted: Plan) -> None:
    """Take a folder that nobody uses. What an earlier restore left there unfinished makes room."""
    try:
        if (into / MARK).exists():
            _make_room(into)
        if into.exists() and (not into.is_dir() or any(into.iterdir())):
            raise OperatorError(
                f"{into} is not empty, and a restore never writes over anything: name a folder that does not exist "
                "yet. Nothing was changed."
            )
        into.mkdir(parents=True, exist_ok=True, mode=0o711)
        (into / MARK).write_text("A restore into this folder has begun and not ended.\n", encoding="ascii")
        free = shutil.disk_usage(into).free
    except OSError as error:
        raise OperatorError(
            f"{into} cannot be written ({error.strerror}): name a folder that the user who serves the school may make. "
            "Nothing was changed."
        ) from error
    if free < wanted.needed_bytes:
        (into / MARK).unlink()
        raise OperatorError(
            f"{into} needs {wanted.needed_bytes / 1024**2:,.0f} MB, and {free / 1024**2:,.0f} MB are free there: name "
            "a folder on another disk. Nothing was changed."
        )


def _make_room(into: Path) -> None:
    """Remove what an earlier restore left. Raises OperatorError.

    The folder itself stays: root may have made it for another user, who could not make it again. The mark goes last, so
    that a cut leaves nothing that looks like a restored school.
    """
    server = EmbeddedServer(into / "postgres")
    server.shut_down(force=True)
    home = server.home
    try:
        for path in into.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != MARK:
                path.unlink()
        if into not in home.parents:
            shutil.rmtree(home, ignore_errors=True)
        (into / MARK).unlink()
    except OSError as error:
        raise OperatorError(
            f"What an earlier restore left in {into} cannot be removed ({error.strerror}): run this as the user who "
            "ran that one, or name another folder. The backups are as they were."
        ) from error


def _database(
    place: BackupPlace,
    wanted: Plan,
    into: Path,
    programs: PostgresPrograms,
    say: Say,
    stopping: threading.Event | None,
) -> datetime | None:
    """The cluster as it was at the instant, stopped and with a new password; when its last commit was."""
    scratch = into / "unpacked"
    scratch.mkdir(mode=0o700)
    server = EmbeddedServer(into / "postgres")
    server.adopt(lambda data: _fill(place, wanted, scratch, data, programs, say, stopping))
    shutil.rmtree(scratch, ignore_errors=True)
    _require_going_on(stopping)
    say("· replaying the write-ahead log")
    commit = _replay(server.directory, wanted)
    server.set_password()  # the old one may be lost with its machine
    return commit


def _fill(
    place: BackupPlace,
    wanted: Plan,
    scratch: Path,
    data: Path,
    programs: PostgresPrograms,
    say: Say,
    stopping: threading.Event | None,
) -> None:
    _require_room(wanted, scratch, data)
    unpacked = []
    for one in wanted.chain:
        folder = scratch / one.id
        say(f"· unpacking and checking {one.id} ({one.restored_bytes / 1024**2:,.0f} MB)")
        try:
            archive.read_manifest(place.of(one) / MANIFEST)
            archive.unpack(place.of(one), folder, lambda _bytes: _require_going_on(stopping))
            run(programs, "pg_verifybackup", ["--quiet", folder], "pg_verifybackup", stopping=stopping)
        except Damaged as error:
            raise _Unusable(one, str(error)) from error
        except OperatorError as error:
            _require_stored_damage(place, one, _reason(error))
        unpacked.append(folder)
    if len(unpacked) == 1:
        # Onto another disk, where the server's user cannot reach the new folder.
        shutil.move(unpacked[0], data)
    else:
        say(f"· combining {len(unpacked)} backups")
        try:
            arguments: list[str | Path] = [
                *unpacked,
                f"--output={data}",
                "--manifest-checksums=SHA256",
                "--no-sync",
            ]
            run(programs, "pg_combinebackup", arguments, "pg_combinebackup", stopping=stopping)
        except OperatorError as error:  # each of them has been checked: the fault is not in the backups
            raise OperatorError(
                f"The backups could not be put together ({_reason(error)}). They are as they were: "
                "see that the disk has room and is sound, and run the same command again."
            ) from error
        # The log of the last one belongs to it: without it, what it holds is not yet consistent.
        for path in (unpacked[-1] / "pg_wal").glob("*"):
            if path.is_file() and not (data / "pg_wal" / path.name).exists():
                shutil.copyfile(path, data / "pg_wal" / path.name)
    for segment in wanted.log:
        wal.write_out(segment, data / "pg_wal")
    # PostgreSQL takes the next number that no history is known of. Two databases with one number would be mixed up
    # here.
    for timeline in range(wanted.backup.timeline + 1, wanted.newest_timeline + 1):
        history = data / "pg_wal" / f"{timeline:08X}.history"
        history.write_text(
            f"{wanted.backup.timeline}\t{wanted.backup.end_lsn}\tanother restore\n", encoding="ascii"
        )
        history.chmod(0o600)
    (data / "recovery.signal").touch(mode=0o600)
    _wait_for_nobody(data)


def _wait_for_nobody(data: Path) -> None:
    """A school that waited for its second place (`second.hold`) brings the setting along, in the file that wins over
    all others: each commit in the restored one would wait for a receiver that is not there."""
    kept = data / "postgresql.auto.conf"
    if kept.is_file():
        lines = kept.read_text(encoding="utf-8").splitlines(keepends=True)
        others = [line for line in lines if not line.startswith("synchronous_standby_names")]
        kept.write_text("".join(others), encoding="utf-8")


def _require_room(wanted: Plan, scratch: Path, data: Path) -> None:
    """As root, the database may lie elsewhere than in the new folder (`EmbeddedServer.home`), on a disk of its own."""
    if scratch.stat().st_dev == data.parent.stat().st_dev:
        return
    free = shutil.disk_usage(data.parent).free
    needed = max(one.restored_bytes for one in wanted.chain) + len(wanted.log) * SEGMENT_BYTES
    if free < needed:
        raise OperatorError(
            f"The database goes to {data.parent}, because its user cannot reach the new folder. It needs "
            f"{needed / 1024**2:,.0f} MB there, and {free / 1024**2:,.0f} MB are free: choose a folder below /srv or "
            "/var/lib on a disk with room, or run this as the user who serves the school."
        )


def _require_stored_damage(place: BackupPlace, backup: Backup, why: str) -> NoReturn:
    """What was unpacked does not fit its manifest: raises _Unusable if the backup is to blame, else OperatorError."""
    try:
        archive.verify(place.of(backup))
    except Damaged as damaged:
        raise _Unusable(backup, str(damaged)) from damaged
    raise OperatorError(
        f"{backup.id} could not be unpacked as it is ({why}). The backup itself was read again and is sound: see that "
        "the disk of the new folder has room and is sound, and run the same command again."
    )


def _reason(error: OperatorError) -> str:
    """What a program said, without its name before it."""
    return str(error).partition(": ")[2].rstrip(".")


def _require_going_on(stopping: threading.Event | None) -> None:
    if stopping is not None and stopping.is_set():
        raise Stopped


def _replay(directory: Path, wanted: Plan) -> datetime | None:
    """Let PostgreSQL replay the log up to the instant, and begin a timeline of its own."""
    recovery = {
        # All of the log lies in pg_wal already; a command has to be named all the same.
        "restore_command": "false",
        "recovery_target_timeline": "current",
        "recovery_target_action": "promote",
        "hot_standby": "off",
        "synchronous_standby_names": "",
        "archive_mode": "off",
    }
    if sys.platform == "linux":  # one call for the file system instead of one a file
        recovery["recovery_init_sync_method"] = "syncfs"
    exact = {} if wanted.target is None else {"recovery_target_time": _instant(wanted.target)}
    try:
        return _replayed(directory, recovery | exact)
    except OperatorError as error:
        if _TOO_EARLY not in str(error):
            raise
    # Nothing was committed between the end of the log and the instant: the plan has seen that the log reaches it.
    return _replayed(directory, recovery)


def _replayed(directory: Path, settings: dict[str, str]) -> datetime | None:
    server = EmbeddedServer(
        directory, settings=settings, start_timeout_seconds=_A_DAY, ends_with_program=True
    )
    try:
        server.start()
    except BaseException:
        server.shut_down(force=True)
        raise
    server.stop()
    return _last_commit(server.log)


def _last_commit(log: Path) -> datetime | None:
    """The time of the last transaction that was replayed, as the server's log says."""
    mark = "last completed transaction was at log time "
    text = log.read_text(encoding="utf-8", errors="replace")
    _, found, rest = text.rpartition(mark)
    if not found:
        return None
    return datetime.fromisoformat(rest.splitlines()[0].replace("UTC", "+00:00").strip()).astimezone(UTC)


@contextmanager
def _serving(into: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(into / "postgres", ends_with_program=True) as server:
        yield server


def _files(
    place: BackupPlace, server: EmbeddedServer, into: Path, settings: Settings, say: Say
) -> tuple[list[str], int]:
    """Bring the files that rows of this instant point to; which are missing, and how many came.

    None where files are in a bucket: its own versions keep what was deleted, and no copy lies here.
    """
    missing, count = [], 0
    if settings.s3_bucket is not None:
        say(f"· files are in the bucket {settings.s3_bucket}: none are brought")
        return [], 0
    engine = create_engine(normalize_database_url(server.url()), poolclass=NullPool)
    with Session(engine) as session:
        # A backup of a school that was not migrated yet has no such table.
        hashes = claims.claimed(session) if inspect(engine).has_table("file_claims") else []
    if not hashes:
        return [], 0
    say(f"· bringing {len(hashes):,} files")
    for sha256 in hashes:
        try:
            store.fetch(place, sha256, into / "files" / sha256[:2] / sha256)
            count += 1
        except Damaged as damaged:
            missing.append(str(damaged))
    if os.geteuid() == 0:  # served by somebody else than who restores: as the backups are
        owner = place.folder.stat()
        for path in (into / "files", *(into / "files").rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid)
    return missing, count


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(sep=" ")
