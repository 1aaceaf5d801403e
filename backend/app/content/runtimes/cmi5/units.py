"""Where a session and an AU stand, from what their launch and attempt keep."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

from app.content.packages.model import Item
from app.db.models import Launch, ScormData
from app.rules import cmi5, scorm12


def terms_of(launch: Launch, item: Item) -> cmi5.Terms:
    """What a session was launched with."""
    state, mastery = launch.session_state, item.details["masteryScore"]
    return cmi5.Terms(
        activity=state["activity"],
        publisher=state["publisher"],
        registration=state["registration"],
        session=state["session"],
        mode=state["mode"],
        mastery_score=None if mastery is None else Decimal(mastery),
    )


def session_of(state: Mapping[str, Any]) -> cmi5.Session:
    """What has been said in a session, from what the launch keeps."""
    return cmi5.Session(**{one.name: bool(state.get(one.name)) for one in fields(cmi5.Session)})


def unit_of(kept: Mapping[str, Any]) -> cmi5.Unit:
    """What has been said about an AU, from what the attempt keeps."""
    known = kept.get("unit") or {}
    return cmi5.Unit(**{one.name: bool(known.get(one.name)) for one in fields(cmi5.Unit)})


def keep_unit(attempt: ScormData, unit: cmi5.Unit, move_on: str) -> None:
    """Write where the AU stands: done when it is satisfied, whatever else was said."""
    attempt.cmi = {**attempt.cmi, "unit": asdict(unit)}
    if unit.satisfies(move_on):
        attempt.cmi_core_lesson_status = scorm12.PASSED if unit.passed else scorm12.COMPLETED
    elif unit.failed and not unit.passed:
        attempt.cmi_core_lesson_status = scorm12.FAILED
    else:
        attempt.cmi_core_lesson_status = scorm12.INCOMPLETE
