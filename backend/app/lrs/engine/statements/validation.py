"""Is this a statement? (1.0.3 Data 2; 2.0, IEEE 9274.1.1, 4.2.)

`statement(value, path, version)` returns nothing and raises a `Refusal` at the first thing that breaks a
MUST. Nothing is changed here; `preparation.py` adds what an LRS has to add.
"""

import re
from typing import Any

from app.lrs.engine.statements import activities, actors
from app.lrs.engine.statements.checks import (
    JsonObject,
    a_boolean,
    a_duration,
    a_language,
    a_language_map,
    a_media_type,
    a_number,
    a_sha2,
    a_string,
    a_timestamp,
    a_uuid,
    an_array,
    an_iri,
    an_object,
    extensions,
    fail,
    only,
    remembered,
    required,
)
from app.lrs.engine.versions import Version

VOIDED = "http://adlnet.gov/expapi/verbs/voided"

_SUBSTATEMENT = frozenset(
    ("objectType", "actor", "verb", "object", "result", "context", "timestamp", "attachments")
)
_STATEMENT = (_SUBSTATEMENT - {"objectType"}) | {"id", "stored", "authority", "version"}
_VERB = frozenset(("id", "display"))
_REFERENCE = frozenset(("objectType", "id"))
_RESULT = frozenset(("score", "success", "completion", "response", "duration", "extensions"))
_SCORE = frozenset(("scaled", "raw", "min", "max"))
_CONTEXT = frozenset(
    (
        "registration",
        "instructor",
        "team",
        "contextActivities",
        "revision",
        "platform",
        "language",
        "statement",
        "extensions",
    )
)
_CONTEXT_2 = _CONTEXT | {"contextAgents", "contextGroups"}
_CONTEXT_ACTIVITIES = frozenset(("parent", "grouping", "category", "other"))
_FIRST, _SECOND = re.compile(r"1\.0(\.[0-9]{1,9})?"), re.compile(r"2\.0\.[0-9]{1,9}")
_ATTACHMENT = frozenset(("usageType", "display", "description", "contentType", "length", "sha2", "fileUrl"))
_CONTEXT_AGENT = frozenset(("objectType", "agent", "relevantTypes"))
_CONTEXT_GROUP = frozenset(("objectType", "group", "relevantTypes"))


def statement(value: Any, path: str, version: Version) -> None:
    """A whole statement as a client sends it. Raises `Refusal` 400 with the JSON path of the fault."""
    found = an_object(value, path)
    only(found, _STATEMENT, path)
    if "id" in found:
        a_uuid(found["id"], f"{path}.id")
    if "stored" in found:
        a_timestamp(found["stored"], f"{path}.stored", rfc3339=version.second)
    if "authority" in found:
        actors.authority(found["authority"], f"{path}.authority")
    if "version" in found:
        _version(found["version"], f"{path}.version", version)
    _core(found, path, version)
    if version.second and str(found.get("version", "2")).startswith("1"):
        _of_version_one(found, path)
    kind_of_object = found["object"].get("objectType", "Activity")
    if found["verb"]["id"] == VOIDED and kind_of_object != "StatementRef":
        raise fail(f"{path}.object", 'A voiding statement points at what it voids by a "StatementRef".')


def _version(value: Any, path: str, version: Version) -> None:
    text = a_string(value, path)
    if not (_FIRST.fullmatch(text) or (version.second and _SECOND.fullmatch(text))):
        known = "1.0, 1.0.x or 2.0.x" if version.second else "1.0 or 1.0.x"
        raise fail(path, f"This LRS supports versions {known}, not “{text[:40]}”.")


def _of_version_one(found: JsonObject, path: str) -> None:
    for place, part in ((path, found), (f"{path}.object", found["object"])):
        for name in ("contextAgents", "contextGroups"):
            if name in part.get("context", {}):
                raise fail(
                    f"{place}.context.{name}",
                    'xAPI 1.0 has no such property; the statement says "version": "1.0".',
                )


def _core(found: JsonObject, path: str, version: Version) -> None:
    """What a statement and a SubStatement have in common."""
    actors.actor(required(found, "actor", path), f"{path}.actor")
    _verb(required(found, "verb", path), f"{path}.verb")
    _object(required(found, "object", path), f"{path}.object", version)
    if "result" in found:
        _result(found["result"], f"{path}.result")
    if "context" in found:
        _context(found["context"], f"{path}.context", version, found["object"])
    if "timestamp" in found:
        a_timestamp(found["timestamp"], f"{path}.timestamp", rfc3339=version.second)
    if "attachments" in found:
        place = f"{path}.attachments"
        for index, item in enumerate(an_array(found["attachments"], place)):
            _attachment(item, f"{place}[{index}]")


@remembered
def _verb(value: Any, path: str) -> None:
    found = an_object(value, path)
    only(found, _VERB, path)
    an_iri(required(found, "id", path), f"{path}.id")
    if "display" in found:
        a_language_map(found["display"], f"{path}.display")


def _object(value: Any, path: str, version: Version) -> None:
    found = an_object(value, path)
    chosen = found.get("objectType", "Activity")
    if chosen == "Activity":
        activities.activity(found, path)
    elif chosen == "StatementRef":
        reference(found, path)
    elif chosen in ("Agent", "Group"):
        actors.actor(found, path)
    elif chosen == "SubStatement":
        _substatement(found, path, version)
    else:
        raise fail(
            f"{path}.objectType", "One of Activity, Agent, Group, StatementRef and SubStatement belongs here."
        )


def reference(value: Any, path: str) -> None:
    """A StatementRef."""
    found = an_object(value, path)
    only(found, _REFERENCE, path)
    if found.get("objectType") != "StatementRef":
        raise fail(f"{path}.objectType", '"StatementRef" belongs here.')
    a_uuid(required(found, "id", path), f"{path}.id")


def _substatement(found: JsonObject, path: str, version: Version) -> None:
    only(found, _SUBSTATEMENT, path)
    inner = found.get("object")
    if type(inner) is dict and inner.get("objectType") == "SubStatement":
        raise fail(f"{path}.object", "A SubStatement must not hold another SubStatement.")
    _core(found, path, version)


def _result(value: Any, path: str) -> None:
    found = an_object(value, path)
    only(found, _RESULT, path)
    if "score" in found:
        _score(found["score"], f"{path}.score")
    for name in ("success", "completion"):
        if name in found:
            a_boolean(found[name], f"{path}.{name}")
    if "response" in found:
        a_string(found["response"], f"{path}.response")
    if "duration" in found:
        a_duration(found["duration"], f"{path}.duration")
    if "extensions" in found:
        extensions(found["extensions"], f"{path}.extensions")


def _score(value: Any, path: str) -> None:
    found = an_object(value, path)
    only(found, _SCORE, path)
    numbers = {name: a_number(inner, f"{path}.{name}") for name, inner in found.items()}
    if not -1 <= numbers.get("scaled", 0) <= 1:
        raise fail(f"{path}.scaled", "A scaled score lies between -1 and 1.")
    low, high, raw = numbers.get("min"), numbers.get("max"), numbers.get("raw")
    if low is not None and high is not None and low >= high:
        raise fail(f"{path}.min", "The smallest score must be less than the largest.")
    if raw is not None and ((low is not None and raw < low) or (high is not None and raw > high)):
        raise fail(f"{path}.raw", "The raw score must lie between min and max.")


def _context(value: Any, path: str, version: Version, target: Any) -> None:
    found = an_object(value, path)
    only(found, _CONTEXT_2 if version.second else _CONTEXT, path)
    if "registration" in found:
        a_uuid(found["registration"], f"{path}.registration")
    if "instructor" in found:
        actors.actor(found["instructor"], f"{path}.instructor")
    if "team" in found:
        actors.group(found["team"], f"{path}.team")
    if "contextActivities" in found:
        _context_activities(found["contextActivities"], f"{path}.contextActivities")
    about_activity = type(target) is dict and target.get("objectType", "Activity") == "Activity"
    for name in ("revision", "platform"):
        if name in found:
            a_string(found[name], f"{path}.{name}")
            if not about_activity:
                raise fail(f"{path}.{name}", f'"{name}" is allowed only when the object is an Activity.')
    if "language" in found:
        a_language(found["language"], f"{path}.language")
    if "statement" in found:
        reference(found["statement"], f"{path}.statement")
    if "extensions" in found:
        extensions(found["extensions"], f"{path}.extensions")
    if version.second:
        _context_people(found, path)


def _context_people(found: JsonObject, path: str) -> None:
    """`contextAgents` and `contextGroups` of version 2.0 (4.2.2.5)."""
    for name, known, key, check in (
        ("contextAgents", _CONTEXT_AGENT, "agent", actors.agent),
        ("contextGroups", _CONTEXT_GROUP, "group", actors.group),
    ):
        for index, item in enumerate(an_array(found.get(name, []), f"{path}.{name}")):
            place = f"{path}.{name}[{index}]"
            entry = an_object(item, place)
            only(entry, known, place)
            expected = name[:-1]
            if required(entry, "objectType", place) != expected:
                raise fail(f"{place}.objectType", f'"{expected}" belongs here.')
            check(required(entry, key, place), f"{place}.{key}")
            if "relevantTypes" in entry:
                types = an_array(entry["relevantTypes"], f"{place}.relevantTypes")
                if not types:
                    raise fail(f"{place}.relevantTypes", "The list must not be empty; leave it out instead.")
                for position, relevant in enumerate(types):
                    an_iri(relevant, f"{place}.relevantTypes[{position}]")


def _context_activities(value: Any, path: str) -> None:
    found = an_object(value, path)
    only(found, _CONTEXT_ACTIVITIES, path)
    for name, inner in found.items():
        place = f"{path}.{name}"
        if type(inner) is dict:
            activities.activity(inner, place)
            continue
        for index, item in enumerate(an_array(inner, place)):
            activities.activity(item, f"{place}[{index}]")


def _attachment(value: Any, path: str) -> None:
    found = an_object(value, path)
    only(found, _ATTACHMENT, path)
    an_iri(required(found, "usageType", path), f"{path}.usageType")
    a_language_map(required(found, "display", path), f"{path}.display")
    if "description" in found:
        a_language_map(found["description"], f"{path}.description")
    a_media_type(required(found, "contentType", path), f"{path}.contentType")
    length = required(found, "length", path)
    if type(length) is not int or length < 0:
        raise fail(f"{path}.length", "The length in octets belongs here, a whole number.")
    a_sha2(required(found, "sha2", path), f"{path}.sha2")
    if "fileUrl" in found:
        an_iri(found["fileUrl"], f"{path}.fileUrl")
