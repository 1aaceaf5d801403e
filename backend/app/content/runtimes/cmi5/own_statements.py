"""What the LMS itself says in a cmi5 registration: launched, abandoned, waived, satisfied (cmi5 9.3, 10)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4, uuid5

from app.content.packages.model import Item
from app.rules import cmi5

JsonObject = dict[str, Any]
_LAUNCHED = "http://adlnet.gov/expapi/verbs/launched"
_OF_LMS = "https://w3id.org/xapi/adl/verbs/"
_TYPE = "https://w3id.org/xapi/cmi5/activitytype/"


def activity_of(home_page: str, package_id: int, item_id: str) -> str:
    """The id of a course, block or AU: generated, never the publisher's, the same at every launch (8.1.5)."""
    return f"{home_page}/content/{package_id}/{item_id}"


def launch_data(state: Mapping[str, Any], item: Item, return_url: str) -> JsonObject:
    """The State document LMS.LaunchData that an AU reads first (10.2)."""
    details = item.details
    data: JsonObject = {
        "contextTemplate": _context(state, {}),
        "launchMode": state["mode"],
        "launchMethod": details["launchMethod"],
        "moveOn": details["moveOn"],
        "returnURL": return_url,
    }
    if details["launchParameters"]:
        data["launchParameters"] = details["launchParameters"]
    if details["masteryScore"] is not None:
        data["masteryScore"] = _number(details["masteryScore"])
        data["contextTemplate"]["extensions"][cmi5.MASTERY_SCORE] = _number(details["masteryScore"])
    if details["entitlementKey"]:
        data["entitlementKey"] = {"courseStructure": details["entitlementKey"]}
    return data


def launched(state: Mapping[str, Any], item: Item, address: str, at: datetime) -> JsonObject:
    """An AU was launched (9.3.1)."""
    details = item.details
    extensions: JsonObject = {
        cmi5.LAUNCH_MODE: state["mode"],
        cmi5.LAUNCH_URL: address,
        cmi5.MOVE_ON: details["moveOn"],
        cmi5.LAUNCH_PARAMETERS: details["launchParameters"],
    }
    if details["masteryScore"] is not None:
        extensions[cmi5.MASTERY_SCORE] = _number(details["masteryScore"])
    return _said(state, (_LAUNCHED, "launched"), at, extensions=extensions)


def abandoned(state: Mapping[str, Any], seconds: int, at: datetime) -> JsonObject:
    """A session was left without an end (9.3.6)."""
    return {
        **_said(state, (f"{_OF_LMS}abandoned", "abandoned"), at),
        "result": {"duration": f"PT{max(0, seconds)}S"},
    }


def waived(state: Mapping[str, Any], reason: str, at: datetime) -> JsonObject:
    """An AU need not be done (9.3.7)."""
    said = _said(state, (f"{_OF_LMS}waived", "waived"), at)
    said["context"]["contextActivities"]["category"].append({"id": cmi5.MOVE_ON_CATEGORY})
    return {**said, "result": {"success": True, "completion": True, "extensions": {cmi5.REASON: reason}}}


def satisfied(
    state: Mapping[str, Any], kind: str, activity: str, publisher: str, title: str, at: datetime
) -> JsonObject:
    """A block or the course is satisfied (9.3.9): once in a registration, hence its id."""
    said = _said(state, (f"{_OF_LMS}satisfied", "satisfied"), at)
    said["id"] = str(uuid5(UUID(state["registration"]), f"satisfied {activity}"))
    said["object"] = {
        "objectType": "Activity",
        "id": activity,
        "definition": {"type": f"{_TYPE}{kind}", "name": {"en-US": title}},
    }
    said["context"]["contextActivities"]["grouping"] = [{"id": publisher}]
    return said


def _said(
    state: Mapping[str, Any], verb: tuple[str, str], at: datetime, *, extensions: JsonObject | None = None
) -> JsonObject:
    return {
        "id": str(uuid4()),
        "actor": state["actor"],
        "verb": {"id": verb[0], "display": {"en-US": verb[1]}},
        "object": {"objectType": "Activity", "id": state["activity"]},
        "context": {
            "registration": state["registration"],
            **_context(state, extensions or {}, category=[{"id": cmi5.CATEGORY}]),
        },
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _context(state: Mapping[str, Any], extensions: JsonObject, **groups: list[JsonObject]) -> JsonObject:
    return {
        "contextActivities": {"grouping": [{"id": state["publisher"]}], **groups},
        "extensions": {cmi5.SESSION_ID: state["session"], **extensions},
    }


def _number(text: str) -> int | float:
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)
