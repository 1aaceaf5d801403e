"""What stands sealed in the database, under which key, and sealing it again when SECRET_KEY changes.

There is nothing to resume: each value names its key, so a rotation that was killed begins where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from psycopg import sql
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.attendance.kiosk import service as kiosks
from app.core import history, mail
from app.core.actions import Action
from app.core.errors import Unavailable
from app.core.hash_key import HASH_KEY, hash_key, replace_hash_key
from app.core.permissions import SYSTEM
from app.core.sealing import SealedColumn, key_id, reseal, tally
from app.db.session import Database
from app.documents import service as documents
from app.lrs.desk.forwarding.service import SECRETS as TARGET_SECRETS
from app.ops.errors import OperatorError
from app.ops.servers import connect
from app.settings import Settings

SEALED: tuple[SealedColumn, ...] = (
    documents.PRIVATE_KEYS,
    accounts.APP_KEYS,
    accounts.IDENTIFIERS,
    HASH_KEY,
    TARGET_SECRETS,
    mail.LINKS,
    kiosks.KEYS,
    kiosks.PINS,
)
"""Every column that holds sealed values; a test holds this against the models."""
BATCH = 200
KEPT = (
    "Not lost: students’ records, the history, issued documents and their signatures, files, passwords, passkeys, "
    "sessions, API tokens and LRS API keys."
)
_FIRST_USED = text("SELECT 1 FROM audit_log WHERE action = :action AND details ->> 'key' = :key LIMIT 1")


@dataclass(frozen=True, slots=True)
class Standing:
    """How many values of one kind are under the present key, under a former one, and under none that is kept."""

    sealed: SealedColumn
    current: int
    former: int
    lost: int


def standings(settings: Settings) -> list[Standing]:
    """Open every sealed value and count. Reads only."""
    found = []
    with connect(settings, settings.app_database_url) as connection:
        for one in SEALED:
            query = sql.SQL("SELECT {0} FROM {1} WHERE {0} IS NOT NULL").format(
                sql.Identifier(one.column.key), sql.Identifier(str(one.table))
            )
            values = [str(value) for (value,) in connection.execute(query).fetchall()]
            found.append(Standing(one, *tally(settings, one, values)))
    return found


def rotate(
    database: Database, settings: Settings, *, batch: int = BATCH
) -> Iterator[tuple[SealedColumn, int, int]]:
    """Reseal everything under the present key; yields each kind with how many were sealed and how many no key opens.

    Each batch is a transaction with a row in the history. May be stopped, killed, and run twice at once.
    Raises OperatorError when a row stays locked.
    """
    with database.begin() as session:
        keep_hash_key(session)
    for one in SEALED:
        count = lost = 0
        after: int | None = 0
        while after is not None:
            try:
                with database.begin() as session:
                    done = reseal(session, settings, one, after, batch)
                    if done.count:
                        history.record(
                            session,
                            SYSTEM,
                            Action.SECRETS_RESEALED,
                            None,
                            kind=one.name,
                            count=done.count,
                            key=key_id(settings.secret_keys[0]),
                        )
            except OperationalError as error:
                raise OperatorError(
                    f"{one.name}: a row stayed locked by another program, or the database went away. What was sealed "
                    "so far is kept; run the command again."
                ) from error
            after, count, lost = done.last, count + done.count, lost + done.lost
        yield one, count, lost


def give_up(session: Session, settings: Settings) -> None:
    """Make a new key of recovery codes, the former one being lost: all codes are worth nothing from now on."""
    replace_hash_key(session, settings)
    history.record(session, SYSTEM, Action.SECRETS_GIVEN_UP, None, kind=HASH_KEY.name)


def keep_hash_key(session: Session) -> None:
    """See that the key of hashes stands in the database: hashes that SECRET_KEY itself made would be lost with it."""
    with suppress(Unavailable):  # it is there, and its own key is lost: the standings say so
        hash_key(session)


def note_use(session: Session, settings: Settings) -> None:
    """Prepare for the day on which SECRET_KEY changes, and record when the system first works with this one."""
    keep_hash_key(session)
    key = key_id(settings.secret_keys[0])
    values = {"action": Action.SECRET_KEY_FIRST_USED.value, "key": key}
    if session.scalar(_FIRST_USED, values) is None:
        history.record(session, SYSTEM, Action.SECRET_KEY_FIRST_USED, None, key=key)


def what_is_lost(found: list[Standing]) -> str:
    """What no longer works, what to do about each, and what is not lost; empty when every value opens."""
    lost = [one for one in found if one.lost]
    if not lost:
        return ""
    parts = " ".join(f"{one.sealed.name} ({one.lost:,}): {one.sealed.lost}" for one in lost)
    return (
        "If you have the former SECRET_KEY, put it into SECRET_KEY_PREVIOUS and nothing is lost. If it is gone, this "
        f"is: {parts} {KEPT}"
    )
