"""Starting the server's process, and reading its last words when it does not stay."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from app.ops.errors import OperatorError
from app.ops.postgres.binaries import PostgresPrograms
from app.ops.postgres.identity import ServerUser

_LOG_LIMIT_BYTES = 20_000_000
_PR_SET_PDEATHSIG = 1
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT")


def environment(programs: PostgresPrograms) -> dict[str, str]:
    """The server's environment: the few variables it needs, none of ours (it has no business with our secrets)."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    kept["LC_ALL"] = "C"
    icu = programs.prefix / "share" / "icu"
    if icu.is_dir():
        kept["ICU_DATA"] = str(icu)
    return kept


def dies_with_parent(demand: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """What to run in a child before its program, so that it gets this signal when the thread that started it ends,
    a killed one included; None where the system cannot do that."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def before() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, demand)
        if os.getppid() != parent:  # killed before the kernel knew: no signal would come any more
            os._exit(1)

    return before


def spawn(
    programs: PostgresPrograms, data: Path, log: Path, user: ServerUser, *, ends_with_program: bool
) -> subprocess.Popen[bytes]:
    """Start `postgres` on `data` in a session of its own: Ctrl-C at the terminal is not for it.

    One that `ends_with_program` is gone when the thread that started it is, however that ended.
    """
    if log.is_file() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    before = dies_with_parent(signal.SIGQUIT) if ends_with_program else None
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        user.own(log)
        return subprocess.Popen(
            [programs.tool("postgres"), "-D", data],
            cwd=data,
            env=environment(programs),
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=handle,
            start_new_session=True,
            preexec_fn=before,  # noqa: PLW1509  (two calls into the kernel)
            **user.credentials,
        )
    except OSError as error:
        raise OperatorError(f"PostgreSQL could not be started: {error}.") from error
    finally:
        os.close(handle)


def last_words(log: Path) -> str:
    """The last thing of weight in the server's log, as one line without its time stamp."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - 8_000))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return "it left no message"
    return one_line(text)


def one_line(text: str) -> str:
    """The last FATAL, PANIC or error line of PostgreSQL's messages, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in reversed(lines):
        for mark in ("FATAL:", "PANIC:", "error:"):
            if mark in line:
                return line.split(mark, 1)[1].strip().rstrip(".")
    return lines[-1].rstrip(".") if lines else "it left no message"
