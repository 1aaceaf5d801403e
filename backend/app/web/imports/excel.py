"""Excel files, read by a process of its own for each: one that is made to end the reader ends nothing else."""

import json
import os
import subprocess
import sys
import threading
from typing import Any

import structlog

from app.core.errors import FieldError, Invalid, Unavailable
from app.web.imports import workbook

MOST_UNPACKED = 200 * 1024 * 1024
PATIENCE_SECONDS = 30.0
_turns = threading.BoundedSemaphore(2)
# What an interpreter needs; no setting and no secret of the school's.
_KEPT = frozenset({"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT"})
log = structlog.get_logger(__name__)


def read(content: bytes, most_rows: int) -> tuple[list[list[str]], set[tuple[int, int]]]:
    """The rows of the first sheet as texts, and the (line, column) of cells with a formula.

    Raises Invalid with a sentence for a file that cannot be read, Unavailable when others are read at the moment.
    """
    if not _turns.acquire(timeout=PATIENCE_SECONDS):
        raise Unavailable(
            "Other files are being read at the moment. Nothing was saved; try again in a minute."
        )
    try:
        answer = _answer(content, most_rows)
    finally:
        _turns.release()
    if "wrong" in answer:
        sentence = str(answer["wrong"])
        raise Invalid(sentence, errors=[FieldError("file", sentence)])
    return answer["rows"], {(line, column) for line, column in answer["formulas"]}


def _answer(content: bytes, most_rows: int) -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-P", workbook.__file__, str(MOST_UNPACKED), str(most_rows)],
            input=content,
            capture_output=True,
            timeout=workbook.MOST_SECONDS * 2,
            env={name: value for name, value in os.environ.items() if name in _KEPT},
            check=False,
        )
    except subprocess.TimeoutExpired:
        log.warning("imports.workbook_slow", size=len(content))
        return {"wrong": workbook.TOO_FAR}
    if done.returncode != 0:
        log.warning("imports.workbook_died", status=done.returncode, size=len(content))
        # A signal ended it for its size or its time; an exception of the library's own means damage.
        return {"wrong": workbook.TOO_FAR if done.returncode < 0 else workbook.DAMAGED}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
