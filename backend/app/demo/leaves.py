"""Leaves of absence of the demo school: one who is away, one who has not come back, and a request."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from app.demo import people
from app.demo.attendance import Written
from app.demo.desk import Desk, Enrolled

REASONS = (
    "Surgery on my wrist; the doctor says four weeks without lifting.",
    "Caring for my mother after a stroke.",
    "My second child is due.",
)


def write_leaves(desk: Desk, enrolled: list[Enrolled], entries: Written) -> None:
    """Nothing depends on chance: who has been away for long is on leave, so that no day has attendance. Whoever has
    been away the longest is not: that student is at risk.
    """
    last: dict[int, date] = {}
    for _key, item, entry in entries:
        day = entry.clock_in.astimezone(desk.zone).date()
        last[item.id] = max(day, last.get(item.id, day))
    here = [
        item
        for item in enrolled
        if item.status == "active"
        and item.student.deleted_at is None
        and item.id in last
        and item.student.person.email != people.STUDENT.email
    ]
    by_absence = sorted(here, key=lambda item: (last[item.id], item.id))
    if len(by_absence) < 5:
        return
    _at_risk, away, missing, *_others, asking = by_absence
    today = desk.today
    back = today + timedelta(days=9)
    began = max(last[away.id] + timedelta(days=1), back - timedelta(days=120))
    expected = max(today - timedelta(days=3), last[missing.id] + timedelta(days=2))
    left = max(last[missing.id] + timedelta(days=1), expected - timedelta(days=60))
    registrar = desk.staff_ids[0]
    rows: list[tuple[object, ...]] = []
    for place, (key, item, state, starts, return_on) in enumerate(
        zip(
            desk.copier.keys("leaves_of_absence", 3),
            (away, missing, asking),
            ("approved", "approved", "requested"),
            (began, left, today + timedelta(days=14)),
            (back, expected, today + timedelta(days=42)),
            strict=True,
        )
    ):
        asked = desk.office(min(starts, today) - timedelta(days=5), 0.3)
        decided = desk.office(min(starts, today) - timedelta(days=3), 0.6)
        waits = state == "requested"
        rows.append(
            (key, UUID(int=0x1EAF + place), item.id, item.student.user_id, state, REASONS[place], starts, return_on,
             asked, asked, item.student.user_id, None if waits else decided, None if waits else registrar)
        )  # fmt: skip
    desk.copier.copy(
        "leaves_of_absence",
        ("id", "request", "enrollment_id", "user_id", "state", "reason", "starts_on", "return_on", "requested_at",
         "created_at", "entered_by", "decided_at", "decided_by"),
        rows,
    )  # fmt: skip
