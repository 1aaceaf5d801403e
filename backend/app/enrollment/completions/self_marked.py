"""Which lessons students mark as done themselves, because nothing else says when they are."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.core.permissions import internal
from app.db.models import ContentType, Lesson
from app.enrollment import lesson_pages
from app.enrollment.completions import queries as completion_queries

_EMPTY = (
    "The school is still preparing this lesson. Nothing was saved; come back when there is something to open."
)
_AUTOMATIC = "This lesson is marked as done automatically. Open it and work through it."
_CHECKED = "Your instructor checks this lesson in person and marks it as done."
Ask = Callable[[Session, int, int], bool]
_asks: dict[str, Ask] = {}


@internal("wiring at the start")
def register(name: str, ask: Ask) -> None:
    """Have `ask` answer, by their numbers, whether the content that a lesson has in an enrollment reports nothing."""
    _asks[name] = ask


def why_not(session: Session, lesson: Lesson, enrollment_id: int) -> str | None:
    """Why the student of an enrollment does not mark this lesson as done, as a sentence; None for a video or document
    elsewhere, and for content that reports nothing, which they do mark."""
    if lesson.needs_check:
        return _CHECKED
    if lesson_pages.pages_of(session, [lesson.id]):
        return _AUTOMATIC
    is_linked = lesson.content_type in (ContentType.VIDEO, ContentType.DOCUMENT)
    if is_linked and not completion_queries.has_package(session, lesson.id):
        return None if lesson.content_url else _EMPTY
    if not is_linked and any(ask(session, lesson.id, enrollment_id) for ask in _asks.values()):
        return None
    return _AUTOMATIC
