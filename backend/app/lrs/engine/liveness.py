"""Whether a pooled connection still has its server, asked each time that one is taken.

A server that ends a connection says so on it: there is something to read although nothing was asked. Looking costs
microseconds; a round trip is made only when there is something, or when the connection has not been used for a while
and the network may have dropped it in silence.
"""

from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg_pool import AsyncConnectionPool

from app.core.sockets import has_something_to_read

_QUIET_SECONDS = 5.0

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
_taken_at: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()


async def check(connection: Connection) -> None:
    """For a pool's `check`. Raises `psycopg.OperationalError` for a connection that has been ended."""
    now = monotonic()
    taken_at = _taken_at.get(connection, now)
    if now - taken_at > _QUIET_SECONDS or has_something_to_read(connection.fileno()):
        await AsyncConnectionPool.check_connection(connection)
    _taken_at[connection] = now
