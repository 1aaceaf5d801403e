"""Rosters and corrections of the demo school: the last meetings marked, requests that wait, and requests decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.attendance.standings import service as standings
from app.demo.classes import Planned
from app.demo.desk import Desk, Enrolled
from app.demo.story import TimeEntry

MEETINGS = 3
"""Meetings of each class of the present whose roster is marked; who clocked in is there, and nobody counts twice."""
_REASONS = (
    "Stayed until the last patient had left",
    "The tablet at the door was off",
    "Clocked out from the parking lot by mistake",
    "Made the last X-rays with Dr. Reyes",
)
Written = list[tuple[int, Enrolled, TimeEntry]]


def write_rosters(
    session: Session, desk: Desk, planned: list[tuple[int, Planned]], entries: Written
) -> list[tuple[int, int, datetime]]:
    """The rosters of the last meetings, and how every student then stands in attendance. Gives whom they excuse: class,
    enrollment and start of the meeting."""
    by_day: dict[tuple[int, date], tuple[int, TimeEntry]] = {}
    for key, item, entry in entries:
        if entry.clock_out is not None and not entry.forgotten:
            by_day.setdefault((item.id, entry.clock_in.astimezone(desk.zone).date()), (key, entry))
    rows = [row for class_id, one in planned for row in _rosters(desk, class_id, one, by_day)]
    desk.copier.copy(
        "class_attendance",
        ("class_id", "enrollment_id", "starts_at", "ends_at", "mark", "attendance_id", "marked_by", "marked_at",
         "settled_at"),
        rows,
    )  # fmt: skip
    standings.refresh(session, desk.zone, desk.moment)
    return [(row[0], row[1], row[2]) for row in rows if row[4] == "excused"]


def _rosters(
    desk: Desk, class_id: int, one: Planned, by_day: dict[tuple[int, date], tuple[int, TimeEntry]]
) -> Iterator[tuple[Any, ...]]:
    marked, day = 0, desk.today
    while marked < MEETINGS and day > max(one.starts_on, desk.today - timedelta(days=14)):
        day -= timedelta(days=1)
        here = [item for item in one.seats if (item.id, day) in by_day]
        if day.weekday() > 3 or day > one.ends_on or not here:
            continue
        marked += 1
        starts = datetime.combine(day, one.meets.begins, desk.zone)
        ends = starts + timedelta(minutes=one.meets.minutes)
        for item in one.seats:
            if item.status != "active" or max(item.story.starts, item.story.enrolled_at) > day:
                continue
            there = by_day.get((item.id, day))
            mark = "present" if there else "excused" if desk.random.random() < 0.2 else "absent"
            yield (
                class_id, item.id, starts, ends, mark, there[0] if there else None, one.teachers[0],
                starts + timedelta(minutes=10), ends,
            )  # fmt: skip


def write_corrections(desk: Desk, entries: Written) -> None:
    """Requests of the last weeks: half of them wait, the others were declined."""
    recent = [
        (key, item, entry)
        for key, item, entry in reversed(entries)
        if item.status == "active"
        and entry.clock_out is not None
        and not entry.forgotten
        and entry.note is None
    ]
    registrar = desk.staff_ids[1]
    rows: list[tuple[object, ...]] = []
    seen: set[int] = set()
    for key, item, entry in recent:
        if item.id in seen or len(rows) == 10:
            continue
        seen.add(item.id)
        number = len(rows)
        assert entry.clock_out is not None  # noqa: S101 -- chosen above
        asked_at = entry.clock_out + timedelta(hours=1)
        decided = number >= 5 and asked_at + timedelta(hours=2) <= desk.moment
        # An approved one would have changed the record.
        outcome = "declined" if decided else None
        rows.append(
            (
                item.student.user_id, item.id, key, "change", entry.clock_in, entry.clock_out, entry.clock_in,
                entry.clock_out + timedelta(minutes=20), _REASONS[number % len(_REASONS)], item.student.user_id,
                min(asked_at, desk.moment), registrar if decided else None,
                asked_at + timedelta(hours=2) if decided else None, outcome,
                "The class list says otherwise; talk to your instructor." if decided else None,
            )
        )  # fmt: skip
    desk.copier.copy(
        "attendance_corrections",
        ("user_id", "enrollment_id", "attendance_id", "kind", "old_clock_in", "old_clock_out", "clock_in",
         "clock_out", "reason", "asked_by", "asked_at", "decided_by", "decided_at", "outcome", "note"),
        rows,
    )  # fmt: skip
