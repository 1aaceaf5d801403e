"""Who may see and change a program's questions, which hold their answers: those who plan the program or teach it."""

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.core import clock
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Permission, Subject
from app.school import service as school

_ELSEWHERE = "There are no such questions, or they belong to a program that you do not teach."


def may_open(subject: Subject) -> bool:
    """Whether the person has to do with questions at all."""
    return subject.may(Permission.CONTENT_CHANGE)


def may_look(subject: Subject) -> bool:
    """Whether the person may see questions of some program: those who write them, and auditors."""
    return may_open(subject) or _audits(subject)


def _audits(subject: Subject) -> bool:
    return subject.may(Permission.CONTENT_READ) and subject.may(Permission.HISTORY_READ)


def plans(subject: Subject) -> bool:
    """Whoever writes lessons without teaching classes, or changes programs, plans every program."""
    return may_open(subject) and (
        subject.may(Permission.ACADEMICS_CHANGE) or not subject.may(Permission.STUDENTS_READ_OWN_CLASSES)
    )


def require_open(subject: Subject) -> None:
    """Raises Forbidden unless `may_open`."""
    if not may_open(subject):
        raise Forbidden("Your duties do not include the questions of quizzes. Ask a content author.")


def may_edit(session: Session, subject: Subject, program_id: int) -> bool:
    """Those who plan lessons, and instructors of a class of the program."""
    if not may_open(subject):
        return False
    today = clock.today(school.facts(session).zone)
    return plans(subject) or classes.teaches_program(session, subject.user_id, program_id, today)


def may_read(session: Session, subject: Subject, program_id: int) -> bool:
    """Those who may edit, and auditors, who see everything."""
    return _audits(subject) or may_edit(session, subject, program_id)


def require_read(session: Session, subject: Subject, program_id: int) -> None:
    """Raises Forbidden for those who have nothing to do with questions, NotFound for those of other programs."""
    if not may_look(subject):
        raise Forbidden("Your duties do not include the questions of quizzes. Ask a content author.")
    if not may_read(session, subject, program_id):
        raise NotFound(_ELSEWHERE)


def require_edit(session: Session, subject: Subject, program_id: int) -> None:
    """Raises Forbidden for those who have nothing to do with questions, NotFound for those of other programs."""
    require_open(subject)
    if not may_edit(session, subject, program_id):
        raise NotFound(_ELSEWHERE)
