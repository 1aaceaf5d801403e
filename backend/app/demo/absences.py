"""Absences that students of the demo school reported: excused, not excused, and two that wait for a decision."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from app.demo import people
from app.demo.classes import Planned
from app.demo.desk import Desk, Enrolled

_EXCUSED = (
    "Fever since last night. I have an appointment with my doctor.",
    "My son’s school was closed, and I had nobody to stay with him.",
    "Jury duty. The letter is from the county.",
    "My grandmother’s funeral.",
)
_WAITING = ("My wisdom teeth come out that morning.", "Jury duty on Monday, perhaps on Tuesday, too.")


def write_absences(
    desk: Desk, planned: list[tuple[int, Planned]], excused: list[tuple[int, int, datetime]]
) -> None:
    """Nothing depends on chance. Whom a roster excuses had reported it; two more are to miss class next week."""
    seats = {item.id: item for _class_id, one in planned for item in one.seats}
    rows: list[tuple[object, ...]] = []

    def add(item: Enrolled, days: tuple[date, date], state: str, reason: str, **more: object) -> None:
        asked = desk.office(min(days[0] - timedelta(days=2), desk.today - timedelta(days=1)), 0.4)
        waits = state == "requested"
        rows.append(
            (UUID(int=0xAB5E + len(rows)), item.student.user_id, item.id, *days, more.get("class_id"),
             more.get("meeting_at"), reason, state, asked,
             None if waits else asked + timedelta(hours=3), None if waits else desk.staff_ids[0], more.get("note"))
        )  # fmt: skip

    taken = set()
    for class_id, enrollment_id, starts in excused[:4]:
        if enrollment_id not in taken:
            taken.add(enrollment_id)
            day = starts.date()
            add(
                seats[enrollment_id],
                (day, day),
                "excused",
                _EXCUSED[len(rows)],
                class_id=class_id,
                meeting_at=starts,
            )
    monday = desk.monday + timedelta(days=7)
    here = [
        item
        for _class_id, one in planned
        if one.starts_on <= desk.today and one.ends_on >= monday + timedelta(days=3)
        for item in one.seats
        if item.status == "active" and item.student.deleted_at is None and item.id not in taken
    ]
    here.sort(key=lambda item: (item.student.person.email != people.STUDENT.email, item.id))
    for item, length in zip(here[:2], (0, 1), strict=False):
        add(item, (monday, monday + timedelta(days=length)), "requested", _WAITING[length])
    for item in here[2:3]:
        last_week = desk.monday - timedelta(days=7)
        add(
            item,
            (last_week, last_week),
            "not_excused",
            "My family drove to the beach for the weekend.",
            note="Vacations are not excused; see the attendance policy in the catalog.",
        )
    desk.copier.copy(
        "absence_requests",
        ("request", "user_id", "enrollment_id", "starts_on", "ends_on", "class_id", "meeting_at", "reason", "state",
         "requested_at", "decided_at", "decided_by", "note"),
        rows,
    )  # fmt: skip
