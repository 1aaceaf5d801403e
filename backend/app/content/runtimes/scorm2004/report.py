"""What a SCORM 2004 course reports, and what of it the attempt keeps."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.content.packages.model import Item
from app.content.runtimes.protocol import SoFar
from app.content.runtimes.scorm import ScormReport, take_pass, take_status, text_of
from app.content.runtimes.scorm2004.activities import sequencing_of
from app.db.models import ScormData
from app.rules import scorm12, scorm2004
from app.rules.scorm2004 import Outcome, Terms

_NUMBERS = ("raw", "min", "max")


@dataclass(frozen=True, slots=True)
class Moment:
    """Statuses, score and progress as they stood at one moment."""

    outcome: Outcome
    score: scorm12.Score
    progress: Decimal | None

    @classmethod
    def of(cls, cmi: dict[str, Any]) -> "Moment":
        """Read kindly: nonsense in one element loses only that."""
        outcome = Outcome(
            scorm2004.known_completion(text_of(cmi.get("completion_status"))),
            scorm2004.known_success(text_of(cmi.get("success_status"))),
        )
        return cls(
            outcome, score_of(cmi.get("score")), scorm2004.measure_of(text_of(cmi.get("progress_measure")))
        )


@dataclass(frozen=True, slots=True)
class Scorm2004Report(ScormReport):
    """`cmi`, read."""

    moment: Moment
    before: str | None = None
    """The status that the session began with, both as one, if the player said so."""
    reached: tuple[Moment, ...] = ()
    """Statuses of the session with the best score at each."""


def read(cmi: dict[str, Any], so_far: SoFar | None = None) -> Scorm2004Report:
    """The report; a course that writes nonsense into one element loses only that."""
    try:
        session_seconds = scorm2004.seconds_of(text_of(cmi.get("session_time")) or "PT0S")
    except ValueError:
        session_seconds = Decimal(0)
    exit_word = text_of(cmi.get("exit"))
    suspend_data, location = cmi.get("suspend_data"), cmi.get("location")
    return Scorm2004Report(
        data=cmi,
        suspended=exit_word == "suspend",
        session_seconds=session_seconds,
        exit=exit_word if exit_word in scorm2004.EXITS else "",
        location=location if isinstance(location, str) else None,
        suspend_data=suspend_data if isinstance(suspend_data, str) else None,
        moment=Moment.of(cmi),
        before=None if so_far is None else so_far.before,
        reached=() if so_far is None else tuple(Moment.of(at) for at in so_far.reached),
    )


def score_of(value: object) -> scorm12.Score:
    """`score` with its four numbers, each None for nothing or nonsense."""
    given = value if isinstance(value, dict) else {}
    raw, low, high = (scorm12.number_of(text_of(given.get(name))) for name in _NUMBERS)
    return scorm12.Score(raw, low, high, scorm2004.scaled_of(text_of(given.get("scaled"))))


def terms_of(item: Item) -> Terms:
    """What the manifest asks of a part (SN 3.10.1, CAM 3.4.1.15)."""
    sequencing = sequencing_of(item.details)
    primary = sequencing.primary
    return Terms(
        passing=primary.minimum if primary.satisfied_by_measure else None,
        completion=sequencing.least_progress if sequencing.completed_by_measure else None,
        completion_set_by_content=sequencing.completion_set_by_content,
    )


def take_outcome(
    attempt: ScormData, item: Item, report: Scorm2004Report, *, ended: bool, left: bool, late: bool
) -> None:
    """Take statuses and score: the last of the session, except that what was passed stays so with its best score."""
    terms = terms_of(item)
    for moment in report.reached:
        if _judged(moment, terms, ended=False, left=left).success == scorm2004.PASSED:
            take_pass(attempt, moment.score)
            attempt.success_status = scorm2004.PASSED
    outcome = _judged(report.moment, terms, ended=ended, left=left)
    take_status(attempt, outcome.status, report.moment.score, before=report.before, late=late)
    if not late:
        # What an earlier session has completed stays so, as the status of both does.
        stays = report.before in scorm12.DONE and attempt.completion_status == scorm2004.COMPLETED
        attempt.completion_status = scorm2004.COMPLETED if stays else outcome.completion
        if attempt.success_status != scorm2004.PASSED:
            attempt.success_status = outcome.success


def _judged(moment: Moment, terms: Terms, *, ended: bool, left: bool) -> Outcome:
    return scorm2004.judged(
        moment.outcome, moment.score.reported, moment.progress, terms, ended=ended, left=left
    )
