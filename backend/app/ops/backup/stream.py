"""The log at a second place as it is written, and every commit waiting for it where that is wanted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import structlog

from app.core import clock
from app.core.files import FileStore
from app.ops.backup import second, take, upkeep
from app.ops.backup.place import BackupPlace
from app.ops.backup.receiver import Receiver
from app.ops.backup.store import copy_all
from app.ops.backup.tools import Source, Stopped
from app.ops.errors import OperatorError
from app.rules.backups import BackupKind
from app.settings import Settings

_TICK_SECONDS = 10.0
_FULL_EVERY = timedelta(days=1)
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

    `files` is the school's store where it is on this machine; its files are copied each tick.
    """
    place.prepare()
    with place.kept() as alone:
        if not alone:
            raise OperatorError(
                f"Another process keeps {place.folder}: the second place needs a folder of its own."
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
            place, source, slot=second.NAME, look=self._look, before_end=self._before_end
        )

    def run(self) -> None:
        self._receiver.start()
        try:
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
            self._receiver.join(40)

    def _tick(self) -> None:
        known = take.current(self._place, self._source.cluster())
        sound = [one.ended_at for one in known if one.fault is None]
        if not sound or abs(clock.now() - max(sound)) > _FULL_EVERY:
            made = take.take(self._place, self._source, BackupKind.FULL)
            self._say(f"{made.id}: a full backup, checked.")
            upkeep.prune(self._place, self._files)
        if self._files is not None:
            copy_all(self._place, self._files)

    def _look(self, caught_up: bool) -> None:
        if caught_up and self._synchronous and not self._is_held:
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
