"""What a SCORM 1.2 course reports, and what of it the attempt keeps."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.content.packages.model import Item
from app.content.postgres_text import storable, storable_json
from app.content.runtimes.protocol import Report, SoFar
from app.content.scores import exact_percent, keep_score
from app.db.models import ScormData
from app.rules import scorm12


@dataclass(frozen=True, slots=True)
class Scorm12Report(Report):
    """`cmi`, read."""

    status: str
    score: scorm12.Score
    exit: str
    location: str | None
    suspend_data: str | None
    before: str | None = None
    """The status that the session began with, if the player said so."""
    reached: tuple[tuple[str, scorm12.Score], ...] = ()
    """Statuses of the session with the best score at each."""


def read(cmi: dict[str, Any], so_far: SoFar | None = None) -> Scorm12Report:
    """The report; a course that writes nonsense into one element loses only that."""
    core = cmi.get("core")
    core = core if isinstance(core, dict) else {}
    try:
        session_seconds = scorm12.seconds_of(_text(core.get("session_time")) or "00:00:00")
    except ValueError:
        session_seconds = Decimal(0)
    exit_word = _text(core.get("exit"))
    suspend_data, location = cmi.get("suspend_data"), core.get("lesson_location")
    return Scorm12Report(
        data=cmi,
        suspended=exit_word == "suspend",
        status=_text(core.get("lesson_status")),
        score=_score(core.get("score")),
        session_seconds=session_seconds,
        exit=exit_word if exit_word in scorm12.EXITS else "",
        location=location if isinstance(location, str) else None,
        suspend_data=suspend_data if isinstance(suspend_data, str) else None,
        before=None if so_far is None else so_far.before,
        reached=()
        if so_far is None
        else tuple((_text(at.get("lesson_status")), _score(at.get("score"))) for at in so_far.reached),
    )


def _score(value: object) -> scorm12.Score:
    given = value if isinstance(value, dict) else {}
    return scorm12.Score(*(scorm12.number_of(_text(given.get(name))) for name in ("raw", "min", "max")))


def take_outcome(
    attempt: ScormData, item: Item, report: Scorm12Report, *, ended: bool, left: bool, late: bool
) -> None:
    """Take status and score: the last of the session, except that what was passed stays so with its best score."""
    mastery = None if item.mastery_score is None else Decimal(str(item.mastery_score))
    for status, score in report.reached:
        if scorm12.judged_status(status, score.raw, mastery, ended=False) == scorm12.PASSED:
            _pass(attempt, score)
    judged = scorm12.judged_status(report.status, report.score.raw, mastery, ended=ended, left=left)
    kept = scorm12.known_status(attempt.cmi_core_lesson_status or "")
    if judged == scorm12.PASSED:
        _pass(attempt, report.score)
    elif kept != scorm12.PASSED and not late:
        attempt.cmi_core_lesson_status = scorm12.status_after(kept, judged, before=report.before)
        keep_score(attempt, report.score)


def _pass(attempt: ScormData, score: scorm12.Score) -> None:
    again = attempt.cmi_core_lesson_status == scorm12.PASSED
    attempt.cmi_core_lesson_status = scorm12.PASSED
    best = exact_percent(attempt.score_raw, attempt.score_min, attempt.score_max, attempt.score_pct)
    if not again or best is None or (score.percent is not None and score.percent >= best):
        keep_score(attempt, score)


def replace_state(attempt: ScormData, report: Scorm12Report) -> None:
    """Take where the course stands; a late report leaves that alone."""
    attempt.exit = report.exit
    if report.location is not None:
        attempt.location = storable(report.location)
    if report.suspend_data is not None:
        attempt.cmi_suspend_data = storable(report.suspend_data)
    # Suspend data has its own column; kept twice it would only double the row.
    rest = {name: value for name, value in report.data.items() if name != "suspend_data"}
    attempt.cmi = {**attempt.cmi, **storable_json(rest)}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
