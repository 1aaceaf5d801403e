"""What a SCORM 1.2 course reports, and what of it the attempt keeps."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.content.packages.model import Item
from app.content.runtimes.protocol import SoFar
from app.content.runtimes.scorm import ScormReport, take_pass, take_status, text_of
from app.db.models import ScormData
from app.rules import scorm12


@dataclass(frozen=True, slots=True)
class Scorm12Report(ScormReport):
    """`cmi`, read."""

    status: str
    score: scorm12.Score
    before: str | None = None
    """The status that the session began with, if the player said so."""
    reached: tuple[tuple[str, scorm12.Score], ...] = ()
    """Statuses of the session with the best score at each."""


def read(cmi: dict[str, Any], so_far: SoFar | None = None) -> Scorm12Report:
    """The report; a course that writes nonsense into one element loses only that."""
    core = cmi.get("core")
    core = core if isinstance(core, dict) else {}
    try:
        session_seconds = scorm12.seconds_of(text_of(core.get("session_time")) or "00:00:00")
    except ValueError:
        session_seconds = Decimal(0)
    exit_word = text_of(core.get("exit"))
    suspend_data, location = cmi.get("suspend_data"), core.get("lesson_location")
    return Scorm12Report(
        data=cmi,
        suspended=exit_word == "suspend",
        status=text_of(core.get("lesson_status")),
        score=_score(core.get("score")),
        session_seconds=session_seconds,
        exit=exit_word if exit_word in scorm12.EXITS else "",
        location=location if isinstance(location, str) else None,
        suspend_data=suspend_data if isinstance(suspend_data, str) else None,
        before=None if so_far is None else so_far.before,
        reached=()
        if so_far is None
        else tuple((text_of(at.get("lesson_status")), _score(at.get("score"))) for at in so_far.reached),
    )


def _score(value: object) -> scorm12.Score:
    given = value if isinstance(value, dict) else {}
    return scorm12.Score(*(scorm12.number_of(text_of(given.get(name))) for name in ("raw", "min", "max")))


def take_outcome(
    attempt: ScormData, item: Item, report: Scorm12Report, *, ended: bool, left: bool, late: bool
) -> None:
    """Take status and score: the last of the session, except that what was passed stays so with its best score."""
    mastery = None if item.mastery_score is None else Decimal(str(item.mastery_score))
    for status, score in report.reached:
        if scorm12.judged_status(status, score.raw, mastery, ended=False) == scorm12.PASSED:
            take_pass(attempt, score)
    judged = scorm12.judged_status(report.status, report.score.raw, mastery, ended=ended, left=left)
    take_status(attempt, judged, report.score, before=report.before, late=late)
