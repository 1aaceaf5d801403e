"""Rendering processes: a few of them, kept a while for the next document, killed when one takes too long.

A process that has compiled must not be forked, so each is started afresh; measured, starting costs about 150 ms once
and a document 25 to 60 ms after that.
"""

import atexit
import contextlib
import os
import subprocess
import sys
import threading
from multiprocessing import Pipe

from app.core.errors import Unavailable
from app.documents.render.job import Failed, Fault, Job, Rendered

PROCESSES = max(1, min(2, os.cpu_count() or 1))
"""How many documents are rendered at a time."""
PATIENCE_SECONDS = 30.0
"""How long somebody waits for a process to become free."""
IDLE_SECONDS = 20.0
"""How long a process waits for the next document."""
HEAVIEST_MIB = 128.0
"""A process that weighs more ends after its document: the compiler forgets nothing as long as it runs."""


class RenderingProcess:
    """One process and the pipe to it."""

    def __init__(self, idle_seconds: float = IDLE_SECONDS, heaviest_mib: float = HEAVIEST_MIB) -> None:
        self._connection, theirs = Pipe()
        limits = [str(theirs.fileno()), str(idle_seconds), str(heaviest_mib)]
        try:
            # An interpreter of its own, not multiprocessing's spawn, which would import the parent's __main__ again.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "app.documents.render.worker", *limits],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if name in _KEPT},
            )
        finally:
            theirs.close()

    def run(self, job: Job) -> Rendered | Failed:
        """Render one document. After SLOW or DIED the process is gone."""
        try:
            self._connection.send(job)
            if not self._connection.poll(job.seconds):
                self.close()
                return Failed(Fault.SLOW, f"it took longer than {job.seconds:g} seconds")
            answer: Rendered | Failed = self._connection.recv()
        except (EOFError, OSError):
            self.close()
            return Failed(Fault.DIED, f"the rendering process ended with status {self._process.returncode}")
        return answer

    @property
    def alive(self) -> bool:
        return not self._connection.closed and self._process.poll() is None

    def close(self) -> None:
        """End the process, whatever it is doing."""
        with contextlib.suppress(OSError):
            self._connection.close()
        self._process.kill()
        self._process.wait()


# What an interpreter and the temporary files need; no setting and no secret of the school's.
_KEPT = frozenset({"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT"})


class Renderer:
    """Renders documents in at most `processes` processes; whoever comes when all are busy waits a while."""

    def __init__(
        self,
        processes: int = PROCESSES,
        patience_seconds: float = PATIENCE_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        heaviest_mib: float = HEAVIEST_MIB,
    ) -> None:
        self._turns = threading.BoundedSemaphore(processes)
        self._patience = patience_seconds
        self._limits = idle_seconds, heaviest_mib
        self._idle: list[RenderingProcess] = []
        self._lock = threading.Lock()

    def run(self, job: Job) -> Rendered | Failed:
        """Raises Unavailable when no process became free in time."""
        if not self._turns.acquire(timeout=self._patience):
            raise Unavailable(
                "Other documents are being made at this moment. No document was made; try again in a minute."
            )
        try:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is not None:
                answer = self._work(worker, job)
                # One that had ended while it was idle says nothing about the job.
                if not (isinstance(answer, Failed) and answer.fault is Fault.DIED):
                    return answer
            try:
                worker = RenderingProcess(*self._limits)
            except OSError as error:
                return Failed(Fault.DIED, f"the rendering process could not be started: {error}")
            return self._work(worker, job)
        finally:
            self._turns.release()

    def _work(self, worker: RenderingProcess, job: Job) -> Rendered | Failed:
        answer = worker.run(job)
        if worker.alive:
            with self._lock:
                self._idle.append(worker)
        return answer

    def close(self) -> None:
        """End the idle processes."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()


_renderer: tuple[int, Renderer] | None = None
_making = threading.Lock()


def renderer() -> Renderer:
    """The one renderer of this process, made when the first document asks for it.

    A process that was forked from one that had a renderer gets its own: the pipes belong to its parent.
    """
    global _renderer
    with _making:
        if _renderer is None or _renderer[0] != os.getpid():
            made = Renderer()
            atexit.register(made.close)
            _renderer = os.getpid(), made
        return _renderer[1]
