"""The details of each action: which facts a row of the history carries, and of which type.

`app.core.actions` names one of these for every action; `history.record` refuses anything else. Nothing here is ever
a secret. Moments and dates are kept as ISO 8601, percentages with decimals as text.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Percent = Decimal | None


class Details(BaseModel):
    """Base of all details: nothing unknown, nothing converted, nothing changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Nothing(Details):
    """The action says it all."""


class Named(Details):
    """What it happened to, by name."""

    name: str


class Labeled(Details):
    """An API key or a target of the LRS, by its label."""

    label: str


class Counted(Details):
    """How many things it happened to."""

    count: int


class Changed(Details):
    """Columns that changed: the old and the new value, as text."""

    changed: dict[str, list[str | None]]


class FieldsChanged(Details):
    """Any fields by name: the old and the new value of each."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)
    __pydantic_extra__: dict[str, list[Any]]


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


# Accounts


class LinkMade(Details):
    """A one-time link, by its end alone."""

    expires_at: datetime


class OthersRevoked(Details):
    sessions: int


class UserCreated(Details):
    email: str
    name: str
    role: str


class UserDeleted(Details):
    sessions_ended: int
    tokens_revoked: int


class PasswordSet(Details):
    sessions_ended: int = 0
    tokens_ended: int = 0


class DutyGiven(Details):
    duty: str
    starts_on: date
    ends_on: date | None


class DutyEnded(Details):
    duty: str
    last_day: date | None
    """Empty when it ended at once."""


class UserUpdated(Details):
    """The old and the new value of what changed."""

    email: list[str] | None = None
    full_name: list[str] | None = None
    role: list[str] | None = None


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


# Enrollment


class Enrolled(Details):
    program_id: int
    enrolled_at: date


class EnrollmentCompleted(Details):
    completed_at: date
    derivation: str
    """Why the rule allowed it."""


class EnrollmentWithdrawn(Details):
    withdrawal_id: int
    requested_at: datetime
    derivation: str
    """How the progress at withdrawal was computed."""


class LessonCompleted(Details):
    lesson_id: int
    source: Literal["content", "student", "staff"]
    score_pct: Percent
    progress_pct: list[int]
    """The enrollment's progress before and after, in whole percent."""


class LessonScored(Details):
    lesson_id: int
    score_pct: list[Percent]
    """Before and after."""


class ProgressRewritten(Details):
    enrollments: int
    lessons: int


# Attendance


class ClockedIn(Details):
    clock_in: datetime


class ClockedOut(Details):
    clock_out: datetime
    total_minutes: int


class Hours(Details):
    """An attendance record's times."""

    clock_in: datetime
    clock_out: datetime | None
    total_minutes: int | None


class HoursEntered(Details):
    after: Hours


class HoursCorrected(Details):
    before: Hours
    after: Hours


# Content


class PackageImported(Details):
    lesson_id: int
    version: int
    sha256: str
    files: int


class LessonOpened(Details):
    lesson_id: int
    sco_id: str
    title: str
    attempt_no: int


class PartReported(Details):
    """What a course has just said about one part of a lesson, beside what was known before.

    Statuses are SCORM 1.2's; scores are percentages, the best of the attempt so far.
    """

    lesson_id: int
    sco_id: str
    title: str
    status_before: str
    status: str
    score_pct_before: Percent
    score_pct: Percent
    session_seconds: int
    """What counts of this session so far."""
    first: bool
    """Whether nothing had been reported in this session yet."""
    begun: bool
    """Whether an earlier session of the attempt had reported something."""
    ending: Literal["terminated", "suspended"] | None
    """How the course ended the session, if it did."""


class PartLeft(Details):
    """A session that ended without the course saying so."""

    lesson_id: int
    sco_id: str
    title: str
    session_seconds: int


# Files, mail, the demo school


class FilesSwept(Details):
    files: int
    size_bytes: int
    partial: int


class MailPurged(Details):
    messages: int
    before: datetime


class MailRead(Details):
    to: str
    subject_line: str


class MailRetried(Details):
    to: str


class ReportExported(Details):
    """A list with people's names that was taken out: the format, the number of rows, the filters by label."""

    format: str
    rows: int
    filters: dict[str, Any] = {}


class SchoolSeeded(Details):
    students: int


# Learning record store


class AttachmentDownloaded(Details):
    sha2: str
    name: str


class StatementsExported(Details):
    """The format and the filters asked for."""

    format: str
    person: str | None = None
    verb: str | None = None
    activity: str | None = None
    since: str | None = None
    until: str | None = None
    registration: str | None = None


class ImportBegun(Details):
    file_name: str


class ImportRemoved(Details):
    file_name: str
    status: str
    stored: int
    known: int
    refused: int


class KeyCreated(Details):
    label: str
    scopes: list[str]


class KeyRevoked(Details):
    label: str
    kind: str


class ForwarderChanged(Details):
    endpoint: str
