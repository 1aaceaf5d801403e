"""The recovery window: every instant of 30 days can be restored, and nothing is kept that no instant needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rules import backups as rules
from app.rules.backups import BackupKind, Horizon, Member, Segment

FIRST = datetime(2026, 3, 1, 5, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class School:
    """A school that backs itself up as the rules say, hour by hour, on a clock that the test moves."""

    def __init__(self) -> None:
        self.now = FIRST
        self.backups: list[Member] = []
        self.segments: list[Segment] = []
        self.log = 10

    def hour(self, written: int, minutes: int) -> None:
        """An hour in which so many segments are filled, a backup if one is due, and the pruning after it."""
        for number in range(written):
            self.now += HOUR / (written + 1)
            self.segments.append(Segment(1, self.log))
            self.log += 1
            assert number < written
        self.now += HOUR / (written + 1)
        able = [one for one in self.backups if one.sound]
        full = next((one for one in reversed(able) if one.parent is None), None)
        kind = rules.due(self.now, self.now.hour, able[-1] if able else None, full)
        if kind is None:
            return
        parent = able[-1] if kind is BackupKind.INCREMENTAL else None
        started, first = self.now, self.log
        self.now += timedelta(minutes=minutes)
        self.segments.append(Segment(1, self.log))
        self.log += 1
        self.backups.append(
            Member(
                f"{started:%m%dT%H%M}-{kind}",
                parent.id if parent else None,
                started,
                self.now,
                1,
                first,
                first,
            )
        )
        kept = rules.kept(self.backups, self.now)
        self.backups = [one for one in self.backups if one.id in kept]
        needed = rules.first_segment_needed(self.backups)
        assert needed is not None
        self.segments = [one for one in self.segments if one.number >= needed]

    def check(self) -> None:
        begins = max(self.now - rules.WINDOW, FIRST + 2 * HOUR)
        ahead = Horizon(self.now, 1, self.segments[-1].number)
        spans = rules.restorable(self.backups, self.segments, ahead)
        assert len(spans) == 1, "no instant between the oldest and now is lost"
        assert spans[0].start <= begins
        assert spans[0].end == self.now
        fulls = [one for one in self.backups if one.parent is None]
        assert sum(one.ended_at <= self.now - rules.WINDOW for one in fulls) <= 1, (
            "one before the window will do"
        )
        assert min(one.number for one in self.segments) == min(one.first_segment for one in fulls)


@settings(max_examples=4)
@given(st.lists(st.integers(0, 2), min_size=24, max_size=24), st.integers(1, 20), st.integers(45, 46))
def test_forty_five_days(written: list[int], minutes: int, days: int) -> None:
    school = School()
    for day in range(days):
        for hour in range(24):
            school.hour(written[(hour + day) % 24], minutes)
        if day % 6 == 0 or day > days - 3:
            school.check()


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(1, 200), st.integers(0, 3), st.booleans()),
        min_size=1,
        max_size=40,
    ),
    st.sets(st.integers(0, 120)),
    st.integers(0, 4000),
)
def test_what_is_said_to_be_restorable_can_be_planned_and_nothing_else(
    made: list[tuple[bool, int, int, bool]], lost: set[int], minutes: int
) -> None:
    """Chains with damaged members, and a log with holes."""
    backups: list[Member] = []
    segments: list[Segment] = []
    now, log = FIRST, 0
    for place, (full, later, written, sound) in enumerate(made):
        for _ in range(written):
            now += timedelta(minutes=1)
            segments.append(Segment(1, log))
            log += 1
        now += timedelta(minutes=later)
        parent = None if full or not backups else backups[-1].id
        backups.append(Member(f"{place}", parent, now - timedelta(seconds=30), now, 1, log, log, sound))
        segments.append(Segment(1, log))
        log += 1
    segments = [one for one in segments if one.number not in lost]
    horizon = Horizon(now + timedelta(minutes=5), 1, log - 1)
    target = FIRST + timedelta(minutes=minutes)
    spans = rules.restorable(backups, segments, horizon)
    assert all(one.end < other.start for one, other in pairwise(spans))
    choice = rules.choose(backups, segments, target, horizon)
    said = any(span.start <= target <= span.end for span in spans)
    assert said == (choice is not None and choice.missing is None)
    if choice is not None:
        assert choice.chain[0].parent is None
        assert choice.chain[-1].ended_at <= target
        assert all(one.sound for one in choice.chain)
        numbers = list(choice.segments)
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
        assert choice.missing is None or choice.missing not in {one.number for one in segments}
        if choice.missing is None:
            # The log that is fetched has all that was committed by then, whenever its files arrived.
            later = [one.first_segment for one in backups if one.started_at > target]
            assert numbers[-1:] == [min([*later, log - 1])] or choice.chain[-1].ended_at == target or lost


@given(st.timedeltas(timedelta(days=-4000), timedelta(days=4000)))
def test_a_clock_that_was_wrong_neither_stops_the_backups_nor_takes_the_last_one(wrong: timedelta) -> None:
    school = School()
    for _ in range(80):
        school.hour(1, 2)
    newest, before = school.backups[-1], list(school.backups)
    if abs(wrong) >= 2 * DAY:
        assert rules.due(school.now + wrong, 12, newest, newest) is BackupKind.FULL
    kept = rules.kept(before, school.now + wrong)
    assert {one.id for one in before} == kept, "without a newer backup nothing goes, whatever the clock says"


def test_an_unsound_backup_holds_up_nothing_and_replaces_nothing() -> None:
    old = Member("old", None, FIRST, FIRST + HOUR, 1, 1, 1)
    bad = Member("bad", None, FIRST + DAY, FIRST + DAY + HOUR, 1, 9, 9, sound=False)
    new = Member("new", None, FIRST + 40 * DAY, FIRST + 40 * DAY + HOUR, 1, 90, 90)
    assert rules.kept([old, bad, new], new.ended_at) == {"old", "new"}, "the damaged one restores nothing"
    orphan = Member("orphan", "gone", FIRST + 40 * DAY, new.ended_at, 1, 91, 91)
    assert rules.chain({one.id: one for one in (old, orphan)}, orphan) is None
    assert rules.choose([orphan], [], orphan.ended_at, None) is None
    circle = replace(orphan, parent="orphan")
    assert rules.chain({"orphan": circle}, circle) is None


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_file_stays_while_a_restorable_instant_may_point_to_it(seen: int, oldest: int) -> None:
    member = Member("full", None, FIRST + oldest * DAY, FIRST + oldest * DAY, 1, 1, 1)
    may_go = rules.file_may_go(FIRST + seen * DAY, [member])
    assert may_go == (seen + rules.FILES_GRACE.days < oldest)
    assert not rules.file_may_go(FIRST, []), "without a backup nothing is known to be unneeded"


def _backup(system: int, timeline: int, begins: timedelta, segment: int) -> Member:
    began = FIRST + begins
    name = f"{system}-{timeline}-{segment}"
    return Member(name, None, began, began + timedelta(minutes=5), timeline, segment, segment, system=system)


@pytest.mark.parametrize(
    ("backups", "latest", "rivals"),
    [
        # Began in a folder with the backups of another database, whose numbers are higher.
        ([_backup(7, 3, 0 * DAY, 900), _backup(8, 1, 2 * DAY, 4)], (8, 1), 0),
        # Restored, and gone on from there the same day.
        ([_backup(7, 1, 0 * DAY, 10), _backup(7, 1, 5 * HOUR, 20), _backup(7, 2, 6 * HOUR, 15)], (7, 2), 0),
        # A copy for a look wrote beside the school, which goes on; or went on until it was lost.
        ([_backup(7, 1, 0 * DAY, 10), _backup(7, 2, 5 * HOUR, 15), _backup(7, 1, 6 * HOUR, 20)], (7, 1), 2),
        (
            [
                _backup(7, 1, 0 * DAY, 10),
                _backup(7, 2, 5 * HOUR, 15),
                _backup(7, 1, 6 * HOUR, 20),
                _backup(7, 2, 3 * DAY, 21),
            ],
            (7, 2),
            2,
        ),
        # It did so long ago.
        ([_backup(7, 1, 0 * DAY, 10), _backup(7, 2, 5 * HOUR, 15), _backup(7, 1, 8 * DAY, 20)], (7, 1), 0),
    ],
)
def test_the_latest_is_of_the_database_that_was_written_to_last(
    backups: list[Member], latest: tuple[int, int], rivals: int
) -> None:
    known = rules.branches(backups, None)
    assert known[0].key == latest
    assert len(rules.rivals(known)) == rivals
    choice = rules.choose(backups, [], None, None)
    assert choice is not None
    assert choice.chain[-1].branch == latest
    # The log is what tells how far one goes, and another database's does not count.
    oldest = backups[0]
    far = Horizon(FIRST + 20 * DAY, oldest.timeline, oldest.last_segment + 1, oldest.system)
    ahead = [oldest.last_segment, far.segment]
    own = [Segment(oldest.timeline, one, system=oldest.system) for one in ahead]
    other = [Segment(oldest.timeline, one, system=oldest.system + 9) for one in ahead]
    assert rules.restorable([oldest], own, far)[-1].end == far.at
    assert rules.restorable([oldest], other, far)[-1].end == oldest.ended_at
    assert rules.branches(backups, far)[0].key == oldest.branch


@given(st.integers(0, 10**15))
def test_a_calm_backup_is_slow_and_done_within_half_an_hour(size: int) -> None:
    rate = rules.calm_rate(size)
    assert rate >= 32 * 1024**2
    assert size / rate <= 30 * 60
    assert rate == 32 * 1024**2 or size > 30 * 60 * 32 * 1024**2
