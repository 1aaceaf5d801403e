"""Who looked: opening a student's record leaves a row in the history, with the purpose.

A service declares that a function of it opens records of one student:

    @views.opens(Part.ATTENDANCE, lambda entry, _given: entry.user_id, record=lambda entry: entry.id)
    def get(session: Session, subject: Subject, record_id: int) -> AttendanceOut: ...

Nothing else is to be done. The row is written in the transaction of the reading, after the function has let the
person read: what could not be recorded is not shown. One's own records, and what the system reads, leave no row; the
same part of the same student's records opened again in the same session within an hour leaves no second one.
"""

from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from datetime import timedelta
from enum import StrEnum
from functools import wraps
from inspect import signature
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.permissions import Subject

F = TypeVar("F", bound=Callable[..., Any])

AGAIN_AFTER = timedelta(hours=1)


class Part(StrEnum):
    """The parts of a student's records that are opened by themselves."""

    FILE = "file"
    """The student's page or account: everything at a glance."""
    ADMISSION = "admission"
    """The documents that the student brought, and applications."""
    ATTENDANCE = "attendance"
    ENROLLMENT = "enrollment"
    EXTERNSHIP = "externship"
    GRADES = "grades"
    LESSONS = "lessons"
    LEARNING = "learning"
    """Statements of the learning record store."""
    DOCUMENT = "document"
    MONEY = "money"
    """The account with the school: charges, payments, balance."""
    NOTES = "notes"
    PRIVACY = "privacy"
    """Disclosures, consents, requests to see and to amend records."""

    @property
    def label(self) -> str:
        """The part as a page names it."""
        return _LABELS[self]


_LABELS = {
    Part.FILE: "Student file",
    Part.ADMISSION: "Admission documents",
    Part.ATTENDANCE: "Attendance",
    Part.ENROLLMENT: "Enrollment and progress",
    Part.EXTERNSHIP: "Externship",
    Part.GRADES: "Grades and skills",
    Part.LESSONS: "Lesson results",
    Part.LEARNING: "Learning activity",
    Part.DOCUMENT: "Document",
    Part.MONEY: "Account balance and payments",
    Part.NOTES: "Notes",
    Part.PRIVACY: "Disclosures, consents and requests",
}

DECLARED: dict[str, Part] = {}
"""Every function that opens records, by module and name; a test holds the list."""
_inside: ContextVar[bool] = ContextVar("inside_a_view", default=False)


def opens(
    part: Part,
    student: str | Callable[[Any, Mapping[str, Any]], int | Collection[int] | None],
    record: Callable[[Any], object] | None = None,
) -> Callable[[F], F]:
    """Declare that a function of a service opens a part of one student's records.

    `student` says whose: the name of an argument, or a function of what comes back and of the arguments by name; None
    opens nobody's, and several numbers are those of everybody whom one record names. `record` names the one record of
    many. The function takes `session` and `subject` first. What it opens of the same records on its way is part of it.
    """

    def declare(function: F) -> F:
        parameters = signature(function)
        DECLARED[f"{function.__module__}.{function.__qualname__}"] = part

        @wraps(function)
        def opening(*args: Any, **kwargs: Any) -> Any:
            if _inside.get():
                return function(*args, **kwargs)
            token = _inside.set(True)
            try:
                found = function(*args, **kwargs)
            finally:
                _inside.reset(token)
            given = parameters.bind(*args, **kwargs).arguments
            subject = given["subject"]
            if isinstance(subject, Subject) and not subject.is_student:
                whose = given.get(student) if isinstance(student, str) else student(found, given)
                for student_id in whose if isinstance(whose, Collection) else (whose,):
                    if student_id is not None and student_id != subject.user_id:
                        _note(given["session"], subject, part, student_id, record(found) if record else None)
            return found

        return opening  # type: ignore[return-value]

    return declare


def _note(session: Session, subject: Subject, part: Part, student_id: int, record: object) -> None:
    where = f"token {subject.token_id}" if subject.token_id else f"session {subject.session_id}"
    details = {} if record is None else {"record": str(record)}
    history.record_once(
        session,
        subject,
        Action.RECORD_VIEWED,
        student_id,
        key=f"view {subject.user_id} {where} {subject.purpose} {student_id} {part} {record or ''}".rstrip(),
        within=AGAIN_AFTER,
        student_id=student_id,
        part=part.value,
        **details,
    )
