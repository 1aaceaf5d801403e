"""What every change of a class begins with: the right to it, the class itself under a lock, and how it is refused."""

from sqlalchemy.orm import Session

from app.academics.classes import policy, queries
from app.core.errors import FieldError, Invalid, NotFound
from app.core.permissions import Subject
from app.db.models import SchoolClass


def found(session: Session, class_id: int, *, lock: bool = False) -> SchoolClass:
    """The class. Raises NotFound."""
    record = queries.get(session, SchoolClass, class_id, lock=lock)
    if record is None:
        raise NotFound(policy.NO_CLASS)
    return record


def changeable(session: Session, subject: Subject, class_id: int) -> SchoolClass:
    """The class, locked until the transaction ends. Raises Forbidden, NotFound."""
    policy.require_manage(subject)
    return found(session, class_id, lock=True)


def wrong(field: str, sentence: str) -> Invalid:
    """The refusal of one field."""
    return Invalid(sentence, errors=[FieldError(field, sentence)])
