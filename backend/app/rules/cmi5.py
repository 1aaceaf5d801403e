"""cmi5: which statements of an assignable unit (AU) its LMS accepts, and when an AU is satisfied.

Source: cmi5 specification, "Quartz" (AICC/ADL 2016, 1st edition); the sections are named where they apply. Everything
here is reported by content and can be forged by the student's browser: it counts for progress, never alone for a
credential.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

_ADL = "http://adlnet.gov/expapi/verbs/"
INITIALIZED, TERMINATED = f"{_ADL}initialized", f"{_ADL}terminated"
COMPLETED, PASSED, FAILED = f"{_ADL}completed", f"{_ADL}passed", f"{_ADL}failed"
_VOIDED = f"{_ADL}voided"
_OF_AU = frozenset((INITIALIZED, COMPLETED, PASSED, FAILED, TERMINATED))
_MOVES_ON = frozenset((COMPLETED, PASSED, FAILED))

CATEGORY = "https://w3id.org/xapi/cmi5/context/categories/cmi5"
MOVE_ON_CATEGORY = "https://w3id.org/xapi/cmi5/context/categories/moveon"
_CONTEXT = "https://w3id.org/xapi/cmi5/context/extensions/"
SESSION_ID, MASTERY_SCORE = f"{_CONTEXT}sessionid", f"{_CONTEXT}masteryscore"
LAUNCH_MODE, LAUNCH_URL = f"{_CONTEXT}launchmode", f"{_CONTEXT}launchurl"
MOVE_ON, LAUNCH_PARAMETERS = f"{_CONTEXT}moveon", f"{_CONTEXT}launchparameters"
REASON = "https://w3id.org/xapi/cmi5/result/extensions/reason"

NORMAL, BROWSE, REVIEW = "Normal", "Browse", "Review"
MOVE_ONS = ("Passed", "Completed", "CompletedAndPassed", "CompletedOrPassed", "NotApplicable")
"""What an AU needs to be satisfied (13.1.4)."""
LAUNCH_QUERY = frozenset(("endpoint", "fetch", "actor", "registration", "activityid"))
"""Names in an AU's address that belong to the launch (8.1), in lower case."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a session was launched with."""

    activity: str
    """The AU's id as the LMS has generated it (8.1.5)."""
    publisher: str
    """The AU's id in the course structure."""
    registration: str
    session: str
    mode: str = NORMAL
    mastery_score: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """What has been said in a session so far."""

    asked: bool = False
    """Whether the AU has read the learner's preferences (11)."""
    initialized: bool = False
    terminated: bool = False
    passed: bool = False
    failed: bool = False
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """What has been said about an AU in a registration so far."""

    completed: bool = False
    passed: bool = False
    failed: bool = False
    waived: bool = False

    def satisfies(self, move_on: str) -> bool:
        """Whether the AU is satisfied (9.3.9, 13.1.4)."""
        if self.waived or move_on == "NotApplicable":
            return True
        if move_on == "CompletedAndPassed":
            return self.completed and self.passed
        if move_on == "CompletedOrPassed":
            return self.completed or self.passed
        return self.passed if move_on == "Passed" else self.completed


class Refused(Exception):
    """The LMS rejects the statement with 403 (6.3); the sentence says why."""


def accept(statement: Mapping[str, Any], terms: Terms, session: Session, unit: Unit) -> tuple[Session, Unit]:
    """The session and the AU after a statement. Raises Refused for one that an AU may not send now."""
    verb = statement["verb"]["id"]
    context = statement.get("context") or {}
    categories = {activity.get("id") for activity in _activities(context, "category")}
    _require_form(statement, context, terms, verb)
    defined = CATEGORY in categories
    _require(
        not defined or verb in _OF_AU,
        "Only initialized, completed, passed, failed and terminated are an AU’s.",
    )
    _require_in_session(defined, verb, session)
    if not defined:
        # "cmi5 allowed" statements (7.1.3): whatever else the content has to say.
        _require(MOVE_ON_CATEGORY not in categories, "The moveon category needs the cmi5 category (9.6.2.2).")
        return session, unit
    _require(
        statement["object"].get("id") == terms.activity,
        "The object is not the activity that was launched (8.1.5).",
    )
    _require(
        (MOVE_ON_CATEGORY in categories) == (verb in _MOVES_ON),
        "Completed, passed and failed, and no others, have the moveon category (9.6.2.2).",
    )
    _require_result(statement.get("result") or {}, context, terms, verb)
    _require(
        terms.mode == NORMAL or verb not in _MOVES_ON,
        f"In launch mode {terms.mode} nothing is completed, passed or failed (10.2.2).",
    )
    return _after(verb, session, unit)


def _require(holds: object, sentence: str) -> None:
    if not holds:
        raise Refused(sentence)


def _activities(context: Mapping[str, Any], group: str) -> list[dict[str, Any]]:
    found = (context.get("contextActivities") or {}).get(group) or []
    return [found] if isinstance(found, dict) else list(found)


def _require_form(statement: Mapping[str, Any], context: Mapping[str, Any], terms: Terms, verb: str) -> None:
    _require(statement.get("id"), "The AU chooses the statement’s id (9.1).")
    moment = statement.get("timestamp")
    _require(isinstance(moment, str), "The AU says when it happened: timestamp (9.7).")
    _require(
        str(moment).upper().endswith(("Z", "+00:00", "+0000", "+00")), "The timestamp is not in UTC (9.7)."
    )
    actor = statement["actor"]
    _require(
        actor.get("objectType", "Agent") == "Agent" and "account" in actor, "The actor is no account (9.2)."
    )
    _require(verb != _VOIDED, "An AU voids no statements (6.3).")
    _require(
        context.get("registration") == terms.registration, "The registration is not the launch’s (9.6.1)."
    )
    extensions = context.get("extensions") or {}
    _require(extensions.get(SESSION_ID) == terms.session, "The session id is not the launch’s (9.6.3.1).")
    grouping = {activity.get("id") for activity in _activities(context, "grouping")}
    _require(
        terms.publisher in grouping, "The grouping lacks the AU’s id from the course structure (10.2.1)."
    )


def _require_in_session(defined: bool, verb: str, session: Session) -> None:
    _require(not (session.terminated or session.abandoned), "The session has ended (9.3).")
    _require(session.asked, "The learner’s preferences are read before anything is said (11).")
    begins = defined and verb == INITIALIZED
    _require(session.initialized or begins, "The first statement of a session is initialized (9.3.2).")
    _require(not (session.initialized and begins), "The session is initialized already (9.3.2).")


def _require_result(result: Mapping[str, Any], context: Mapping[str, Any], terms: Terms, verb: str) -> None:
    judged = verb in (PASSED, FAILED)
    completion, success, score = (result.get(name) for name in ("completion", "success", "score"))
    _require(
        completion is True if verb == COMPLETED else completion is None,
        "completion is true in a completed statement and stands in no other (9.5.3).",
    )
    _require(
        success is (verb == PASSED) if judged else success is None,
        "success is true in a passed statement, false in a failed one, and stands in no other (9.5.2).",
    )
    _require(score is None or judged, "Only passed and failed statements have a score (9.5.1).")
    _require(verb == INITIALIZED or "duration" in result, "The duration is missing (9.5.4.1).")
    if not judged:
        return
    if terms.mastery_score is not None:
        given = _number((context.get("extensions") or {}).get(MASTERY_SCORE))
        _require(given == terms.mastery_score, "The mastery score is not the launch’s (9.6.3.2).")
    if score is not None:
        _require("raw" not in score or {"min", "max"} <= set(score), "A raw score needs min and max (9.5.1).")
        scaled = _number(score.get("scaled"))
        if scaled is not None and terms.mastery_score is not None:
            _require(
                (scaled >= terms.mastery_score) == (verb == PASSED),
                "The scaled score and the mastery score say otherwise (9.3.4, 9.3.5).",
            )


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _after(verb: str, session: Session, unit: Unit) -> tuple[Session, Unit]:
    if verb == INITIALIZED:
        return replace(session, initialized=True), unit
    if verb == TERMINATED:
        return replace(session, terminated=True), unit
    if verb == COMPLETED:
        _require(not unit.completed, "The AU is completed already in this registration (9.3).")
        return session, replace(unit, completed=True)
    _require(not (session.passed or session.failed), "The session has its result already (9.3).")
    _require(not unit.passed, "The AU is passed already in this registration (9.3).")
    if verb == PASSED:
        return replace(session, passed=True), replace(unit, passed=True)
    return replace(session, failed=True), replace(unit, failed=True)
