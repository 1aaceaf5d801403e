"""What a SCORM 1.2 course reports, and what of it the attempt keeps."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.content.packages.model import Item
from app.content.runtimes.protocol import Report
from app.content.scores import exact_percent
from app.content.storable import storable, storable_json
from app.db.models import ScormData
from app.rules import scorm12

_LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Scorm12Report(Report):
    """`cmi`, read."""

    status: str
    score: scorm12.Score
    exit: str
    location: str | None
    suspend_data: str | None


def read(cmi: dict[str, Any]) -> Scorm12Report:
    """The report; a course that writes nonsense into one element loses only that."""
    core = cmi.get("core")
    core = core if isinstance(core, dict) else {}
    score = core.get("score")
    score = score if isinstance(score, dict) else {}
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
        score=scorm12.Score(
            scorm12.number_of(_text(score.get("raw"))),
            scorm12.number_of(_text(score.get("min"))),
            scorm12.number_of(_text(score.get("max"))),
        ),
        session_seconds=session_seconds,
        exit=exit_word if exit_word in scorm12.EXITS else "",
        location=location if isinstance(location, str) else None,
        suspend_data=suspend_data if isinstance(suspend_data, str) else None,
    )


def improve(attempt: ScormData, item: Item, report: Scorm12Report, *, ended: bool, left: bool) -> None:
    """Take what can only get better: the status and the score."""
    mastery = None if item.mastery_score is None else Decimal(str(item.mastery_score))
    judged = scorm12.judged_status(report.status, report.score.raw, mastery, ended=ended, left=left)
    kept = scorm12.known_status(attempt.cmi_core_lesson_status or "")
    attempt.cmi_core_lesson_status = scorm12.better_status(kept, judged)
    percent, raw = report.score.percent, report.score.raw
    if percent is None or raw is None:
        return
    before = exact_percent(attempt.score_raw, attempt.score_min, attempt.score_max, attempt.score_pct)
    if before is None or percent >= before:
        attempt.score_raw, attempt.score_min, attempt.score_max = (
            raw,
            report.score.minimum,
            report.score.maximum,
        )
        attempt.score_pct = scorm12.shown_percent(percent)
        attempt.cmi_core_score_raw, attempt.cmi_core_score_max = _whole(raw), _whole(report.score.maximum)


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


def _whole(number: Decimal | None) -> int | None:
    """As the documented INTEGER columns can hold it."""
    if number is None or abs(number) > _LARGEST_INTEGER:
        return None
    return int(number.to_integral_value(rounding="ROUND_HALF_UP"))
