"""A folder for what writes much: in memory where there is room."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

MEMORY = Path("/dev/shm")  # the system's folder in memory
ROOM = 4 << 30
"""Bytes that the folder in memory must have free: a server's databases take a few hundred MB, and there are several."""


@contextmanager
def fast_folder() -> Iterator[Path]:
    """A new folder that every user may enter, for a server and its databases; removed at the end.

    A test's own database is 1,300 files, and a disk that many tests write to takes from 0.2 to 3 seconds to copy them;
    memory takes 0.1.
    """
    own = f"aada-tests-{os.getpid()}."
    with TemporaryDirectory(prefix=own, dir=MEMORY if _has_room() else None) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def _has_room() -> bool:
    """Whether there is memory to spare. What killed runs left there is removed."""
    try:
        for left in MEMORY.glob("aada-tests-*"):
            if not Path("/proc", left.name.split(".")[0].removeprefix("aada-tests-")).exists():
                shutil.rmtree(left, ignore_errors=True)
        return shutil.disk_usage(MEMORY).free >= ROOM and os.access(MEMORY, os.W_OK)
    except OSError:
        return False
