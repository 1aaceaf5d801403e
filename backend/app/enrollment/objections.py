"""What stands in the way of an enrollment's end, as higher rooms see it.

A room that may object (the student is clocked in, a balance is due) registers a question here, with the sentence it
answers in; enrollment knows none of these rooms.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.permissions import Subject, internal


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason why an enrollment cannot end yet.

    `title` heads the notice, `sentence` says what is wrong and what to do first, `href` and `action` lead to the
    place where it is done. `extra` goes into the problem document of the API.
    """

    title: str
    sentence: str
    href: str
    action: str
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ending:
    """The enrollment that is to end. `lock` is True in the act itself: what the answer rests on must not change
    before the transaction ends (the enrollment is locked already)."""

    enrollment_id: int
    user_id: int
    zone: ZoneInfo
    lock: bool


Ask = Callable[[Session, Subject, Ending], Objection | None]

_asks: dict[str, Ask] = {}


@internal("wiring at the start")
def register(name: str, ask: Ask) -> None:
    """Have `ask` answer before an enrollment ends; None means no objection."""
    _asks[name] = ask


def objections(session: Session, subject: Subject, ending: Ending) -> list[Objection]:
    """Everything that stands in the way, in the order of registration."""
    answers = (ask(session, subject, ending) for ask in _asks.values())
    return [answer for answer in answers if answer is not None]
