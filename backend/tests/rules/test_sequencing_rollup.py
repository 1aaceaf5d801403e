"""Rollup against a second implementation, written from the tables of SN 4.6 and not from the pseudo-code."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.rules.sequencing.model import (
    Activity,
    Condition,
    Controls,
    Objective,
    Rollup,
    RollupRule,
    Rule,
    Sequencing,
)
from app.rules.sequencing.rollup import roll_up, roll_up_one, weights_of
from app.rules.sequencing.state import Course, Progress, State, Track

ACTIONS = ("satisfied", "notSatisfied", "completed", "incomplete")
CONDITIONS = (
    "satisfied", "objectivestatusknown", "objectivemeasureknown", "completed", "activityprogressknown", "attempted"
)  # fmt: skip
WHEN = ("always", "ifAttempted", "ifNotSkipped", "ifNotSuspended")
known = st.sampled_from([None, False, True])
measures = st.none() | st.integers(-10, 10).map(lambda n: Decimal(n) / 10)
weights = st.integers(0, 4).map(lambda n: Decimal(n) / 4)
rules = st.builds(
    RollupRule,
    st.sampled_from(ACTIONS),
    st.lists(st.builds(Condition, st.sampled_from(CONDITIONS), st.booleans()), min_size=1, max_size=2).map(
        tuple
    ),
    st.booleans(),
    st.sampled_from(["all", "any", "none", "atLeastCount", "atLeastPercent"]),
    st.sampled_from([Decimal(0), Decimal("0.5"), Decimal(1), Decimal(2)]),
)
skipping = st.sampled_from([(), (Rule("skip", (Condition("completed"),)),)])
rollups = st.builds(
    Rollup,
    st.lists(rules, max_size=2).map(tuple),
    weights,
    st.booleans(),
    st.booleans(),
    st.just(Decimal(1)),
    st.fixed_dictionaries({}, optional={a: st.sampled_from(WHEN[1:]) for a in ACTIONS}).map(
        lambda d: tuple(d.items())
    ),
    st.booleans(),
)
objectives = st.builds(
    lambda by_measure, least: (Objective("o", True, by_measure, least),),
    st.booleans(),
    st.integers(-10, 10).map(lambda n: Decimal(n) / 10),
)
sequencings = st.builds(
    lambda rollup, objective, tracked, before: Sequencing(
        Controls(), rollup=rollup, objectives=objective, tracked=tracked, before=before
    ),
    rollups,
    objectives,
    st.sampled_from([True, True, True, False]),
    skipping,
)
tracks = st.builds(
    lambda attempts, active, suspended, completed, satisfied, measure: Track(
        attempts, active, suspended, completed, {"o": Progress(satisfied, measure)}
    ),
    st.integers(0, 2),
    st.booleans(),
    st.booleans(),
    known,
    known,
    measures,
)


@st.composite
def courses(draw: Callable[..., object]) -> tuple[Activity, State]:
    """A course of three levels with something known of every part."""
    names = iter(range(100))

    def node(depth: int) -> Activity:
        width = draw(st.integers(1, 3)) if depth else 0
        children = tuple(node(draw(st.integers(0, depth - 1))) for _ in range(width))  # type: ignore[call-overload, arg-type]
        return Activity(f"a{next(names)}", draw(sequencings), children)  # type: ignore[arg-type]

    root = node(2)
    return root, State(tracks={one.id: draw(tracks) for one in root.walk()})  # type: ignore[misc]


# The second implementation: recursive, on values, in three-valued logic of its own.


def _satisfied(a: Activity, state: State) -> bool | None:
    track, primary = state.tracks[a.id], a.sequencing.primary
    progress = track.objectives.get("o", Progress())
    if primary.satisfied_by_measure and progress.measure is not None:
        if track.active and not a.sequencing.rollup.measure_if_active:
            return None
        return progress.measure >= primary.minimum
    return progress.satisfied


def _is(name: str, a: Activity, state: State) -> bool | None:
    track = state.tracks[a.id]
    return {
        "satisfied": _satisfied(a, state),
        "objectivestatusknown": _satisfied(a, state) is not None,
        "objectivemeasureknown": track.objectives["o"].measure is not None,
        "completed": track.completed,
        "activityprogressknown": track.completed is not None,
        "attempted": track.attempts > 0,
    }[name]


def _matches(rule: RollupRule, a: Activity, state: State) -> bool | None:
    words = []
    for condition in rule.conditions:
        value = _is(condition.name, a, state)
        words.append("?" if value is None else "yes" if value != condition.negated else "no")
    if rule.any:
        return True if "yes" in words else None if "?" in words else False
    return False if "no" in words else None if "?" in words else True


def _takes_part(a: Activity, state: State, action: str) -> bool:
    rollup, track = a.sequencing.rollup, state.tracks[a.id]
    if not a.sequencing.tracked:
        return False
    if action in ("completed", "incomplete") and not rollup.progress:
        return False
    if action in ("satisfied", "notSatisfied") and not rollup.objective:
        return False
    skipped = bool(a.sequencing.before) and track.completed is True
    return {
        "always": True,
        "ifAttempted": track.attempts != 0,
        "ifNotSuspended": track.attempts != 0 and not track.suspended,
        "ifNotSkipped": not skipped,
    }[dict(rollup.required).get(action, "always")]


def _fires(rule: RollupRule, a: Activity, state: State) -> bool:
    votes = [_matches(rule, child, state) for child in a.children if _takes_part(child, state, rule.action)]
    yes, total = votes.count(True), len(votes)
    if total == 0:
        return False
    if rule.children == "all":
        return yes == total
    if rule.children == "any":
        return yes >= 1
    if rule.children == "none":
        return votes.count(False) == total
    return yes >= rule.minimum if rule.children == "atLeastCount" else yes >= rule.minimum * total


def _outcome(
    a: Activity, state: State, good: str, bad: str, plain: str, known_word: str, old: bool | None
) -> bool | None:
    own = [rule for rule in a.sequencing.rollup.rules if rule.action in (good, bad)]
    own = own or [RollupRule(good, (Condition(plain),)), RollupRule(bad, (Condition(known_word),))]
    if any(rule.action == good and _fires(rule, a, state) for rule in own):
        return True
    if any(rule.action == bad and _fires(rule, a, state) for rule in own):
        return False
    return old


def expected(a: Activity, state: State) -> None:
    """Roll up everything below an activity, then itself."""
    for child in a.children:
        expected(child, state)
    if not a.children or not a.sequencing.tracked:
        return
    track, primary = state.tracks[a.id], a.sequencing.primary
    counted = [child for child in a.children if child.sequencing.tracked]
    weight = sum((Fraction(child.sequencing.rollup.weight) for child in counted), Fraction(0))
    given = [(child, state.tracks[child.id].objectives["o"].measure) for child in counted]
    total = [Fraction(m) * Fraction(child.sequencing.rollup.weight) for child, m in given if m is not None]
    mean = sum(total, Fraction(0)) / weight if total and weight else None
    measure = None if mean is None else Decimal(mean.numerator) / Decimal(mean.denominator)
    satisfied = _outcome(
        a,
        state,
        "satisfied",
        "notSatisfied",
        "satisfied",
        "objectivestatusknown",
        track.objectives["o"].satisfied,
    )
    if primary.satisfied_by_measure:
        waits = track.active and not a.sequencing.rollup.measure_if_active
        satisfied = None if measure is None or waits else measure >= primary.minimum
    track.objectives["o"] = Progress(satisfied, measure)
    completed = _outcome(
        a, state, "completed", "incomplete", "completed", "activityprogressknown", track.completed
    )
    track.completed = completed


def _copy(state: State) -> State:
    return State(
        tracks={
            name: replace(t, objectives={k: replace(p) for k, p in t.objectives.items()})
            for name, t in state.tracks.items()
        }
    )


@given(courses())
def test_both_implementations_agree(drawn: tuple[Activity, State]) -> None:
    root, state = drawn
    model = _copy(state)
    expected(root, model)
    course = Course(root, state)
    for name in reversed(list(course)):
        roll_up_one(course, name)
    assert state.tracks == model.tracks


@given(courses())
def test_rolling_up_changes_no_part(drawn: tuple[Activity, State]) -> None:
    root, state = drawn
    before = _copy(state)
    course = Course(root, state)
    for name in course:
        roll_up(course, name)
    for one in root.walk():
        if not one.children:
            assert state.tracks[one.id] == before.tracks[one.id]


def test_a_child_without_a_score_counts_as_nothing_and_one_without_weight_not_at_all() -> None:
    def part(name: str, weight: int) -> Activity:
        return Activity(name, Sequencing(rollup=Rollup(weight=Decimal(weight))))

    root = Activity("", children=(part("a", 1), part("b", 1), part("c", 0)))
    state = State(tracks={"a": Track(objectives={"": Progress(None, Decimal("0.8"))})})
    course = Course(root, state)
    roll_up(course, "a")
    assert course.progress("", root.sequencing.primary).measure == Decimal("0.4")


@given(courses())
def test_the_weights_of_the_parts_are_what_their_measures_add_up_by(drawn: tuple[Activity, State]) -> None:
    """With a measure for every part, the rollup of the course is the mean of the parts by their weights."""
    root, state = drawn
    weights = weights_of(root)
    leaves = {one.id for one in root.walk() if not one.children}
    assert set(weights) == leaves
    assert 0 <= sum(weights.values(), Fraction(0)) <= 1
    tracked = all(one.sequencing.tracked for one in root.walk())
    heavy = all(
        any(child.sequencing.rollup.weight for child in one.children) for one in root.walk() if one.children
    )
    measures = {name: Decimal(place % 5) / 4 for place, name in enumerate(sorted(leaves))}
    for name, measure in measures.items():
        state.tracks[name].objectives = {"o": Progress(None, measure)}
    if tracked and heavy and root.children:
        assert sum(weights.values(), Fraction(0)) == 1
        course = Course(root, state)
        for name in reversed(list(course)):
            roll_up_one(course, name)
        found = state.tracks[root.id].objectives["o"].measure
        assert found is not None
        mean = sum((Fraction(measures[name]) * weights[name] for name in leaves), Fraction(0))
        assert abs(Fraction(found) - mean) < Fraction(1, 10**20)
