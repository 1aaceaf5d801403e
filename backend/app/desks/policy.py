"""Who finds what on the pages that join several rooms, and who reads the trail and the outbox."""

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Actor, Permission
from app.core.visibility import Records

NO_STUDENT = "There is no such student, or you don’t have access to it."


def may_read_student(subject: Actor) -> bool:
    """The page of a student; whose is the accounts room's question."""
    return visibility.sees_some(subject, Records.STUDENTS)


def require_read_student(subject: Actor) -> None:
    """Raises NotFound unless `may_read_student`."""
    if not may_read_student(subject):
        raise NotFound(NO_STUDENT)


def may_read_hours(subject: Actor) -> bool:
    """Hours of students, on their page and on the first page."""
    return visibility.sees_some(subject, Records.ATTENDANCE)


def may_read_enrollments(subject: Actor) -> bool:
    """Enrollments of students, likewise."""
    return visibility.sees_some(subject, Records.ENROLLMENTS)


def may_read_statements(subject: Actor) -> bool:
    """What the record store holds of students, on their page."""
    return visibility.sees_some(subject, Records.STATEMENTS)


def may_read_withdrawals(subject: Actor) -> bool:
    """Withdrawals that wait, on the first page."""
    return subject.may(Permission.WITHDRAWALS_READ)


def may_read_activity(subject: Actor) -> bool:
    """What happened lately to students whom the person sees."""
    return may_read_student(subject)


def may_read_trail(subject: Actor) -> bool:
    """The whole history."""
    return subject.may(Permission.HISTORY_READ)


def require_read_trail(subject: Actor) -> None:
    """Raises Forbidden unless `may_read_trail`."""
    if not may_read_trail(subject):
        raise Forbidden("The history is for administrators and auditors.")


def may_read_security(subject: Actor) -> bool:
    """Who signed in, who was refused, which keys there are."""
    return subject.may(Permission.SECURITY_READ)


def require_read_security(subject: Actor) -> None:
    """Raises Forbidden unless `may_read_security`."""
    if not may_read_security(subject):
        raise Forbidden("The security page is for administrators and auditors.")


def may_read_outbox(subject: Actor) -> bool:
    """What the system mailed to whom."""
    return subject.may(Permission.MAIL_READ)


def require_read_outbox(subject: Actor) -> None:
    """Raises Forbidden unless `may_read_outbox`."""
    if not may_read_outbox(subject):
        raise Forbidden("The outbox is for administrators and auditors.")


def may_retry_mail(subject: Actor) -> bool:
    """Send a message again."""
    return subject.may(Permission.MAIL_MANAGE)


def require_retry_mail(subject: Actor) -> None:
    """Raises Forbidden unless `may_retry_mail`."""
    if not may_retry_mail(subject):
        raise Forbidden("Only administrators send messages again.")
