"""One box that finds things: each room registers what it can find."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Text, false, literal, select, union_all
from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.core.search import values, words_left_open
from app.db.ready import Kept
from app.web.listing import unread

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


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    find: Find
    order: int
    listed: bool


_kinds: dict[str, _Kind] = {}
_first_looks = Kept()
_MOST_WORDS = 6
"""Searches of more words ask each kind at once."""


def register(name: str, find: Find, *, order: int = 100, listed: bool = True) -> None:
    """Add a kind of thing to the search; lower `order` comes first.

    `listed` says that `find` reads the page of one `Listing`, whose statement follows from the words by
    `core.search.matches`, from what the person may, from the day and the school's policies, and from nothing else.
    """
    _kinds[name] = _Kind(name, find, order, listed)


def search(
    session: Session, subject: Subject, words: str, *, today: date | None = None, revision: int | None = None
) -> list[Found]:
    """What the words find, by kind; kinds of which nothing was found are left out.

    With the day and the number under which the school's policies are known, one statement that is kept says of which
    kinds there is anything: most words name a person or a program, and a dozen other lists need not be put together.
    """
    if not words:
        return []
    kinds = sorted(_kinds.values(), key=lambda kind: (kind.order, kind.name))
    if today is not None and revision is not None and len(words.split()) <= _MOST_WORDS:
        some = _with_any(session, subject, words, today, revision)
        kinds = [kind for kind in kinds if not kind.listed or kind.name in some]
    found = (kind.find(session, subject, words) for kind in kinds)
    return [kind for kind in found if kind is not None and kind.hits]


def _with_any(session: Session, subject: Subject, words: str, today: date, revision: int) -> set[str]:
    """The kinds with a list that has anything for these words."""
    listed = [kind for kind in _kinds.values() if kind.listed]

    def first_look() -> Any:
        parts = []
        for kind in listed:
            with unread() as lists, words_left_open():
                kind.find(session, subject, words)
            parts += [select(literal(kind.name, Text).label("kind")).where(one.any()) for one in lists]
        return union_all(*(parts or [select(literal("", Text).label("kind")).where(false())]))

    key = (subject.sees_as, len(words.split()), today, revision, tuple(kind.name for kind in listed))
    return {row.kind for row in _first_looks.of(key, first_look).rows(session, **values(words))}
