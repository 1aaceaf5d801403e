"""A process that answers: uvicorn, with connections taken from the socket that all of them share."""

from __future__ import annotations

import asyncio
import errno
import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog
import uvicorn

from app.core.shared import Numbers
from app.ops.http_protocol import BoundedHeadProtocol, BusyProtocol

log = structlog.get_logger(__name__)

MOST_CONNECTIONS: Final = 1_000
"""Open connections that a process serves; those beyond get a 503 with Retry-After, and
/healthz."""
_MOST_REFUSED: Final = 8_000
_FULL = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_AFTERWARDS = frozenset({errno.EAGAIN, errno.EINTR, errno.ECONNABORTED, errno.EPROTO, errno.EPERM})
_PAUSE_SECONDS: Final = 0.1
_LET_GO_FIRST_SECONDS: Final = 0.001
_LONGEST_POLITENESS: Final = 5


def wait_for_end(life: int) -> None:
    """Block until a signal to end, or until the parent is gone."""
    told, tell = socket.socketpair()
    tell.setblocking(False)
    signal.set_wakeup_fd(tell.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, lambda _number, _frame: None)
    select.select([life, told.fileno()], [], [])
    # A stop often comes twice, from a terminal or service manager and from the parent: the sockets are gone by then.
    signal.set_wakeup_fd(-1)


class Share:
    """How many connections each process has, in memory they share; -1 for one that takes none."""

    def __init__(self, processes: int) -> None:
        self._counts = Numbers(processes)
        for place in range(processes):
            self._counts[place] = -1

    def set(self, place: int, connections: int) -> None:
        self._counts[place] = connections

    def is_busiest(self, place: int) -> bool:
        """Whether some other process that takes connections has fewer."""
        own = self._counts[place]
        return any(0 <= self._counts[other] < own for other in range(self._counts.size))


class Acceptor:
    """Takes connections one at a time, and lets a process with fewer take them first.

    Left to the system, the process that wakes up first takes all that wait, and one core serves them.
    """

    def __init__(
        self,
        listener: socket.socket,
        share: Share,
        place: int,
        serving: Callable[[], BoundedHeadProtocol],
    ) -> None:
        self._listener = listener
        self._share = share
        self._place = place
        self._serving = serving
        self._loop = asyncio.get_running_loop()
        self._open = self._refused = self._polite = 0
        self._making: set[asyncio.Task[object]] = set()
        self._stopped = False

    def start(self) -> None:
        self._listener.setblocking(False)
        self._count(0)
        self._listen()

    def stop(self) -> None:
        """Take no more; what waits is for the other processes."""
        self._stopped = True
        self._loop.remove_reader(self._listener)
        self._share.set(self._place, -1)

    def _listen(self) -> None:
        if not self._stopped:
            self._loop.add_reader(self._listener, self._take)

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._loop.call_later(seconds, self._listen)

    def _take(self) -> None:
        if self._polite < _LONGEST_POLITENESS and self._share.is_busiest(self._place):
            self._polite += 1
            self._pause(_LET_GO_FIRST_SECONDS)
            return
        self._polite = 0
        try:
            taken, _address = self._listener.accept()
        except OSError as error:
            if error.errno in _FULL:
                log.error("serving.no_more_connections", reason=error.strerror)
                self._pause(_PAUSE_SECONDS)
            elif error.errno not in _AFTERWARDS:
                raise
            return
        taken.setblocking(False)
        if self._open < MOST_CONNECTIONS:
            self._count(1)
            self._make(taken, self._served)
        elif self._refused < _MOST_REFUSED:
            self._refused += 1
            self._make(taken, lambda: BusyProtocol(self._refusal_gone))
        else:
            taken.close()

    def _make(self, taken: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
        task = self._loop.create_task(self._loop.connect_accepted_socket(protocol, taken))
        self._making.add(task)
        task.add_done_callback(self._made)

    def _made(self, task: asyncio.Task[object]) -> None:
        self._making.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.debug("serving.connection_failed", reason=str(task.exception()))

    def _served(self) -> BoundedHeadProtocol:
        protocol = self._serving()
        protocol.gone = lambda: self._count(-1)
        return protocol

    def _refusal_gone(self) -> None:
        self._refused -= 1

    def _count(self, more: int) -> None:
        self._open += more
        if not self._stopped:
            self._share.set(self._place, self._open)


class Server(uvicorn.Server):
    """uvicorn with our way of taking connections and of ending."""

    sees_off_seconds = 3.0
    """How long connections that are kept open are served on, each closed with its next answer, when others have
    taken over."""

    def __init__(
        self,
        config: uvicorn.Config,
        listener: socket.socket,
        share: Share,
        place: int,
        *,
        life: int,
        ready: Callable[[], None],
    ) -> None:
        """`life` is a pipe that ends with the parent; `ready` is called when connections are taken."""
        super().__init__(config)
        self._listener = listener
        self._share = share
        self._place = place
        self._life = life
        self._ready = ready
        self._replaced = False
        self._acceptor: Acceptor | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._leave, False)
        loop.add_signal_handler(signal.SIGUSR1, self._leave, True)
        yield

    def _leave(self, replaced: bool) -> None:
        self._replaced = replaced
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        loop = asyncio.get_running_loop()
        self._acceptor = Acceptor(self._listener, self._share, self._place, self._protocol)
        self._acceptor.start()
        loop.add_reader(self._life, self._leave, False)
        self._ready()

    def _protocol(self) -> BoundedHeadProtocol:
        return BoundedHeadProtocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._life)
        if self._acceptor is not None:
            self._acceptor.stop()
        if self._replaced:
            BoundedHeadProtocol.closing = True
            until = loop.time() + self.sees_off_seconds
            while self.server_state.connections and loop.time() < until:  # noqa: ASYNC110 -- as uvicorn does
                await asyncio.sleep(0.05)
        await super().shutdown([])
