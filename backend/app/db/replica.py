"""A standby that files of reports are read from, so that a large one costs the school's server nothing.

It is used where it has everything that was committed when it was asked, or is behind by no more than the setting says.
Else the server itself is read, and the log says why.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from app.db.pauses import allow_pauses
from app.db.silence import Silence, connector

_WAIT_SECONDS: Final = 1.0
"""How long a standby that is nearly there is waited for."""
_AWAY_SECONDS: Final = 15.0
"""How long one that did not answer is not asked again: whoever wants a file would wait for it."""
_LONGEST_MINUTES: Final = 15
"""How long one statement of a file may take there; the server's own transaction waits a minute more."""
_CONNECT: Final[dict[str, Any]] = {
    "connect_timeout": 2,
    # A machine that vanished resets nothing: what it does not acknowledge, or does not answer, breaks off. One that was
    # stopped, or whose disk stalls, acknowledges everything: `app.db.silence` is for that.
    "tcp_user_timeout": 5000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "application_name": "aada reports",
    "options": "-c timezone=UTC -c default_transaction_read_only=on -c lock_timeout=10s"
    f" -c idle_in_transaction_session_timeout=15min -c statement_timeout={_LONGEST_MINUTES}min",
}
_ASKED_BESIDE_SECONDS: Final = 5.0
"""How long it may say nothing before it is asked beside, whether it still answers anybody."""
_ANSWER_SECONDS: Final = 5.0
"""How long it may say nothing on a connection that asks how it stands, which is answered at once."""
_SILENT_SECONDS: Final = _LONGEST_MINUTES * 60.0 + 30.0
"""How long it may say nothing on one connection while it answers others: it ends longer statements itself."""
_COMMITTED: Final = text(
    "SELECT pg_current_wal_flush_lsn()::text, (SELECT system_identifier FROM pg_control_system())"
)
_STANDS: Final = text(
    "SELECT pg_is_in_recovery(), (SELECT system_identifier FROM pg_control_system()),"
    " coalesce(pg_last_wal_replay_lsn() >= CAST(:committed AS pg_lsn), false),"
    " extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())"
)
_BUSY: Final = (
    "The standby is busy with as many files as may be at once: reports are read from the primary server."
)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Committed:
    """Up to which place of its log a server has committed, and which server it is."""

    place: str
    system: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A session that reads the standby, and how old at most is what it sees."""

    session: Session
    behind_seconds: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with the standby at one moment."""

    usable: bool
    says: str
    """A sentence: how far it is, or why it is not used."""
    behind_seconds: float | None = None
    """How far it is behind; 0 when it has everything, None when that is not known."""


class Replica:
    """The standby behind REPORTS_URL."""

    def __init__(self, url: URL, most_behind_seconds: int, info: dict[str, Any]) -> None:
        """Connects lazily. Sessions find the program's settings in `info`."""
        self._engine: Engine = create_engine(
            url,
            hide_parameters=True,
            pool_size=1,
            max_overflow=4,
            pool_timeout=2,
            pool_pre_ping=True,
            pool_recycle=3600,
            connect_args=_CONNECT,
        )
        event.listen(self._engine, "do_connect", connector(self._ask_beside))
        # Whoever looks how it stands makes a connection of their own, so that one that hangs holds up no file.
        self._looks: Engine = create_engine(
            url, hide_parameters=True, poolclass=NullPool, connect_args=_CONNECT
        )
        event.listen(self._looks, "do_connect", connector(_give_up))
        self._sessions = sessionmaker(self._engine, expire_on_commit=False, autoflush=False, info=info)
        self._most = most_behind_seconds
        self._away_until, self._away = 0.0, ""
        self._lock = threading.Lock()

    @contextmanager
    def reading(self, session: Session) -> Iterator[Reading | None]:
        """What reads there, in a read-only transaction; None where the server of `session` is to be read.

        The transaction of `session` may idle meanwhile.
        """
        if time.monotonic() < self._away_until:
            yield None
            return
        with self._sessions() as other:
            committed = self.committed(session)
            try:
                standing = self._look(committed, other, _WAIT_SECONDS)
            except PoolTimeout:
                log.warning("reports.replica_not_used", reason=_BUSY)
                yield None
                return
            except SQLAlchemyError as error:
                self.failed(error)
                yield None
                return
            if not standing.usable:
                log.warning("reports.replica_not_used", reason=standing.says)
                yield None
                return
            allow_pauses(session, _LONGEST_MINUTES + 1)
            yield Reading(other, standing.behind_seconds or 0.0)

    def failed(self, error: Exception) -> None:
        """It did not answer, or broke off: the next files are read from the server itself."""
        with self._lock:
            self._away_until = time.monotonic() + _AWAY_SECONDS
            self._away = (
                f"The standby does not answer ({_one_line(error)}): reports are read from the primary server."
            )
        log.warning("reports.replica_not_used", reason=_one_line(error))

    def committed(self, session: Session) -> Committed:
        """How far the server of `session` is: what `standing` compares with."""
        return Committed(*session.execute(_COMMITTED).one())

    def standing(self, committed: Committed) -> Standing:
        """How it stands now, for whoever looks after the system. It is waited for some seconds and no longer."""
        if time.monotonic() < self._away_until:
            return Standing(usable=False, says=self._away)
        try:
            with Session(self._looks) as other:
                return self._look(committed, other, 0)
        except SQLAlchemyError as error:
            self.failed(error)
            return Standing(usable=False, says=self._away)

    def close(self) -> None:
        """Give its connections back."""
        self._engine.dispose()

    def _ask_beside(self, seconds: float) -> float:
        """A large file is silent for long before its first row: it goes on while another connection is answered."""
        if seconds >= _SILENT_SECONDS:
            raise Silence(f"it said nothing for {seconds:,.0f} seconds")
        if seconds >= _ASKED_BESIDE_SECONDS:
            try:
                with self._looks.connect() as other:
                    other.execute(text("SELECT 1"))
            except SQLAlchemyError as error:
                raise Silence(f"it stopped in the middle: {_one_line(error)}") from error
        return min(seconds + _ASKED_BESIDE_SECONDS, _SILENT_SECONDS)

    def _look(self, committed: Committed, other: Session, patience_seconds: float) -> Standing:
        deadline = time.monotonic() + patience_seconds
        while True:
            is_standby, system, has_all, behind = other.execute(_STANDS, {"committed": committed.place}).one()
            if not is_standby:
                return Standing(usable=False, says="REPORTS_URL names a server that is not a standby.")
            if system != committed.system:
                return Standing(
                    usable=False, says="REPORTS_URL names a standby of another server than DATABASE_URL."
                )
            if has_all:
                return Standing(usable=True, says="The standby has every change.", behind_seconds=0.0)
            if time.monotonic() >= deadline:
                break
            other.rollback()
            time.sleep(0.05)
        seconds = None if behind is None else max(float(behind), 0.0)
        if seconds is None or seconds > self._most:
            far = "an unknown time" if seconds is None else f"{seconds:,.0f} seconds"
            return Standing(
                usable=False,
                says=f"The standby is {far} behind, and REPORTS_LAG_SECONDS allows {self._most}: reports are read "
                "from the primary server.",
                behind_seconds=seconds,
            )
        return Standing(
            usable=True, says=f"The standby is {seconds:,.0f} seconds behind.", behind_seconds=seconds
        )


def _give_up(seconds: float) -> float:
    """It was asked something that is answered at once."""
    if seconds >= _ANSWER_SECONDS:
        raise Silence(f"it said nothing for {_ANSWER_SECONDS:g} seconds")
    return _ANSWER_SECONDS


def failed_itself(session: Session) -> bool:
    """Whether it is this session's own transaction that an error has ended, and not one beside it."""
    if not session.is_active:
        return True
    connection = session.connection()
    if connection.invalidated:
        return True
    driver: Any = connection.connection.driver_connection
    return driver.info.transaction_status in (TransactionStatus.INERROR, TransactionStatus.UNKNOWN)


def _one_line(error: Exception) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split())[:200].rstrip(".")
