"""Backups by themselves: the log all the time, a backup each hour, a full one each night.

New files are copied each minute, in a thread of their own; each backup looks at all of them. Where a bucket is named,
all of it is sent there too, beside the rest.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.files import FileStore, claims, open_store
from app.core.permissions import SYSTEM
from app.db.session import Database
from app.ops import demo_data
from app.ops.backup import drill, store, take, upkeep
from app.ops.backup.offsite import copy as offsite
from app.ops.backup.place import Backup, BackupPlace, place_of
from app.ops.backup.receiver import Receiver, catch_up
from app.ops.backup.tools import Source, Stopped, gently, source_of
from app.ops.errors import OperatorError
from app.ops.servers import is_embedded
from app.rules import backups as rules
from app.rules.backups import BackupKind
from app.settings import Settings

_TICK_SECONDS = 60.0
_AGAIN_SECONDS = 5.0
_DRILL_HOUR = 3
_PATIENCE_AFTER_FAILURE = timedelta(minutes=10)
_OVERLAP = timedelta(hours=1)
"""A file is claimed in a transaction that may last; what was stored so long before the last look is looked at again."""
_FAULTS_SHOWN = 20
log = structlog.get_logger(__name__)


def is_scheduled(settings: Settings, session: Session) -> bool:
    """Whether this installation backs itself up: the embedded server, with a school that is not the demo."""
    if not (settings.backup_schedule and is_embedded(settings)):
        return False
    return not demo_data.accounts(session).is_demo_school


def local_files(settings: Settings) -> FileStore | None:
    """The store to copy from; None where files are in a bucket, whose own versions keep what was deleted."""
    return open_store(settings) if settings.s3_bucket is None else None


def make(
    place: BackupPlace,
    source: Source,
    settings: Settings,
    kind: BackupKind | None = None,
    *,
    calmly: bool = False,
) -> tuple[Backup, int, upkeep.Pruned]:
    """A backup with everything that belongs to it: the database, the log so far, the files; then what is too old goes.

    The backup, how many files were copied, and what went; `calmly` as in `take`. Raises OperatorError.
    """
    made = take.take(place, source, kind, calmly=calmly)
    catch_up(place, source)
    files = local_files(settings)
    try:
        copied = store.copy_all(place, files) if files is not None else 0
    except OSError as error:
        raise OperatorError(
            f"The backup {made.id} was made, and the files could not be copied ({error.strerror or error}): see that "
            f"{place.files} has room and can be written, and run this again."
        ) from error
    try:
        pruned = upkeep.prune(place, files)
    except OperatorError as error:  # a restore reads: what is too old goes after the next backup
        log.warning("backup.pruned_nothing", reason=str(error))
        pruned = upkeep.Pruned()
    return made, copied, pruned


def note_drill(settings: Settings, outcome: drill.Outcome, database: Database | None = None) -> None:
    """Keep the outcome of a drill in the history."""
    known = database or Database(settings)
    try:
        with known.begin() as session:
            history.record(session, SYSTEM, Action.RESTORE_TRIED, None, **outcome.details)
    finally:
        if database is None:
            known.close()


class Keeper:
    """Backs the school up until `stop`, beside the jobs. A failure is logged, kept in the history, and tried again."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._stopping = threading.Event()
        self._place = place_of(settings)
        self._looked_at: datetime | None = None
        self._failed_at: datetime | None = None
        self._verified_at: datetime | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        source = source_of(self._settings, self._stopping)
        thread = threading.Thread(target=self._run, args=(source,), name="backups", daemon=True)
        thread.start()
        self._threads.append(thread)

    def stop(self) -> None:
        """Break off what runs; a backup that was being made leaves nothing in the catalog."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    def _run(self, source: Source) -> None:
        """Wait until no other process keeps the same folder, one that is just being replaced by this one, say."""
        while not self._stopping.is_set():
            try:
                self._place.prepare()
                with self._place.kept() as alone:
                    if alone:
                        self._keep(source)
            except Exception as error:
                self._note_failure(_one_line(error))
            self._stopping.wait(_AGAIN_SECONDS)

    def _keep(self, source: Source) -> None:
        receiver = Receiver(self._place, source)
        receiver.start()
        copying = threading.Thread(target=lambda: gently(self._copy_files), name="files", daemon=True)
        copying.start()
        if self._settings.backup_s3_bucket is not None:
            # Not waited for at the end: a request that is cut off leaves nothing half-sent.
            threading.Thread(target=self._copy_offsite, name="offsite", daemon=True).start()
        while not self._stopping.is_set():
            try:
                gently(lambda: self.tick(source))
            except Stopped:
                break
            except (OperatorError, SQLAlchemyError, psycopg.Error, OSError) as error:
                self._note_failure(_one_line(error))
            except Exception as error:  # whatever it was, the next backup must be tried
                log.exception("backup.failed")
                self._note_failure(_one_line(error))
            self._stopping.wait(_TICK_SECONDS)
        copying.join(10)
        receiver.join(30)

    def _copy_offsite(self) -> None:
        """Send to the bucket what is new, each minute. A store that is away for a while is asked again."""
        known: offsite.Offsite | None = None
        failed = False
        while not self._stopping.is_set():
            try:
                known = known or offsite.of(self._settings, self._place, self._stopping)
                if known is None:
                    return
                known.turn()
                failed = False
            except Stopped:
                return
            except Exception as error:
                log.error("backup.not_copied_to_the_bucket", reason=_one_line(error))
                if not failed:
                    self._keep_reason(_one_line(error))
                failed = True
            self._stopping.wait(_TICK_SECONDS)

    def _copy_files(self) -> None:
        """New files, each minute: a backup that takes its time, or fails, must not keep them from being copied."""
        while not self._stopping.is_set():
            try:
                self._copy_new_files(clock.now())
            except Exception:  # whatever it was, the next minute's must be tried
                log.exception("backup.files_not_copied")
            self._stopping.wait(_TICK_SECONDS)

    def tick(self, source: Source) -> None:
        """What is due now: a backup, a drill, a look at what lies there."""
        now = clock.now()
        if self._failed_at is not None and abs(now - self._failed_at) < _PATIENCE_AFTER_FAILURE:
            return
        known = take.current(self._place, source.cluster())
        able = [one.member for one in known if one.fault is None]
        newest = able[-1] if able else None
        newest_full = next((one for one in reversed(able) if one.parent is None), None)
        kind = rules.due(now, now.astimezone(self._settings.zone).hour, newest, newest_full)
        if kind is not None:
            # An hourly one becomes a full one where there is nothing to build on.
            wanted = BackupKind.FULL if kind is BackupKind.FULL else None
            # The first one is made at once: until then the school has none.
            make(self._place, source, self._settings, wanted, calmly=bool(able))
        else:
            self._drill_if_due(source, now)
            self._verify_if_due(now)
        self._failed_at = None

    def _drill_if_due(self, source: Source, now: datetime) -> None:
        """Weekly, in the hour after the full backup, or at any hour when that was missed."""
        last = drill.last(self._place)
        if last is not None:
            age = abs(now - last.at)
            quiet = now.astimezone(self._settings.zone).hour == _DRILL_HOUR
            if age < drill.EVERY - timedelta(hours=12) or (
                age < drill.EVERY + timedelta(days=1) and not quiet
            ):
                return
        try:
            outcome = drill.run_drill(self._place, source, self._settings)
        except OperatorError as error:  # somebody runs one at this moment
            log.warning("backup.drill_put_off", reason=str(error))
            return
        if outcome.fault is not None:
            log.error("backup.drill_failed", reason=outcome.fault)
        note_drill(self._settings, outcome, self._database)

    def _verify_if_due(self, now: datetime) -> None:
        """Each day, and after a start, a part of what lies there is read, so that damage is found while the school
        still has what it takes to replace it."""
        if self._verified_at is not None and abs(now - self._verified_at) < timedelta(days=1):
            return
        since = (self._verified_at or now - timedelta(days=1)) - _OVERLAP
        faults = []
        for found in upkeep.verify_a_part(self._place, since, now, self._go_on):
            if found.fault is not None:
                log.error("backup.damaged", what=found.what, reason=found.fault)
                faults.append(f"{found.what}: {found.fault}")
        if faults:
            more = f"; and {len(faults) - _FAULTS_SHOWN:,} more" if faults[_FAULTS_SHOWN:] else ""
            self._keep_reason("; ".join(faults[:_FAULTS_SHOWN]) + more)
        self._verified_at = now

    def _go_on(self, _bytes: int) -> None:
        if self._stopping.is_set():
            raise Stopped

    def _copy_new_files(self, now: datetime) -> None:
        try:
            files = local_files(self._settings)
            if files is None:
                return
            since = (self._looked_at or now - timedelta(days=1)) - _OVERLAP
            with self._database.begin() as session:
                hashes = claims.stored_since(session, since)
            store.copy(self._place, files, iter(hashes), self._stopping)
            if not self._stopping.is_set():
                self._looked_at = now
        except (OperatorError, SQLAlchemyError, OSError) as error:
            log.error("backup.files_not_copied", reason=_one_line(error))

    def _note_failure(self, reason: str) -> None:
        """Of several failures in a row, the history has the first: they are tried again and again."""
        log.error("backup.failed", reason=reason)
        first = self._failed_at is None
        self._failed_at = clock.now()
        if first:
            self._keep_reason(reason)

    def _keep_reason(self, reason: str) -> None:
        try:
            with self._database.begin() as session:
                history.record(session, SYSTEM, Action.BACKUP_FAILED, None, reason=reason)
        except SQLAlchemyError as error:  # the database is away, which is what failed
            log.warning("backup.failure_not_kept", reason=" ".join(str(error).split())[:300])


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__
