"""How long things are kept: each room says what of its own may go, and what never does.

A room registers a `Kind` for what it can let go of: in plain words, for how many days it is kept unless the school's
policy says otherwise, for how many at least and by which rule, and how its rows are counted and removed. What is kept
whatever the policy says is registered with `keep`, with the reason. The nightly purge (`app.ops.retention`) and the
policy (`app.school.kinds`) read both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

LONGEST_DAYS = 3650
"""Ten years: what has to be kept longer is no kind of these."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that goes after a while.

    `name` is the policy's name for its days; `sentence` says what goes, for those who decide about it; `because` why it
    is kept for `minimum_days` at least, with the rule where there is one. `due(session, before)` counts what is older,
    `purge(session, before, few)` removes at most `few` of it, the oldest first, and returns how many there were.
    `tables` are those whose rows go.
    """

    name: str
    title: str
    sentence: str
    default_days: int
    minimum_days: int
    because: str
    due: Callable[[Session, datetime], int]
    purge: Callable[[Session, datetime, int], int]
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that no policy lets go, and why."""

    title: str
    because: str
    tables: tuple[str, ...]


_kinds: dict[str, Kind] = {}
_kept: dict[str, Kept] = {}


def register(kind: Kind) -> None:
    """Let the policy and the nightly purge know of a kind. Raises ValueError for days that contradict each other."""
    if not 1 <= kind.minimum_days <= kind.default_days <= LONGEST_DAYS:
        raise ValueError(
            f"{kind.name}: {kind.minimum_days} and {kind.default_days} days contradict each other"
        )
    _kinds[kind.name] = kind


def keep(title: str, because: str, *tables: str) -> None:
    """Say what is never purged, and why."""
    _kept[title] = Kept(title, because, tables)


def kinds() -> list[Kind]:
    """Everything that goes after a while, by title: the order in which the purge works."""
    return sorted(_kinds.values(), key=lambda kind: kind.title)


def kept() -> list[Kept]:
    """Everything that never goes, by title."""
    return sorted(_kept.values(), key=lambda one: one.title)


Condition = Callable[[datetime], sa.ColumnElement[bool]]
Students = sa.Select[tuple[int]]
"""Account numbers, as a subquery."""

_holds: dict[str, Callable[[], Students]] = {}


def register_hold(name: str, students: Callable[[], Students]) -> None:
    """Say whose records must not be destroyed at the moment, whatever their age."""
    _holds[name] = students


def held() -> list[Students]:
    """The students whose records stay for now, as each room that registered a hold sees it."""
    return [students() for students in _holds.values()]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table that go by a condition: one condition both counts and removes them.

    Rows that somebody holds at the moment are left for the next night. `first` may do something about the rows that are
    about to go, given their keys. `about` is the condition that a row is part of the records of one of some students:
    it stays while they are held (`register_hold`).
    """

    table: sa.FromClause
    is_due: Condition
    key: str = "id"
    first: Callable[[Session, Sequence[Any]], None] | None = None
    about: Callable[[Students], sa.ColumnElement[bool]] | None = None

    def _may_go(self, before: datetime) -> sa.ColumnElement[bool]:
        if self.about is None:
            return self.is_due(before)
        return sa.and_(self.is_due(before), *(~self.about(students) for students in held()))

    def due(self, session: Session, before: datetime) -> int:
        """How many rows are due."""
        counted = sa.select(sa.func.count()).select_from(self.table).where(self._may_go(before))
        return session.scalar(counted) or 0

    def purge(self, session: Session, before: datetime, few: int) -> int:
        """Remove at most `few` rows; how many went."""
        key = self.table.c[self.key]
        chosen = session.scalars(
            sa.select(key)
            .where(self._may_go(before))
            .order_by(key)
            .limit(few)
            .with_for_update(skip_locked=True)
        ).all()
        if chosen:
            if self.first is not None:
                self.first(session, chosen)
            session.execute(sa.delete(self.table).where(key.in_(chosen)))  # type: ignore[arg-type]
        return len(chosen)


ANSWER_TIME = (
    "A student’s request to see their records is answered within 45 days, and nothing may be destroyed meanwhile "
    "(FERPA, 34 CFR 99.10)."
)
"""Why what is about a student stays for 45 days at least."""
