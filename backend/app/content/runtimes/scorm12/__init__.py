"""SCORM 1.2. What it means is in `rules/scorm12.py`."""

from collections.abc import Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from app.content.packages.manifest_links import folded
from app.content.packages.model import Item, Manifest
from app.content.packages.package_root import root_of
from app.content.packages.single_file import Source
from app.content.player import COURSE
from app.content.runtimes.protocol import Learner, Report, Sitting, SoFar, package_address
from app.content.runtimes.scorm12 import manifest as imsmanifest
from app.content.runtimes.scorm12.report import Scorm12Report, read, replace_state, take_outcome
from app.content.runtimes.scorm12.start import initial_cmi
from app.content.runtimes.usual import Usual
from app.db.models import ContentType, Launch, ScormData
from app.rules import scorm12
from app.web.assets import SCORM_AGAIN

_HERE = Path(__file__).parent


class Scorm12(Usual):
    """Packages with an imsmanifest.xml; the run-time in the browser is scorm-again."""

    name = "scorm12"
    label = "SCORM 1.2"
    marker = imsmanifest.NAME
    lesson_kind = ContentType.SCORM
    script = "scorm12.js"
    libraries: Mapping[str, Path] = {
        "scorm12.js": _HERE / "player.js",
        "session.js": _HERE / "session.js",
        "scorm12.min.js": SCORM_AGAIN / "scorm12.min.js",
    }

    reports = True

    statements = None

    def stage(self, item: Item) -> str:
        return COURSE.format(title=escape(item.title))

    def recognize(self, archive: Source) -> str | None:
        return root_of(archive, self.marker)

    def describe(self, archive: Source, root: str, files: Mapping[str, str]) -> Manifest:
        marker = next(path for path in files.values() if folded(path) == folded(root + self.marker))
        return imsmanifest.parse(archive.read(marker, imsmanifest.MAX_BYTES), files)

    def start(self, learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
        return initial_cmi(learner, item, attempt)

    def address(self, launch: Launch, item: Item, base: str) -> str:
        return f"{base}/{package_address(item)}"

    def continues(self, attempt: ScormData) -> bool:
        return scorm12.continues(finished=attempt.finished_at is not None, exit_word=attempt.exit or "")

    def read(self, data: dict[str, Any], so_far: SoFar | None = None) -> Scorm12Report:
        return read(data, so_far)

    def take(
        self,
        attempt: ScormData,
        item: Item,
        report: Report,
        sitting: Sitting,
        *,
        ended: bool,
        left: bool,
        late: bool,
        now: datetime,
    ) -> None:
        assert isinstance(report, Scorm12Report)  # noqa: S101 -- from `read`
        take_outcome(attempt, item, report, ended=ended, left=left, late=late)
        if not late:
            replace_state(attempt, report)
        if ended:
            attempt.finished_at = attempt.finished_at or now
        elif not late and attempt.cmi_core_lesson_status not in scorm12.DONE:
            attempt.finished_at = None  # the next page of the course goes on with the session


SCORM12 = Scorm12()
