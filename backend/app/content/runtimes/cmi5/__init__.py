"""cmi5: content that speaks xAPI, judged statement by statement. What it means is in `rules/cmi5.py`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from app.content.packages.manifest_links import folded
from app.content.packages.model import Item, Manifest
from app.content.packages.package_root import root_of
from app.content.packages.single_file import SingleFile, Source
from app.content.player import COURSE
from app.content.runtimes.cmi5 import course_structure
from app.content.runtimes.protocol import Learner, PartResult, Report, SoFar, package_address
from app.content.scores import exact_percent, keep_score
from app.db.models import Launch, ScormData
from app.rules import cmi5, scorm12
from app.rules.scorm12 import LessonResult

_HERE = Path(__file__).parent


class Cmi5:
    """Packages with a cmi5.xml at their root, or a cmi5.xml by itself whose units run on other servers."""

    name = "cmi5"
    label = "cmi5"
    marker = course_structure.NAME
    script = "cmi5.js"
    libraries: Mapping[str, Path] = {"cmi5.js": _HERE / "player.js"}

    def stage(self, item: Item) -> str:
        if item.details["launchMethod"] == "OwnWindow":
            return (
                '<section id="window" class="over" data-stage><h1>' + escape(item.title) + "</h1>"
                "<p>This part opens in a window of its own. Keep this page open meanwhile.</p>"
                '<button type="button" id="open">Open it</button></section>'
            )
        return COURSE.format(title=escape(item.title))

    def recognize(self, archive: Source) -> str | None:
        # "In the root" (14.1); a folder around everything is what people zip all the same.
        return root_of(archive, self.marker)

    def describe(self, archive: Source, root: str, files: Mapping[str, str]) -> Manifest:
        marker = next(path for path in files.values() if folded(path) == folded(root + self.marker))
        document = archive.read(marker, course_structure.MAX_BYTES)
        return course_structure.parse(document, files, alone=isinstance(archive, SingleFile))

    def start(self, learner: Learner, item: Item, attempt: ScormData | None) -> dict[str, Any]:
        return {"method": item.details["launchMethod"]}

    def continues(self, attempt: ScormData) -> bool:
        return True

    def address(self, launch: Launch, item: Item, base: str) -> str:
        """The AU's address with what it is launched with (8.1)."""
        state = launch.session_state
        parts = urlsplit(self.place(item, base))
        query = [
            *parse_qsl(parts.query, keep_blank_values=True),
            ("endpoint", f"{base}/xapi/"),
            ("fetch", f"{base}/fetch"),
            ("actor", json.dumps(state["actor"], separators=(",", ":"))),
            ("registration", state["registration"]),
            ("activityId", state["activity"]),
        ]
        return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))

    def place(self, item: Item, base: str) -> str:
        """The AU's address without what belongs to the launch."""
        return item.external_url or f"{base}/{package_address(item)}"

    def read(self, data: dict[str, Any], so_far: SoFar | None = None) -> Report:
        return Report(data, Decimal(0), suspended=True)

    def take(
        self,
        attempt: ScormData,
        item: Item,
        report: Report,
        *,
        ended: bool,
        left: bool,
        late: bool,
        now: datetime,
    ) -> None:
        """Nothing: a cmi5 AU says everything in statements."""

    def terms(self, launch: Launch, item: Item) -> cmi5.Terms:
        """What a session was launched with."""
        state, mastery = launch.session_state, item.details["masteryScore"]
        return cmi5.Terms(
            activity=state["activity"],
            publisher=state["publisher"],
            registration=state["registration"],
            session=state["session"],
            mode=state["mode"],
            mastery_score=None if mastery is None else Decimal(mastery),
        )

    def better(self, statuses: Iterable[str]) -> str:
        best = scorm12.NOT_ATTEMPTED
        for status in statuses:
            best = scorm12.better_status(best, scorm12.known_status(status))
        return best

    def is_done(self, status: str) -> bool:
        return status in scorm12.DONE

    def result(self, parts: Sequence[PartResult], *, passing_percent: int | None) -> LessonResult:
        return scorm12.lesson_result(
            [part.status for part in parts], [part.percent for part in parts], passing_percent=passing_percent
        )


CMI5 = Cmi5()


def session_of(state: Mapping[str, Any]) -> cmi5.Session:
    """What has been said in a session, from what the launch keeps."""
    return cmi5.Session(**{one.name: bool(state.get(one.name)) for one in fields(cmi5.Session)})


def unit_of(kept: Mapping[str, Any]) -> cmi5.Unit:
    """What has been said about an AU, from what the attempt keeps."""
    known = kept.get("unit") or {}
    return cmi5.Unit(**{one.name: bool(known.get(one.name)) for one in fields(cmi5.Unit)})


def keep_unit(attempt: ScormData, unit: cmi5.Unit, move_on: str) -> None:
    """Write where the AU stands: done when it is satisfied, whatever else was said."""
    attempt.cmi = {**attempt.cmi, "unit": asdict(unit)}
    if unit.satisfies(move_on):
        attempt.cmi_core_lesson_status = scorm12.PASSED if unit.passed else scorm12.COMPLETED
    elif unit.failed and not unit.passed:
        attempt.cmi_core_lesson_status = scorm12.FAILED
    else:
        attempt.cmi_core_lesson_status = scorm12.INCOMPLETE


def keep_result(attempt: ScormData, statement: Mapping[str, Any]) -> None:
    """Write the score of a passed or failed statement; the scaled one is what cmi5 judges by (9.5.1)."""
    score = (statement.get("result") or {}).get("score")
    if not score:
        return
    if "scaled" in score:
        found = scorm12.Score(Decimal(str(score["scaled"])) * 100, Decimal(0), Decimal(100))
    elif {"raw", "min", "max"} <= set(score):
        found = scorm12.Score(*(Decimal(str(score[name])) for name in ("raw", "min", "max")))
    else:
        return
    best = exact_percent(attempt.score_raw, attempt.score_min, attempt.score_max, attempt.score_pct)
    if best is None or (found.percent is not None and found.percent >= best):
        keep_score(attempt, found)
