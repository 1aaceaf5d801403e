"""A statement as the reader asked for it: `ids`, `canonical`, or an older version's shape."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from app.lrs.engine.statements.checks import JsonObject

_LONGEST_TAG = 35
"""Characters of the longest language tag that is looked for (RFC 5646, 4.4.1)."""
_MOST_TAGS = 16
_RANGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")  # RFC 4647, 2.1
_IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
Languages = Sequence[str]
ActorShape = Callable[[JsonObject], JsonObject]


def as_ids(statement: JsonObject) -> JsonObject:
    """Only what identifies Agents, Activities, Verbs and Groups (1.0.3 Communication 2.1.3, `format=ids`)."""
    return _mapped(statement, _bare_actor, _bare_activity, _bare_verb)


def as_canonical(
    statement: JsonObject, definitions: Mapping[str, JsonObject], languages: Languages
) -> JsonObject:
    """The store's own definitions of activities, and one language in every language map."""

    def activity(found: JsonObject) -> JsonObject:
        definition = definitions.get(found["id"], found.get("definition"))
        result = {"objectType": "Activity", "id": found["id"]}
        return {**result, "definition": one_language(definition, languages)} if definition else result

    def verb(found: JsonObject) -> JsonObject:
        if "display" not in found:
            return found
        return {**found, "display": chosen(found["display"], languages)}

    result = _mapped(statement, lambda actor: actor, activity, verb)
    if "attachments" in result:
        result["attachments"] = [
            {
                key: chosen(value, languages) if key in ("display", "description") else value
                for key, value in item.items()
            }
            for item in result["attachments"]
        ]
    return result


def for_version_one(statement: JsonObject) -> JsonObject:
    """A 2.0 statement for a 1.0.3 reader: what 1.0.3 does not know is left out, the version says 1.0.x."""
    result = dict(statement)
    if str(result.get("version", "")).startswith("2."):
        result["version"] = "1.0.3"
    for part in (result, result["object"]):
        context = part.get("context") if isinstance(part, dict) else None
        if context and ("contextAgents" in context or "contextGroups" in context):
            kept = {k: v for k, v in context.items() if k not in ("contextAgents", "contextGroups")}
            if part is result:
                result["context"] = kept
            else:
                result["object"] = {**part, "context": kept}
    return result


def _mapped(part: JsonObject, actor: ActorShape, activity: ActorShape, verb: ActorShape) -> JsonObject:
    result = dict(part)
    result["actor"] = actor(part["actor"])
    result["verb"] = verb(part["verb"])
    target = part["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        result["object"] = activity(target)
    elif kind in ("Agent", "Group"):
        result["object"] = actor(target)
    elif kind == "SubStatement":
        result["object"] = _mapped(target, actor, activity, verb)
    if "authority" in part:
        result["authority"] = actor(part["authority"])
    if "context" in part:
        result["context"] = _context(part["context"], actor, activity)
    return result


def _context(context: JsonObject, actor: ActorShape, activity: ActorShape) -> JsonObject:
    result = dict(context)
    for name in ("instructor", "team"):
        if name in context:
            result[name] = actor(context[name])
    for name, key in (("contextAgents", "agent"), ("contextGroups", "group")):
        if name in context:
            result[name] = [{**entry, key: actor(entry[key])} for entry in context[name]]
    if "contextActivities" in context:
        result["contextActivities"] = {
            name: [activity(item) for item in inner] for name, inner in context["contextActivities"].items()
        }
    return result


def _bare_actor(found: JsonObject) -> JsonObject:
    result: JsonObject = {"objectType": found.get("objectType", "Agent")}
    for name in _IDENTIFIERS:
        if name in found:
            result[name] = found[name]
            return result
    result["member"] = [_bare_actor(member) for member in found.get("member", ())]
    return result


def _bare_activity(found: JsonObject) -> JsonObject:
    return {"id": found["id"]}


def _bare_verb(found: JsonObject) -> JsonObject:
    return {"id": found["id"]}


def one_language(definition: JsonObject, languages: Languages) -> JsonObject:
    """A definition with one language in each of its maps, those of interaction components too."""
    result: dict[str, Any] = {}
    for key, value in definition.items():
        if key in ("name", "description"):
            result[key] = chosen(value, languages)
        elif key in ("choices", "scale", "source", "target", "steps"):
            result[key] = [
                {k: chosen(v, languages) if k == "description" else v for k, v in item.items()}
                for item in value
            ]
        else:
            result[key] = value
    return result


def chosen(texts: Mapping[str, str], languages: Languages) -> dict[str, str]:
    """The one entry of a language map that suits the reader best (RFC 4647 look-up), else the first."""
    if len(texts) <= 1:
        return dict(texts)
    if languages:
        # Each tag is looked at once, however many languages the reader understands.
        exact: dict[str, str] = {}
        longer: dict[str, str] = {}
        for tag in texts:
            exact[tag.lower()] = tag
            for prefix in _prefixes(tag[: _LONGEST_TAG + 1].lower().rpartition("-")[0]):
                longer.setdefault(prefix, tag)
        for wanted in languages:
            for prefix in _prefixes(wanted.lower()):
                found = exact.get(prefix) or longer.get(prefix)
                if found is not None:
                    return {found: texts[found]}
    first = next(iter(texts))
    return {first: texts[first]}


def _prefixes(tag: str) -> Iterator[str]:
    """A tag, then the same without its last subtag, and so on."""
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


def accepted_languages(header: str | None) -> list[str]:
    """The tags of an Accept-Language header, best first; those with weight 0 are left out.

    A tag that is not well-formed or has more than 35 characters counts for nothing, and so does what comes
    after the first 16.
    """
    weighted: list[tuple[float, int, str]] = []
    for position, part in enumerate((header or "").split(",", _MOST_TAGS)[:_MOST_TAGS]):
        tag, _, parameters = part.partition(";")
        tag = tag.strip()
        if len(tag) > _LONGEST_TAG or _RANGE.fullmatch(tag) is None:
            continue
        name, _, number = parameters.strip().partition("=")
        try:
            weight = float(number) if name.strip() == "q" else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighted.append((-weight, position, tag))
    return [tag for _, _, tag in sorted(weighted)]
