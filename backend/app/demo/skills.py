"""Check-offs of the demo school: a list for each program, and attempts through the weeks of every enrollment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.demo import people
from app.demo.classes import Planned
from app.demo.desk import Desk, Enrolled
from app.demo.skill_lists import LISTS
from app.demo.skill_plans import SkillPlan
from app.rules import skills as rules

_PASS_PCT = 75
_NOTES = (
    "Steady hands and a calm voice.",
    "Check the sequence once more before the next patient.",
    "Ask before you adjust the chair.",
    "Good eye contact with the patient.",
    "Slow down at the end.",
)


@dataclass(frozen=True, slots=True)
class _Known:
    """A skill with its keys."""

    plan: SkillPlan
    skill: int
    version: int


def write_skills(desk: Desk, planned: list[tuple[int, Planned]]) -> None:
    """The lists, and what was attempted by now in each class."""
    lists = {name: list(_list(desk, name, plans)) for name, plans in LISTS.items()}
    rows: list[tuple[Any, ...]] = []
    for class_id, one in planned:
        for item in one.seats:
            rows += _attempts(desk, item, class_id, one, lists[one.program.name])
    keys = desk.copier.keys("skill_attempts", len(rows))
    # Numbered in the order in which they were recorded, as attempts are.
    rows.sort(key=lambda row: (row[-1], row[-2]))
    desk.copier.copy(
        "skill_attempts",
        ("id", "enrollment_id", "skill_id", "version_id", "class_id", "performed_on", "marks", "points",
         "points_possible", "passed", "note", "evaluator_id", "evaluator_name", "request", "recorded_at"),
        ((key, *row) for key, row in zip(keys, rows, strict=True)),
    )  # fmt: skip
    _void(desk, list(zip(keys, rows, strict=True)))


def _list(desk: Desk, program: str, plans: tuple[SkillPlan, ...]) -> Iterator[_Known]:
    skills, versions = desk.copier.keys("skills", len(plans)), desk.copier.keys("skill_versions", len(plans))
    known = [_Known(*row) for row in zip(plans, skills, versions, strict=True)]
    desk.copier.copy(
        "skills",
        ("id", "program_id", "section", "name", "version", "order_num", "created_at"),
        (
            (one.skill, desk.program_ids[program], one.plan.section, one.plan.name, 1, place, desk.founded)
            for place, one in enumerate(known, start=1)
        ),
    )
    desk.copier.copy(
        "skill_versions",
        ("id", "skill_id", "version", "name", "criteria", "pass_pct", "required_passes", "created_by", "created_at"),
        (
            (one.version, one.skill, 1, one.plan.name, Jsonb(rules.as_stored(one.plan.criteria)), _PASS_PCT,
             one.plan.passes, desk.staff_ids[0], desk.founded)
            for one in known
        ),
    )  # fmt: skip
    yield from known


def _attempts(
    desk: Desk, item: Enrolled, class_id: int, one: Planned, known: list[_Known]
) -> Iterator[tuple[Any, ...]]:
    """Each skill has its week; whoever fails tries again a few days later, until they have passed often enough."""
    random = Random(item.id * 7919)
    teacher = one.teachers[0] if one.teachers else desk.staff_ids[1]
    name = next(
        person.full_name
        for number, person in zip(desk.staff_ids, people.STAFF, strict=True)
        if number == teacher
    )
    first = max(item.story.starts, item.story.enrolled_at)
    ended = item.story.finished if item.status == "completed" else item.story.left
    last = desk.today
    if item.status != "active" and ended is not None:
        last = ended.astimezone(desk.zone).date()
    span = max(
        14, min(item.story.program.weeks * 7, (last - first).days if item.status == "completed" else 10_000)
    )
    for place, skill in enumerate(known):
        criteria = skill.plan.criteria
        day = first + timedelta(days=int(span * 0.9 * (place + 1) / (len(known) + 1)))
        passes, tries = 0, 0
        while passes < skill.plan.passes:
            moment = desk.office(day, 0.2 + 0.6 * random.random())
            if moment > desk.moment or moment.astimezone(desk.zone).date() > last:
                break
            skilled = 0.9 if tries == 0 else 0.98
            marks = [
                one.levels[-1].points if random.random() < skilled else random.choice(one.levels[:-1]).points
                for one in criteria
            ]
            result = rules.result_of(criteria, marks, _PASS_PCT)
            passes, tries = passes + result.passed, tries + 1
            note = random.choice(_NOTES) if random.random() < 0.15 else None
            yield (
                item.id, skill.skill, skill.version, class_id, moment.astimezone(desk.zone).date(), Jsonb(marks),
                result.points, result.possible, result.passed, note, teacher, name,
                UUID(int=random.getrandbits(128), version=4), moment,
            )  # fmt: skip
            day += timedelta(days=3)


def _void(desk: Desk, rows: list[tuple[int, tuple[Any, ...]]]) -> None:
    """Now and then the wrong student was chosen on the tablet."""
    failed = [(key, row) for key, row in rows if not row[8]]
    desk.copier.copy(
        "skill_voids",
        ("attempt_id", "reason", "voided_by", "voided_at"),
        (
            (
                key,
                "Recorded for the wrong student.",
                row[10],
                min(desk.moment, row[-1] + timedelta(minutes=4)),
            )
            for key, row in failed[::13]
        ),
    )
