"""A statement in plain words: who did what to what, with which result."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from app.lrs.desk.browser.queries import Found
from app.lrs.engine import values
from app.lrs.engine.statements.filters import moment_of
from app.lrs.vocabulary import in_words
from app.web import formats

_ICONS = {
    "completed": "circle-check",
    "passed": "award",
    "failed": "circle-x",
    "attended": "clock-stop",
    "initialized": "player-play",
    "launched": "player-play",
    "resumed": "player-play",
    "suspended": "player-pause",
    "terminated": "player-stop",
    "registered": "school",
    "voided": "ban",
}
_LONGEST_SECONDS = 100 * 366 * 86_400


@dataclass(frozen=True, slots=True)
class Line:
    """One statement for a reader."""

    key: int
    id: str
    user_id: int | None
    who: str
    did: str
    what: str
    result: str
    at: datetime
    stored: datetime
    icon: str
    verb: str
    object_id: str
    refers_to: str
    is_voided: bool
    payload: dict[str, Any]

    @property
    def sentence(self) -> str:
        return f"{self.did} {self.what}"


def line_of(found: Found) -> Line:
    """Read a stored statement."""
    payload: dict[str, Any] = orjson.loads(found.payload)
    stored = moment_of(found.key)
    verb = payload.get("verb", {})
    iri = str(verb.get("id", ""))
    target = payload.get("object", {})
    return Line(
        key=found.key,
        id=str(payload.get("id", "")),
        user_id=found.user_id,
        who=found.full_name or who(payload.get("actor", {})),
        did=in_words(iri, verb.get("display")),
        what=what(target),
        result=outcome(payload.get("result") or {}),
        at=values.instant(str(payload.get("timestamp", "")), rfc3339=False) or stored,
        stored=stored,
        icon=_ICONS.get(iri.rpartition("/")[2], "circle"),
        verb=iri,
        object_id=object_id(target),
        refers_to=object_id(target) if target.get("objectType") == "StatementRef" else "",
        is_voided=found.is_voided,
        payload=payload,
    )


def who(actor: Mapping[str, Any]) -> str:
    """An agent or group as people call it."""
    name = actor.get("name")
    if name:
        return str(name)
    if "mbox" in actor:
        return str(actor["mbox"]).removeprefix("mailto:")
    if "account" in actor:
        account = actor["account"]
        return f"{account.get('name')} at {account.get('homePage')}"
    if "openid" in actor:
        return str(actor["openid"])
    if "mbox_sha1sum" in actor:
        return f"someone ({str(actor['mbox_sha1sum'])[:8]}…)"
    members = [who(member) for member in actor.get("member", ())]
    return ", ".join(members[:3]) + (f" and {len(members) - 3} more" if len(members) > 3 else "") or "a group"


def what(target: Mapping[str, Any]) -> str:
    """An object as people call it."""
    kind = target.get("objectType", "Activity")
    if kind in ("Agent", "Group"):
        return who(target)
    if kind == "StatementRef":
        return f"the statement {target.get('id')}"
    if kind == "SubStatement":
        verb = target.get("verb", {})
        did = in_words(str(verb.get("id", "")), verb.get("display"))
        return f"that {who(target.get('actor', {}))} {did} {what(target.get('object', {}))}"
    return in_english(target.get("definition", {}).get("name") or {}) or str(target.get("id", ""))


def in_english(names: Mapping[str, Any]) -> str:
    """The English of a language map, else what it says first; empty where it says nothing."""
    english = next((text for tag, text in names.items() if tag.lower().startswith("en") and text), None)
    return str(english or next(iter(names.values()), None) or "")


def object_id(target: Mapping[str, Any]) -> str:
    """What names the object: an IRI, a statement's id; empty for people."""
    return str(target.get("id", ""))


def outcome(result: Mapping[str, Any]) -> str:
    """A result in a few words, such as `90%, passed, 12 min`."""
    parts = []
    score = result.get("score") or {}
    if "scaled" in score:
        parts.append(f"{score['scaled'] * 100:.4g}%")
    elif "raw" in score:
        parts.append(
            f"{score['raw']:g} of {score['max']:g}" if "max" in score else f"{score['raw']:g} points"
        )
    if "success" in result:
        parts.append("successful" if result["success"] else "not successful")
    progress = next(
        (
            value
            for name, value in (result.get("extensions") or {}).items()
            if name.endswith("/progress") and isinstance(value, int | float)
        ),
        None,
    )
    if "completion" in result and "success" not in result and (result["completion"] or progress is None):
        parts.append("complete" if result["completion"] else "not complete")
    if result.get("duration"):
        parts.append(length(str(result["duration"])))
    if progress is not None:
        parts.append(f"now {progress:g}%")
    if result.get("response"):
        response = str(result["response"])
        parts.append(f"answered “{response[:60]}{'…' if len(response) > 60 else ''}”")
    return ", ".join(parts)


def length(duration: str) -> str:
    """An ISO 8601 duration as `7 h 40 min`; as it is written where it is none, or longer than anybody lives."""
    seconds = values.duration_seconds(duration)
    if seconds is None or seconds > _LONGEST_SECONDS:
        return duration
    return "less than 1 s" if 0 < seconds < 1 else formats.duration_seconds(round(seconds))
