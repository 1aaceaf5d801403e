"""Complaints of the demo school: one of nearly every state."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from app.demo.desk import Desk, Enrolled
from app.rules.complaints import due

_TERMS = {"acknowledge": 5, "decide": 30, "appeal": 14}
"""The system’s first policy."""


def write_complaints(desk: Desk, enrolled: list[Enrolled]) -> None:
    """A handful of students who are here; nothing depends on chance."""
    here = {
        item.student.user_id: item.student
        for item in enrolled
        if item.status == "active" and item.student.deleted_at is None
    }
    students = list(here.values())[6:10]
    if len(students) < 4:
        return
    registrar, other = desk.staff_ids[0], desk.staff_ids[1]
    today = desk.today
    written: list[tuple[object, ...]] = []
    steps: list[tuple[object, ...]] = []
    keys = desk.copier.keys("complaints", 4)
    for place, (key, one, days, state, kind, what, wanted) in enumerate(
        zip(
            keys,
            students,
            (2, 12, 24, 60),
            ("received", "under_review", "decided", "closed"),
            ("safety", "instruction", "money", "records"),
            (
                "The X-ray lab was locked on three mornings, and nobody had the key.",
                "The radiography practice sheets were handed back four weeks late.",
                "The kit fee stands on my account twice.",
                "My phone number was read out in class.",
            ),
            (
                "Open the lab at eight, or put a key at the front desk.",
                "Hand back practice sheets within a week.",
                "Take the second fee back.",
                "Do not read out phone numbers.",
            ),
            strict=True,
        )
    ):
        came = today - timedelta(days=days)
        decided = state == "decided"
        ended = came + timedelta(days=6) if state == "closed" else None
        settled = came + timedelta(days=20)
        written.append(
            (key, f"CO-{today.year}-{len(keys) - place:04}", UUID(int=0xC0 + place), one.user_id, one.person.full_name,
             "student", one.person.email, "portal", came, one.user_id, desk.office(came, 0.4), kind, what, wanted,
             state, due(came, _TERMS["acknowledge"]), due(came, _TERMS["decide"]),
             None if state == "received" else registrar,
             "upheld" if decided else None,
             "The fee was posted twice by mistake. The second one is reversed." if decided else None,
             settled if decided else None, other if decided else None,
             due(settled, _TERMS["appeal"]) if decided else None, ended)
        )  # fmt: skip
        steps += [
            (key, step, words, private, by, desk.office(day, 0.5))
            for step, words, private, by, day in _steps(
                state, came, settled, ended, one.user_id, registrar, other
            )
        ]
    desk.copier.copy(
        "complaints",
        ("id", "number", "request", "student_id", "complainant", "relation", "email", "received_how", "received_on",
         "filed_by", "filed_at", "kind", "what", "wanted", "state", "acknowledge_by", "decide_by", "assigned_to",
         "outcome", "decision", "decided_on", "decided_by", "appeal_by", "closed_on"),
        written,
    )  # fmt: skip
    desk.copier.copy(
        "complaint_steps", ("complaint_id", "step", "words", "private", "done_by", "done_at"), steps
    )


def _steps(
    state: str, came: date, settled: date, ended: date | None, student: int, registrar: int, other: int
) -> list[tuple[str, str | None, bool, int, date]]:
    found: list[tuple[str, str | None, bool, int, date]] = [("filed", None, False, student, came)]
    if state == "received":
        return found
    found.append(("acknowledged", None, False, registrar, came + timedelta(days=1)))
    if ended is not None:
        return [*found, ("withdrawn", "It was settled in person.", False, student, ended)]
    found += [
        ("reviewed", None, False, registrar, came + timedelta(days=2)),
        ("noted", "Spoke with the instructor; the account is right about the dates.", True, registrar,
         came + timedelta(days=4)),
    ]  # fmt: skip
    if state == "decided":
        found.append(("decided", "The complaint was justified", False, other, settled))
    return found
