"""One server for all tests of backups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fast_disk import fast_folder
from tests.ops.backup.school import School, new_school


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    with fast_folder() as place:
        yield place


@pytest.fixture(scope="session")
def school(folder: Path) -> Iterator[School]:
    made = new_school(folder)
    yield made
    made.server.shut_down(force=True)
