"""Directory information: what the school may give out of everybody who has not opted out (34 CFR 99.37).

The school's directory information is the name, the program, the dates of enrollment, and the credential. Never a Social
Security number, an address, a birth date or a student number.
"""

from typing import Any

from sqlalchemy.orm import Session

from app.compliance.privacy import policy, queries
from app.core import clock, history
from app.core.actions import Action
from app.core.directory import may_publish
from app.core.permissions import Actor, Subject
from app.db.models import DirectoryOptOut, User
from app.web.listing import Listing
from app.web.paging import Paging

ITEMS = ("name", "program", "dates of enrollment", "credential and its date")


def is_hidden(session: Session, subject: Subject, student_id: int) -> bool:
    """Whether a student has opted out. Raises NotFound for another's."""
    policy.require_read(session, subject, student_id)
    return not may_publish(session, student_id)


def set_hidden(session: Session, subject: Subject, student_id: int, *, hidden: bool) -> None:
    """The student opts out or allows it again; also the office, on a letter of theirs. Twice is once.

    Raises NotFound for another's.
    """
    policy.require_own_or_manage(session, subject, student_id)
    found = queries.open_opt_out(session, student_id, lock=True)
    if hidden and found is None:
        row = DirectoryOptOut(student_id=student_id, started_at=clock.now(), started_by=subject.user_id)
        queries.add(session, row)
        history.record(session, subject, Action.DIRECTORY_OPTED_OUT, row.id, student_id=student_id)
    elif not hidden and found is not None:
        found.ended_at, found.ended_by = clock.now(), subject.user_id
        session.flush()
        history.record(session, subject, Action.DIRECTORY_ALLOWED, found.id, student_id=student_id)


def list_directory(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """What may be given out, without those who opted out. Sorts: student, program, enrolled."""
    policy.require_list(subject)
    return queries.directory(session, paging, policy.visible(session, subject, User.id))
