"""From a checked statement to what the store writes: identity, keys, and the text that is kept.

The statement itself stays as the client wrote it. Added are only the properties the standard makes the
store's own (id, stored, authority, version, a missing timestamp: 1.0.3 Data 2.3.1 and 2.4), and
`contextActivities` become arrays (Data 2.4.6.2).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntFlag
from typing import Any

from app.lrs.engine import jsonio, values
from app.lrs.engine.statements.actors import identity
from app.lrs.engine.statements.checks import JsonObject
from app.lrs.engine.statements.validation import VOIDED
from app.lrs.engine.versions import Version

SUB_SHIFT = 8
"""The usage bits of a SubStatement's parts are those of the statement's, moved up by this many."""


class ActorUsage(IntFlag):
    """Where in a statement an actor stands; one row per actor, the bits added up.

    The bits are kept and added as plain numbers: every operation on a flag makes a flag, which takes longer than all
    else that is done with it.
    """

    ACTOR = 1
    OBJECT = 2
    AUTHORITY = 4
    INSTRUCTOR = 8
    TEAM = 16
    CONTEXT_AGENT = 32
    CONTEXT_GROUP = 64


class ActivityUsage(IntFlag):
    """Where in a statement an activity stands."""

    OBJECT = 1
    PARENT = 2
    GROUPING = 4
    CATEGORY = 8
    OTHER = 16


DIRECT_ACTOR = int(ActorUsage.ACTOR | ActorUsage.OBJECT)
DIRECT_ACTIVITY = int(ActivityUsage.OBJECT)
_CONTEXT_KEYS = (
    ("parent", ActivityUsage.PARENT),
    ("grouping", ActivityUsage.GROUPING),
    ("category", ActivityUsage.CATEGORY),
    ("other", ActivityUsage.OTHER),
)


@dataclass(slots=True)
class Keys:
    """What a statement can be found by."""

    actors: dict[str, int] = field(default_factory=dict)
    """Identity -> usage bits."""
    activities: dict[str, int] = field(default_factory=dict)
    """IRI -> usage bits."""
    definitions: dict[str, JsonObject] = field(default_factory=dict)
    """IRI -> definition, where the statement carries one."""
    people: dict[str, JsonObject] = field(default_factory=dict)
    """Identity -> the agent or group as it stands in the statement."""
    names: list[tuple[str, str]] = field(default_factory=list)
    """(identity, name) wherever a person is named."""


@dataclass(slots=True)
class Prepared:
    """One statement, ready to be written; `stored` is the only thing still missing."""

    statement_id: str
    given: bool
    """Whether the client chose the id; only then can it be there already."""
    statement: JsonObject
    body: bytes
    """The statement's JSON without its closing brace and without stored and authority."""
    timestamp: datetime | None
    verb: str
    object_id: str
    actor: str | None
    registration: str | None
    version: str
    result: bytes | None
    context: bytes | None
    keys: Keys
    target: str | None
    voids: bool

    def text(self, stored: str, authority: bytes) -> bytes:
        """The statement as it is kept and answered."""
        timestamp = b"" if self.timestamp else b',"timestamp":"%s"' % stored.encode()
        return b'%s%s,"stored":"%s","authority":%s}' % (self.body, timestamp, stored.encode(), authority)


def prepare(statement: JsonObject, version: Version) -> Prepared:
    """Complete a valid statement (it is changed in place) and read its keys."""
    statement.pop("stored", None)
    statement.pop("authority", None)
    given = "id" in statement
    statement_id = statement["id"].lower() if given else values.random_uuid()
    statement["id"] = statement_id
    if "version" not in statement:
        statement["version"] = "2.0.0" if version.second else "1.0.0"
    _arrays(statement)
    moment = _timestamp(statement, version)
    target = statement["object"]
    if target.get("objectType") == "SubStatement":
        _arrays(target)
        _timestamp(target, version)
    kind = target.get("objectType", "Activity")
    result, context = statement.get("result"), statement.get("context")
    return Prepared(
        statement_id=statement_id,
        given=given,
        statement=statement,
        body=jsonio.dumps(statement)[:-1],
        timestamp=moment,
        verb=statement["verb"]["id"],
        object_id=_object_id(target, kind),
        actor=identity(statement["actor"]),
        registration=context.get("registration") if context else None,
        version=statement["version"],
        result=jsonio.dumps(result) if result is not None else None,
        context=jsonio.dumps(context) if context is not None else None,
        keys=keys_of(statement),
        target=target["id"].lower() if kind == "StatementRef" else None,
        voids=statement["verb"]["id"] == VOIDED,
    )


def _arrays(statement: JsonObject) -> None:
    groups = statement.get("context", {}).get("contextActivities")
    if groups:
        for name, inner in groups.items():
            if type(inner) is dict:
                groups[name] = [inner]


def _timestamp(statement: JsonObject, version: Version) -> datetime | None:
    text = statement.get("timestamp")
    if text is None:
        return None
    moment = values.instant(text)
    if version.second and moment is not None and text[-1] != "Z":
        statement["timestamp"] = values.text_of(moment)  # 2.0, 4.2.7: kept in UTC
    return moment


def _object_id(target: JsonObject, kind: str) -> str:
    if kind in ("Activity", "StatementRef"):
        return str(target["id"])
    if kind == "SubStatement":
        inner = target["object"]
        return _object_id(inner, inner.get("objectType", "Activity"))
    return identity(target) or "anonymous group"


def keys_of(statement: JsonObject) -> Keys:
    """The actors and activities of a statement, with every place each stands in."""
    keys = Keys()
    _collect(statement, keys, 0)
    target = statement["object"]
    if target.get("objectType") == "SubStatement":
        _collect(target, keys, SUB_SHIFT)
    authority = statement.get("authority")
    if authority:
        _actor(authority, keys, int(ActorUsage.AUTHORITY))
    return keys


def _collect(part: JsonObject, keys: Keys, shift: int) -> None:
    _actor(part["actor"], keys, ActorUsage.ACTOR << shift)
    target = part["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        _activity(target, keys, ActivityUsage.OBJECT << shift)
    elif kind in ("Agent", "Group"):
        _actor(target, keys, ActorUsage.OBJECT << shift)
    context = part.get("context")
    if context:
        _context(context, keys, shift)


def _context(context: JsonObject, keys: Keys, shift: int) -> None:
    groups = context.get("contextActivities")
    if groups:
        for name, usage in _CONTEXT_KEYS:
            for item in groups.get(name, ()):
                _activity(item, keys, usage << shift)
    if "instructor" in context:
        _actor(context["instructor"], keys, ActorUsage.INSTRUCTOR << shift)
    if "team" in context:
        _actor(context["team"], keys, ActorUsage.TEAM << shift)
    for entry in context.get("contextAgents", ()):
        _actor(entry["agent"], keys, ActorUsage.CONTEXT_AGENT << shift)
    for entry in context.get("contextGroups", ()):
        _actor(entry["group"], keys, ActorUsage.CONTEXT_GROUP << shift)


def _actor(actor: JsonObject, keys: Keys, usage: int) -> None:
    name = identity(actor)
    if name is not None:
        keys.actors[name] = keys.actors.get(name, 0) | usage
        keys.people.setdefault(name, actor)
        if "name" in actor:
            keys.names.append((name, actor["name"]))
    for member in actor.get("member", ()):
        _actor(member, keys, usage)


def _activity(activity: JsonObject, keys: Keys, usage: int) -> None:
    iri: str = activity["id"]
    keys.activities[iri] = keys.activities.get(iri, 0) | usage
    definition: Any = activity.get("definition")
    if definition:
        known = keys.definitions.get(iri)
        keys.definitions[iri] = merged(known, definition) if known else definition


def merged(known: JsonObject, newer: JsonObject) -> JsonObject:
    """One definition from two: language maps and extensions are joined, the rest is the newer one's."""
    result = dict(known)
    for name, value in newer.items():
        if name in ("name", "description", "extensions") and isinstance(result.get(name), dict):
            result[name] = {**result[name], **value}
        else:
            result[name] = value
    return result
