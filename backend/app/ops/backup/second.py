"""Whether a commit waits for the second place, and what becomes of the site while that is away.

PostgreSQL lets a commit wait for whoever is in `synchronous_standby_names`, without an end. So that no site stands
still for a lost line, the name is there only while the second place receives: it is put in when all of the log has
arrived, taken out before a receiver ends, and taken out by the running system (`Watch`) when the receiver has been
away for STREAM_PATIENCE_SECONDS.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.permissions import SYSTEM
from app.db.session import Database
from app.ops.errors import OperatorError
from app.ops.servers import connect
from app.settings import Settings

NAME = "aada_stream"
"""The slot of the second place, and the name its receiver has."""
_LOOK_SECONDS = 2.0
_RELOADS = 100
_FAILURES_SAID_FIRST, _FAILURES_SAID_EVERY = 5, 30
_MAY = (
    "SELECT has_function_privilege('pg_reload_conf()', 'EXECUTE')"
    " AND has_parameter_privilege('synchronous_standby_names', 'ALTER SYSTEM')"
)
_STATE = (
    "SELECT current_setting('synchronous_standby_names') = 'aada_stream' AS synchronous,"
    " (SELECT active FROM pg_replication_slots WHERE slot_name = 'aada_stream') AS receiving,"
    " (SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    " AND query_start < clock_timestamp() - interval '1 second') AS waiting"
)
Connection = psycopg.Connection[tuple[Any, ...]]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """How it stands with the second place."""

    synchronous: bool
    """Whether every commit waits until it has arrived there."""
    receiving: bool | None
    """Whether its receiver is connected; None where there is no second place."""
    waiting: int
    """Commits that have waited for longer than a second."""

    @property
    def is_held_up(self) -> bool:
        """Whether every commit waits for a receiver that is not there."""
        return self.synchronous and not self.receiving


def state(session: Session) -> State:
    """How it stands, as the system's own role can see it."""
    return State(*session.execute(text(_STATE)).one())


def asked(connection: Connection) -> State:
    """The same on a plain connection."""
    row = connection.execute(_STATE).fetchone()
    return State(*row) if row else State(synchronous=False, receiving=None, waiting=0)


def require_free(settings: Settings) -> None:
    """Raises OperatorError where a commit may not be made to wait for the second place."""
    with _as_owner(settings) as connection:
        (others,) = connection.execute("SELECT current_setting('synchronous_standby_names')").fetchone() or (
            "",
        )
        if others not in ("", NAME):
            raise OperatorError(
                f"The server waits for {others} already (synchronous_standby_names): two of these would undo each "
                "other. Without --synchronous, the second place receives all the same."
            )
        _require_right(connection)


def hold(settings: Settings) -> None:
    """Let every commit wait for the second place. Raises OperatorError where that may not be."""
    require_free(settings)
    with _as_owner(settings) as connection:
        _set(connection, NAME)
    log.info("stream.synchronous")


def release(settings: Settings) -> bool:
    """Let commits wait for nobody: those that do are answered. False where they did not.

    Raises OperatorError where the user may not.
    """
    with _as_owner(settings) as connection:
        if not asked(connection).synchronous:
            return False
        _require_right(connection)
        _set(connection, None)
        log.info("stream.not_synchronous")
    return True


def forget(settings: Settings) -> bool:
    """Give up the second place: commits wait for nobody, and the server keeps no log for it. False where neither was.

    Raises OperatorError while its receiver runs.
    """
    with _as_owner(settings) as connection:
        if asked(connection).receiving:
            raise OperatorError(
                "The second place receives: stop aada backup stream there first, then run this again. Nothing was "
                "changed."
            )
    released = release(settings)
    with _as_owner(settings) as connection:
        try:
            dropped = connection.execute(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s",
                (NAME,),
            ).fetchall()
        except psycopg.errors.ObjectInUse as error:
            raise OperatorError(
                "The second place receives again: stop aada backup stream there first, then run this again. No commit "
                "waits for it."
            ) from error
    return released or bool(dropped)


def give_way(settings: Settings, patience_seconds: float | None = None) -> bool:
    """Before the first commit of a start: wait a while for a second place that is waited for, then go on without it.

    Whether it was given up. Where that may not be, the log says why.
    """
    patience = settings.stream_patience_seconds if patience_seconds is None else patience_seconds
    begun = time.monotonic()
    try:
        while True:
            with _as_owner(settings) as connection:
                if not asked(connection).is_held_up:
                    return False
            if patience and time.monotonic() - begun >= patience:
                log.error("stream.given_up", reason="the second place did not come back")
                return release(settings)
            time.sleep(min(_LOOK_SECONDS, patience or _LOOK_SECONDS))
    except (OperatorError, psycopg.Error) as error:
        log.error("stream.not_given_up", reason=_one_line(error))
        return False


class Watch:
    """Lets the site go on when the second place has been away for too long, and keeps that in the history."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._stopping = threading.Event()
        self._away_since: float | None = None
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="stream-watch", daemon=True)

    def start(self) -> None:
        if self._settings.stream_patience_seconds:
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(15)

    def _run(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            try:
                self.look()
                self._failures = 0
            except (SQLAlchemyError, OperatorError, psycopg.Error) as error:
                self._failures += 1
                # A server that restarts is no news; what goes on is said once a minute.
                lasts = self._failures == _FAILURES_SAID_FIRST or self._failures % _FAILURES_SAID_EVERY == 0
                (log.error if lasts else log.debug)("stream.unknown", reason=_one_line(error))

    def look(self) -> bool:
        """See how it stands; whether the second place was given up.

        Not through the pool: each of its connections may be waiting for the second place.
        """
        with self._database.aside() as session:
            held_up = state(session).is_held_up
        now = time.monotonic()
        self._away_since = (self._away_since or now) if held_up else None
        if self._away_since is None or now - self._away_since < self._settings.stream_patience_seconds:
            return False
        released = release(self._settings)
        self._away_since = None
        if not released:
            return False
        reason = (
            f"the second place has not received the log for {self._settings.stream_patience_seconds} seconds; the site "
            "goes on without it"
        )
        log.error("stream.given_up", reason=reason)
        with self._database.begin() as session:
            history.record(session, SYSTEM, Action.BACKUP_FAILED, None, reason=reason)
        return True


def _set(connection: Connection, name: str | None) -> None:
    if name is None:
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
    else:
        connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'".encode())
    connection.execute("SELECT pg_reload_conf()")
    for _ in range(_RELOADS):  # the server reads its files a moment later
        if asked(connection).synchronous == (name is not None):
            return
        time.sleep(0.05)


def _require_right(connection: Connection) -> None:
    """Raises OperatorError where the user may not say what a commit waits for."""
    if connection.execute(_MAY).fetchone() != (True,):
        user = connection.info.user
        raise OperatorError(
            f"{user} may not say what a commit waits for. As a superuser: GRANT ALTER SYSTEM ON PARAMETER "
            f"synchronous_standby_names TO {user}; GRANT EXECUTE ON FUNCTION pg_reload_conf() TO {user};"
        )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _as_owner(settings: Settings) -> Connection:
    connection = connect(settings)
    connection.autocommit = True
    return connection
