"""SCORM 1.2 run-time rules: what a commit from a course means for the student's record.

Source: SCORM 1.2 Run-Time Environment (ADL, 2001) chapter 3.4, and for the cases it leaves open the school's
own rules, named where they stand. Everything here is reported by content and can be forged by the student's
browser: it counts for progress, never alone for a credential.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

PASSED, COMPLETED, FAILED = "passed", "completed", "failed"
INCOMPLETE, BROWSED, NOT_ATTEMPTED = "incomplete", "browsed", "not attempted"

STATUSES = (NOT_ATTEMPTED, BROWSED, INCOMPLETE, FAILED, COMPLETED, PASSED)
"""Every `cmi.core.lesson_status`, from least to most."""

DONE = frozenset((COMPLETED, PASSED))
"""The statuses that finish a SCO."""

EXITS = ("", "time-out", "suspend", "logout")

_TIMESPAN = re.compile(r"(\d{2,6}):(\d{2}):(\d{2})(?:\.(\d{1,2}))?")
_LARGEST_TIMESPAN = Decimal("35999999.99")  # 9999:59:59.99
_LONGEST_NUMBER = 40


def seconds_of(timespan: str) -> Decimal:
    """Seconds of a CMITimespan (`HHHH:MM:SS.SS`, RTE 3.4.2.1.1). Raises ValueError if it is none.

    Minutes and seconds above 59 are counted as they stand: content that adds up carelessly does write them.
    """
    match = _TIMESPAN.fullmatch(timespan.strip())
    if match is None or not timespan.isascii():
        raise ValueError(f"{timespan[:40]!r} is not a SCORM 1.2 time span like 0001:30:05.25")
    hours, minutes, seconds, fraction = match.groups()
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return Decimal(whole) + Decimal(int((fraction or "0").ljust(2, "0"))) / 100


def timespan_of(seconds: Decimal | int) -> str:
    """`seconds` (not negative, rounded down to hundredths) as a CMITimespan; at most 9999:59:59.99."""
    if seconds < 0:
        raise ValueError("a time span cannot be negative")
    hundredths = int(min(Decimal(seconds), _LARGEST_TIMESPAN) * 100)
    whole, fraction = divmod(hundredths, 100)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:04d}:{minute:02d}:{second:02d}.{fraction:02d}"


def credited_seconds(reported: Decimal | int, on_the_clock: Decimal | float | int) -> int:
    """Whole seconds of one launch that count: what the course reports, never more than has really passed.

    `on_the_clock` is the wall-clock time since the launch, by the server. Content that reports too much (a
    resumed total, a sleeping laptop) is cut; content that reports nothing gets nothing.
    """
    return max(0, int(min(Decimal(reported), Decimal(on_the_clock))))


def known_status(text: str) -> str:
    """The status a course reports, tolerating case, blanks and one-letter forms; `not attempted` if unset."""
    word = text.strip().lower()
    if word in STATUSES:
        return word
    short = {status[0]: status for status in STATUSES}
    return short.get(word[:1], NOT_ATTEMPTED) if len(word) == 1 else NOT_ATTEMPTED


def better_status(kept: str, reported: str) -> str:
    """The higher of two statuses: within an attempt a status only improves (passed, then "incomplete" again,
    is passed). The raw history stays in the commit log.
    """
    return max(kept, reported, key=STATUSES.index)


def status_after(kept: str, reported: str, *, before: str | None = None) -> str:
    """The status of an attempt after a report: the last one of a session counts, and `passed` is never taken back.

    `kept`: what is on record; `before`: what the session began with, if that is known. That a course says `incomplete`
    again when it is opened again takes back no earlier session's result, as many do so without a thought; in the
    session itself it does.
    """
    if PASSED in (kept, reported):
        return PASSED
    if reported == NOT_ATTEMPTED:
        return kept
    base = kept if before is None else known_status(before)
    return base if reported in (INCOMPLETE, BROWSED) and base in (COMPLETED, FAILED) else reported


def judged_status(
    reported: str, raw: Decimal | None, mastery_score: Decimal | None, *, ended: bool, left: bool = False
) -> str:
    """The status a commit stands for.

    `ended`: the course ended its session for good (LMSFinish, not suspended). `left`: the student left the page or the
    course suspended itself.

    - With a mastery score and a raw score the score decides: passed or failed (RTE 3.4.4, lesson_status).
      While the course still says `incomplete`, that waits for the end.
    - With a mastery score but no raw score yet, `completed` waits until the student leaves: the score may follow.
    - A course that ends its session without ever setting a status has been completed: it had no other way of
      saying so.
    """
    status = known_status(reported)
    if mastery_score is not None and status != BROWSED:
        if raw is not None and (ended or status in DONE or status == FAILED):
            return PASSED if raw >= mastery_score else FAILED
        if raw is None and status == COMPLETED and not (ended or left):
            return INCOMPLETE
    if ended and status == NOT_ATTEMPTED:
        return COMPLETED
    return status


def completion_of(status: str) -> str:
    """`completed`, `incomplete` or `unknown`: the half of a 1.2 status that tells how far the student got."""
    if status in DONE:
        return "completed"
    return "unknown" if status == NOT_ATTEMPTED else "incomplete"


def success_of(status: str) -> str:
    """`passed`, `failed` or `unknown`: the half of a 1.2 status that tells how well the student did."""
    return status if status in (PASSED, FAILED) else "unknown"


@dataclass(frozen=True, slots=True)
class Score:
    """`cmi.core.score`, in SCORM 2004 `cmi.score`: as reported, None where the course set nothing."""

    raw: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    reported: Decimal | None = None
    """`cmi.score.scaled` of SCORM 2004, from −1 to 1; where it is set, it is what the course means."""

    @property
    def scaled(self) -> Fraction | None:
        """As reported, else (raw - min) / (max - min), between 0 and 1, exactly; the bounds that 1.2 means by default
        are 0 and 100."""
        if self.reported is not None:
            return min(Fraction(1), max(Fraction(0), Fraction(self.reported)))
        if self.raw is None:
            return None
        raw = Fraction(self.raw)
        low = Fraction(0) if self.minimum is None else Fraction(self.minimum)
        high = Fraction(100) if self.maximum is None else Fraction(self.maximum)
        if high <= low:
            low, high = Fraction(0), Fraction(100)
        return min(Fraction(1), max(Fraction(0), (raw - low) / (high - low)))

    @property
    def percent(self) -> Fraction | None:
        """`scaled` in percent, exactly."""
        return None if self.scaled is None else self.scaled * 100


def better_score(kept: Score, reported: Score) -> Score:
    """The higher of two scores of one attempt, by percentage; equal ones: the newer, whose bounds are
    right.
    """
    if reported.scaled is None:
        return kept
    return reported if kept.scaled is None or reported.scaled >= kept.scaled else kept


def number_of(text: str) -> Decimal | None:
    """A CMIDecimal (RTE 3.4.2: a number which may have a decimal point), or None for nothing or nonsense.

    "80.", ".5" and any number of decimals are numbers; forty characters are more than any course writes.
    """
    word = text.strip()
    if len(word) > _LONGEST_NUMBER or not re.fullmatch(r"-?(\d+(\.\d*)?|\.\d+)", word, re.ASCII):
        return None
    return Decimal(word)


def shown_percent(percent: Fraction) -> Decimal:
    """A percentage for people: hundredths, halves up, without idle zeros. Nothing is ever compared with it."""
    hundredths = int(percent * 100 + Fraction(1, 2))
    shown = Decimal(hundredths) / 100
    return shown.quantize(Decimal(1)) if hundredths % 100 == 0 else shown


def continues(*, finished: bool, exit_word: str) -> bool:
    """Whether the next launch goes on with this attempt instead of starting another.

    An attempt is over when the course ended its session and did not ask to be suspended. A session that
    was broken off (window closed, battery empty) was never ended, so the student resumes there.
    """
    return not finished or exit_word == "suspend"


def entry(*, begun: bool, finished: bool, exit_word: str, review: bool = False) -> str:
    """`cmi.core.entry` of the next launch: `ab-initio` on the first of an attempt, `resume` when suspended.

    A session that was broken off counts as suspended, since what it stored is kept. `begun` tells whether
    the attempt has stored anything. In a `review` a finished attempt is looked at again, which is neither (empty,
    as SCORM 1.2 RTE 3.4.4 has it).
    """
    if begun and continues(finished=finished, exit_word=exit_word):
        return "resume"
    return "" if review and begun else "ab-initio"


@dataclass(frozen=True, slots=True)
class LessonResult:
    """What the best attempts at a lesson's SCOs amount to. `percent` is the exact mean of the scores, if any."""

    done: int
    total: int
    percent: Fraction | None
    complete: bool
    reason: str
    missed: bool = False
    """Whether something was tried and not passed, so far as the best attempts go."""


def lesson_result(
    statuses: Iterable[str],
    percents: Iterable[Fraction | Decimal | None],
    *,
    passing_percent: int | None = None,
    weights: Iterable[Fraction] | None = None,
) -> LessonResult:
    """Whether a lesson is complete, from the best status and the best percentage of each of its SCOs.

    All SCOs must be completed or passed; where the lesson asks for a score, the mean of the reported scores
    must reach `passing_percent` as well. The iterables name the SCOs in the same order; one that was never
    opened is `not attempted` and None. `weights`: how much each score counts, alike without them.
    """
    every = list(statuses)
    mean = _mean(list(percents), None if weights is None else list(weights))
    done = sum(status in DONE for status in every)
    if not every or done < len(every):
        missed = FAILED in every
        return LessonResult(done, len(every), mean, False, _open_parts(done, len(every), missed), missed)
    if passing_percent is not None and (mean is None or mean < passing_percent):
        got = "no score was reported" if mean is None else f"the score is {_under(mean, passing_percent)}%"
        sentence = f"{passing_percent}% is needed; {got}."
        return LessonResult(done, len(every), mean, False, sentence, mean is not None)
    return LessonResult(done, len(every), mean, True, "All parts are completed.")


def _open_parts(done: int, total: int, missed: bool) -> str:
    """Why a lesson is not complete of which not every part is."""
    if total == 1:
        return "This lesson is not passed yet." if missed else "This lesson is not completed yet."
    so_far = f"{done} of {total} parts are completed"
    return f"{so_far}, and a part is not passed yet." if missed else f"{so_far}."


def _mean(
    percents: Sequence[Fraction | Decimal | None], weights: Sequence[Fraction] | None
) -> Fraction | None:
    """The mean of the scores that there are. Where those count nothing by their weights, they count alike."""
    given = weights or [Fraction(1)] * len(percents)
    known = [(Fraction(one), weight) for one, weight in zip(percents, given, strict=True) if one is not None]
    if not any(weight for _, weight in known):
        known = [(one, Fraction(1)) for one, _ in known]
    total = sum((weight for _, weight in known), Fraction(0))
    return sum((one * weight for one, weight in known), Fraction(0)) / total if known else None


def course_result(parts: LessonResult, status: str, *, passing_percent: int | None = None) -> LessonResult:
    """Whether a lesson is complete whose content has rules for that itself (SCORM 2004 rollup).

    `parts` is what its parts amount to without such rules, `status` what they do by them. A course that counts as done
    is complete though parts of it were passed by; one whose objective is missed is not, though all were gone through.
    A passing score of the lesson holds in any case.
    """
    if status in DONE:
        scored = lesson_result([COMPLETED], [parts.percent], passing_percent=passing_percent)
        done = parts.total if scored.complete else parts.done
        return replace(scored, done=done, total=parts.total)
    if status == FAILED and parts.complete:
        return replace(
            parts, complete=False, reason="The course counts as failed by its own rules.", missed=True
        )
    return parts


def _under(percent: Fraction, passing: int) -> str:
    """A score that does not reach the threshold, and does not look as if it did."""
    shown = shown_percent(percent)
    return f"just under {passing}" if shown >= passing else str(shown)
