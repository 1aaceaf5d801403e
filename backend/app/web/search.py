"""One box that finds things: each room registers what it can find."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core.permissions import Subject

MOST = 20
"""How many hits of a kind the results show."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. `icon` is a name listed in `icons.txt`."""

    title: str
    text: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class Found:
    """Things of one kind, `total` of them in all, and the address of the whole list."""

    heading: str
    hits: list[Hit]
    total: int
    more: str


Find = Callable[[Session, Subject, str], Found | None]
"""Finds things by the words for a person; None for a kind that this person does not search."""

_kinds: dict[str, tuple[int, Find]] = {}


def register(name: str, find: Find, *, order: int = 100) -> None:
    """Add a kind of thing to the search; lower `order` comes first."""
    _kinds[name] = (order, find)


def search(session: Session, subject: Subject, words: str) -> list[Found]:
    """What the words find, by kind; kinds of which nothing was found are left out."""
    if not words:
        return []
    ordered = sorted(_kinds.items(), key=lambda item: (item[1][0], item[0]))
    found = (find(session, subject, words) for _name, (_order, find) in ordered)
    return [kind for kind in found if kind is not None and kind.hits]
