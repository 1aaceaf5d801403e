"""What the statements of an xAPI package (`tincan.xml`) amount to, for the activity that was launched.

The launch with query parameters (Rustici Software, "Launch", 2012) says how content is started and nothing of when it
is done. The school's own rule, which is that of most systems: only what is said of the launched activity itself
counts, by the verbs that ADL's vocabulary has for it and by the statement's result. Everything here is reported by
content and can be forged by the student's browser: it counts for progress, never alone for a credential.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.rules.scorm12 import COMPLETED, FAILED, INCOMPLETE, NOT_ATTEMPTED, PASSED

_ADL = "http://adlnet.gov/expapi/verbs/"
_COMPLETES = frozenset(f"{_ADL}{verb}" for verb in ("completed", "mastered"))
_SUCCESS = {f"{_ADL}passed": True, f"{_ADL}mastered": True, f"{_ADL}failed": False}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has been said of an activity so far."""

    begun: bool = False
    completed: bool = False
    success: bool | None = None
    """Whether it was passed; None while nothing was said of it."""

    @property
    def status(self) -> str:
        """The same as a status of SCORM 1.2. Whether it was passed counts for more than that it was completed."""
        if self.success is not None:
            return PASSED if self.success else FAILED
        if self.completed:
            return COMPLETED
        return INCOMPLETE if self.begun else NOT_ATTEMPTED


def is_about(statement: Mapping[str, Any], activity: str) -> bool:
    """Whether a statement is said of the activity itself, and not of a page or a question in it."""
    about = statement["object"]
    return bool(about.get("objectType", "Activity") == "Activity" and about.get("id") == activity)


def after(outcome: Outcome, statement: Mapping[str, Any], activity: str) -> Outcome:
    """What has been said after one more statement of the session. `passed` is never taken back; of `failed` and
    `passed` the last one counts."""
    outcome = replace(outcome, begun=True)
    if not is_about(statement, activity):
        return outcome
    verb, result = statement["verb"]["id"], statement.get("result") or {}
    success = _SUCCESS.get(verb, result.get("success"))
    if success is not None and not outcome.success:
        outcome = replace(outcome, success=success)
    if verb in _COMPLETES or result.get("completion") is True:
        outcome = replace(outcome, completed=True)
    return outcome
