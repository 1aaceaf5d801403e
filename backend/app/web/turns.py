"""Requests that need the database wait for their turn on the event loop, in the order in which they came.

A request holds a connection between its threads: one finds out who is asking, the next one answers. Requests that
waited for a connection inside a thread held all threads once there were more of them than connections, and those that
had a connection found no thread to go on in: nobody got any further until the pool gave up after ten seconds.

And threads of Python take turns anyway. Twelve at once fetched from each other what each of them needed for a
moment, and the event loop waited behind them: a third of the requests a second that two at once answer, and the
slowest of a hundred took four times as long. So two are at work at once, and one that takes long (an export, a lock
that somebody holds) is no longer counted: the others go on beside it, up to the number of connections.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from app.core.errors import Unavailable

AT_ONCE = 2
LONG_SECONDS = 0.15
"""From here on a request is not counted among those at work at once."""
_KEPT_FREE = 3
"""Connections for what does not wait here: a sign-in, a person who is identified before an upload."""
_FEWEST = 3
_WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Free:
    """What is free in one event loop: a test runs an application in several, and a semaphore belongs to one."""

    connections: asyncio.Semaphore
    at_once: asyncio.Semaphore


class Turns:
    """As many requests at once as two, and those that take long, as far as there are connections."""

    def __init__(self, connections: int) -> None:
        self._connections = max(_FEWEST, connections - _KEPT_FREE)
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Free] = WeakKeyDictionary()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn and have it for the block. Raises Unavailable when none comes in ten seconds."""
        loop = asyncio.get_running_loop()
        free = self._loops.get(loop)
        if free is None:
            free = _Free(asyncio.Semaphore(self._connections), asyncio.Semaphore(AT_ONCE))
            self._loops[loop] = free
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await free.at_once.acquire()
                try:
                    await free.connections.acquire()
                except BaseException:
                    free.at_once.release()
                    raise
        except TimeoutError:
            raise Unavailable(
                "The system is very busy. Nothing was changed; please try again in a moment.",
                headers={"Retry-After": "5"},
            ) from None
        give_back = _once(free.at_once.release)
        timer = loop.call_later(LONG_SECONDS, give_back)
        try:
            yield
        finally:
            timer.cancel()
            give_back()
            free.connections.release()


def _once(act: Callable[[], None]) -> Callable[[], None]:
    """The act, done the first time alone."""
    done = False

    def acted() -> None:
        nonlocal done
        if not done:
            done = True
            act()

    return acted
