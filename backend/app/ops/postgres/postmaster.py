"""Is the server of a data directory running? Read from `postmaster.pid`, and checked against the process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Postmaster:
    """A running server: process id, TCP port, and whether it accepts connections."""

    pid: int
    port: int
    ready: bool


def read(data: Path) -> Postmaster | None:
    """The live server of `data`, or None when there is none (a stale file left by a crash counts as none)."""
    lines = _lines(data)
    if not lines or not lines[0].lstrip("-").isdigit():
        return None
    pid = abs(int(lines[0]))
    if not belongs(pid, data):
        return None
    port = int(lines[3]) if len(lines) > 3 and lines[3].strip().isdigit() else 0
    ready = len(lines) > 7 and lines[7].strip() == "ready"
    return Postmaster(pid=pid, port=port, ready=ready)


def crashed(data: Path) -> bool:
    """Whether the server of `data` died without saying goodbye: one that is stopped takes its file away."""
    return bool(_lines(data)) and read(data) is None


def belongs(pid: int, data: Path) -> bool:
    """Whether process `pid` is alive and works in `data`.

    A process id in a stale file may have been given to another program since (in a container that is the
    normal case), and a killed child stays as a zombie until its parent looks; both are distinguished by the
    working directory, which the server sets to its data directory.
    """
    if not alive(pid):
        return False
    if not Path("/proc/self/cwd").exists():
        return True  # no /proc (macOS): PostgreSQL's own check of the file has the last word
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data.resolve()
    except PermissionError:
        # Another user's process: the directory, which is readable by all, names its owner.
        return Path(f"/proc/{pid}").stat().st_uid == data.stat().st_uid and _name(pid) == "postgres"
    except OSError:
        return False


def alive(pid: int) -> bool:
    """Whether a process with this id exists (a zombie counts)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def workers_left(data: Path) -> bool:
    """Whether a process of a killed server still works in `data`."""
    return any(belongs(int(entry.name), data) for entry in Path("/proc").glob("[0-9]*"))


def forget_stale(data: Path, sockets: Path | None) -> None:
    """Remove lock files of a killed server whose process id is taken: by another program, or by its own zombie.

    PostgreSQL removes them itself when nothing has that id. When something has, it refuses to start; the
    caller has made sure (`read`, `workers_left`) that it is not a server of this data directory.
    """
    lines = _lines(data)
    if lines and lines[0].lstrip("-").isdigit() and alive(abs(int(lines[0]))):
        (data / "postmaster.pid").unlink(missing_ok=True)
    if sockets is not None:
        for left in sockets.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)


def _lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
