"""Up to which moment everything that was stored can be read (1.0.3 Communication 2.1.3).

Keys grow in the order of commits, and whoever writes holds one lock. So when nobody holds it, all that has an earlier
key than this moment is there to be read; while somebody does, all from before that transaction began.
"""

from time import monotonic

from app.lrs.engine.operations import Operation, Query
from app.lrs.engine.statements import queries
from app.lrs.engine.statements.filters import key_of

_GOOD_FOR_SECONDS = 0.05
"""A moment that was true stays true; asking again only makes it later."""


class Consistency:
    """The process's knowledge of that moment, as a key: microseconds since 1970."""

    def __init__(self) -> None:
        self._through = 0
        self._asked_at = 0.0

    @property
    def known(self) -> int | None:
        """The moment, if it was asked for just now."""
        return self._through if monotonic() - self._asked_at < _GOOD_FOR_SECONDS else None

    def committed(self, key: int) -> None:
        """A write of this process has been committed, up to this key: nobody else had the lock meanwhile."""
        self._through = max(self._through, key)

    def look_up(self) -> Operation[int]:
        """Ask the database. Come before the statements are read, or the answer says too much."""
        asked_at = monotonic()
        for now, since in (yield Query(queries.WRITING_SINCE, (queries.WRITER_LOCK,))):
            self._through = max(self._through, key_of(now if since is None else min(now, since)))
        self._asked_at = asked_at
        return self._through
