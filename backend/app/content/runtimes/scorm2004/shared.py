"""What the parts of a SCORM 2004 course share: objectives that one reads from another, and stores of the 4th edition.

Both are what the course keeps for itself; the school concludes nothing from a store.
"""

from collections.abc import Mapping
from typing import Any

from app.content.packages.model import Item
from app.content.postgres_text import restored_json, storable_json
from app.content.runtimes.scorm import text_of
from app.db.models import ScormCourse, ScormData
from app.rules import scorm2004
from app.rules.sequencing.state import Course

_LONGEST = 64
"""Characters of what an objective hands on: numbers and words of the standard."""
_WORDS = {True: scorm2004.PASSED, False: scorm2004.FAILED}


def entries_of(objectives: Any) -> list[dict[str, Any]]:
    """`cmi.objectives` as a list; the run-time sends it as an object with numbers for names."""
    listed = list(objectives.values()) if isinstance(objectives, dict) else objectives
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def elements_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """What an objective says, by element: `score.raw`, `completion_status` …"""
    score = entry.get("score")
    scores = score if isinstance(score, Mapping) else {}
    return {
        **{f"score.{name}": text_of(scores.get(name)) for name in ("raw", "min", "max")},
        **{name: text_of(entry.get(name)) for name in ("completion_status", "progress_measure")},
    }


def inform(course: Course, item: Item, objectives: dict[str, Any]) -> None:
    """Put into the objectives of a part that starts what they read from global ones (RTE 4.2.17, SN 3.10.3)."""
    for entry in entries_of(objectives):
        objective = course.objective(item.id, text_of(entry.get("id")))
        if objective is None or not objective.id or not objective.maps:
            continue
        known = course.progress(item.id, objective)
        score = entry["score"] if isinstance(entry.get("score"), dict) else {}
        entry["score"] = score
        if known.satisfied is not None:
            entry["success_status"] = _WORDS[known.satisfied]
        if known.measure is not None:
            score["scaled"] = f"{known.measure:f}"
        for element, value in course.handed_on(objective).items():
            holder, _, name = element.rpartition(".")
            (score if holder else entry)[name] = value
        if not score:
            del entry["score"]


def hand_on(course: Course, item: Item, attempt: ScormData) -> None:
    """Keep for other parts what the objectives of a part hand on."""
    for entry in entries_of(attempt.cmi.get("objectives")):
        objective = course.objective(item.id, text_of(entry.get("id")))
        if objective is not None and objective.id:
            said = {name: value for name, value in elements_of(entry).items() if len(value) <= _LONGEST}
            course.hand_on(objective, said)


def maps_of(item: Item) -> list[dict[str, Any]]:
    """The stores of a part as the manifest names them: `target`, `reads`, `writes`."""
    maps: list[dict[str, Any]] = item.details.get("shared_data", [])
    return maps


def stores_of(row: ScormCourse | None, item: Item) -> dict[str, str]:
    """What is in the stores of a part, by name; one that nobody has filled is left out."""
    kept: dict[str, str] = {} if row is None else restored_json(row.stores)
    return {one["target"]: kept[one["target"]] for one in maps_of(item) if one["target"] in kept}


def take_stores(row: ScormCourse, item: Item, attempt: ScormData) -> None:
    """Keep what a part has put into the stores that it may write."""
    given = restored_json(attempt.cmi.get("shared_data"))
    if not isinstance(given, dict):
        return
    may_write = {one["target"] for one in maps_of(item) if one["writes"]}
    said = {name: value for name, value in given.items() if name in may_write and isinstance(value, str)}
    changed = {**row.stores, **storable_json(said)}
    if changed != row.stores:
        row.stores = changed
