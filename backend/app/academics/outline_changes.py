"""What other rooms do when the lessons of a program change: they register it, and academics knows none of them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

from sqlalchemy.orm import Session

from app.core.permissions import Subject

Around = Callable[[Session, Subject | None, int], AbstractContextManager[None]]
"""Made with the session, the person and the program's number; entered before the change and left after it."""

Removal = Callable[[Session, Sequence[int]], None]
"""Called with the numbers of the lessons that are about to be removed."""

_around: dict[str, Around] = {}
_removals: dict[str, Removal] = {}


def register(name: str, around: Around) -> None:
    """Have `around` entered before the lessons of a program change, and left once they have."""
    _around[name] = around


@contextmanager
def lessons_of_program(session: Session, subject: Subject | None, program_id: int) -> Iterator[None]:
    """Around a change to a program's lessons, in the transaction of the change."""
    with ExitStack() as stack:
        for around in _around.values():
            stack.enter_context(around(session, subject, program_id))
        yield


def register_removal(name: str, removal: Removal) -> None:
    """Have `removal` called before lessons are removed, to take away what is nobody's record."""
    _removals[name] = removal


def lessons_removed(session: Session, lesson_ids: Sequence[int]) -> None:
    """Before lessons are removed, in the transaction that removes them."""
    for removal in _removals.values():
        removal(session, lesson_ids)
