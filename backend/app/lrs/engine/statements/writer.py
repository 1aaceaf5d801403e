"""One durable commit for the requests that wait together.

A commit costs a disk flush whatever it carries. Requests that arrive while one is under way are put into the
next, and each is answered only after the commit that holds it. A request that would spoil the others is found
out by storing each alone.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from app.lrs.engine.agents.service import Directory
from app.lrs.engine.operations import FEW, Row, run
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements.consistency import Consistency
from app.lrs.engine.statements.storage import Stored, Submission, store_statements

_MOST_STATEMENTS = 2_000
_ENOUGH = 200
"""Statements that make a commit worth its flush. Of more only half are taken: while the database writes these, the
next requests are read and checked, and neither waits for the other."""
_MOST_WAITING = 20_000
_ATTEMPTS = 4

log = structlog.get_logger(__name__)
Pool = AsyncConnectionPool[psycopg.AsyncConnection[Row]]


@dataclass(slots=True)
class _Waiting:
    submission: Submission
    done: asyncio.Future[None]


class Writer:
    """Takes submissions from any number of requests; one task stores them in order of arrival."""

    def __init__(self, pool: Pool, directory: Directory, consistency: Consistency) -> None:
        self._pool = pool
        self._consistency = consistency
        self._directory = directory
        self._queue: list[_Waiting] = []
        self._statements = 0
        self._task: asyncio.Task[None] | None = None

    async def submit(self, submission: Submission) -> None:
        """Store statements durably. Raises `Refusal`: 409 for a conflict, 503 when it could not be done."""
        if self._statements > _MOST_WAITING:
            raise Refusal(
                "Too many statements are waiting to be stored; send again in a moment.",
                status=503,
                headers={"Retry-After": "2"},
            )
        waiting = _Waiting(submission, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._statements += len(submission.statements)
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="xapi-writer")
        # A client that hangs up does not undo what is being committed.
        await asyncio.shield(waiting.done)

    async def close(self) -> None:
        """Wait until everything taken has been answered."""
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        try:
            while self._queue:
                await self._store(self._take())
        finally:
            self._task = None

    def _take(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        count = 0
        room = min(max(_ENOUGH, self._statements // 2), _MOST_STATEMENTS)
        while self._queue and (not group or count + len(self._queue[0].submission.statements) <= room):
            waiting = self._queue.pop(0)
            count += len(waiting.submission.statements)
            group.append(waiting)
        self._statements -= count
        return group

    async def _store(self, group: list[_Waiting], *, once_more: bool = True) -> None:
        outcome: Sequence[Refusal | None]
        try:
            outcome = (await self._commit(group)).refusals
        except Refusal as fault:
            outcome = [fault] * len(group)
        except Exception as fault:
            # What was learned may have been undone (an account that is gone), so it is looked up again, alone.
            self._directory.forget()
            if once_more:
                for waiting in group:
                    await self._store([waiting], once_more=False)
                return
            log.exception("xapi.store_failed", statements=len(group[0].submission.statements))
            outcome = [_unstorable(fault)]
        for waiting, refusal in zip(group, outcome, strict=True):
            _settle(waiting, refusal)

    async def _play(self, submissions: list[Submission]) -> Stored:
        operation = store_statements(submissions, self._directory)
        few = sum(len(submission.statements) for submission in submissions) <= FEW
        async with self._pool.connection() as connection:
            if not few:
                async with connection.transaction():
                    return await run(connection, operation)
            # Two round trips in all: one that learns what is known, one that writes and commits.
            async with connection.pipeline(), connection.transaction():
                return await run(connection, operation, pipelined=True)

    async def _commit(self, group: list[_Waiting]) -> Stored:
        submissions = [waiting.submission for waiting in group]
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                stored = await self._play(submissions)
                self._directory.remember(stored.found)
                self._consistency.committed(stored.last_key)
                return stored
            except PoolTimeout:
                raise _away() from None
            except psycopg.errors.ProgramLimitExceeded:
                raise
            except psycopg.OperationalError as fault:
                # Deadlock, serialization, restart: nothing or all was stored, and it may be said again.
                log.warning("xapi.store_retry", attempt=attempt, error=str(fault))
                self._directory.forget()
                for submission in submissions:
                    submission.tried = True
                await asyncio.sleep(0.05 * 4**attempt)
        raise _away()


def _settle(waiting: _Waiting, refusal: Refusal | None) -> None:
    if waiting.done.done():
        return
    if refusal is None:
        waiting.done.set_result(None)
    else:
        waiting.done.set_exception(refusal)


def _away() -> Refusal:
    return Refusal(
        "The database does not answer; nothing is certain to be stored. Send the same statements again.",
        status=503,
        headers={"Retry-After": "5"},
    )


def _unstorable(fault: Exception) -> Refusal:
    if isinstance(fault, psycopg.DataError | psycopg.errors.ProgramLimitExceeded):
        message = fault.diag.message_primary or "unknown"
        return Refusal(f"The database cannot store this statement: {message}.")
    return _away()
