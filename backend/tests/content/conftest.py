"""What the tests of the content room share."""

from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "content"


@pytest.fixture
def samples() -> Path:
    """The folder of real packages, where the checkout has one beside it."""
    if not SAMPLES.is_dir():
        pytest.skip("no folder of real packages beside this checkout")
    return SAMPLES
