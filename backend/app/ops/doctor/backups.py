"""How old the newest backup is. What makes backups registers here how to find out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core import clock
from app.ops.doctor.findings import Finding, Installation, ok, problem, warning
from app.web.formats import local_time

OLDEST = timedelta(hours=26)
"""A nightly backup, and two hours for it to run."""


@dataclass(frozen=True, slots=True)
class Backup:
    """The newest backup that ended well: when, and when one was last restored to see that it can be."""

    made_at: datetime
    restored_at: datetime | None = None


Newest = Callable[[Installation], Backup | None]
_registered: dict[str, Newest] = {}


def register(name: str, newest: Newest) -> None:
    """Let the doctor ask this source for its newest backup; None while it has none. `name` stands in sentences."""
    _registered[name] = newest


def age(known: Installation) -> Iterator[Finding]:
    """Would a lost disk lose more than a day?"""
    if not _registered:
        yield warning(
            "Backup",
            "No backup is made by the system, and backups of your own cannot be seen from here.",
            "Make one every night and copy it to another machine: docs/runbooks/database.md. Try to restore it.",
        )
        return
    for name, newest in _registered.items():
        found = newest(known)
        if found is None:
            yield problem("Backup", f"{name}: there is no backup yet.", "Make the first one now.")
        elif clock.now() - found.made_at > OLDEST:
            when = local_time(found.made_at, known.settings.zone)
            yield problem(
                "Backup", f"{name}: the newest backup is of {when}.", "Find out why none was made since."
            )
        else:
            yield ok("Backup", f"{name}: the newest is of {local_time(found.made_at, known.settings.zone)}.")
