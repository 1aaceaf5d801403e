"""SCORM 1.2. What it means is in `rules/scorm12.py`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.content.packages.model import Item
from app.content.runtimes.protocol import Learner, Report, SoFar
from app.content.runtimes.scorm import PLAYER, Scorm
from app.content.runtimes.scorm12.report import Scorm12Report, read, take_outcome
from app.content.runtimes.scorm12.start import initial_cmi
from app.db.models import ScormData
from app.web.assets import SCORM_AGAIN

_HERE = Path(__file__).parent


class Scorm12(Scorm):
    """SCORM 1.2."""

    name = "scorm12"
    label = "SCORM 1.2"
    script = "scorm12.js"
    libraries: Mapping[str, Path] = {
        **PLAYER,
        "scorm12.js": _HERE / "player.js",
        "scorm12.min.js": SCORM_AGAIN / "scorm12.min.js",
    }

    def start(self, learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
        return initial_cmi(learner, item, attempt)

    def read(self, data: dict[str, Any], so_far: SoFar | None = None) -> Scorm12Report:
        return read(data, so_far)

    def take_outcome(
        self, attempt: ScormData, item: Item, report: Report, *, ended: bool, left: bool, late: bool
    ) -> None:
        assert isinstance(report, Scorm12Report)  # noqa: S101 -- from `read`
        take_outcome(attempt, item, report, ended=ended, left=left, late=late)


SCORM12 = Scorm12()
