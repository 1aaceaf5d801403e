"""Pages of other rooms about a lesson, which its own page leads to."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core.permissions import Subject, internal
from app.db.models import Lesson


@dataclass(frozen=True, slots=True)
class LessonLink:
    """A page about a lesson: `path` is its address below that of the lesson.

    `fills` answers which of some lessons are given by the page’s room, so that students can open them without a
    package; `may_begin` whether a lesson that is not could become so, under the label `begin`.
    """

    label: str
    begin: str
    path: str
    icon: str
    shown: Callable[[Subject], bool]
    fills: Callable[[Session, Collection[int]], Collection[int]]
    may_begin: Callable[[Lesson], bool]


_links: dict[str, LessonLink] = {}


@internal("wiring at the start")
def register_lesson_link(link: LessonLink) -> None:
    """Let the page of every lesson lead to this one, where it has something to do with it."""
    _links[link.path] = link


@internal("says what lessons are, and nothing of a student")
def filled(session: Session, lesson_ids: Collection[int]) -> set[int]:
    """Those of these lessons that another room gives."""
    return {number for link in _links.values() for number in link.fills(session, lesson_ids)}


def links_for(
    session: Session, subject: Subject, lesson: Lesson, *, is_empty: bool
) -> list[tuple[LessonLink, bool]]:
    """The pages that this person gets for a lesson, each with whether its room gives the lesson already."""
    found = []
    for link in _links.values():
        if link.shown(subject):
            given = bool(link.fills(session, [lesson.id]))
            if given or (is_empty and link.may_begin(lesson)):
                found.append((link, given))
    return found
