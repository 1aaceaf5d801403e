"""Details of what happens to the school, its programs and its classes."""

from datetime import date
from typing import Any, Literal

from pydantic import ConfigDict

from app.core.details.base import Details

# The school


class CalendarChanged(Details):
    what: Literal["term", "holiday"]
    name: str
    first_day: date
    last_day: date
    removed: bool


class LogoChanged(Details):
    """The stored file before and after."""

    sha256: list[str | None]


class PolicyAdded(Details):
    kind: str
    version: int
    effective_from: date
    approved_by: str
    values: dict[str, Any]


class PolicyWithdrawn(Details):
    kind: str
    version: int


class Signatory(Details):
    """A signatory as entered, or the name of one that was removed."""

    name: str | None = None
    title: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    removed: str | None = None


# Academics


class ProgramDeleted(Details):
    name: str
    lessons: int


class ModuleCreated(Details):
    name: str
    program_id: int


class ModuleDeleted(Details):
    name: str
    program_id: int
    lessons: int


class ModuleMoved(Details):
    program_id: int
    to: int
    """Its new place, counted from 1."""


class LessonCreated(Details):
    title: str
    module_id: int
    content_type: str


class LessonDeleted(Details):
    title: str
    module_id: int


class LessonMoved(Details):
    module_id: int
    to: int
    """Its new place, counted from 1."""


class Reordered(Details):
    """The record numbers in their new order."""

    order: list[int]


# Classes


class ClassCreated(Details):
    code: str
    name: str


class ClassDeleted(Details):
    code: str


class ClassUpdated(Details):
    code: str
    changed: dict[str, list[str | None]]


class TimetableChanged(Details):
    """A class's code and what was added, changed or taken out of its timetable."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)
    __pydantic_extra__: dict[str, Any]

    code: str


class InstructorAdded(Details):
    code: str
    instructor_id: int
    starts_on: date
    ends_on: date | None


class InstructorRemoved(Details):
    code: str
    instructor_id: int
    last_day: date


class SeatTaken(Details):
    code: str
    starts_on: date


class SeatEnded(Details):
    code: str | None = None
    last_day: date


CLASS_INSTRUCTOR_ADDED = (
    "class.instructor_added",
    "classes",
    "Instructor added to a class",
    InstructorAdded,
)

CLASS_INSTRUCTOR_REMOVED = (
    "class.instructor_removed",
    "classes",
    "Instructor removed from a class",
    InstructorRemoved,
)

CLASS_TIMETABLE_CHANGED = (
    "class.timetable_changed",
    "classes",
    "Class schedule changed",
    TimetableChanged,
)

SCHOOL_CALENDAR_CHANGED = (
    "school.calendar_changed",
    "school",
    "School calendar changed",
    CalendarChanged,
)

SCHOOL_POLICY_WITHDRAWN = (
    "school.policy_withdrawn",
    "school_policies",
    "Policy withdrawn",
    PolicyWithdrawn,
)

SCHOOL_SIGNATORIES_CHANGED = (
    "school.signatories_changed",
    "school_signatories",
    "Signatories changed",
    Signatory,
)
