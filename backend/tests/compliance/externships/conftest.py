"""A student at an externship site, on a Wednesday afternoon in May 2026."""

from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy.orm import Session

from tests.factories.externships import Placed, placed

NOW = datetime(2026, 5, 6, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def extern(session: Session) -> Placed:
    return placed(session)
