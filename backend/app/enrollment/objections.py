"""What stands in the way of an enrollment's end, as higher rooms see it.

A room that may object (the student is clocked in, a balance is due) registers a question here, with the sentence it
answers in; enrollment knows none of these rooms.
"""

from collections.abc import Callable, Collection, Sequence
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

Among = Callable[[Session, Collection[int]], Collection[int]]
"""Which of these enrollments there may be an objection to, in one query: for lists, which would ask each otherwise."""

_asks: dict[str, tuple[Ask, Among | None]] = {}


@internal("wiring at the start")
def register(name: str, ask: Ask, among: Among | None = None) -> None:
    """Have `ask` answer before an enrollment ends; None means no objection. In a list only those `among` are asked."""
    _asks[name] = ask, among


def objections(session: Session, subject: Subject, ending: Ending) -> list[Objection]:
    """Everything that stands in the way, in the order of registration."""
    answers = (ask(session, subject, ending) for ask, _among in _asks.values())
    return [answer for answer in answers if answer is not None]


def objections_to_many(
    session: Session, subject: Subject, endings: Sequence[Ending]
) -> dict[int, list[Objection]]:
    """The same for a list that is looked at, by enrollment; those without an objection are left out."""
    found: dict[int, list[Objection]] = {}
    for ask, among in _asks.values():
        numbers = [one.enrollment_id for one in endings]
        asked = set(numbers) if among is None else set(among(session, numbers))
        for one in endings:
            answer = ask(session, subject, one) if one.enrollment_id in asked else None
            if answer is not None:
                found.setdefault(one.enrollment_id, []).append(answer)
    return found
