"""Requests that need the database wait for their turn on the event loop, in the order in which they came.

A request holds a connection between its threads: one finds out who is asking, the next one answers. Requests that
waited for a connection inside a thread held all threads once there were more of them than connections, and those that
had a connection found no thread to go on in: nobody got any further until the pool gave up after ten seconds.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from app.core.errors import Unavailable

_KEPT_FREE = 3
"""Connections for what does not wait here: a sign-in, a person who is identified before an upload."""
_FEWEST = 3
_WAIT_SECONDS = 10.0


class Turns:
    """As many requests at once as there are connections for them."""

    def __init__(self, connections: int) -> None:
        self._most = max(_FEWEST, connections - _KEPT_FREE)
        # A test runs an application in several loops; a semaphore belongs to one.
        self._free: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn and have it for the block. Raises Unavailable when none comes in ten seconds."""
        free = self._free.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._most))
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await free.acquire()
        except TimeoutError:
            raise Unavailable(
                "The system is very busy. Nothing was changed; please try again in a moment.",
                headers={"Retry-After": "5"},
            ) from None
        try:
            yield
        finally:
            free.release()
