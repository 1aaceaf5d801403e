"""Who may see, issue and end credentials. Other people's are not found rather than forbidden."""

from app.core.errors import Forbidden, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Permission

NO_CREDENTIAL = "There is no such credential, or you don’t have access to it."
NO_TYPE = "There is no such type of credential, or you don’t have access to it."


def may_list(subject: Actor) -> bool:
    """The staff's list of everybody's credentials, and the types."""
    return subject.may(Permission.DOCUMENTS_READ_ALL)


def require_list(subject: Actor) -> None:
    """Raises Forbidden unless `may_list`."""
    if not may_list(subject):
        raise Forbidden("This list is for the registrar. Your own credentials are under Credentials.")


def may_open(subject: Actor) -> bool:
    """Who has something to find under Credentials: readers of the list, and students their own."""
    return subject.is_student or may_list(subject)


def may_read(subject: Actor, student_id: int) -> bool:
    """One's own credentials always; others' for those who read every document."""
    return subject.user_id == student_id or may_list(subject)


def require_read(subject: Actor, student_id: int) -> None:
    """Raises NotFound for credentials that this person may not see."""
    if not may_read(subject, student_id):
        raise NotFound(NO_CREDENTIAL)


def may_issue(subject: Actor, student_id: int | None = None) -> bool:
    """Issue, revoke, replace, and say what types there are; never for oneself."""
    return subject.may(Permission.DOCUMENTS_ISSUE) and (
        student_id is None or subject.user_id != student_id or subject.user_id is None
    )


def require_issue(subject: Actor, student_id: int | None = None) -> None:
    """Raises Forbidden unless `may_issue`."""
    if not subject.may(Permission.DOCUMENTS_ISSUE):
        raise Forbidden("Only the registrar issues and revokes credentials. Ask the school’s office.")
    if student_id is not None and subject.user_id is not None:
        require_not_own(subject, student_id, "credentials")


def require_share(subject: Actor, student_id: int) -> None:
    """The holder alone decides who may see their credential."""
    if subject.user_id != student_id:
        if may_list(subject):
            raise Forbidden("Only the student may share their credential. Nothing was changed.")
        raise NotFound(NO_CREDENTIAL)


def require_unshare(subject: Actor, student_id: int) -> None:
    """The holder, and the registrar for one who asks or is gone: switching off reveals nothing."""
    if not may_issue(subject, student_id):
        require_share(subject, student_id)
