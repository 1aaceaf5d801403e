"""Where the students of a class stand in its lessons, and who is stuck: the school's own rules, for those who teach.

They decide nothing about a student; they say whom to talk to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from statistics import median

from app.rules import scorm12

FAILED_TRIES = 2
"""Failed attempts at the same part that are a reason to talk."""
TIMES_LONGER = 3
LEAST_SECONDS = 30 * 60
"""How much longer than expected is long, and what never is."""
IDLE = timedelta(days=7)


class State(StrEnum):
    """Where a student stands in a lesson, whatever its kind."""

    NOT_BEGUN = "not begun"
    UNDER_WAY = "in progress"
    HANDED_IN = "handed in"
    TO_CHECK = "to be checked"
    NOT_PASSED = "not passed"
    DONE = "completed"


@dataclass(frozen=True, slots=True)
class Part:
    """What a student has done at one part of a lesson."""

    status: str
    """The best status of the attempts."""
    failed: int
    """Attempts that ended as failed."""
    seconds: int
    last: datetime
    score_pct: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What a student has done in one lesson, whatever its kind."""

    completed_at: datetime | None = None
    score_pct: Decimal | None = None
    parts: tuple[Part, ...] = ()
    waits: bool = False
    """Whether what was handed in waits to be graded."""
    returned: bool = False
    """Whether what was handed in was graded, and did not pass."""
    handed_in_at: datetime | None = None
    to_check: bool = False
    """Whether all of it is done that the content asks for, and staff complete it after a check in person."""

    @property
    def state(self) -> State:
        """Completed whatever followed; else the worst that is known, since that is what somebody can help with."""
        if self.completed_at is not None:
            return State.DONE
        if self.waits:
            return State.HANDED_IN
        if self.returned or any(part.status == scorm12.FAILED for part in self.parts):
            return State.NOT_PASSED
        if self.to_check:
            return State.TO_CHECK
        begun = any(part.status != scorm12.NOT_ATTEMPTED or part.seconds for part in self.parts)
        return State.UNDER_WAY if begun or self.handed_in_at else State.NOT_BEGUN

    @property
    def seconds(self) -> int:
        """Time in the lesson, as its content reports it."""
        return sum(part.seconds for part in self.parts)

    @property
    def last(self) -> datetime | None:
        """When something was last heard of it."""
        moments = [part.last for part in self.parts] + [self.completed_at, self.handed_in_at]
        return max((one for one in moments if one is not None), default=None)

    @property
    def score(self) -> Decimal | None:
        """The score of the completion, else the best of the attempts."""
        scores = [part.score_pct for part in self.parts if part.score_pct is not None]
        return self.score_pct if self.score_pct is not None else max(scores, default=None)


@dataclass(frozen=True, slots=True)
class LessonFigures:
    """How a class does in one lesson."""

    done: int
    begun: int
    """Students who have begun it, done or not."""
    students: int
    median_seconds: int | None
    """Of those who have completed it and whose content reports time; None without any."""


def figures(works: Sequence[Work]) -> LessonFigures:
    """How the students of a class do in a lesson, from the work of each."""
    states = [work.state for work in works]
    times = [work.seconds for work in works if work.state is State.DONE and work.seconds]
    return LessonFigures(
        done=states.count(State.DONE),
        begun=len(states) - states.count(State.NOT_BEGUN),
        students=len(states),
        median_seconds=int(median(times)) if times else None,
    )


def why_stuck(work: Work, expected_seconds: int | None, now: datetime) -> list[str]:
    """Why a student seems stuck in a lesson, as sentences; none who is done, has not begun, or waits for the school.

    `expected_seconds`: what the lesson is estimated at, or what others needed.
    """
    if work.state not in (State.UNDER_WAY, State.NOT_PASSED):
        return []
    reasons = []
    failed = max((part.failed for part in work.parts), default=0)
    if failed >= FAILED_TRIES:
        reasons.append(f"Failed {failed} times.")
    if expected_seconds and work.seconds > max(LEAST_SECONDS, TIMES_LONGER * expected_seconds):
        reasons.append(
            f"{_minutes(work.seconds)} in the lesson so far; {_minutes(expected_seconds)} is usual."
        )
    if work.last is not None and now - work.last >= IDLE:
        reasons.append(f"Nothing for {(now - work.last).days} days.")
    return reasons


def _minutes(seconds: int) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
