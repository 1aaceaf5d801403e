"""The demo school's history: what the two years would have left in it, entered today of days gone by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from app.core.actions import Action
from app.core.history import described
from app.demo import people
from app.demo.desk import Desk, Enrolled
from app.demo.lesson_results import Attempted, Completed
from app.demo.story import TimeEntry
from app.rules.progress import progress_of_counts


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


def of_the_clock(desk: Desk, written: list[tuple[int, Enrolled, TimeEntry]]) -> list[Fact]:
    """How each attendance record ended, or that it runs."""
    registrar = (desk.staff_ids[1], people.STAFF[1].full_name)
    facts = []
    for key, item, entry in written:
        student = (item.student.user_id, item.student.person.full_name)
        began: dict[str, object] = {"clock_in": entry.clock_in}
        if entry.clock_out is None:
            facts.append(Fact(entry.clock_in, item, Action.ATTENDANCE_CLOCKED_IN, key, began, student))
        elif entry.forgotten:
            facts.append(Fact(entry.clock_in, item, Action.ATTENDANCE_CLOCK_OUT_MISSING, key, began))
        else:
            minutes = (entry.clock_out - entry.clock_in) // timedelta(minutes=1)
            ended: dict[str, object] = {"clock_out": entry.clock_out, "total_minutes": minutes}
            if entry.note is None:
                facts.append(Fact(entry.clock_out, item, Action.ATTENDANCE_CLOCKED_OUT, key, ended, student))
            else:
                details: dict[str, object] = {"after": {**began, **ended}}
                entered = Action.ATTENDANCE_ENTERED
                facts.append(Fact(entry.clock_out, item, entered, key, details, registrar, entry.note))
    return facts


def of_lessons(desk: Desk, completed: list[Completed], attempts: list[Attempted]) -> list[Fact]:
    """Lessons completed, and what the content reported of the attempts at them."""
    instructor = (desk.staff_ids[2], people.STAFF[2].full_name)
    facts = []
    for one in attempts:
        part = {"lesson_id": one.lesson_id, "sco_id": one.sco_id, "title": "", "session_seconds": one.seconds}
        if one.score is None:
            facts.append(Fact(one.at, one.item, Action.CONTENT_PART_LEFT, None, part))
            continue
        details = {
            **part,
            "status_before": "not attempted",
            "status": one.status,
            "score_pct_before": None,
            "score_pct": Decimal(one.score),
            "first": False,
            "begun": False,
            "ending": "terminated",
        }
        facts.append(Fact(one.at, one.item, Action.CONTENT_PART_REPORTED, None, details))
    for done in completed:
        required = len(done.item.story.program.lessons)
        student = (done.item.student.user_id, done.item.student.person.full_name)
        by = {"staff": instructor, "student": student}.get(done.done.source)
        details = {
            "lesson_id": done.lesson_id,
            "source": done.done.source,
            "score_pct": None if done.done.score is None else Decimal(done.done.score),
            "progress_pct": [
                progress_of_counts(count, required).percent for count in (done.count - 1, done.count)
            ],
        }
        facts.append(Fact(done.done.at, done.item, Action.LESSON_COMPLETED, done.id, details, by))
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
