"""Room for uploaded files: how much the school may keep, and how large one package and one file may be.

What counts is what lies in the store: each content once, however many records rely on it, and what was given up until
the nightly sweep has removed it. It is asked before the first byte is kept, and again in the transaction that claims
the files, where one upload waits for another: together they cannot pass what each alone may. Permanent documents of the
system's own count, and are never refused.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.errors import TooLarge
from app.core.files.store import StoredFile
from app.core.turns import take_turn

WARN_AT: Final = (80, 95)
"""Percent of the quota at which administrators get an email."""
_LOCK: Final = 0x51554F54
_USED = sa.text("SELECT coalesce(sum(size_bytes), 0)::bigint FROM stored_files")
_GIVEN_UP = sa.text(
    "SELECT coalesce(sum(size_bytes), 0)::bigint FROM stored_files file WHERE NOT EXISTS"
    " (SELECT FROM file_claims claim WHERE claim.sha256 = file.sha256 AND claim.released_at IS NULL)"
)
_KNOWN = sa.text("SELECT sha256 FROM stored_files WHERE sha256 = ANY(:sha256)")
_UNITS: Final = (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024))


@dataclass(frozen=True, slots=True)
class Quota:
    """What the school allows, in bytes: for all files, for one package with what is in it, for one uploaded file."""

    school: int
    package: int
    file: int


class OverQuota(TooLarge):
    """There is no room for it. Nothing was saved."""

    title, slug = "There is no room for this file", "over-quota"


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes in the store, how many of them nothing relies on any more, how many there may be (None for any number)."""

    used: int
    given_up: int
    quota: int | None

    @property
    def percent(self) -> int:
        """How full it is, rounded down; 0 without a quota."""
        return self.used * 100 // self.quota if self.quota else 0


_allowed: Callable[[Session], Quota] | None = None


def register(allowed: Callable[[Session], Quota]) -> None:
    """Let a room say what is allowed; without one, everything is."""
    global _allowed
    _allowed = allowed


def usage(session: Session) -> Usage:
    """How full the store is."""
    quota = None if _allowed is None else _allowed(session).school
    return Usage(_used(session), session.scalar(_GIVEN_UP) or 0, quota)


def require_room(session: Session, files: Iterable[StoredFile], *, package: bool = False) -> None:
    """Raise OverQuota unless these files may be kept. For those that are about to be put: nothing is kept yet.

    Of a `package` the first file is what was uploaded, and the others are what is in it.
    """
    if _allowed is None:
        return
    quota, every = _allowed(session), list(files)
    if every and every[0].size > quota.file:
        raise OverQuota(
            f"This file has {amount(every[0].size)}; the school accepts {amount(quota.file)} for one file. Nothing was "
            "saved. Send a smaller file, or have an administrator raise the limit under School › Policies › Storage."
        )
    distinct = {one.sha256: one.size for one in every}
    whole = sum(distinct.values())
    if package and whole > quota.package:
        raise OverQuota(
            f"This package needs {amount(whole)} with the files in it; the school accepts {amount(quota.package)} "
            "for one package. Nothing was saved. Make its pictures and films smaller, or have an administrator raise "
            "the limit under School › Policies › Storage."
        )
    needed = sum(distinct[sha256] for sha256 in unknown(session, distinct))
    if needed and _used(session) + needed > quota.school:
        raise _full(session, quota.school, needed)


def unknown(session: Session, hashes: Collection[str]) -> set[str]:
    """Those of these contents that are not counted yet."""
    return set(hashes) - set(session.scalars(_KNOWN, {"sha256": list(hashes)}))


def settle(session: Session, added: int) -> None:
    """Count again in the transaction that has just claimed `added` new bytes; others that claim wait until it ends.

    Raises OverQuota if together they are too much. Records when a mark of `WARN_AT` is passed.
    """
    if _allowed is None or not added:
        return
    quota = _allowed(session).school
    take_turn(session, _LOCK)
    used = _used(session)
    if used > quota:
        raise _full(session, quota, added, counted=True)
    for mark in WARN_AT:
        if (used - added) * 100 < mark * quota <= used * 100:
            history.record_once(
                session,
                None,
                Action.STORAGE_FILLING,
                None,
                key=f"storage {mark}",
                within=timedelta(days=1),
                percent=mark,
                used_bytes=used,
                quota_bytes=quota,
            )


def amount(size_bytes: int) -> str:
    """`48.2 GB`, as sentences say it: one decimal, and none where it is 0."""
    for unit, size in _UNITS:
        if size_bytes >= size:
            return f"{size_bytes / size:.1f}".removesuffix(".0") + f" {unit}"
    return "1 byte" if size_bytes == 1 else f"{size_bytes} bytes"


def _used(session: Session) -> int:
    return session.scalar(_USED) or 0


def _full(session: Session, quota: int, needed: int, *, counted: bool = False) -> OverQuota:
    used = _used(session) - (needed if counted else 0)
    given_up = session.scalar(_GIVEN_UP) or 0
    later = f" {amount(given_up)} of that is no longer needed and is removed tonight." if given_up else ""
    return OverQuota(
        f"The school has used {amount(used)} of {amount(quota)} for files, and this one needs {amount(needed)} more. "
        f"Nothing was saved.{later} Delete lessons whose packages are no longer needed, or have an administrator raise "
        "the quota under School › Policies › Storage."
    )
