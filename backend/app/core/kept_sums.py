"""Sums that are kept beside the records they are of, so that pages read few rows.

The two are equal, or it is known where they are not: they are compared every night, the outcome is an entry of the
history that the Operations page shows, and a command puts the sums right.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.permissions import SYSTEM

NAMED = 20
"""Differences that are named one by one."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison found: how many sums differ, and the first of them in words."""

    differences: int
    named: list[str]
    at: datetime | None = None
    """When it was recorded; None for one that is not in the history."""


@dataclass(frozen=True, slots=True)
class KeptSums:
    """How some sums are compared, and the actions that say that they were compared or put right."""

    compare: Callable[[Session], Comparison]
    checked: Action
    rebuilt: Action

    def check(self, session: Session) -> Comparison:
        """Compare, and record in the history what was found."""
        found = self.compare(session)
        history.record(session, SYSTEM, self.checked, None, differences=found.differences, named=found.named)
        return found

    def record_rebuilt(self, session: Session, wrong: int) -> None:
        """Record that the sums were put right, and how many were wrong: the last comparison says nothing any more."""
        history.record(session, SYSTEM, self.rebuilt, None, count=wrong)

    def last_check(self, session: Session) -> Comparison | None:
        """The newest comparison of the history; None when the sums were rebuilt since, or never compared."""
        found = history.latest(session, self.checked, self.rebuilt)
        if found is None or found.action is self.rebuilt:
            return None
        return Comparison(found.details["differences"], found.details["named"], found.at)
