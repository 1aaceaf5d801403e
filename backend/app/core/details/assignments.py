"""Details of assignments: what was asked, handed in and graded."""

from datetime import datetime
from typing import Literal

from app.core.details.base import Details, Percent


class AssignmentChanged(Details):
    """The version that is in use from now on."""

    lesson_id: int
    title: str
    version: int


class DueSet(Details):
    """Until when a class hands in: before and after; None for no date."""

    lesson_id: int
    class_id: int
    code: str
    due_at: list[datetime | None]


class Allowed(Details):
    """What one student is allowed: the date before and after, and after which hand-in there may be another."""

    lesson_id: int
    title: str
    due_at: list[datetime | None]
    again_after: int | None


class Received(Details):
    """A hand-in: its number for this student, its files by hash, and the days that it was late."""

    lesson_id: int
    title: str
    number: int
    sha256: list[str]
    late_days: int


class Graded(Details):
    """A grade of a hand-in, by its number; a draft until it is released."""

    lesson_id: int
    title: str
    hand_in_id: int
    number: int
    points: int
    points_possible: int
    score_pct: Percent
    passed: bool
    change: Literal["graded", "released"]


ASSIGNMENT_ALLOWED = (
    "assignment.allowed",
    "assignments",
    "More time or another hand-in allowed",
    Allowed,
)
ASSIGNMENT_CHANGED = ("assignment.changed", "assignments", "Assignment changed", AssignmentChanged)
ASSIGNMENT_DUE_SET = ("assignment.due_set", "assignments", "Due date of an assignment set", DueSet)
HAND_IN_GRADED = ("hand_in.graded", "hand_in_grades", "Assignment graded", Graded)
HAND_IN_RECEIVED = ("hand_in.received", "hand_ins", "Assignment handed in", Received)
HAND_IN_RELEASED = ("hand_in.released", "hand_in_grades", "Grade of an assignment released", Graded)
