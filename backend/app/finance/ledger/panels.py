"""What other rooms of money show a student beside their account: refunds, plans."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core.permissions import Subject


@dataclass(frozen=True, slots=True)
class Panel:
    """A card of the student's Money: a heading, a sentence, and where it leads."""

    title: str
    text: str
    href: str
    link: str


Find = Callable[[Session, Subject], Sequence[Panel]]
_finds: dict[str, Find] = {}


def register(name: str, find: Find) -> None:
    """Show what `find` gives for the signed-in student."""
    _finds[name] = find


def of(session: Session, subject: Subject) -> list[Panel]:
    """Every card for this student."""
    return [one for find in _finds.values() for one in find(session, subject)]
