"""Holds: while one stands, no official transcript of the student is issued, by anybody.

The staff set one with a reason that the student reads too. A higher room (a balance due, a book not returned) registers
a question, and answers with its sentence.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.compliance.transcripts import policy
from app.compliance.transcripts.holds import queries
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Actor, Subject, internal
from app.db.models import TranscriptHold

Ask = Callable[[Session, int], str | None]
"""Says in a sentence why a student gets no transcript now; None for no reason."""

_asks: dict[str, Ask] = {}


@internal("wiring at the start")
def register(name: str, ask: Ask) -> None:
    """Let a room say what stands in the way of a student’s transcript."""
    _asks[name] = ask


@internal("asked by what was allowed before")
def sentences(session: Session, user_id: int) -> list[str]:
    """Why no transcript of this student is issued now: one sentence each."""
    return sentences_of(session, [user_id])[user_id]


@internal("asked by what was allowed before")
def sentences_of(session: Session, user_ids: Collection[int]) -> dict[int, list[str]]:
    """The same for many students: one query, and what higher rooms ask."""
    found: dict[int, list[str]] = {number: [] for number in user_ids}
    for hold in queries.standing(session, user_ids):
        found[hold.user_id].append(hold.reason)
    for number, reasons in found.items():
        reasons += [one for one in (ask(session, number) for ask in _asks.values()) if one]
    return found


@internal("a step of issuing")
def require_none(session: Session, user_ids: Collection[int]) -> None:
    """Raises Conflict, with every reason, while a hold on one of these students stands."""
    for found in filter(None, sentences_of(session, user_ids).values()):
        raise Conflict(
            f"There is a hold on this student’s transcripts, so none was issued: {in_a_row(found)} Lift the hold first."
        )


def of_student(session: Session, subject: Subject, user_id: int) -> Sequence[Row[Any]]:
    """Every hold of a student with who set and lifted it, the newest first. Raises NotFound."""
    policy.require_see_holds(session, subject, user_id)
    return queries.every(session, user_id)


def student_name(session: Session, subject: Subject, user_id: int) -> str:
    """Whose holds these are. Raises NotFound."""
    policy.require_see_holds(session, subject, user_id)
    name = queries.name_of(session, user_id)
    if name is None:
        raise NotFound(policy.NO_STUDENT)
    return name


def set_hold(session: Session, subject: Actor, user_id: int, reason: str) -> TranscriptHold:
    """Hold back the student’s transcripts: none is issued from the commit on, not even one that is being made.

    Raises Forbidden, NotFound, Conflict where a hold with this reason stands.
    """
    policy.require_hold(subject)
    require_not_own(subject, user_id, "holds")
    policy.require_see_holds(session, subject, user_id)
    if not queries.lock_student(session, user_id):
        raise NotFound(policy.NO_STUDENT)
    if any(known.reason == reason for known in queries.standing(session, [user_id])):
        raise Conflict("There is already a hold with this reason. Nothing was saved.")
    hold = queries.add(session, TranscriptHold(user_id=user_id, reason=reason, set_by=subject.user_id))
    history.record(session, subject, Action.TRANSCRIPT_HOLD_SET, hold.id, student_id=user_id, reason=reason)
    return hold


def lift(session: Session, subject: Actor, hold_id: int, note: str | None) -> TranscriptHold:
    """Let transcripts be issued again, as far as this hold goes. Raises Forbidden, NotFound, Conflict."""
    policy.require_hold(subject)
    hold = queries.find(session, hold_id)
    if hold is None:
        raise NotFound("There is no such hold.")
    policy.require_see_holds(session, subject, hold.user_id)
    require_not_own(subject, hold.user_id, "holds")
    if hold.lifted_at is not None:
        raise Conflict("This hold was lifted already. Nothing was changed.")
    hold.lifted_by, hold.lifted_at, hold.lifted_note = subject.user_id, clock.now(), note
    session.flush()
    history.record(
        session, subject, Action.TRANSCRIPT_HOLD_LIFTED, hold.id, student_id=hold.user_id, note=note
    )
    return hold


@internal("puts words together")
def in_a_row(sentences: Sequence[str]) -> str:
    """Reasons as somebody typed them, each with a full stop at its end."""
    return " ".join(one if one.endswith((".", "!", "?")) else f"{one}." for one in sentences)
