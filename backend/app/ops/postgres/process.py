"""One running server process of a cluster: started, waited for, and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping

from app.ops.errors import OperatorError
from app.ops.postgres import postmaster
from app.ops.postgres.home import Home
from app.ops.postgres.launch import last_words, spawn


class Process:
    """The server process of `home`, whoever started it; `child` is it where this program did."""

    def __init__(
        self, home: Home, *, settings: Mapping[str, str], ends_with_program: bool, timeout_seconds: float
    ) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self._home = home
        self._settings = dict(settings)
        self._ends_with_program = ends_with_program
        self._timeout = timeout_seconds

    def running(self) -> postmaster.Postmaster | None:
        """The live server, or None. Raises OperatorError where this user may not look."""
        if self.child is not None and self.child.poll() is not None:
            self.child = None if self.child.returncode == 0 else self.child
        try:
            return postmaster.read(self._home.data)
        except PermissionError as error:
            raise OperatorError(
                f"You may not read {self._home.data}: run this as the user who owns it, or set DATA_DIR."
            ) from error

    def start(self) -> None:
        """Start one where none runs, with a new cluster if need be. Raises OperatorError."""
        programs, user, sockets = self._home.make_ready(self._settings)
        self._wait_for_leftover_workers()
        postmaster.forget_stale(self._home.data, sockets)
        self.child = spawn(
            programs, self._home.data, self._home.log, user, ends_with_program=self._ends_with_program
        )

    def wait_until_ready(self) -> None:
        """Wait until it answers. Raises OperatorError with what its log says when it does not."""
        log, deadline = self._home.log, time.monotonic() + self._timeout
        while time.monotonic() < deadline:
            running = self.running()
            if running is not None and running.ready:
                return
            if self.child is not None and self.child.poll() is not None:
                raise OperatorError(f"PostgreSQL did not start: {last_words(log)} (see {log}).")
            if running is None and self.child is None:
                raise OperatorError(f"PostgreSQL stopped while it was starting: {last_words(log)}.")
            time.sleep(0.02)
        raise OperatorError(f"PostgreSQL did not answer within {self._timeout:.0f} seconds (see {log}).")

    def stop(self) -> None:
        """Fast shutdown: roll back what is open, write a checkpoint, leave; pulled out after 60 seconds."""
        for demand, patience in ((signal.SIGINT, 60.0), (signal.SIGQUIT, 15.0)):
            running = self.running()
            if running is None:
                break
            try:
                os.kill(running.pid, demand)
            except ProcessLookupError:
                break
            except PermissionError as error:
                raise OperatorError(
                    "The database was started by another user: stop it as that user or as root."
                ) from error
            deadline = time.monotonic() + patience
            while self.running() is not None and time.monotonic() < deadline:
                time.sleep(0.02)
        if self.child is not None:
            self.child.wait(timeout=30)
            self.child = None

    def disown(self) -> None:
        """Leave the process to others. Python would warn of a child that nobody waits for: here that is meant."""
        if self.child is not None and self.child.poll() is None:
            self.child.returncode = 0
        self.child = None

    def _wait_for_leftover_workers(self) -> None:
        deadline = time.monotonic() + 30
        while postmaster.workers_left(self._home.data) and time.monotonic() < deadline:
            time.sleep(0.1)
