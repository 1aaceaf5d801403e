"""Which backup is due, which are kept, and which instants they restore: the arithmetic of a recovery window.

A chain is a full backup and the incrementals that build on it, each on the one before. Restored with the write-ahead
log (WAL) that follows, a backup gives every instant from its own end on, as far as that log is complete. WAL is kept
in segments with consecutive numbers, each of one timeline. A restored school goes on with a timeline of its own: it is
another branch, and only its own log fits its backups.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WINDOW = timedelta(days=30)
"""Every instant of the last 30 days can be restored (spec/database.md, Backup & Recovery)."""
LONGEST_CHAIN = 25
"""A full backup and 24 incrementals: a day of them. Each adds to the time that a restore takes."""
FILES_GRACE = timedelta(days=7)
"""How much longer than the window a stored file is kept that has gone from the school's own store."""
RIVAL = timedelta(days=7)
"""Two branches that were both written to so lately, and at the same time, cannot be ranked by their age."""
_FULL_EVERY = timedelta(hours=24)
_INCREMENTAL_EVERY = timedelta(hours=1)
_QUIET_HOUR = 2
_CALM_BYTES_A_SECOND = 32 * 1024**2
"""At this rate a commit beside a backup took 1.3 times what it takes alone, on one slow disk (docs/operations.md)."""
_CALM_FOR = timedelta(minutes=30)


BranchKey = tuple[int, int]
"""A database cluster, by PostgreSQL's number for it, and one of its timelines."""


class BackupKind(StrEnum):
    FULL = "full"
    INCREMENTAL = "incremental"


@dataclass(frozen=True, slots=True)
class Member:
    """One backup: `parent` is None for a full one; the segments are the first and the last that its WAL lies in."""

    id: str
    parent: str | None
    started_at: datetime
    ended_at: datetime
    timeline: int
    first_segment: int
    last_segment: int
    sound: bool = True
    """False once a check has found it damaged: it is never used again."""
    system: int = 0

    @property
    def branch(self) -> BranchKey:
        return self.system, self.timeline


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of the archived WAL. One that is not complete can only be the last that is of use."""

    timeline: int
    number: int
    complete: bool = True
    system: int = 0

    @property
    def branch(self) -> BranchKey:
        return self.system, self.timeline


@dataclass(frozen=True, slots=True)
class Horizon:
    """At the instant `at`, everything committed before it lay in the archive, to this segment."""

    at: datetime
    timeline: int
    segment: int
    system: int = 0

    @property
    def branch(self) -> BranchKey:
        return self.system, self.timeline


@dataclass(frozen=True, slots=True)
class Branch:
    """One database on one timeline: when its oldest backup began, and when it was last seen to be written to."""

    key: BranchKey
    begins: datetime
    latest: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """Every instant from `start` to `end`, both included, can be restored."""

    start: datetime
    end: datetime


def due(now: datetime, hour: int, newest: Member | None, newest_full: Member | None) -> BackupKind | None:
    """What should be made now, where the school's clock shows `hour`: a full backup each day, in the quiet hour if
    there was none since noon, and an incremental each hour; None while nothing is due.

    Distances count in both directions: a clock that was set back must not stop the backups.
    """
    if newest is None or newest_full is None:
        return BackupKind.FULL
    since_full = abs(now - newest_full.started_at)
    if since_full >= _FULL_EVERY or (hour == _QUIET_HOUR and since_full >= _FULL_EVERY / 2):
        return BackupKind.FULL
    return BackupKind.INCREMENTAL if abs(now - newest.started_at) >= _INCREMENTAL_EVERY else None


def calm_rate(size_bytes: int) -> int:
    """How many bytes a second a backup that nobody waits for may read of a cluster of this size.

    So few that pages do not notice it, and as many as it takes to be done within half an hour.
    """
    return max(_CALM_BYTES_A_SECOND, math.ceil(size_bytes / _CALM_FOR.total_seconds()))


def chain(backups: Mapping[str, Member], backup: Member) -> list[Member] | None:
    """The full backup that `backup` rests on, what lies between, and itself; None when one is missing or damaged."""
    found = [backup]
    while found[-1].parent is not None:
        parent = backups.get(found[-1].parent)
        if parent is None or len(found) > len(backups):
            return None
        found.append(parent)
    return found[::-1] if all(one.sound for one in found) else None


def kept(backups: Collection[Member], now: datetime, window: timedelta = WINDOW) -> set[str]:
    """The identifiers of the backups to keep: whole chains whose full backup ended within the window, and of the
    older ones the newest that is sound, which the first instants of the window are restored from.

    The window ends with the newest backup when `now` is later: a school that stood still for a year loses nothing.
    """
    if not backups:
        return set()
    by_id = {one.id: one for one in backups}
    begins = min(now, max(one.ended_at for one in backups)) - window
    fulls = [one for one in backups if one.parent is None]
    older = [one for one in fulls if one.sound and one.ended_at <= begins]
    roots = {one.id for one in fulls if one.ended_at > begins}
    roots |= {one.id for one in sorted(older, key=lambda one: one.ended_at)[-1:]}
    return {one.id for one in backups if _root(by_id, one) in roots}


def first_segment_needed(kept_backups: Iterable[Member]) -> int | None:
    """The number of the oldest WAL segment that a kept backup is restored with; None without a backup."""
    return min((one.first_segment for one in kept_backups), default=None)


def file_may_go(last_seen: datetime, kept_backups: Collection[Member]) -> bool:
    """Whether a copied file that was last seen in the school's own store then is of no use to any instant.

    A file stays in that store for a day after the last record gave it up, and each backup looks what is there.
    """
    begins = min((one.started_at for one in kept_backups), default=None)
    return begins is not None and last_seen < begins - FILES_GRACE


def branches(backups: Collection[Member], horizon: Horizon | None) -> list[Branch]:
    """Which databases lie here, the one that was written to last first. Damaged backups count: they say whose turn it
    was."""
    begins: dict[BranchKey, datetime] = {}
    latest: dict[BranchKey, datetime] = {}
    for one in backups:
        begins[one.branch] = min(begins.get(one.branch, one.started_at), one.started_at)
        latest[one.branch] = max(latest.get(one.branch, one.ended_at), one.ended_at)
    if horizon is not None and horizon.branch in latest:
        latest[horizon.branch] = max(latest[horizon.branch], horizon.at)
    found = [Branch(key, begins[key], latest[key]) for key in begins]
    return sorted(found, key=lambda one: (one.latest, one.key), reverse=True)


def rivals(known: Sequence[Branch]) -> list[Branch]:
    """The branches that may each be the school of today; none where the newest is certain.

    A branch that ended before the newest began was left for it. One that went on beside it was not.
    """
    others = [
        one for one in known[1:] if one.latest > known[0].begins and known[0].latest - one.latest < RIVAL
    ]
    return [known[0], *others] if others else []


def reaching(
    backups: Collection[Member], segments: Collection[Segment], horizon: Horizon | None, target: datetime
) -> set[BranchKey]:
    """The branches that can be restored as they were at an instant."""
    found = set()
    for key in {one.branch for one in backups}:
        spans = restorable([one for one in backups if one.branch == key], segments, horizon)
        if any(span.start <= target <= span.end for span in spans):
            found.add(key)
    return found


def restorable(
    backups: Collection[Member], segments: Collection[Segment], horizon: Horizon | None
) -> list[Span]:
    """The instants that can be restored, in order. Nothing is said to be that only may be."""
    by_id = {one.id: one for one in backups}
    runs = _Runs(backups, segments, horizon)
    spans: list[Span] = []
    for one in sorted(backups, key=lambda one: one.ended_at):
        if chain(by_id, one) is None:
            continue
        end = runs.until(one)
        if spans and one.ended_at <= spans[-1].end:
            spans[-1] = Span(spans[-1].start, max(spans[-1].end, end))
        else:
            spans.append(Span(one.ended_at, end))
    return spans


@dataclass(frozen=True, slots=True)
class Choice:
    """The chain to restore from, full backup first, and the numbers of the WAL segments behind it.

    With `missing`, the instant cannot be reached: that segment is the first that is not there.
    """

    chain: Sequence[Member]
    segments: Sequence[int]
    missing: int | None = None


def choose(
    backups: Collection[Member],
    segments: Collection[Segment],
    target: datetime | None,
    horizon: Horizon | None,
) -> Choice | None:
    """How to restore the instant `target`, or with None the latest there is; None when no sound backup is that old.

    Of several branches the one that was written to last comes first: give those of one where that matters.
    The newest backup that leads there needs the least WAL. When none does, the newest says what is missing.
    """
    by_id = {one.id: one for one in backups}
    able = [one for one in backups if target is None or one.ended_at <= target]
    runs = _Runs(backups, segments, horizon)
    unable = None
    latest = {one.key: one.latest for one in branches(backups, horizon)}
    order = sorted(able, key=lambda one: (latest[one.branch], one.branch, one.last_segment, one.ended_at))
    for one in reversed(order):
        members = chain(by_id, one)
        if members is None:
            continue
        numbers = runs.behind(one, target)
        if target is None or runs.until(one) >= target:
            return Choice(members, numbers)
        unable = unable or Choice(members, numbers, runs.gap(one))
    return unable


def _root(backups: Mapping[str, Member], backup: Member) -> str | None:
    seen = 0
    while backup.parent is not None:
        parent = backups.get(backup.parent)
        seen += 1
        if parent is None or seen > len(backups):
            return None
        backup = parent
    return backup.id


class _Runs:
    """Segments without a gap between them, by timeline.

    When a file was written says little: it may have been received late. What is certain is that a backup which has
    ended, or a horizon, had all its log behind it.
    """

    def __init__(
        self, backups: Collection[Member], segments: Collection[Segment], horizon: Horizon | None
    ) -> None:
        self._backups = backups
        self._horizon = horizon
        self._complete: dict[tuple[BranchKey, int], bool] = {}
        for one in segments:
            key = one.branch, one.number
            self._complete[key] = one.complete or self._complete.get(key, False)
        self._end: dict[tuple[BranchKey, int], int] = {}
        for branch, number in sorted(self._complete, reverse=True):
            goes_on = self._complete[branch, number]
            self._end[branch, number] = self._end.get((branch, number + 1), number) if goes_on else number

    def until(self, backup: Member) -> datetime:
        """The last instant that the WAL behind a backup certainly leads to."""
        end = self._end.get((backup.branch, backup.last_segment), -1)
        certain = [
            one.ended_at
            for one in self._backups
            if one.branch == backup.branch and backup.last_segment <= one.last_segment <= end
        ]
        ahead = self._horizon
        if ahead and ahead.branch == backup.branch and backup.last_segment <= ahead.segment <= end:
            certain.append(ahead.at)
        return max([backup.ended_at, *certain])

    def behind(self, backup: Member, target: datetime | None) -> list[int]:
        """The numbers of the segments from the backup's last one to where the next backup began after `target`, or to
        the gap before it."""
        first = backup.last_segment
        end = self._end.get((backup.branch, first), first - 1)
        later = [
            one.first_segment
            for one in self._backups
            if target is not None and one.branch == backup.branch and one.started_at > target
        ]
        return list(range(first, min([end, *later]) + 1))

    def gap(self, backup: Member) -> int:
        """The number of the first segment behind a backup that is not there, or not complete."""
        end = self._end.get((backup.branch, backup.last_segment), backup.last_segment - 1)
        return end if self._complete.get((backup.branch, end)) is False else end + 1
