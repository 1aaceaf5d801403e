"""The log at a second place as it is written, and every commit waiting for it where that is wanted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import psycopg
import structlog

from app.core import clock
from app.core.files import FileStore
from app.ops.backup import second, take, upkeep, wal
from app.ops.backup.place import Backup, BackupPlace
from app.ops.backup.receiver import Receiver
from app.ops.backup.store import copy_all
from app.ops.backup.tools import Source, Stopped
from app.ops.errors import OperatorError
from app.rules.backups import BackupKind
from app.settings import Settings

_TICK_SECONDS = 10.0
_FULL_EVERY = timedelta(days=1)
_FOLDER_WAITS, _FOLDER_SECONDS = 20, 0.5
# A line that was cut without a word: until then the server takes the receiver for connected, and no patience begins.
_CUT_LINE = "-c wal_sender_timeout=10s"
log = structlog.get_logger(__name__)


def run(
    place: BackupPlace,
    source: Source,
    settings: Settings,
    files: FileStore | None,
    *,
    synchronous: bool,
    say: Callable[[str], None],
) -> None:
    """Receive until `source.stopping` is set. With a full backup each day, the place restores by itself.

    `files` is the school's store where it is on this machine; its files are copied every ten seconds.
    """
    place.prepare()
    with place.kept() as alone:
        if not alone:
            raise OperatorError(
                f"Another process makes backups in {place.folder}: the second place needs a folder of its own. Name "
                "another one, or stop that process."
            )
        _Stream(place, source, settings, files, synchronous=synchronous, say=say).run()


class _Stream:
    def __init__(
        self,
        place: BackupPlace,
        source: Source,
        settings: Settings,
        files: FileStore | None,
        *,
        synchronous: bool,
        say: Callable[[str], None],
    ) -> None:
        self._place, self._source, self._settings, self._files = place, source, settings, files
        self._synchronous, self._say = synchronous, say
        self._is_held = False
        self._receiver = Receiver(
            place,
            source,
            slot=second.NAME,
            options=_CUT_LINE,
            look=self._look,
            before_end=self._before_end,
        )

    def run(self) -> None:
        self._receiver.start()
        copying = threading.Thread(target=self._copy_files, name="files", daemon=True)
        copying.start()
        try:
            self._await_folder()
            while not self._source.stopping.is_set():
                try:
                    self._tick()
                except Stopped:
                    break
                except (OperatorError, psycopg.Error, OSError) as error:
                    log.error("stream.failed", reason=" ".join(str(error).split())[:300])
                self._source.stopping.wait(_TICK_SECONDS)
        finally:
            self._source.stopping.set()
            copying.join(10)
            self._receiver.join(40)

    def _tick(self) -> None:
        sound = self._sound()
        if not sound or abs(clock.now() - sound[-1].ended_at) > _FULL_EVERY:
            made = take.take(self._place, self._source, BackupKind.FULL, calmly=bool(sound))
            self._say(f"{made.id}: a full backup, checked.")
            upkeep.prune(self._place, self._files)

    def _copy_files(self) -> None:
        """By themselves, as a backup takes its time."""
        files, stopping = self._files, self._source.stopping
        while files is not None and not stopping.is_set():
            try:
                copy_all(self._place, files, stopping)
            except Exception as error:  # whatever it was, it is tried again
                log.error("stream.files_not_copied", reason=" ".join(str(error).split())[:300])
            stopping.wait(_TICK_SECONDS)

    def _await_folder(self) -> None:
        """A backup that began before its log was received would have to be made again."""
        for _ in range(_FOLDER_WAITS):
            if any(self._place.log_folders()) or self._source.stopping.wait(_FOLDER_SECONDS):
                return

    def _sound(self) -> list[Backup]:
        """The backups that the log received now continues, oldest first: those that began when it was received
        already. One from before a gap leads only up to the gap."""
        cluster = self._source.cluster()
        folder = wal.newest_folder(self._place, (cluster.system_identifier, cluster.timeline))
        known = take.current(self._place, cluster)
        return [
            one
            for one in known
            if one.fault is None and (folder is None or wal.is_received_since(folder, one.started_at))
        ]

    def _look(self, caught_up: bool) -> None:
        if caught_up and self._synchronous and not self._is_held and self._sound():
            second.hold(self._settings)
            self._is_held = True
            self._say("Every commit waits until it has arrived here.")

    def _before_end(self) -> None:
        """No commit waits for a receiver that is about to go."""
        if self._is_held:
            self._is_held = False
            try:
                second.release(self._settings)
                self._say("No commit waits for this place any more.")
            except (OperatorError, psycopg.Error) as error:  # the server is away: nothing is committed there
                log.warning("stream.not_released", reason=" ".join(str(error).split())[:300])
