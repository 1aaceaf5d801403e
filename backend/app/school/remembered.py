"""What a process remembers of the school between requests: right for as long as the school's row has one revision.

The number is read with the session of each request, in the request's own transaction, so that all processes see a
change with the next request that begins after it. A transaction that changes something itself, or that never
learned the number (a job, a command), remembers nothing and looks everything up.
"""

from collections.abc import Callable, Hashable
from typing import TypeVar

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import Session

from app.db.models import School
from app.db.session import REVISION

__internal__ = "keeps what its callers have read"

T = TypeVar("T")


def revision() -> ScalarSelect[int | None]:
    """The school's revision as a column of another statement; NULL before the first start."""
    found: ScalarSelect[int | None] = select(School.revision).scalar_subquery()
    return found


def seen(session: Session, number: int | None) -> None:
    """This transaction begins with the school as it is at this revision."""
    session.info[REVISION] = number


def seen_by(session: Session) -> int | None:
    """The revision that the transaction began with, unless it has changed something since."""
    number: int | None = session.info.get(REVISION)
    return number


def forget(session: Session) -> None:
    """The transaction changes what is remembered."""
    session.info.pop(REVISION, None)


def remembered(session: Session, name: Hashable, load: Callable[[], T]) -> T:
    """What `load` returned at this revision: a value that nobody changes, and no row of the session."""
    number = seen_by(session)
    memory: dict[Hashable, tuple[int, T]] | None = session.info.get("memory")
    if number is None or memory is None:  # a session that is not of a `Database` has none
        return load()
    kept = memory.get(name)
    if kept is None or kept[0] != number:
        memory[name] = kept = (number, load())
    return kept[1]
