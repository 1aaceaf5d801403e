"""Who this installation is: an address and an identifier, fixed at its first start.

The address it is reached at may change; what statements call the school, its accounts and its activities may not, or
every one of them would become another one. An installation that has statements already keeps the address they use.
"""

import secrets
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.sealing import box
from app.settings import Settings, get_settings

HASH_KEY_PURPOSE = "hash key"
_installation = sa.table(
    "installation",
    sa.column("uuid", sa.Uuid),
    sa.column("home_page", sa.Text),
    sa.column("id", sa.SmallInteger),
)
_KEPT = "installation"
_NEWER_SERVER = sa.text(
    """
    UPDATE installation i SET generation = i.generation + 1
    WHERE (SELECT a.xid FROM audit_log a WHERE a.generation = i.generation
           ORDER BY a.generation DESC, a.xid DESC, a.id DESC LIMIT 1) >= pg_snapshot_xmax(pg_current_snapshot())
    """
)


@dataclass(frozen=True, slots=True)
class Installation:
    """`uuid` is the namespace of derived identifiers, `home_page` what statements name the school by."""

    uuid: UUID
    home_page: str


def installation(session: Session) -> Installation:
    """Who this installation is. Asked for the first time, it takes the address that it has at that moment."""
    kept: Installation | None = session.info.get(_KEPT)
    if kept is not None:
        return kept
    found = _find(session)
    if found is None:
        settings: Settings = session.info.get("settings") or get_settings()
        session.execute(
            sa.text(
                "INSERT INTO installation (home_page, sealed_hash_key) VALUES (:page, :key) "
                "ON CONFLICT (id) DO NOTHING"
            ),
            {"page": settings.app_origin, "key": new_hash_key(settings)},
        )
        found = _find(session)
        if found is None:  # another transaction's, which this one's snapshot cannot see
            raise RuntimeError("the installation's row was written at this very moment; try again")
        return found
    session.info[_KEPT] = found
    return found


def new_hash_key(settings: Settings) -> str:
    """A random key for the hashes of a new installation, sealed; see `app.core.hash_key`."""
    return box(settings, HASH_KEY_PURPOSE).seal(secrets.token_hex(32))


def _find(session: Session) -> Installation | None:
    row = session.execute(sa.select(_installation.c.uuid, _installation.c.home_page)).one_or_none()
    return None if row is None else Installation(*row)


def note_newer_server(session: Session) -> None:
    """Begin a new generation of the history when transaction numbers have started over.

    A dump that is restored on another server brings entries whose numbers that server has not reached. What is
    written from now on would sort before them, and its readers would never see it.
    """
    session.execute(_NEWER_SERVER)
