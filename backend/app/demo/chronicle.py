"""The demo school's history: what the two years would have left in it, entered today of days gone by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.actions import Action
from app.core.history import described
from app.demo import people
from app.demo.desk import Desk, Enrolled


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened; `by` is the number and name of who did it, None for the system."""

    at: datetime
    item: Enrolled
    action: Action
    target_id: int | None
    details: dict[str, object]
    by: tuple[int, str] | None = None
    reason: str | None = None


def of_the_office(desk: Desk, enrolled: list[Enrolled], withdrawals: dict[int, int]) -> list[Fact]:
    """Enrollments begun, completed and withdrawn."""
    registrar = (desk.staff_ids[1], people.STAFF[1].full_name)
    facts = []
    for item in enrolled:
        begins = desk.office(item.story.enrolled_at, 0.5)
        details: dict[str, object] = {"program_id": item.program_id, "enrolled_at": item.story.enrolled_at}
        facts.append(Fact(begins, item, Action.ENROLLMENT_CREATED, item.id, details, registrar))
        if item.completed_at:
            day = item.completed_at.astimezone(desk.zone).date()
            details = {"completed_at": day, "derivation": "Every lesson is completed."}
            facts.append(
                Fact(item.completed_at, item, Action.ENROLLMENT_COMPLETED, item.id, details, registrar)
            )
        if item.withdrawal_processed_at and item.story.left:
            details = {
                "withdrawal_id": withdrawals[item.id],
                "requested_at": item.story.left,
                "derivation": f"{item.story.progress_pct}% of the lessons were completed.",
            }
            facts.append(
                Fact(
                    item.withdrawal_processed_at,
                    item,
                    Action.ENROLLMENT_WITHDRAWN,
                    item.id,
                    details,
                    registrar,
                )
            )
    return facts


def write(desk: Desk, facts: list[Fact]) -> None:
    """Append the facts in the order in which they happened."""
    facts.sort(key=lambda fact: (fact.at, fact.item.id))
    desk.copier.copy(
        "audit_log",
        ("occurred_at", "actor_id", "actor_name", "action", "target", "target_id", "student_id", "enrollment_id",
         "reason", "details"),
        (
            (fact.at, *(fact.by or (None, None)), fact.action.value, fact.action.target,
             None if fact.target_id is None else str(fact.target_id), fact.item.student.user_id, fact.item.id,
             fact.reason, described(fact.action, fact.details))
            for fact in facts
        ),
    )  # fmt: skip
