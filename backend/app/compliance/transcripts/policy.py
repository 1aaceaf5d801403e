"""Who issues transcripts, reads them, sets holds and decides requests. Other people's are not found."""

from sqlalchemy.orm import Session

from app.core import visibility
from app.core.errors import Forbidden, NotFound
from app.core.permissions import Actor, Permission
from app.core.visibility import Records

NO_TRANSCRIPT = "There is no such transcript, or you don’t have access to it."
NO_ENROLLMENT = "There is no such enrollment, or you don’t have access to it."
NO_STUDENT = "There is no such student, or you don’t have access to it."
NO_REQUEST = "There is no such request, or you don’t have access to it."
NO_BATCH = "There is no such batch of transcripts, or you don’t have access to it."


def may_issue(subject: Actor) -> bool:
    """Official transcripts, and the answers to requests, are the registrar’s."""
    return subject.may(Permission.DOCUMENTS_ISSUE)


def require_issue(subject: Actor) -> None:
    if not may_issue(subject):
        raise Forbidden(
            "Only the registrar issues official transcripts. Students ask for one under Records, and may have an "
            "unofficial copy at any time."
        )


def may_read_all(subject: Actor) -> bool:
    """Whoever reads the register of documents."""
    return subject.may(Permission.DOCUMENTS_READ_ALL)


def require_read_all(subject: Actor) -> None:
    if not may_read_all(subject):
        raise Forbidden("The list of transcripts is for the registrar. Your own are under Records.")


def may_read(session: Session, subject: Actor, user_id: int) -> bool:
    """A student’s transcripts: the student, and those who read all documents of students whom they may see."""
    if subject.user_id == user_id:
        return True
    return may_read_all(subject) and visibility.may_see(session, subject, Records.STUDENTS, user_id)


def require_read(session: Session, subject: Actor, user_id: int, sentence: str = NO_ENROLLMENT) -> None:
    if not may_read(session, subject, user_id):
        raise NotFound(sentence)


def may_see_holds(subject: Actor) -> bool:
    """Those who set holds or read transcripts."""
    return may_hold(subject) or may_read_all(subject)


def require_see_holds(session: Session, subject: Actor, user_id: int) -> None:
    """The student, and those who see holds, of students whom they may see."""
    if subject.user_id != user_id and not (
        may_see_holds(subject) and visibility.may_see(session, subject, Records.STUDENTS, user_id)
    ):
        raise NotFound(NO_STUDENT)


def may_hold(subject: Actor) -> bool:
    """Holds are set by those who issue transcripts and by those who know what is owed."""
    return subject.may(Permission.HOLDS_MANAGE)


def require_hold(subject: Actor) -> None:
    if not may_hold(subject):
        raise Forbidden("Only the registrar and the bursar set and lift holds.")
