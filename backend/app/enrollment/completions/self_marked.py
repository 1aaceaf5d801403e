"""Which lessons students mark as done themselves, because nothing else says when they are."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from app.core.permissions import internal
from app.db.models import ContentType
from app.enrollment.completions import queries as completion_queries

Ask = Callable[[Session, int], bool]
_asks: dict[str, Ask] = {}


@internal("wiring at the start")
def register(name: str, ask: Ask) -> None:
    """Have `ask` answer, by its id, whether a lesson has content that reports nothing."""
    _asks[name] = ask


def is_self_marked(session: Session, lesson_id: int, kind: ContentType) -> bool:
    """Whether a student marks this lesson as done: a video or document elsewhere, and content that reports nothing."""
    if kind in (ContentType.VIDEO, ContentType.DOCUMENT):
        return not completion_queries.has_package(session, lesson_id)
    return any(ask(session, lesson_id) for ask in _asks.values())
