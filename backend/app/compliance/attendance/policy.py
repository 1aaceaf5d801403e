"""Who may see and change clock hours: a student sees her own, the staff all; only the staff correct."""

from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Subject

NO_RECORD = "There is no such attendance record, or you don’t have access to it."
NO_PERSON = "There is no such student, or you don’t have access to it."


def require_view(subject: Subject, user_id: int) -> None:
    """Raises NotFound for another student's hours."""
    if not subject.is_staff and subject.user_id != user_id:
        raise NotFound(NO_PERSON)


def require_clock(subject: Subject) -> None:
    """Raises Forbidden for the staff, who have no clock."""
    if not subject.is_student:
        raise Forbidden(
            "Only students clock in and out. Enter or correct a student's hours under Attendance."
        )


def require_correct(subject: Subject) -> None:
    """Raises Forbidden for students. Whose hours they are is `require_correct_for`'s question."""
    if not subject.is_staff:
        raise Forbidden("Only school staff can correct attendance. Ask a staff member.")


def require_correct_for(subject: Subject, user_id: int) -> None:
    """Raises Forbidden for students, and for everybody where the hours are their own."""
    require_correct(subject)
    require_not_own(subject, user_id, "hours")
