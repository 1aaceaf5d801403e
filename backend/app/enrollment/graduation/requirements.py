"""What a student needs to graduate, as each room sees it.

A room registers a question that is answered for many students at once, so that the checklist of a class costs as many
queries as that of one student. Enrollment knows none of these rooms; progress and admission documents are its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.permissions import Actor, internal
from app.rules.graduation import Requirement


@dataclass(frozen=True, slots=True)
class Candidate:
    """An enrollment that may be completed."""

    enrollment_id: int
    user_id: int
    program_id: int
    progress_pct: int
    clock_hours: int | None
    """What the program requires; None where it counts none."""


Ask = Callable[[Session, Sequence[Candidate], date, ZoneInfo], Mapping[int, Requirement]]
"""How a requirement stands on a day, by enrollment; those it does not apply to are left out."""

Opens = Callable[[Session, Actor, int], bool]
"""Whether a person may open the page that a requirement of this student leads to."""

_asks: dict[str, tuple[int, Ask]] = {}
_opens: dict[str, Opens] = {}


@internal("wiring at the start")
def register(name: str, ask: Ask, *, order: int = 100, opens: Opens | None = None) -> None:
    """Add a requirement; lower `order` comes first in the checklist.

    `opens` says who may open the page where the staff see to it; without it, all who see the student.
    """
    _asks[name] = (order, ask)
    if opens is not None:
        _opens[name] = opens


def reachable(
    session: Session, subject: Actor, user_id: int, found: Sequence[Requirement]
) -> list[Requirement]:
    """The checklist of a student without the addresses of pages that this person may not open."""
    return [
        one
        if one.name not in _opens or _opens[one.name](session, subject, user_id)
        else replace(one, href="")
        for one in found
    ]


def checklists(
    session: Session, candidates: Sequence[Candidate], today: date, zone: ZoneInfo
) -> dict[int, list[Requirement]]:
    """The checklist of each enrollment, in order."""
    found: dict[int, list[Requirement]] = {one.enrollment_id: [] for one in candidates}
    if candidates:
        for _name, (_order, ask) in sorted(_asks.items(), key=lambda item: (item[1][0], item[0])):
            for enrollment_id, requirement in ask(session, candidates, today, zone).items():
                found[enrollment_id].append(requirement)
    return found
