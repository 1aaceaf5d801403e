"""Pages of other rooms on which students open lessons of their own kind."""

from collections.abc import Callable, Collection

from sqlalchemy.orm import Session

from app.core.permissions import internal

Pages = Callable[[Session, Collection[int]], dict[int, str]]
"""The addresses of those of these lessons that the room opens."""
_rooms: dict[str, Pages] = {}


@internal("wiring at the start")
def register(name: str, pages: Pages) -> None:
    """Have a room say which lessons students open on a page of its own, and where."""
    _rooms[name] = pages


@internal("says where lessons are opened, and nothing of a student")
def pages_of(session: Session, lesson_ids: Collection[int]) -> dict[int, str]:
    """The addresses of the lessons that have a page of their own."""
    found: dict[int, str] = {}
    for pages in _rooms.values():
        found |= pages(session, lesson_ids)
    return found
