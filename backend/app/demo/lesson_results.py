"""Lessons completed, and the attempts behind the SCORM ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.demo.catalog import PASSING_PCT
from app.demo.desk import Desk, Enrolled
from app.demo.story import Completion


@dataclass(frozen=True, slots=True)
class Completed:
    """A completion with its number; `count` is how many lessons of the enrollment it makes."""

    id: int
    item: Enrolled
    lesson_id: int
    done: Completion
    count: int


@dataclass(frozen=True, slots=True)
class Attempted:
    """What an attempt at a lesson came to, and when it last reported."""

    item: Enrolled
    lesson_id: int
    sco_id: str
    status: str
    score: int | None
    seconds: int
    at: datetime


_Attempt = tuple[Attempted, tuple[object, ...]]


def write_lessons(
    desk: Desk, enrolled: list[Enrolled], packages: dict[int, tuple[int, str]]
) -> tuple[list[Completed], list[Attempted]]:
    """Completions, and an attempt or two behind each that the content reported."""
    completions: list[tuple[Enrolled, int, Completion, int]] = []
    attempts: list[_Attempt] = []
    for item in enrolled:
        keys, story = desk.lesson_ids[item.story.program.name], item.story
        for count, done in enumerate(story.completions, start=1):
            completions.append((item, keys[done.lesson], done, count))
            if keys[done.lesson] in packages:
                attempts += _attempts(desk, item, keys[done.lesson], packages[keys[done.lesson]], done)
        upcoming = len(story.completions)
        if item.status == "active" and upcoming < len(keys) and keys[upcoming] in packages and story.entries:
            attempts.append(_begun(desk, item, keys[upcoming], packages[keys[upcoming]]))
    completions.sort(key=lambda row: (row[2].at, row[0].id))
    written = [
        Completed(key, *row)
        for key, row in zip(
            desk.copier.keys("lesson_completions", len(completions)), completions, strict=True
        )
    ]
    desk.copier.copy(
        "lesson_completions",
        ("id", "enrollment_id", "lesson_id", "completed_at", "source", "score_pct", "created_at"),
        (
            (one.id, one.item.id, one.lesson_id, one.done.at, one.done.source, one.done.score, one.done.at)
            for one in written
        ),
    )
    desk.copier.copy(
        "scorm_data",
        ("user_id", "enrollment_id", "lesson_id", "package_id", "sco_id", "attempt_no", "cmi_core_lesson_status",
         "cmi_core_score_raw", "cmi_core_score_max", "score_min", "score_pct", "cmi_suspend_data", "location",
         "exit", "total_seconds", "cmi", "started_at", "updated_at", "finished_at"),
        (row for _, row in attempts),
    )  # fmt: skip
    return written, [one for one, _ in attempts]


def _attempts(
    desk: Desk, item: Enrolled, lesson_id: int, package: tuple[int, str], done: Completion
) -> Iterator[_Attempt]:
    """The attempt that passed, and at times one that failed before it."""
    score = done.score or PASSING_PCT
    seconds = desk.random.randint(420, 1500)
    started = done.at - timedelta(seconds=seconds + desk.random.randint(20, 200))
    number = 1
    if desk.random.random() < 0.12:
        failed = desk.random.choice((40, 60))
        earlier = started - timedelta(minutes=desk.random.randint(5, 15))
        begun = earlier - timedelta(minutes=8)
        yield _attempt(item, lesson_id, package, 1, "failed", failed, 440, begun, earlier, earlier)
        number = 2
    yield _attempt(item, lesson_id, package, number, "passed", score, seconds, started, done.at, done.at)


def _begun(desk: Desk, item: Enrolled, lesson_id: int, package: tuple[int, str]) -> _Attempt:
    started = item.story.entries[-1].clock_in + timedelta(seconds=desk.random.randint(60, 900))
    seconds = desk.random.randint(90, 400)
    seen = min(started + timedelta(seconds=seconds + 15), desk.moment)
    return _attempt(
        item, lesson_id, package, 1, "incomplete", None, seconds, min(started, desk.moment), seen, None
    )


def _attempt(
    item: Enrolled,
    lesson_id: int,
    package: tuple[int, str],
    number: int,
    status: str,
    score: int | None,
    seconds: int,
    started: datetime,
    updated: datetime,
    finished: datetime | None,
) -> _Attempt:
    page = "page-2" if finished is None else "result"
    state: dict[str, object] = (
        {"page": page, "answers": {}} if finished is None else {"page": page, "answers": {}, "score": score}
    )
    core: dict[str, object] = {"lesson_status": status, "lesson_location": page}
    if score is not None:
        core["score"] = {"raw": str(score), "min": "0", "max": "100"}
    attempted = Attempted(item, lesson_id, package[1], status, score, seconds, updated)
    return attempted, (
        item.student.user_id, item.id, lesson_id, package[0], package[1], number, status, score,
        None if score is None else 100, None if score is None else 0, score, json.dumps(state), page,
        "suspend" if finished is None else "", seconds, {"core": core}, started, updated, finished,
    )  # fmt: skip
