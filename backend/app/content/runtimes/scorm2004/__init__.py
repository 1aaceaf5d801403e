"""SCORM 2004, 2nd to 4th edition. What a report means is in `rules/scorm2004.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.content.packages.model import Item
from app.content.packages.versions import Version
from app.content.runtimes.protocol import Learner, Report, SoFar
from app.content.runtimes.scorm import PLAYER, Scorm
from app.content.runtimes.scorm2004.report import Scorm2004Report, read, take_outcome
from app.content.runtimes.scorm2004.sequencing import SEQUENCING
from app.content.runtimes.scorm2004.start import initial_cmi
from app.db.models import Launch, ScormData
from app.web.assets import SCORM_AGAIN

_HERE = Path(__file__).parent


class Scorm2004(Scorm):
    """SCORM 2004, whose edition the manifest says."""

    sequencing = SEQUENCING

    name = "scorm2004"
    label = "SCORM 2004"
    script = "scorm2004.js"
    libraries: Mapping[str, Path] = {
        **PLAYER,
        "scorm2004.js": _HERE / "player.js",
        "scorm2004.min.js": SCORM_AGAIN / "scorm2004.min.js",
    }

    def start(self, learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
        return initial_cmi(learner, item, attempt)

    def read(self, data: dict[str, Any], so_far: SoFar | None = None) -> Scorm2004Report:
        return read(data, so_far)

    def take_outcome(
        self, attempt: ScormData, item: Item, report: Report, *, ended: bool, left: bool, late: bool
    ) -> None:
        assert isinstance(report, Scorm2004Report)  # noqa: S101 -- from `read`
        take_outcome(attempt, item, report, ended=ended, left=left, late=late)

    def launched(
        self,
        session: Session,
        version: Version,
        launch: Launch,
        item: Item,
        base: str,
        *,
        left: Sequence[Launch],
        first: bool,
        now: datetime,
    ) -> None:
        """What its session may not take back is known from the start."""
        if not launch.preview:
            SEQUENCING.begins(session, version, launch)


SCORM2004 = Scorm2004()
