"""What every act on a complaint shares: find it, write the step down, record it."""

from typing import Any

from sqlalchemy.orm import Session

from app.compliance.complaints import policy, queries
from app.core import history
from app.core.actions import Action
from app.core.errors import Conflict
from app.core.permissions import Actor
from app.db.models import Complaint, ComplaintStep
from app.rules import complaints as rules


def find(session: Session, subject: Actor, complaint_id: int, *, lock: bool = False) -> Complaint:
    """One complaint. Raises NotFound for what the person may not read."""
    return policy.require_readable(subject, queries.complaint(session, complaint_id, lock=lock))


def at_work(session: Session, subject: Actor, complaint_id: int, step: str | None = None) -> Complaint:
    """One complaint, locked, for a step of the school's. Raises NotFound, Forbidden, Conflict."""
    row = policy.require_work(subject, queries.complaint(session, complaint_id, lock=True))
    if step is not None:
        require_step(row, step)
    return row


def require_step(row: Complaint, step: str) -> None:
    """Raises Conflict where the state does not allow the step."""
    if not rules.may(step, row.state):
        raise Conflict(
            f"Complaint {row.number} is in the state “{rules.STATES[row.state]}” by now, so this can’t be done. "
            "Nothing was saved; open the page again."
        )


def note_step(
    session: Session, subject: Actor, row: Complaint, step: str, words: str = "", *, private: bool = False
) -> None:
    """Write down what was done, in the complaint itself."""
    queries.add(
        session,
        ComplaintStep(
            complaint_id=row.id, step=step, words=words or None, private=private, done_by=subject.user_id
        ),
    )


def record(session: Session, subject: Actor, action: Action, row: Complaint, **details: Any) -> None:
    """The history's row; no timeline of a student shows it, because whoever reads that may be whom it is about."""
    history.record(session, subject, action, row.id, number=row.number, **details)
