"""Activities and their definitions (1.0.3 Data 2.4.4.1; 2.0 4.2.2.3)."""

from typing import Any

from app.lrs.engine.statements.checks import (
    JsonObject,
    a_language_map,
    a_string,
    an_array,
    an_iri,
    an_object,
    extensions,
    fail,
    only,
    remembered,
    required,
)

_ACTIVITY = frozenset(("objectType", "id", "definition"))
_COMPONENT = frozenset(("id", "description"))
_LISTS = ("choices", "scale", "source", "target", "steps")
_TEXTS = ("name", "description", "type", "moreInfo", "extensions")
_DEFINITION = frozenset((*_TEXTS, "interactionType", "correctResponsesPattern", *_LISTS))
# Which component lists an interaction of each type may carry.
_INTERACTIONS: dict[str, frozenset[str]] = {
    "true-false": frozenset(),
    "choice": frozenset(("choices",)),
    "fill-in": frozenset(),
    "long-fill-in": frozenset(),
    "matching": frozenset(("source", "target")),
    "performance": frozenset(("steps",)),
    "sequencing": frozenset(("choices",)),
    "likert": frozenset(("scale",)),
    "numeric": frozenset(),
    "other": frozenset(),
}


@remembered
def activity(value: Any, path: str) -> None:
    """An Activity as object or in `contextActivities`."""
    found = an_object(value, path)
    only(found, _ACTIVITY, path)
    if found.get("objectType", "Activity") != "Activity":
        raise fail(f"{path}.objectType", 'An Activity belongs here: "objectType" must be "Activity".')
    an_iri(required(found, "id", path), f"{path}.id")
    if "definition" in found:
        definition(found["definition"], f"{path}.definition")


def definition(value: Any, path: str) -> None:
    """A definition with its interaction, if it has one."""
    found = an_object(value, path)
    only(found, _DEFINITION, path)
    for name in ("name", "description"):
        if name in found:
            a_language_map(found[name], f"{path}.{name}")
    for name in ("type", "moreInfo"):
        if name in found:
            an_iri(found[name], f"{path}.{name}")
    if "extensions" in found:
        extensions(found["extensions"], f"{path}.extensions")
    if "interactionType" in found:
        _interaction(found, path)
        return
    for name in ("correctResponsesPattern", *_LISTS):
        if name in found:
            raise fail(path, f'"interactionType" is required when "{name}" is there.')


def _interaction(found: JsonObject, path: str) -> None:
    chosen = a_string(found["interactionType"], f"{path}.interactionType")
    if chosen not in _INTERACTIONS:
        raise fail(f"{path}.interactionType", f"One of {', '.join(_INTERACTIONS)} belongs here.")
    if "correctResponsesPattern" in found:
        place = f"{path}.correctResponsesPattern"
        for index, pattern in enumerate(an_array(found["correctResponsesPattern"], place)):
            a_string(pattern, f"{place}[{index}]")
    allowed = _INTERACTIONS[chosen]
    for name in _LISTS:
        if name not in found:
            continue
        if name not in allowed:
            raise fail(f"{path}.{name}", f'An interaction of type "{chosen}" has no "{name}".')
        _components(found[name], f"{path}.{name}")


def _components(value: Any, path: str) -> None:
    seen: set[str] = set()
    for index, item in enumerate(an_array(value, path)):
        place = f"{path}[{index}]"
        found = an_object(item, place)
        only(found, _COMPONENT, place)
        name = a_string(required(found, "id", place), f"{place}.id")
        if name in seen:
            raise fail(f"{place}.id", "Two components of one list must not share an id.")
        seen.add(name)
        if "description" in found:
            a_language_map(found["description"], f"{place}.description")
