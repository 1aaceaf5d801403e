"""The write-ahead log, received as it is written: `pg_receivewal` with a replication slot, watched and begun again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import structlog

from app.core import clock
from app.ops.backup import wal
from app.ops.backup.place import BackupPlace
from app.ops.backup.tools import Source, Stopped, end
from app.ops.errors import OperatorError
from app.ops.postgres.launch import last_words

SLOT = "aada_backup"
_LOOK_SECONDS = 5.0
_AGAIN_SECONDS = 15.0
_LOG = "receiver.log"
_LOG_LIMIT_BYTES = 1_000_000
_STATE = "SELECT active, wal_status FROM pg_replication_slots WHERE slot_name = %s"
_NOW = (
    "SELECT pg_current_wal_flush_lsn()::text, timeline_id, system_identifier"
    " FROM pg_control_checkpoint(), pg_control_system()"
)
# Whoever holds the slot is the receiver: every tool that is started here has the same name, a base backup too.
_RECEIVED = (
    "SELECT coalesce(bool_or(sender.flush_lsn >= %s::pg_lsn), false) FROM pg_stat_replication sender"
    " JOIN pg_replication_slots slot ON slot.active_pid = sender.pid WHERE slot.slot_name = %s"
)
log = structlog.get_logger(__name__)


def _nothing(*_: object) -> None:
    return


class Receiver:
    """Keeps the archive of the log complete until `stop`. A server that is away for a while is waited for."""

    def __init__(
        self,
        place: BackupPlace,
        source: Source,
        *,
        slot: str = SLOT,
        options: str = "",
        look: Callable[[bool], None] = _nothing,
        before_end: Callable[[], None] = _nothing,
    ) -> None:
        """`options` are settings of the connection.

        `look` hears every few seconds whether all that is committed has arrived, `before_end` that the receiving is
        about to end, for whatever reason.
        """
        self._place = place
        self._source = source
        self._slot = slot
        self._options = options
        self._look = look
        self._before_end = before_end
        self._thread = threading.Thread(target=self._run, name="wal-receiver", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout_seconds: float) -> None:
        """Wait for its end; set the source's `stopping` first."""
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        stopping = self._source.stopping
        while not stopping.is_set():
            try:
                self._receive()
            except (OperatorError, psycopg.Error, OSError) as error:
                log.warning("backup.log_interrupted", reason=" ".join(str(error).split())[:300])
            except Exception:  # whatever it was, the log must go on being received
                log.exception("backup.log_interrupted")
            stopping.wait(_AGAIN_SECONDS)

    def _receive(self) -> None:
        self._place.prepare()
        folder = require_slot(self._place, self._source, self._slot)
        if folder is None:  # another process of this installation receives
            return
        said = self._place.folder / _LOG
        if said.is_file() and said.stat().st_size > _LOG_LIMIT_BYTES:
            said.replace(said.with_suffix(".log.1"))
        self._place.forget_horizon()
        process = self._source.spawn(
            "pg_receivewal",
            _arguments(self._source, folder, self._slot),
            said,
            name=self._slot,
            options=self._options,
        )
        try:
            while process.poll() is None:
                if self._source.stopping.wait(_LOOK_SECONDS):
                    return
                self._look(note_caught_up(self._place, self._source, self._slot))
        finally:
            self._before_end()
            end(process)
        raise OperatorError(
            f"The log is not received any more, because pg_receivewal ended: {last_words(said)}. It is begun again by "
            "itself."
        )


def catch_up(place: BackupPlace, source: Source) -> None:
    """Receive the log to where it stands now, where nobody receives it all the time (`aada backup now` from cron)."""
    folder = require_slot(place, source)
    if folder is None:
        return
    now = clock.now()
    place.forget_horizon()
    with source.connect() as connection:
        position = _position(connection)
        # pg_receivewal ends when it has received more than the position: without another record it would wait. This one
        # says nothing to anybody, and unlike a restore point takes no superuser (BACKUP_URL).
        connection.execute("SELECT pg_logical_emit_message(false, 'aada backup', '', true)")
    arguments = [*_arguments(source, folder, SLOT), f"--endpos={position.lsn}"]
    source.run("pg_receivewal", arguments, "The write-ahead log could not be received")
    place.note_horizon(now, position.system, position.timeline, position.lsn)


def require_slot(place: BackupPlace, source: Source, slot: str = SLOT) -> Path | None:
    """The folder that the log goes to, its replication slot made if need be; None while somebody else receives it.

    The slot keeps the server from removing what was not received. One that fell too far behind begins again, in a
    folder of its own: the next backup closes the gap.
    """
    with source.connect() as connection:
        connection.autocommit = True
        row = connection.execute(_STATE, (slot,)).fetchone()
        if row is not None and row[0]:
            return None
        position = _position(connection)
        system = position.system
        folder = wal.newest_folder(place, (system, position.timeline))
        if row is not None and row[1] == "lost":
            log.warning("backup.log_gap", reason="the server had to remove log that was not received")
            connection.execute("SELECT pg_drop_replication_slot(%s)", (slot,))
            row = None
        if row is None:
            connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", (slot,))
            return wal.new_folder(place, clock.now(), system)
        if folder is not None:
            return folder
        # Another BACKUP_DIR than before: what the slot holds is received from its own position on.
        return wal.new_folder(place, clock.now(), system)


def lag_seconds(place: BackupPlace, source: Source, patience_seconds: float) -> float | None:
    """How long what is committed now takes to be in the archive; None if longer than the patience."""
    before = time.monotonic()
    with source.connect() as connection:
        position = _position(connection)
        while time.monotonic() - before < patience_seconds:
            connection.rollback()
            if (connection.execute(_RECEIVED, (position.lsn, SLOT)).fetchone() or (False,))[0]:
                return time.monotonic() - before
            if source.stopping.wait(0.05):
                raise Stopped
    return None


def note_caught_up(place: BackupPlace, source: Source, slot: str = SLOT) -> bool:
    """See whether everything committed by now is in the archive, and note when that was."""
    now = clock.now()
    with source.connect() as connection:
        position = _position(connection)
        received = connection.execute(_RECEIVED, (position.lsn, slot)).fetchone()
    if received and received[0]:
        place.note_horizon(now, position.system, position.timeline, position.lsn)
        return True
    return False


@dataclass(frozen=True, slots=True)
class _Position:
    """Where the log stands."""

    lsn: str
    timeline: int
    system: int


def _position(connection: psycopg.Connection[tuple[object, ...]]) -> _Position:
    row = connection.execute(_NOW).fetchone()
    if row is None:
        raise OperatorError(
            "The server does not say where its log stands: see what is wrong with it (aada doctor), and run this again."
        )
    return _Position(str(row[0]), int(str(row[1])), int(str(row[2])))


def _arguments(source: Source, folder: Path, slot: str) -> list[str | Path]:
    # Synchronous: what arrives is on the disk at once, so that a lost server loses seconds. Nobody waits for it.
    return [
        f"--dbname={source.conninfo}",
        f"--directory={folder}",
        f"--slot={slot}",
        "--compress=gzip:4",
        "--status-interval=3",
        "--synchronous",
        "--no-loop",
        "--no-password",
    ]
