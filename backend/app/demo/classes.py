"""Classes of the demo school: each cohort of a program by its hours, with instructors, and a seat for everybody.

A student sits in the class that meets when they attend: every demo instructor has classes and students.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from app.demo import people
from app.demo.catalog import PROGRAMS, ClassTime, ProgramPlan
from app.demo.desk import Desk, Enrolled

_PREFIXES = {"Dental Assistant Professional": "DA"}
_ROOMS = ("Operatory 1", "Operatory 2", "Classroom A", "Classroom B")
COHORT_WEEKS = 26
"""Cohorts that begin within half a year share a class, so that a class has more than a handful of students."""


@dataclass(slots=True)
class Planned:
    """A class before it has a number."""

    code: str
    name: str
    program: ProgramPlan
    meets: ClassTime
    starts_on: date
    ends_on: date
    room: str
    seats: list[Enrolled]
    teachers: list[int] = field(default_factory=list)


def write_classes(desk: Desk, enrolled: list[Enrolled]) -> list[tuple[int, Planned]]:
    """Classes with meetings, instructors and seats, by their numbers."""
    planned = [one for one in _plan(desk, enrolled) if one.seats]
    _staff(desk, planned)
    keys = desk.copier.keys("classes", len(planned))
    desk.copier.copy(
        "classes",
        ("id", "code", "name", "program_id", "starts_on", "ends_on", "room", "capacity", "created_at",
         "updated_at"),
        (
            (key, one.code, one.name, desk.program_ids[one.program.name], one.starts_on, one.ends_on, one.room,
             max(24, len(one.seats)), desk.founded, desk.founded)
            for key, one in zip(keys, planned, strict=True)
        ),
    )  # fmt: skip
    desk.copier.copy(
        "class_meetings",
        ("class_id", "weekday", "starts_at", "ends_at"),
        (
            (key, weekday, one.meets.begins, _ends(one.meets))
            for key, one in zip(keys, planned, strict=True)
            for weekday in range(4)
        ),
    )
    desk.copier.copy(
        "class_instructors",
        ("class_id", "user_id", "starts_on", "ends_on"),
        (
            (key, teacher, one.starts_on, None)
            for key, one in zip(keys, planned, strict=True)
            for teacher in one.teachers
        ),
    )
    desk.copier.copy(
        "class_seats",
        ("class_id", "enrollment_id", "starts_on", "ends_on", "created_at"),
        (
            (key, item.id, max(item.story.starts, item.story.enrolled_at), _left(desk, item),
             desk.office(item.story.enrolled_at))
            for key, one in zip(keys, planned, strict=True)
            for item in one.seats
        ),
    )  # fmt: skip
    return list(zip(keys, planned, strict=True))


def _plan(desk: Desk, enrolled: list[Enrolled]) -> Iterator[Planned]:
    first = min(item.story.starts for item in enrolled)
    turn = 0
    for program in PROGRAMS:
        prefix = "".join(word[0] for word in program.name.split())[:2].upper()
        prefix = _PREFIXES.get(program.name, prefix)
        for meets in program.classes:
            begins = first
            while begins <= desk.today + timedelta(weeks=4):
                until = begins + timedelta(weeks=COHORT_WEEKS)
                seats = [
                    item
                    for item in enrolled
                    if item.story.program is program
                    and begins <= item.story.starts < until
                    and _attends(desk, item) == meets
                ]
                last = max([until, *(_until(desk, item) for item in seats)])
                yield Planned(
                    f"{prefix}-{begins:%Y-%m}-{'AP'[meets.begins.hour >= 12]}M",
                    f"{program.name}, {'mornings' if meets.begins.hour < 12 else 'afternoons'}",
                    program,
                    meets,
                    begins,
                    last,
                    _ROOMS[turn % len(_ROOMS)],
                    seats,
                )
                turn += 1
                begins = until


def _staff(desk: Desk, planned: list[Planned]) -> None:
    """Instructors in turn, so that each has a class of the present; the one whose sign-in is shown has one more."""
    instructors = [
        number
        for number, person in zip(desk.staff_ids, people.STAFF, strict=True)
        if person.role == "instructor"
    ]
    latest = sorted(planned, key=lambda one: (one.ends_on, len(one.seats), one.code), reverse=True)
    for place, one in enumerate(latest):
        one.teachers.append(instructors[place % len(instructors)])
    fullest = max(
        (one for one in latest if one.ends_on >= desk.today), key=lambda one: len(one.seats), default=None
    )
    if fullest is not None and instructors[0] not in fullest.teachers:
        fullest.teachers.append(instructors[0])


def _attends(desk: Desk, item: Enrolled) -> ClassTime:
    """The class whose hours the student kept: the one that begins nearest to their usual arrival."""
    choices = item.story.program.classes
    hours = sorted(entry.clock_in.astimezone(desk.zone).time() for entry in item.story.entries)
    usual = hours[len(hours) // 2] if hours else choices[item.id % len(choices)].begins
    return min(choices, key=lambda one: abs(_minutes(one.begins) - _minutes(usual)))


def _until(desk: Desk, item: Enrolled) -> date:
    """The day until which the class must last for this student."""
    return _left(desk, item) or max(desk.today, item.story.starts + timedelta(weeks=item.story.program.weeks))


def _left(desk: Desk, item: Enrolled) -> date | None:
    """The last day of an ended enrollment; None while it is active."""
    if item.status == "active":
        return None
    ended = item.story.finished if item.status == "completed" else item.story.left
    day = ended.astimezone(desk.zone).date() if ended else desk.today
    return max(day, item.story.starts, item.story.enrolled_at)


def _ends(meets: ClassTime) -> time:
    return (datetime.combine(date.min, meets.begins) + timedelta(minutes=meets.minutes)).time()


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute
