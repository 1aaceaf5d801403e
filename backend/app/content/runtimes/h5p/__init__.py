"""H5P: interactive content that is played by h5p-standalone. What its statements amount to is in `rules/h5p.py`."""

import json
from collections.abc import Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.content.packages.model import Item, Manifest
from app.content.packages.package_root import root_of
from app.content.packages.single_file import Source
from app.content.postgres_text import restored, storable
from app.content.runtimes.answered import keep_answers
from app.content.runtimes.h5p import package
from app.content.runtimes.h5p.report import H5pReport, read
from app.content.runtimes.h5p.statements import hand_on, part_of
from app.content.runtimes.protocol import Learner, Report, Sitting, SoFar, package_address
from app.content.runtimes.usual import Usual
from app.content.scores import keep_best_score
from app.db.models import ContentType, Launch, ScormData
from app.rules import h5p, scorm12
from app.web.assets import H5P as PLAYER

_HERE = Path(__file__).parent
_PACKED = (".gz", ".br")


class H5p(Usual):
    """Files with an h5p.json; the run-time in the browser is h5p-standalone, which holds H5P's own core."""

    name = "h5p"
    label = "H5P"
    marker = package.NAME
    lesson_kind = ContentType.H5P
    script = "h5p.js"
    libraries: Mapping[str, Path] = {
        "h5p.js": _HERE / "player.js",
        "h5p.css": _HERE / "player.css",
        **{
            f"h5p/{path.relative_to(PLAYER).as_posix()}": path
            for path in sorted(PLAYER.rglob("*"))
            if path.is_file() and path.suffix not in _PACKED
        },
    }
    reports = True
    statements = None

    def stage(self, item: Item) -> str:
        return (
            '<link rel="stylesheet" href="vendor/h5p.css">\n'
            '<p class="note" id="again" role="status" data-stage hidden>Not passed yet. Try again with the buttons '
            "of the lesson; if it has none, leave it and open it again for a new attempt.</p>\n"
            f'<main class="h5p-stage" id="h5p" data-stage aria-label="{escape(item.title)}"></main>'
        )

    def recognize(self, archive: Source) -> str | None:
        return root_of(archive, self.marker)

    def describe(self, archive: Source, root: str, files: Mapping[str, str]) -> Manifest:
        return package.manifest_of(archive, files)

    def start(self, learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
        """`state`: what H5P kept of each part of the content."""
        kept = "" if attempt is None else restored(attempt.cmi_suspend_data or "")
        return {
            "state": _state(kept),
            "done": attempt is not None and attempt.cmi_core_lesson_status in scorm12.DONE,
        }

    def address(self, launch: Launch, item: Item, base: str) -> str:
        return f"{base}/{package_address(item)}"

    def continues(self, attempt: ScormData) -> bool:
        return h5p.continues(attempt.cmi_core_lesson_status or scorm12.NOT_ATTEMPTED)

    def read(self, data: dict[str, Any], so_far: SoFar | None = None) -> H5pReport:
        return read(data)

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
        """Take the best result that was reported, and from the newest report where the student is."""
        assert isinstance(report, H5pReport)  # noqa: S101 -- from `read`
        status = scorm12.better_status(
            attempt.cmi_core_lesson_status or scorm12.NOT_ATTEMPTED, scorm12.INCOMPLETE
        )
        for one in report.said:
            said = h5p.status_said(one.statement, sitting.passing_percent)
            if said is not None:
                status = scorm12.better_status(status, said)
                score = h5p.score_said(one.statement)
                if score is not None:
                    keep_best_score(attempt, score)
        attempt.cmi_core_lesson_status = status
        if status in scorm12.DONE:
            attempt.finished_at = attempt.finished_at or now
        attempt.cmi = {**attempt.cmi, "opened": True}
        keep_answers(
            attempt,
            (
                (part_of(one.statement), {**one.statement, "timestamp": one.at.isoformat()})
                for one in report.said
            ),
        )
        if not late and report.state is not None:
            attempt.cmi_suspend_data = storable(report.state)

    def hand_on(
        self,
        session: Session,
        launch: Launch,
        item: Item,
        report: Report,
        before: str,
        attempt: ScormData,
        now: datetime,
    ) -> None:
        if isinstance(report, H5pReport):
            hand_on(session, launch, item, report, now)


def _state(kept: str) -> dict[str, Any]:
    try:
        state = json.loads(kept or "{}")
    except ValueError:
        return {}
    return state if isinstance(state, dict) else {}


H5P = H5p()
