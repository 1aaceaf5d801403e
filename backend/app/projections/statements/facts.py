"""What an entry of the history is in xAPI: which verb, about what, with which result. Pure.

An identifier is the UUIDv5 of the entry and of what is said of it (`completed`, `voided`, …), so that the same entry
always makes the same statements.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from app.core.actions import Action
from app.core.installation import Installation
from app.lrs.service import About, Verb, vocabulary

JsonObject = dict[str, Any]
_STATUSES = {"passed": vocabulary.PASSED, "failed": vocabulary.FAILED, "completed": vocabulary.COMPLETED}
HOURS_STATED: Mapping[Action, str] = {
    Action.ATTENDANCE_CLOCKED_OUT: "attended",
    Action.ATTENDANCE_CLOCK_OUT_MISSING: "abandoned",
    Action.ATTENDANCE_ENTERED: "attended",
    Action.ATTENDANCE_CORRECTED: "attended",
}
"""The entries that state how an attendance record ended, and the name of the statement that does."""


@dataclass(frozen=True, slots=True)
class NamedProgram:
    """A program by number and name."""

    id: int
    name: str

    @property
    def about(self) -> About:
        return About(f"/programs/{self.id}", self.name, vocabulary.PROGRAM)

    @property
    def hours(self) -> About:
        """The clock hours of a program, as an activity."""
        return About(f"/programs/{self.id}/hours", f"{self.name}: clock hours", vocabulary.MEETING)


@dataclass(frozen=True, slots=True)
class PlacedLesson:
    """A lesson and where it stands."""

    id: int
    title: str
    module_id: int
    module_name: str
    program: NamedProgram

    @property
    def about(self) -> About:
        return About(f"/lessons/{self.id}", self.title, vocabulary.LESSON)

    @property
    def around(self) -> tuple[About, ...]:
        """What the lesson belongs to, the nearest first."""
        return About(f"/modules/{self.module_id}", self.module_name, vocabulary.MODULE), self.program.about

    def part(self, sco_id: str, title: str) -> About:
        """A part of the lesson, as an activity."""
        path = f"/lessons/{self.id}/parts/{quote(sco_id, safe='')}"
        return About(path, title or self.title, vocabulary.PART)


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that an entry states. `key` is its own among the entry's; `at` is empty for the entry's moment."""

    key: str
    verb: Verb
    about: About
    parents: tuple[About, ...] = ()
    result: JsonObject | None = None
    at: datetime | None = None


def statement_id(known: Installation, entry_id: int, key: str) -> UUID:
    """The identifier of what an entry states under `key`."""
    return uuid5(known.uuid, f"history/{entry_id}/{key}")


def facts_of(
    action: Action, details: JsonObject, program: NamedProgram, lesson: PlacedLesson | None
) -> Iterator[Fact]:
    """What an entry states. `lesson` is the one its details name, None when it is gone."""
    if action in _OF_PROGRAMS:
        yield from _OF_PROGRAMS[action](details, program)
    elif action in _OF_LESSONS and lesson is not None:
        yield from _OF_LESSONS[action](details, program, lesson)


# Enrollments and clock hours


def _enrolled(_details: JsonObject, program: NamedProgram) -> Iterator[Fact]:
    yield Fact("registered", vocabulary.REGISTERED, program.about)


def _completed(_details: JsonObject, program: NamedProgram) -> Iterator[Fact]:
    yield Fact("completed", vocabulary.COMPLETED, program.about, result={"completion": True})


def _withdrawn(_details: JsonObject, program: NamedProgram) -> Iterator[Fact]:
    yield Fact("withdrew", vocabulary.WITHDREW, program.about, result={"completion": False})


def _clocked_in(details: JsonObject, program: NamedProgram) -> Iterator[Fact]:
    yield Fact(
        "initialized",
        vocabulary.INITIALIZED,
        program.hours,
        (program.about,),
        at=_moment(details, "clock_in"),
    )


def _clocked_out(details: JsonObject, program: NamedProgram) -> Iterator[Fact]:
    yield _attended(program, details.get("total_minutes") or 0, _moment(details, "clock_out"))


def _clock_out_missing(details: JsonObject, program: NamedProgram) -> Iterator[Fact]:
    yield Fact(
        "abandoned", vocabulary.ABANDONED, program.hours, (program.about,), at=_moment(details, "clock_in")
    )


def _entered(details: JsonObject, program: NamedProgram) -> Iterator[Fact]:
    after = details.get("after") or {}
    yield _attended(program, after.get("total_minutes") or 0, _moment(after, "clock_out"))


def _corrected(details: JsonObject, program: NamedProgram) -> Iterator[Fact]:
    after = details.get("after") or {}
    if after.get("total_minutes"):
        yield _attended(program, after["total_minutes"], _moment(after, "clock_out"))


def _attended(program: NamedProgram, minutes: int, at: datetime | None) -> Fact:
    result: JsonObject = {"duration": duration_text(minutes * 60)}
    return Fact("attended", vocabulary.ATTENDED, program.hours, (program.about,), result, at)


def states_hours(action: Action, details: JsonObject) -> bool:
    """Whether an entry of `HOURS_STATED` has a statement: a correction to no hours at all has none."""
    after = details.get("after") or {}
    return action is not Action.ATTENDANCE_CORRECTED or bool(after.get("total_minutes"))


# Lessons


def _lesson_completed(details: JsonObject, program: NamedProgram, lesson: PlacedLesson) -> Iterator[Fact]:
    result = {**_score(details.get("score_pct")), "completion": True}
    yield Fact("completed", vocabulary.COMPLETED, lesson.about, lesson.around, result)
    progress = (details.get("progress_pct") or [0, 0])[-1]
    result = {"completion": False, "extensions": {vocabulary.PROGRESS: progress}}
    yield Fact("progressed", vocabulary.PROGRESSED, program.about, result=result)


def _lesson_withdrawn(details: JsonObject, program: NamedProgram) -> Iterator[Fact]:
    result = {"completion": False, "extensions": {vocabulary.PROGRESS: details["progress_pct"][-1]}}
    yield Fact("progressed", vocabulary.PROGRESSED, program.about, result=result)


def _lesson_scored(details: JsonObject, _program: NamedProgram, lesson: PlacedLesson) -> Iterator[Fact]:
    scored = (details.get("score_pct") or [None, None])[-1]
    yield Fact("scored", vocabulary.SCORED, lesson.about, lesson.around, _score(scored))


def _lesson_opened(details: JsonObject, _program: NamedProgram, lesson: PlacedLesson) -> Iterator[Fact]:
    yield Fact("launched", vocabulary.LAUNCHED, *_part(details, lesson))


def _part_left(details: JsonObject, _program: NamedProgram, lesson: PlacedLesson) -> Iterator[Fact]:
    result: JsonObject = {"duration": duration_text(details["session_seconds"])}
    yield Fact("suspended", vocabulary.SUSPENDED, *_part(details, lesson), result)


def _part_reported(details: JsonObject, _program: NamedProgram, lesson: PlacedLesson) -> Iterator[Fact]:
    """The beginning, a better status or score, the end. What says nothing new is not stated."""
    about, parents = _part(details, lesson)
    for key, verb, result in reported(details):
        yield Fact(key, verb, about, parents, result)


def _quiz_submitted(details: JsonObject, _program: NamedProgram, lesson: PlacedLesson) -> Iterator[Fact]:
    """Each answer of a quiz. What the quiz came to is the score of the part, which is stated with it."""
    part, parents = _part(details, lesson)
    for number, one in enumerate(details["answers"], 1):
        if not one["answered"]:
            continue
        earned, points = Decimal(one["earned"]), Decimal(one["points"])
        result: JsonObject = {
            "success": earned == points,
            "score": {
                "scaled": round(float(earned / points), 4),
                "raw": float(earned),
                "min": 0,
                "max": float(points),
            },
        }
        about = About(f"/questions/{one['question_id']}", one["prompt"], vocabulary.QUESTION)
        yield Fact(f"answered/{number}", vocabulary.ANSWERED, about, (part, *parents), result)


def reported(details: JsonObject) -> Iterator[tuple[str, Verb, JsonObject | None]]:
    """What a course's report (`PartReported`) is worth stating: key, verb and result."""
    score = _score(details["score_pct"])
    if details["first"]:
        yield "begun", vocabulary.RESUMED if details["begun"] else vocabulary.INITIALIZED, None
    verb = _STATUSES.get(details["status"])
    if verb is not None and details["status"] != details["status_before"]:
        result: JsonObject = {"completion": True}
        if verb is not vocabulary.COMPLETED:
            result["success"] = verb is vocabulary.PASSED
        yield "status", verb, {**score, **result}
    elif details["score_pct"] != details["score_pct_before"] and score:
        yield "progressed", vocabulary.PROGRESSED, score
    if details["ending"] is not None:
        ended = vocabulary.TERMINATED if details["ending"] == "terminated" else vocabulary.SUSPENDED
        yield "ended", ended, {"duration": duration_text(details["session_seconds"])}


def _part(details: JsonObject, lesson: PlacedLesson) -> tuple[About, tuple[About, ...]]:
    return lesson.part(details["sco_id"], details.get("title") or ""), (lesson.about, *lesson.around)


_OF_PROGRAMS: Mapping[Action, Callable[[JsonObject, NamedProgram], Iterator[Fact]]] = {
    Action.ENROLLMENT_CREATED: _enrolled,
    Action.ENROLLMENT_COMPLETED: _completed,
    Action.ENROLLMENT_WITHDRAWN: _withdrawn,
    Action.ATTENDANCE_CLOCKED_IN: _clocked_in,
    Action.ATTENDANCE_CLOCKED_OUT: _clocked_out,
    Action.ATTENDANCE_CLOCK_OUT_MISSING: _clock_out_missing,
    Action.ATTENDANCE_ENTERED: _entered,
    Action.ATTENDANCE_CORRECTED: _corrected,
    Action.LESSON_COMPLETION_WITHDRAWN: _lesson_withdrawn,
}
_OF_LESSONS: Mapping[Action, Callable[[JsonObject, NamedProgram, PlacedLesson], Iterator[Fact]]] = {
    Action.LESSON_COMPLETED: _lesson_completed,
    Action.LESSON_COMPLETION_IMPROVED: _lesson_scored,
    Action.CONTENT_LESSON_OPENED: _lesson_opened,
    Action.CONTENT_PART_REPORTED: _part_reported,
    Action.CONTENT_PART_LEFT: _part_left,
    Action.QUIZ_SUBMITTED: _quiz_submitted,
}
STATED: frozenset[Action] = frozenset({*_OF_PROGRAMS, *_OF_LESSONS})
"""The actions that are stated."""


def duration_text(seconds: int) -> str:
    """Whole seconds as ISO 8601: `PT1H30M5S`."""
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{f'{hours}H' if hours else ''}{f'{minutes}M' if minutes else ''}"
    return f"PT{text}{f'{rest}S' if rest or not text else ''}"


def _score(percent: str | None) -> JsonObject:
    """`{"score": …}` of a percentage; empty without one. Kept within the bounds that xAPI allows."""
    if percent is None:
        return {}
    raw = float(min(max(Decimal(percent), Decimal(0)), Decimal(100)))
    return {"score": {"scaled": round(raw / 100, 4), "raw": raw, "min": 0, "max": 100}}


def _moment(details: JsonObject, name: str) -> datetime | None:
    text = details.get(name)
    return datetime.fromisoformat(text) if isinstance(text, str) else None
