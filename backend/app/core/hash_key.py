"""The key of hashes that outlive SECRET_KEY.

What is sealed can be resealed when SECRET_KEY changes; a hash cannot be made again, because nobody knows what it is
of. So hashes that are kept are made with a key of their own, which stands sealed in the database. It is random; an
installation from before this key had made its hashes with SECRET_KEY itself, and goes on with that value.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.errors import Unavailable
from app.core.installation import HASH_KEY_PURPOSE, installation, new_hash_key
from app.core.sealing import SealedColumn, Unsealable, box
from app.settings import Settings, get_settings

_installation = sa.table(
    "installation", sa.column("id", sa.SmallInteger), sa.column("sealed_hash_key", sa.Text)
)
HASH_KEY = SealedColumn(
    "Key of recovery codes and of the search by identifier",
    _installation.c.sealed_hash_key,
    _installation.c.id,
    HASH_KEY_PURPOSE,
    "No recovery code works, and no student is found by a whole Social Security number. Run: aada keys rotate "
    "--give-up; then everyone with a second factor makes new codes under Your account, and identifiers are entered "
    "again.",
)


def hash_key(session: Session) -> str:
    """The key. Raises Unavailable when it was sealed under a SECRET_KEY that is not kept."""
    settings: Settings = session.info.get("settings") or get_settings()
    kept = _kept(session)
    if kept is None:
        installation(session)
        # Hashes were made with the SECRET_KEY of that time: with a new one just set, the former one.
        own = settings.secret_keys[1 if len(settings.secret_keys) > 1 else 0]
        mine = box(settings, HASH_KEY_PURPOSE).seal(own)
        session.execute(
            sa.update(_installation)
            .where(_installation.c.sealed_hash_key.is_(None))
            .values(sealed_hash_key=mine)
        )
        kept = _kept(session) or mine
    try:
        return box(settings, HASH_KEY_PURPOSE).open(kept).decode()
    except Unsealable:
        raise Unavailable(
            "Recovery codes cannot be used now, because SECRET_KEY has changed. Nothing was changed. Sign in another "
            "way, and let the person who runs the server know: aada keys status says what to do."
        ) from None


def replace_hash_key(session: Session, settings: Settings) -> None:
    """A new random key: every hash that was made with the former one is worth nothing."""
    session.execute(sa.update(_installation).values(sealed_hash_key=new_hash_key(settings)))


def _kept(session: Session) -> str | None:
    return session.scalar(sa.select(_installation.c.sealed_hash_key))
