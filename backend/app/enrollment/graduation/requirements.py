"""What a student needs to graduate, as each room sees it.

A room registers a question that is answered for many students at once, so that the checklist of a class costs as many
queries as that of one student. Enrollment knows none of these rooms; progress and admission documents are its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.permissions import internal
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

_asks: dict[str, tuple[int, Ask]] = {}


@internal("wiring at the start")
def register(name: str, ask: Ask, *, order: int = 100) -> None:
    """Add a requirement; lower `order` comes first in the checklist."""
    _asks[name] = (order, ask)


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
