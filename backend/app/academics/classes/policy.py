"""Who may see and change classes. Other people's classes are not found rather than forbidden."""

from app.core.errors import Forbidden, NotFound
from app.core.permissions import Permission, Subject

NO_CLASS = "There is no such class, or you don’t have access to it. Go back to the list of classes."


def may_manage(subject: Subject) -> bool:
    """Making classes, their timetables and rosters."""
    return subject.may(Permission.CLASSES_MANAGE)


def require_manage(subject: Subject) -> None:
    if not may_manage(subject):
        raise Forbidden("Only registrars and administrators can change classes.")


def may_read_all(subject: Subject) -> bool:
    """Whoever reads every student's records sees every class and its roster."""
    return may_manage(subject) or subject.may(Permission.STUDENTS_READ_ALL)


def require_read_all(subject: Subject) -> None:
    if not may_read_all(subject):
        raise Forbidden("Your duties do not include the schedules and rosters of all classes.")


def may_list(subject: Subject) -> bool:
    """Others of the staff see the classes that they teach."""
    return may_read_all(subject) or subject.may(Permission.ACADEMICS_READ)


def require_list(subject: Subject) -> None:
    if not may_list(subject):
        raise Forbidden("Classes are managed by school staff. Your own meetings are on your Today page.")


def may_read(subject: Subject, *, teaches: bool) -> bool:
    """Whether this person may see a class that they teach, or do not."""
    return may_read_all(subject) or (teaches and may_list(subject))


def require_read(subject: Subject, *, teaches: bool) -> None:
    if not may_read(subject, teaches=teaches):
        raise NotFound(NO_CLASS)
