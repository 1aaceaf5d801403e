"""What the requests of one process share: connections, memory, the writer, the file store."""

import asyncio
from collections.abc import Callable, Iterator
from typing import TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from app.lrs.engine import liveness
from app.lrs.engine.access import Access, AccessChecker
from app.lrs.engine.agents.service import Directory
from app.lrs.engine.operations import Operation, run
from app.lrs.engine.port import Port
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements.consistency import Consistency
from app.lrs.engine.statements.cursors import Cursors
from app.lrs.engine.statements.writer import Pool, Writer

T = TypeVar("T")
_END: object = object()
# Every statement of the store looks keys up or walks an index, and is planned once for each connection: a plan made
# while the tables were young must be good when they are large.
OPTIONS = (
    "-c timezone=UTC -c lock_timeout=20s -c statement_timeout=60s -c jit=off -c plan_cache_mode=force_generic_plan"
    " -c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
    " -c max_parallel_workers_per_gather=0"
)


class Runtime:
    """The LRS of one process. Opens its connections with the first request."""

    def __init__(self, port: Port) -> None:
        self._port = port
        self.files = port.files
        self.admit = port.admit
        self.cursors = Cursors(*port.secrets)
        self.directory = Directory(port)
        self.access_checker = AccessChecker(port)
        self._opening = asyncio.Lock()
        self.checking = asyncio.Lock()
        self.consistency = Consistency()
        self._pool: Pool | None = None
        self._writing: Pool | None = None
        self._writer: Writer | None = None

    async def open(self) -> None:
        """Make the pool; called again it does nothing."""
        async with self._opening:
            if self._pool is None:
                # The writer has a connection of its own: no number of slow readers keeps statements from being stored.
                self._pool, self._writing = self._made(2, 8), self._made(1, 1)
                await self._pool.open()
                await self._writing.open()
                self._writer = Writer(self._writing, self.directory, self.consistency)

    async def close(self) -> None:
        """Answer what was taken, then give the connections back."""
        if self._writer is not None:
            await self._writer.close()
        for pool in (self._pool, self._writing):
            if pool is not None:
                await pool.close()
        self._pool = self._writing = self._writer = None

    def _made(self, smallest: int, largest: int) -> Pool:
        return AsyncConnectionPool(
            self._port.database_url,
            kwargs={
                "autocommit": True,
                "prepare_threshold": 2,
                "application_name": "aada xapi",
                "options": OPTIONS,
                "connect_timeout": 5,
            },
            min_size=smallest,
            check=liveness.check,
            max_size=largest,
            timeout=10,
            # Give up early and begin again with the next request: the pool's own pauses grow to minutes,
            # and a database that is back would not be noticed.
            reconnect_timeout=3,
            open=False,
        )

    @property
    def writer(self) -> Writer:
        assert self._writer is not None  # noqa: S101 -- open() came first
        return self._writer

    async def read(self, operation: Operation[T]) -> T:
        """Run an operation that only reads, outside any transaction."""
        return await self._run(operation, transaction=False)

    async def write(self, operation: Operation[T]) -> T:
        """Run an operation in one transaction, committed when this returns."""
        return await self._run(operation, transaction=True)

    async def _run(self, operation: Operation[T], *, transaction: bool) -> T:
        assert self._pool is not None  # noqa: S101 -- open() came first
        try:
            async with self._pool.connection() as connection:
                if not transaction:
                    return await run(connection, operation)
                async with connection.transaction():
                    return await run(connection, operation)
        except (psycopg.OperationalError, PoolTimeout):
            raise Refusal(
                "The database does not answer; try again in a moment.",
                status=503,
                headers={"Retry-After": "5"},
            ) from None

    async def access(self, header: str | None, address: str | None) -> Access:
        """Who sends this Authorization header from a network address; `Refusal` 401 or 429."""
        known = self.access_checker.remembered(header)
        if known is not None:
            return known
        return await self.read(self.access_checker.check(header, address))

    async def access_again(self, header: str | None) -> Access:
        """Who sends this header, checked again in the middle of a request; `Refusal` 401."""
        return await self.read(self.access_checker.check_again(header))

    async def next_chunk(self, chunks: Iterator[bytes]) -> bytes | None:
        """The next piece of a stored file, read beside the event loop."""
        found = await asyncio.to_thread(next, chunks, _END)
        return found if isinstance(found, bytes) else None

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do something that keeps the processor busy for long, or waits for a disk, in a thread."""
        return await asyncio.to_thread(work)
