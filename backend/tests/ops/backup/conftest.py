"""One server for all tests of backups."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.ops.backup.school import School, new_school


@pytest.fixture(scope="package")
def folder() -> Iterator[Path]:
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aada-backup-")))
        place.chmod(0o711)
        yield place


@pytest.fixture(scope="package")
def school(folder: Path) -> Iterator[School]:
    made = new_school(folder)
    yield made
    made.server.shut_down(force=True)
