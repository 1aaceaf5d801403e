"""What the system seals or signs under SECRET_KEY, and reads again under that key or a former one.

What is sealed or signed names the key that did it, so that another SECRET_KEY can take over while the former one
(SECRET_KEY_PREVIOUS) is still read. Values from before the keys had names are held against each.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core.tokens import keyed_hash
from app.settings import Settings

_NAMED = re.compile(r"([0-9a-f]{8})\.(.*)", re.DOTALL)
_SIGNATURE = re.compile(r"(?:([0-9a-f]{8})-)?([0-9a-f]{32})")


class Unsealable(Exception):
    """No key that is kept opens it: it was sealed under another one, has been altered, or is too old."""


@lru_cache(maxsize=64)
def key_id(secret_key: str) -> str:
    """What a key is called: 8 hex digits that say nothing about it."""
    return HKDF(SHA256(), 4, salt=None, info=b"aada key id").derive(secret_key.encode()).hex()


@lru_cache(maxsize=256)
def _fernet(secret_key: str, purpose: str) -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))


@dataclass(frozen=True, slots=True)
class Box:
    """Seals under the first of its keys, and opens what any of them sealed, for one purpose alone."""

    keys: tuple[str, ...]
    purpose: str

    def seal(self, plain: bytes | str) -> str:
        """`<key id>.<Fernet token>`, fit for a cookie."""
        data = plain.encode() if isinstance(plain, str) else plain
        return f"{key_id(self.keys[0])}.{_fernet(self.keys[0], self.purpose).encrypt(data).decode()}"

    def open(self, sealed: str, *, ttl_seconds: int | None = None) -> bytes:
        """What was sealed, at most `ttl_seconds` ago. Raises Unsealable."""
        named = _NAMED.fullmatch(sealed)
        token = (named[2] if named else sealed).encode("utf-8", "replace")
        for key in self.keys:
            if named and key_id(key) != named[1]:
                continue
            try:
                return _fernet(key, self.purpose).decrypt(token, ttl=ttl_seconds)
            except InvalidToken:
                continue
        raise Unsealable

    def is_current(self, sealed: str) -> bool:
        """Whether the first of the keys sealed it, by its name."""
        return sealed.startswith(f"{key_id(self.keys[0])}.")


def box(settings: Settings, purpose: str) -> Box:
    """What seals and opens for one purpose; what was sealed for another purpose does not open."""
    return Box(settings.secret_keys, purpose)


def sign(settings: Settings, purpose: str, value: str) -> str:
    """`<key id>-<32 hex digits>`: a signature of 128 bits that only this installation can make."""
    key = settings.secret_keys[0]
    return f"{key_id(key)}-{_mac(key, purpose, value)}"


def is_signed(settings: Settings, purpose: str, value: str, signature: str) -> bool:
    """Whether this is the signature of the value, under SECRET_KEY or one that is still read."""
    parts = _SIGNATURE.fullmatch(signature)
    if parts is None:
        return False
    return any(
        hmac.compare_digest(_mac(key, purpose, value), parts[2])
        for key in settings.secret_keys
        if parts[1] in (None, key_id(key))
    )


def _mac(key: str, purpose: str, value: str) -> str:
    return keyed_hash(key, purpose, value)[:32]


# What stands sealed in the database


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column that holds sealed values. Its room offers it; `aada keys` reseals it.

    `name` is what it holds, in words; `lost` is the sentence for values that no key opens: what no longer works, and
    what to do.
    """

    name: str
    column: InstrumentedAttribute[str] | InstrumentedAttribute[str | None] | sa.ColumnClause[str]
    key: InstrumentedAttribute[int] | sa.ColumnClause[int]
    purpose: str
    lost: str

    @property
    def table(self) -> sa.TableClause:
        """The table that holds it."""
        if isinstance(self.column, InstrumentedAttribute):
            return cast("sa.TableClause", self.column.class_.__table__)
        return cast("sa.TableClause", self.column.table)


@dataclass(frozen=True, slots=True)
class Resealed:
    """One batch: the last row that was looked at (None behind the last one), how many were resealed, how many
    no key opens."""

    last: int | None
    count: int
    lost: int


def reseal(session: Session, settings: Settings, sealed: SealedColumn, after: int, limit: int) -> Resealed:
    """Seal the next rows behind `after` under the present key, those that are not yet.

    Rows are locked in the order of their numbers: of two that do this, one waits for the other's batch and finds it
    done. Whoever changes a row meanwhile is not overwritten.
    """
    table = sealed.table
    column, number = table.c[sealed.column.key], table.c[sealed.key.key]
    mine = box(settings, sealed.purpose)
    others = sa.select(number, column).where(
        number > after, column.is_not(None), sa.not_(column.startswith(f"{key_id(mine.keys[0])}."))
    )
    rows = session.execute(others.order_by(number).limit(limit).with_for_update()).all()
    lost = 0
    for row_number, value in rows:
        try:
            again = mine.seal(mine.open(value))
        except Unsealable:
            lost += 1
            continue
        session.execute(sa.update(table).where(number == row_number).values({column: again}))
    if rows:
        return Resealed(rows[-1][0], len(rows) - lost, lost)
    # Every row of the batch may have been sealed by somebody else while this one waited for its lock.
    left = session.scalar(others.with_only_columns(sa.func.min(number)))
    return Resealed(None if left is None else after, 0, 0)


def tally(settings: Settings, sealed: SealedColumn, values: Sequence[str]) -> tuple[int, int, int]:
    """How many of the values are under the present key, under a former one, and under none that is kept."""
    mine = box(settings, sealed.purpose)
    current = former = lost = 0
    for value in values:
        try:
            mine.open(value)
        except Unsealable:
            lost += 1
            continue
        if mine.is_current(value):
            current += 1
        else:
            former += 1
    return current, former, lost
