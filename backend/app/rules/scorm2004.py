"""SCORM 2004 run-time rules: what a report from a course means for the student's record.

Source: SCORM 2004 4th Edition Run-Time Environment (ADL, 2009) chapter 4; the 2nd and 3rd edition say the same in what
is used here. Where it leaves something open, the school's own rules are those of `rules/scorm12`. Everything here is
reported by content and can be forged by the student's browser: it counts for progress, never alone for a credential.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from app.rules import scorm12

COMPLETED, INCOMPLETE, NOT_ATTEMPTED, UNKNOWN = "completed", "incomplete", "not attempted", "unknown"
PASSED, FAILED = "passed", "failed"
COMPLETIONS = (COMPLETED, INCOMPLETE, NOT_ATTEMPTED, UNKNOWN)
"""Every `cmi.completion_status` (RTE 4.2.4)."""
SUCCESSES = (PASSED, FAILED, UNKNOWN)
"""Every `cmi.success_status` (RTE 4.2.22)."""
EXITS = ("", "time-out", "suspend", "logout", "normal")
"""Every `cmi.exit` (RTE 4.2.8)."""
REQUESTS = (
    "continue",
    "previous",
    "choice",
    "jump",
    "exit",
    "exitAll",
    "abandon",
    "abandonAll",
    "suspendAll",
)
"""Every `adl.nav.request` (SN 5.6.4), the targets apart."""

_NUMBER = r"(\d+(?:[.,]\d*)?|[.,]\d+)"
_DURATION = re.compile(
    rf"P(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?(T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_DAY = 86_400
# A year and a month have no length in seconds; the calendar's mean is what authoring tools count with.
_YEAR, _MONTH = Decimal("365.25") * _DAY, Decimal("30.4375") * _DAY
_UNITS = (_YEAR, _MONTH, Decimal(7 * _DAY), Decimal(_DAY), None, Decimal(3600), Decimal(60), Decimal(1))
_LONGEST_DURATION = 60
_LARGEST_SPAN = Decimal(10) ** 12
_TARGET = re.compile(r"\{target=(?P<target>[^{}]{1,255})\}(?P<request>choice|jump)")


def seconds_of(duration: str) -> Decimal:
    """Seconds of a timeinterval (ISO 8601: `PT1H5M30.25S`, RTE 4.1.1.7). Raises ValueError if it is none.

    Fractions of any unit and commas are accepted: content in other languages does write them. At least one number has
    to be there, and one after a `T`.
    """
    word = duration.strip()
    match = _DURATION.fullmatch(word) if len(word) <= _LONGEST_DURATION and word.isascii() else None
    if match is None or word in ("P", "PT") or word.endswith("T"):
        raise ValueError(f"{duration[:40]!r} is not an ISO 8601 duration like PT1H5M30.25S")
    total = Decimal(0)
    for given, unit in zip(match.groups(), _UNITS, strict=True):
        if unit is not None and given is not None:
            total += Decimal(given.replace(",", ".")) * unit
    return min(total, _LARGEST_SPAN)


def duration_of(seconds: Decimal | int) -> str:
    """`seconds` (not negative, rounded down to hundredths) as a timeinterval in hours, minutes and seconds."""
    if seconds < 0:
        raise ValueError("a duration cannot be negative")
    hundredths = int(min(Decimal(seconds), _LARGEST_SPAN) * 100)
    whole, fraction = divmod(hundredths, 100)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    last = f"{second}.{fraction:02d}".rstrip("0") if fraction else str(second)
    return f"PT{hour}H{minute}M{last}S"


def known_completion(text: str) -> str:
    """The completion a course reports, tolerating case and blanks; `unknown` if unset or nonsense."""
    word = text.strip().lower()
    return word if word in COMPLETIONS else UNKNOWN


def known_success(text: str) -> str:
    """The success a course reports, tolerating case and blanks; `unknown` if unset or nonsense."""
    word = text.strip().lower()
    return word if word in SUCCESSES else UNKNOWN


def lesson_status(completion: str, success: str) -> str:
    """Both statuses as the one that all standards share.

    Passed is done, however far the course says that it was gone through: a course that lets students test out says
    just that. Failed is not done, though it was gone through to its end.
    """
    if success in (PASSED, FAILED):
        return success
    if completion in (COMPLETED, INCOMPLETE):
        return completion
    return scorm12.NOT_ATTEMPTED


@dataclass(frozen=True, slots=True)
class Terms:
    """What the manifest asks of one SCO; None where it asks nothing."""

    passing: Decimal | None = None
    """Least scaled score, from the primary objective (`minNormalizedMeasure` with `satisfiedByMeasure`)."""
    completion: Decimal | None = None
    """Least progress measure (`completionThreshold`)."""
    completion_set_by_content: bool = False
    """Whether only what the content says completes it (`completionSetByContent`)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Both statuses of a SCO."""

    completion: str = UNKNOWN
    success: str = UNKNOWN

    @property
    def status(self) -> str:
        """Both as one."""
        return lesson_status(self.completion, self.success)


def judged(
    reported: Outcome,
    scaled: Decimal | None,
    progress: Decimal | None,
    terms: Terms,
    *,
    ended: bool,
    left: bool,
) -> Outcome:
    """The statuses that a report stands for.

    - With a threshold and a value the value decides, whatever the course says (RTE 4.2.4.1, 4.2.22.1).
    - With a passing score but no score yet, `completed` waits until the student leaves: the score may follow.
    - A course that ends its session without ever setting a status has been completed: it had no other way of saying
      so (`completionSetByContent` false is the standard's default, SN UP.4). Not where the manifest leaves completion
      to the content, or to a progress measure that was never set.
    """
    completion, success = reported.completion, reported.success
    if terms.completion is not None and progress is not None:
        completion = COMPLETED if progress >= terms.completion else INCOMPLETE
    if terms.passing is not None:
        if scaled is not None:
            success = PASSED if scaled >= terms.passing else FAILED
        elif success == UNKNOWN and completion == COMPLETED and not (ended or left):
            completion = INCOMPLETE
    by_itself = not terms.completion_set_by_content and terms.completion is None
    if ended and by_itself and completion in (UNKNOWN, NOT_ATTEMPTED) and success == UNKNOWN:
        completion = COMPLETED
    return Outcome(completion, success)


def scaled_of(text: str) -> Decimal | None:
    """A scaled score (RTE 4.2.20: −1 to 1), or None for nothing, nonsense or what is out of range."""
    number = scorm12.number_of(text)
    return number if number is not None and -1 <= number <= 1 else None


def measure_of(text: str) -> Decimal | None:
    """A progress measure (RTE 4.2.18: 0 to 1), or None for nothing, nonsense or what is out of range."""
    number = scorm12.number_of(text)
    return number if number is not None and 0 <= number <= 1 else None


def navigation_of(text: str) -> tuple[str, str | None] | None:
    """Request and target of an `adl.nav.request` (SN 5.6.4), or None for none and nonsense."""
    word = text.strip()
    match = _TARGET.fullmatch(word)
    if match is not None:
        return match["request"], match["target"]
    return (word, None) if word in REQUESTS and word not in ("choice", "jump") else None


def entry(*, begun: bool, finished: bool, exit_word: str, review: bool = False) -> str:
    """`cmi.entry` of the next launch (RTE 4.2.7), by the rules of SCORM 1.2, which are the same."""
    return scorm12.entry(begun=begun, finished=finished, exit_word=exit_word, review=review)
