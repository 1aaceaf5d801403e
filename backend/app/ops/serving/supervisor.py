"""The process that watches the others: it answers nothing, opens no thread, and forks.

A child that dies is started again. SIGTERM (SIGINT, Ctrl-C) ends all of them in good order. SIGHUP replaces them by
others with the code and the settings of that moment: the program takes the place of itself (exec), keeping its number,
the listening socket and its old children; new ones are started, and when they answer, the old ones finish what they
are at. The socket is open all along, so no connection is refused.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

import structlog

from app.ops.errors import OperatorError

log = structlog.get_logger(__name__)

END: Final = signal.SIGTERM
"""Tells a child to end: it answers what it has begun and takes nothing more."""
REPLACED: Final = signal.SIGUSR1
"""Tells a child that another has taken its place: it sees its connections off first."""
READY_SECONDS: Final = 90.0
END_SECONDS: Final = 35.0
SHORTEST_LIFE_SECONDS: Final = 2.0
"""A child that dies sooner is started again when this time is over, and not ten times a second."""
_TAKEN_OVER: Final = "AADA_TAKEN_OVER"
_WISHES: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_HANDLED: Final = (*_WISHES, signal.SIGCHLD)


@dataclass(frozen=True, slots=True)
class Part:
    """What a child does. `work` gets a function to call when it is ready, and the descriptor of a pipe that ends with
    the parent; it returns when the child is to end.
    """

    name: str
    work: Callable[[Callable[[], None], int], None]
    ended: Callable[[], None] = field(default=lambda: None)
    """Called in the parent when a child of this part has died."""


@dataclass(slots=True)
class _Child:
    part: Part
    pid: int
    started: float
    ready: int | None
    """The pipe it says it on; None once it has."""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What the program was given by the one whose place it took."""

    listener: int
    children: tuple[int, ...]
    hold: int
    """The end of the pipe that these children watch."""


def taken_over() -> TakenOver | None:
    """What was handed over, asked once; None at an ordinary start."""
    text = os.environ.pop(_TAKEN_OVER, None)
    if text is None:
        return None
    given = json.loads(text)
    return TakenOver(given["listener"], tuple(given["children"]), given["hold"])


class Supervisor:
    """Runs one child for each part until a signal."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        listener: int,
        refuse_reload: Callable[[], str | None],
        tick: Callable[[], None],
        given: TakenOver | None = None,
    ) -> None:
        """`refuse_reload` says why the program as it is on the disk now would not start; `tick` is called once a
        second; `given` is what was taken over.
        """
        self._parts = parts
        self._listener = listener
        self._refuse_reload = refuse_reload
        self._tick = tick
        self._old = set(given.children if given else ())
        self._old_hold = given.hold if given else None
        self._children: dict[int, _Child] = {}
        self._due: list[tuple[float, Part]] = []
        self._wanted: set[int] = set()
        self._life, self._hold = os.pipe()
        self._woken, waker = os.pipe()
        for end in (self._woken, waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._note) for number in _HANDLED}
        # Those that came while this program took its own place have waited for this: see `_reload`.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _WISHES)

    def run(self, started: Callable[[], None]) -> None:
        """Start everything, call `started` when all answer, and watch until a signal. Raises OperatorError when a
        child cannot even be started.
        """
        try:
            for part in self._parts:
                self._start(part)
            self._wait_until_ready()
            for pid in self._old:
                _send(pid, REPLACED)
            if not self._ending:
                started()
            while not self._ending:
                self._wait(1.0)
                self._reap()
                self._start_due()
                self._tick()
                if signal.SIGHUP in self._wanted:
                    self._wanted.discard(signal.SIGHUP)
                    self._reload()
        finally:
            self._end()

    @property
    def _ending(self) -> bool:
        return bool(self._wanted & {signal.SIGTERM, signal.SIGINT})

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._wanted.add(number)

    def _wait(self, seconds: float, *others: int) -> list[int]:
        """Until a signal, something on the other descriptors, or the time is over; which of them have something."""
        found, _, _ = select.select([self._woken, *others], [], [], seconds)
        if self._woken in found:
            os.read(self._woken, 4096)
        return [one for one in found if one != self._woken]

    def _start(self, part: Part) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        ready, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(ready)
            self._be(part, tell)
        os.close(tell)
        self._children[pid] = _Child(part, pid, time.monotonic(), ready)

    def _be(self, part: Part, tell: int) -> None:
        """The child's whole life. Nothing of the parent's is cleaned up by it."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _HANDLED:
                signal.signal(number, signal.SIG_DFL)
            # Ctrl-C at a terminal goes to everybody in front of it; the parent passes it on.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os.close(self._hold)
            self._let_go()

            def ready() -> None:
                os.write(tell, b".")
                os.close(tell)

            part.work(ready, self._life)
            status = 0
        except SystemExit as left:
            status = left.code if isinstance(left.code, int) else 1
        except BaseException:
            log.exception("serving.child_failed", part=part.name)
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(status)

    def _let_go(self) -> None:
        """Close the pipe that the children watch who were taken over: they have ended, or this is a child itself."""
        if self._old_hold is not None:
            os.close(self._old_hold)
            self._old_hold = None

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + READY_SECONDS
        while not self._ending:
            waiting = {child.ready: child for child in self._children.values() if child.ready is not None}
            if not waiting:
                return
            for descriptor in self._wait(1.0, *waiting):
                child = waiting[descriptor]
                said = os.read(descriptor, 1)
                os.close(descriptor)
                child.ready = None
                if not said:
                    raise OperatorError(
                        f"A process that serves ({child.part.name}) ended while it started; see the log above."
                    )
            if time.monotonic() > until:
                raise OperatorError(f"The server did not answer within {READY_SECONDS:.0f} seconds.")

    def _reap(self) -> None:
        for pid in [*self._children, *self._old]:
            status = _ended(pid)
            if status is None:
                continue
            self._old.discard(pid)
            if not self._old:
                self._let_go()
            child = self._children.pop(pid, None)
            if child is None:
                continue
            if child.ready is not None:
                os.close(child.ready)
            child.part.ended()
            self._due.append((child.started + SHORTEST_LIFE_SECONDS, child.part))
            log.warning("serving.child_died", part=child.part.name, pid=pid, status=status)

    def _start_due(self) -> None:
        now = time.monotonic()
        due, self._due = self._due, []
        for at, part in due:
            if at <= now:
                self._start(part)
            else:
                self._due.append((at, part))
        # Those started again tell that they are ready to nobody who waits for it.
        for child in self._children.values():
            if child.ready is not None and select.select([child.ready], [], [], 0)[0]:
                os.close(child.ready)
                child.ready = None

    def _reload(self) -> None:
        refusal = self._refuse_reload()
        if refusal is not None:
            log.error("serving.reload_refused", reason=refusal)
            return
        # Until the program listens to signals again, one would end it on the spot, or be forgotten.
        signal.pthread_sigmask(signal.SIG_BLOCK, _WISHES)
        if self._ending:
            return
        log.info("serving.reload")
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        given = {
            "listener": self._listener,
            "children": [*self._children, *self._old],
            "hold": self._hold,
        }
        # The children watch the pipe that ends with this process: it goes on under the same number.
        for descriptor in (self._listener, self._hold):
            os.set_inheritable(descriptor, True)
        signal.set_wakeup_fd(-1)
        os.execve(  # noqa: S606 -- this program itself
            sys.executable,
            [sys.executable, *sys.orig_argv[1:]],
            {**os.environ, _TAKEN_OVER: json.dumps(given)},
        )

    def _end(self) -> None:
        remaining = {*self._children, *self._old}
        for pid in remaining:
            _send(pid, END)
        until = time.monotonic() + END_SECONDS
        while remaining and time.monotonic() < until:
            self._wait(0.2)
            remaining = {pid for pid in remaining if _ended(pid) is None}
        for pid in remaining:
            log.error("serving.child_killed", pid=pid)
            _send(pid, signal.SIGKILL)
            _ended(pid, wait=True)
        signal.set_wakeup_fd(-1)
        _restore(self._before)


def _restore(before: Mapping[signal.Signals, object]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)  # type: ignore[arg-type]


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _ended(pid: int, *, wait: bool = False) -> int | None:
    """How a child has ended; None while it runs. Never waits for any other process: the database is a child too."""
    try:
        found, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if found else None
