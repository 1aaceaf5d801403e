"""A statement in plain words: who did what with which thing, and how it went."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.lrs import values, vocabulary
from app.lrs.statements.shape import JsonObject


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the list."""

    id: int
    statement_id: str
    at: datetime
    stored: datetime
    who: str
    user_id: int | None
    did: str
    what: str
    how: str
    is_voided: bool
    payload: JsonObject


def told(row: Any) -> Told:
    """Read a row of `queries.page` into words."""
    payload: JsonObject = row.payload
    verb = payload.get("verb", {})
    return Told(
        id=row.id,
        statement_id=str(row.statement_id),
        at=row.timestamp,
        stored=row.stored,
        who=row.full_name or actor_words(payload.get("actor", {})),
        user_id=row.user_id,
        did=vocabulary.in_words(row.verb, verb.get("display")),
        what=object_words(payload.get("object", {})),
        how=result_words(payload.get("result") or {}),
        is_voided=row.is_voided,
        payload=payload,
    )


def actor_words(actor: JsonObject) -> str:
    """A name, else what identifies the person, else the members of a group."""
    if actor.get("name"):
        return str(actor["name"])
    if "mbox" in actor:
        return str(actor["mbox"]).removeprefix("mailto:")
    if "account" in actor:
        return f"{actor['account'].get('name')} at {actor['account'].get('homePage')}"
    for key in ("openid", "mbox_sha1sum"):
        if key in actor:
            return str(actor[key])
    members = ", ".join(actor_words(member) for member in actor.get("member", [])[:3])
    return f"a group of {members}" if members else "somebody"


def object_words(target: JsonObject) -> str:
    """The name of the object in English or any language, else its id."""
    kind = target.get("objectType", "Activity")
    if kind == "StatementRef":
        return f"the statement {target.get('id')}"
    if kind == "SubStatement":
        verb = target.get("verb", {})
        did = vocabulary.in_words(verb.get("id", ""), verb.get("display"))
        return f"“{actor_words(target.get('actor', {}))} {did} {object_words(target.get('object', {}))}”"
    if kind in ("Agent", "Group"):
        return actor_words(target)
    names = (target.get("definition") or {}).get("name") or {}
    english = next((text for tag, text in names.items() if tag.lower().startswith("en")), None)
    return english or next(iter(names.values()), None) or str(target.get("id", ""))


def result_words(result: JsonObject) -> str:
    """Score, outcome, answer and time in a few words; empty when there is no result."""
    parts = []
    score = result.get("score") or {}
    if "scaled" in score:
        parts.append(f"{score['scaled'] * 100:.0f} %")
    elif "raw" in score:
        parts.append(f"{score['raw']} of {score['max']}" if "max" in score else f"{score['raw']} points")
    if "success" in result:
        parts.append("passed" if result["success"] else "not passed")
    if result.get("completion"):
        parts.append("complete")
    if result.get("response"):
        answer = str(result["response"])
        parts.append(f"answer “{answer[:60]}{'…' if len(answer) > 60 else ''}”")
    seconds = values.duration_seconds(result.get("duration", ""))
    if seconds:
        parts.append(f"in {_time(seconds)}")
    return ", ".join(parts)


def _time(seconds: float) -> str:
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
