"""What the parts of a cluster amount to together: measure, objective and progress (SN 4.6, RB.1)."""

from decimal import Decimal
from fractions import Fraction

from app.rules.sequencing.conditions import Value, combined, holds, is_skipped
from app.rules.sequencing.model import Activity, Condition, RollupRule
from app.rules.sequencing.state import Course, Progress

_DEFAULTS = {
    "satisfied": RollupRule("satisfied", (Condition("satisfied"),)),
    "notSatisfied": RollupRule("notSatisfied", (Condition("objectivestatusknown"),)),
    "completed": RollupRule("completed", (Condition("completed"),)),
    "incomplete": RollupRule("incomplete", (Condition("activityprogressknown"),)),
}


def roll_up(course: Course, name: str) -> None:
    """From an activity up to the course (RB.1.5)."""
    for place in reversed(course.path(name)):
        roll_up_one(course, place)


def roll_up_one(course: Course, name: str) -> None:
    """What one cluster is by what its children are; nothing else changes."""
    if not course.is_leaf(name) and course.asked(name).tracked:
        _roll_up_objective(course, name)
        _roll_up_progress(course, name)


def weights_of(root: Activity) -> dict[str, Fraction]:
    """How much of a course’s measure each part’s is, by `objectiveMeasureWeight` on the way down (SN 3.7.3): what
    remains of 1 after each cluster has divided its share among its children."""
    found: dict[str, Fraction] = {}

    def divide(activity: Activity, share: Fraction) -> None:
        if not activity.children:
            found[activity.id] = share
        asked = [one.sequencing for one in activity.children]
        given = [Fraction(one.rollup.weight) if one.tracked else Fraction(0) for one in asked]
        total = sum(given, Fraction(0))
        for child, weight in zip(activity.children, given, strict=True):
            divide(child, share * weight / total if total else Fraction(0))

    divide(root, Fraction(1))
    return found


def _measure(course: Course, name: str) -> Decimal | None:
    """The mean of the children's measures by their weights (RB.1.1); a child without one counts as 0, as long as
    any has one."""
    weights, total, is_known = Fraction(0), Fraction(0), False
    for child in course.children(name):
        asked = course.asked(child)
        if not asked.tracked:
            continue
        weights += Fraction(asked.rollup.weight)
        measure = course.progress(child, asked.primary).measure
        if measure is not None:
            total += Fraction(measure) * Fraction(asked.rollup.weight)
            is_known = True
    if not is_known or not weights:
        return None
    mean = total / weights
    return Decimal(mean.numerator) / Decimal(mean.denominator)


def _roll_up_objective(course: Course, name: str) -> None:
    asked, track = course.asked(name), course.track(name)
    primary = asked.primary
    measure = _measure(course, name)
    known = track.objectives.get(primary.id, Progress())
    satisfied = known.satisfied
    if primary.satisfied_by_measure:
        waits = track.active and not asked.rollup.measure_if_active
        satisfied = None if measure is None or waits else measure >= primary.minimum
    else:
        satisfied = _by_rules(course, name, "notSatisfied", "satisfied", satisfied)
    course.set_progress(name, primary, Progress(satisfied, measure))


def _roll_up_progress(course: Course, name: str) -> None:
    track = course.track(name)
    track.completed = _by_rules(course, name, "incomplete", "completed", track.completed)


def _by_rules(course: Course, name: str, negative: str, positive: str, value: Value) -> Value:
    """Rules for the worse come first, those for the better have the last word (RB.1.2.b, RB.1.3.b)."""
    rules = course.asked(name).rollup.rules
    own = [rule for rule in rules if rule.action in (negative, positive)]
    for action, outcome in ((negative, False), (positive, True)):
        for rule in own or (_DEFAULTS[negative], _DEFAULTS[positive]):
            if rule.action == action and _applies(course, name, rule):
                value = outcome
    return value


def _applies(course: Course, name: str, rule: RollupRule) -> bool:
    """Whether enough of the children that count are what a rule asks for (RB.1.4); none that count are not enough."""
    bag: list[Value] = []
    for child in course.children(name):
        if course.asked(child).tracked and _counts(course, child, rule.action):
            values = [holds(course, child, condition) for condition in rule.conditions]
            bag.append(combined(values, any_is_enough=rule.any))
    if not bag:
        return False
    true = sum(value is True for value in bag)
    enough = {
        "all": true == len(bag),
        "any": true > 0,
        "none": all(value is False for value in bag),
        "atLeastCount": true >= rule.minimum,
        "atLeastPercent": Fraction(true, len(bag)) >= Fraction(rule.minimum),
    }
    return enough[rule.children]


def _counts(course: Course, child: str, action: str) -> bool:
    """Whether a child counts for a rule of its parent (RB.1.4.2)."""
    rollup, track = course.asked(child).rollup, course.track(child)
    of_objective = action in ("satisfied", "notSatisfied")
    if not (rollup.objective if of_objective else rollup.progress):
        return False
    when = rollup.when(action)
    if when == "ifAttempted":
        return track.attempts > 0
    if when == "ifNotSuspended":
        return track.attempts > 0 and not track.suspended
    return when != "ifNotSkipped" or not is_skipped(course, child)
