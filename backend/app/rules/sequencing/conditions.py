"""Whether the rules of an activity hold. Every condition is true, false or unknown (None)."""

from collections.abc import Callable, Iterable

from app.rules.scorm2004 import seconds_of
from app.rules.sequencing.model import Condition, Rule
from app.rules.sequencing.state import Course, Progress

Value = bool | None


def holds(course: Course, name: str, condition: Condition) -> Value:
    """One condition of a rule, looked at for one activity (SN UP.2.1, RB.1.4.1). What is negated stays unknown."""
    check = _CHECKS.get(condition.name)
    value = None if check is None else check(course, name, condition)
    return value if value is None or not condition.negated else not value


def combined(values: Iterable[Value], *, any_is_enough: bool) -> Value:
    """Several conditions as one; none at all is unknown."""
    found = list(values)
    if not found:
        return None
    wanted = any_is_enough
    if wanted in found:
        return wanted
    return None if None in found else not wanted


def first_action(course: Course, name: str, rules: Iterable[Rule], *actions: str) -> str | None:
    """The action of the first rule that holds, of those asked for (SN UP.2)."""
    if not course.asked(name).tracked:
        rules = [rule for rule in rules if all(c.name == "always" for c in rule.conditions)]
    for rule in rules:
        if rule.action not in actions:
            continue
        values = [holds(course, name, condition) for condition in rule.conditions]
        if combined(values, any_is_enough=rule.any):
            return rule.action
    return None


def is_disabled(course: Course, name: str) -> bool:
    """Whether an activity may not be begun (SN UP.5): a rule says so, or its attempts are used up (UP.1)."""
    asked, track = course.asked(name), course.track(name)
    if first_action(course, name, asked.before, "disabled"):
        return True
    used_up = asked.attempts is not None and track.attempts >= asked.attempts
    return asked.tracked and used_up and not (track.active or track.suspended)


def is_skipped(course: Course, name: str) -> bool:
    """Whether flow passes an activity by."""
    return first_action(course, name, course.asked(name).before, "skip") is not None


def is_hidden(course: Course, name: str) -> bool:
    """Whether an activity cannot be chosen, and nothing below it."""
    return first_action(course, name, course.asked(name).before, "hiddenFromChoice") is not None


def stops_forward(course: Course, name: str) -> bool:
    """Whether the student may not go past an activity by choice."""
    return first_action(course, name, course.asked(name).before, "stopForwardTraversal") is not None


def _progress(course: Course, name: str, condition: Condition) -> Progress:
    objective = course.objective(name, condition.objective)
    return Progress() if objective is None else course.progress(name, objective)


def _more(course: Course, name: str, condition: Condition) -> Value:
    measure = _progress(course, name, condition).measure
    return None if measure is None else measure > condition.threshold


def _less(course: Course, name: str, condition: Condition) -> Value:
    measure = _progress(course, name, condition).measure
    return None if measure is None else measure < condition.threshold


def _attempt_limit(course: Course, name: str, condition: Condition) -> Value:
    limit = course.asked(name).attempts
    return limit is not None and course.track(name).attempts >= limit


def _time_limit(course: Course, name: str, condition: Condition) -> Value:
    """Of the limits on time, SCORM has that of an attempt alone (SN 3.5.2)."""
    try:
        limit = seconds_of(course.asked(name).duration)
    except ValueError:
        return False
    return course.track(name).seconds >= limit > 0


_CHECKS: dict[str, Callable[[Course, str, Condition], Value]] = {
    "satisfied": lambda course, name, condition: _progress(course, name, condition).satisfied,
    "objectivestatusknown": lambda course, name, condition: (
        _progress(course, name, condition).satisfied is not None
    ),
    "objectivemeasureknown": lambda course, name, condition: (
        _progress(course, name, condition).measure is not None
    ),
    "objectivemeasuregreaterthan": _more,
    "objectivemeasurelessthan": _less,
    "completed": lambda course, name, condition: course.track(name).completed,
    "activityprogressknown": lambda course, name, condition: course.track(name).completed is not None,
    "attempted": lambda course, name, condition: course.track(name).attempts > 0,
    "attemptlimitexceeded": _attempt_limit,
    "timelimitexceeded": _time_limit,
    # What a manifest may say of days and hours is not part of SCORM (SN 3.5).
    "outsideavailabletimerange": lambda course, name, condition: False,
    "always": lambda course, name, condition: True,
    "never": lambda course, name, condition: False,
}
