"""Are two statements the same statement? (1.0.3 Data 2.3.1 and 4.6; 2.0 4.2.7.)

Sending a statement again is harmless; sending another one under the same id is a conflict. What the store
itself sets, the order of unordered lists, digits beyond a hundredth of a second, the definitions of activities, the
words of a verb and the case of an address's host do not count.
"""

from typing import Any

from app.lrs.engine import jsonio, values
from app.lrs.engine.statements.checks import JsonObject

_SET_HERE = ("stored", "authority", "version")


def same(kept: JsonObject, sent: JsonObject) -> bool:
    """Whether `sent` says the same as `kept`, which has the same id."""
    first, second = _essence(kept), _essence(sent)
    if "timestamp" not in sent:
        first.pop("timestamp", None)
    return first == second


def _essence(statement: JsonObject) -> JsonObject:
    plain = {key: value for key, value in statement.items() if key not in _SET_HERE}
    plain["id"] = str(plain.get("id", "")).lower()
    return _part(plain)


def _part(part: JsonObject) -> JsonObject:
    result = dict(part)
    if "timestamp" in result:
        result["timestamp"] = values.instant(result["timestamp"])
    result["actor"] = _actor(result["actor"])
    result["verb"] = result["verb"]["id"]
    result["object"] = _object(result["object"])
    if "context" in result:
        result["context"] = _context(result["context"])
    outcome = result.get("result")
    if outcome and "duration" in outcome:
        result["result"] = {**outcome, "duration": values.duration_key(outcome["duration"])}
    return result


def _object(target: JsonObject) -> JsonObject:
    kind = target.get("objectType", "Activity")
    if kind == "SubStatement":
        return _part(target)
    if kind in ("Agent", "Group"):
        return _actor(target)
    result = {name: value for name, value in target.items() if name != "definition"}
    result["objectType"] = kind
    if kind == "StatementRef":
        result["id"] = target["id"].lower()
    return result


def _actor(actor: JsonObject) -> JsonObject:
    result = {"objectType": "Agent", **actor}
    if "mbox" in result:
        local, _, host = result["mbox"].rpartition("@")
        result["mbox"] = f"{local}@{host.lower()}"
    if "member" in result:
        result["member"] = _unordered([_actor(member) for member in result["member"]])
    return result


def _context(context: JsonObject) -> JsonObject:
    result = dict(context)
    if "registration" in result:
        result["registration"] = result["registration"].lower()
    for name in ("instructor", "team"):
        if name in result:
            result[name] = _actor(result[name])
    for name, inner in (("contextAgents", "agent"), ("contextGroups", "group")):
        if name in result:
            result[name] = [{**entry, inner: _actor(entry[inner])} for entry in result[name]]
    groups = result.get("contextActivities")
    if groups is not None:
        result["contextActivities"] = {
            name: _unordered([_object(item) for item in (inner if isinstance(inner, list) else [inner])])
            for name, inner in groups.items()
        }
    return result


def _unordered(items: list[Any]) -> list[Any]:
    return sorted(items, key=jsonio.dumps)
