"""Who may have documents made, read them and make them void. Other people's are not found rather than forbidden."""

from app.core.errors import Forbidden, NotFound
from app.core.permissions import Actor, Permission, Subject

NO_DOCUMENT = "There is no such document, or you don’t have access to it."


def may_issue(subject: Actor, student_id: int | None) -> bool:
    """The registrar for everybody, a student for themselves: what the document says is read from the records.

    A document without a student is a payer's, and nobody's own.
    """
    return subject.may(Permission.DOCUMENTS_ISSUE) or (subject.is_student and _is_own(subject, student_id))


def _is_own(subject: Actor, student_id: int | None) -> bool:
    return student_id is not None and subject.user_id == student_id


def keeps(subject: Actor, keepers: Permission | None) -> bool:
    """Whether the person keeps documents of a kind that is not the registrar's alone."""
    return keepers is not None and subject.may(keepers)


def require_issue(subject: Actor, student_id: int | None, keepers: Permission | None = None) -> None:
    if not may_issue(subject, student_id) and not keeps(subject, keepers):
        if not may_read(subject, student_id):
            raise NotFound(NO_DOCUMENT)
        raise Forbidden("Only the registrar has documents made. Ask the school’s office.")


def may_read(subject: Actor, student_id: int | None) -> bool:
    """The registrar and auditors read every document, a person their own."""
    return subject.may(Permission.DOCUMENTS_READ_ALL) or _is_own(subject, student_id)


def require_read(subject: Actor, student_id: int | None, keepers: Permission | None = None) -> None:
    if not may_read(subject, student_id) and not keeps(subject, keepers):
        raise NotFound(NO_DOCUMENT)


def may_read_all(subject: Actor) -> bool:
    return subject.may(Permission.DOCUMENTS_READ_ALL)


def require_read_all(subject: Actor) -> None:
    if not may_read_all(subject):
        raise Forbidden(
            "The register of documents is for the registrar. Your own documents are under Documents."
        )


def may_open_list(subject: Subject) -> bool:
    """Who has something to find under Documents: readers of the register, and students their own."""
    return subject.is_student or may_read_all(subject)


def may_change(subject: Actor) -> bool:
    """Replacing a document and making it void."""
    return subject.may(Permission.DOCUMENTS_ISSUE)


def require_change(subject: Actor, keepers: Permission | None = None) -> None:
    if not may_change(subject) and not keeps(subject, keepers):
        raise Forbidden("Only the registrar makes documents void. Ask the school’s office.")


def require_keys(subject: Actor) -> None:
    """Signing keys are the operator's."""
    if not subject.may(Permission.OPERATIONS_CHANGE):
        raise Forbidden("Only the operator changes the keys that documents are signed with.")
