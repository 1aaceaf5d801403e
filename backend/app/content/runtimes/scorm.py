"""What the editions of SCORM have in common: packages with an imsmanifest.xml, a run-time in the page around them, and
one attempt that takes what they report."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path

from app.content.packages import imsmanifest
from app.content.packages.manifest_links import folded
from app.content.packages.model import Item, Manifest
from app.content.packages.package_root import root_of
from app.content.packages.single_file import Source
from app.content.player import COURSE
from app.content.postgres_text import storable, storable_json
from app.content.runtimes.protocol import Report, Sitting, package_address
from app.content.runtimes.usual import Usual
from app.content.scores import keep_score, percent_of
from app.db.models import ContentType, Launch, ScormData
from app.rules import scorm12

_HERE = Path(__file__).parent
PLAYER = {name: _HERE / name for name in ("scorm_course.js", "scorm_session.js")}
"""The part of the player that does not depend on the edition, by the name in its address."""


@dataclass(frozen=True, slots=True)
class ScormReport(Report):
    """What every edition reports beside its outcome."""

    exit: str
    location: str | None
    suspend_data: str | None


class Scorm(Usual):
    """A run-time in the browser of scorm-again, whatever the edition."""

    marker = imsmanifest.NAME
    lesson_kind = ContentType.SCORM
    libraries: Mapping[str, Path]
    reports = True
    statements = None

    def stage(self, item: Item) -> str:
        return COURSE.format(title=escape(item.title))

    def recognize(self, archive: Source) -> str | None:
        return root_of(archive, self.marker)

    def describe(self, archive: Source, root: str, files: Mapping[str, str]) -> Manifest:
        """The manifest, of whichever edition it is."""
        marker = next(path for path in files.values() if folded(path) == folded(root + self.marker))
        return imsmanifest.parse(archive.read(marker, imsmanifest.MAX_BYTES), files)

    def address(self, launch: Launch, item: Item, base: str) -> str:
        return f"{base}/{package_address(item)}"

    def continues(self, attempt: ScormData) -> bool:
        return scorm12.continues(finished=attempt.finished_at is not None, exit_word=attempt.exit or "")

    def take_outcome(
        self, attempt: ScormData, item: Item, report: Report, *, ended: bool, left: bool, late: bool
    ) -> None:
        """Take status and score: the last of the session, except that what was passed stays so with its best score."""
        raise NotImplementedError

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
        assert isinstance(report, ScormReport)  # noqa: S101 -- from `read`
        self.take_outcome(attempt, item, report, ended=ended, left=left, late=late)
        if not late:
            replace_state(attempt, report)
        if ended:
            attempt.finished_at = attempt.finished_at or now
        elif not late and attempt.cmi_core_lesson_status not in scorm12.DONE:
            attempt.finished_at = None  # the next page of the course goes on with the session


def take_status(
    attempt: ScormData, judged: str, score: scorm12.Score, *, before: str | None, late: bool
) -> None:
    """Take a judged status with its score."""
    kept = scorm12.known_status(attempt.cmi_core_lesson_status or "")
    if judged == scorm12.PASSED:
        take_pass(attempt, score)
    elif kept != scorm12.PASSED and not late:
        attempt.cmi_core_lesson_status = scorm12.status_after(kept, judged, before=before)
        keep_score(attempt, score)


def take_pass(attempt: ScormData, score: scorm12.Score) -> None:
    """Passed is passed, with the best score that was."""
    again = attempt.cmi_core_lesson_status == scorm12.PASSED
    attempt.cmi_core_lesson_status = scorm12.PASSED
    best = percent_of(attempt)
    if not again or best is None or (score.percent is not None and score.percent >= best):
        keep_score(attempt, score)


def replace_state(attempt: ScormData, report: ScormReport) -> None:
    """Take where the course stands; a late report leaves that alone."""
    attempt.exit = report.exit
    if report.location is not None:
        attempt.location = storable(report.location)
    if report.suspend_data is not None:
        attempt.cmi_suspend_data = storable(report.suspend_data)
    # Suspend data has its own column; kept twice it would only double the row.
    rest = {name: value for name, value in report.data.items() if name != "suspend_data"}
    attempt.cmi = {**attempt.cmi, **storable_json(rest)}


def text_of(value: object) -> str:
    """What the run-time sent for one element; nonsense counts as nothing."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def name_for_course(full_name: str) -> str:
    """`Maria de la Cruz` as `Cruz, Maria de la`: SCORM wants the last name first, with one comma."""
    words = full_name.replace(",", " ").split()
    return " ".join(words) if len(words) < 2 else f"{words[-1]}, {' '.join(words[:-1])}"
