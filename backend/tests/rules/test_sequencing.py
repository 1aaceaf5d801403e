"""Where a SCORM 2004 course leads: choice, flow, conditions, limits, remediation, suspension."""

from copy import deepcopy
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.sequencing.model import (
    Activity,
    Condition,
    Controls,
    Mapping,
    Objective,
    Rollup,
    Rule,
    Selection,
    Sequencing,
)
from app.rules.sequencing.navigation import Answer, close, is_valid, navigate, would
from app.rules.sequencing.state import Course, Progress, State

FLOW = Controls(choice=False, flow=True)
BOTH = Controls(flow=True)
CHOICE = Controls()
REQUESTS = (
    "continue",
    "previous",
    "choice",
    "jump",
    "exit",
    "exitAll",
    "abandon",
    "abandonAll",
    "suspendAll",
)


def part(name: str, *children: Activity, **given: object) -> Activity:
    return Activity(name, Sequencing(**given), children)  # type: ignore[arg-type]


def course(*children: Activity, controls: Controls = BOTH, **given: object) -> Course:
    return Course(part("", *children, controls=controls, **given), State(), Random(1))


def when(action: str, *names: str, negated: bool = False, objective: str = "") -> tuple[Rule, ...]:
    return (Rule(action, tuple(Condition(name, negated, objective) for name in names)),)


def report(
    of: Course, *, completed: bool | None = None, satisfied: bool | None = None, measure: str | None = None
) -> None:
    """What the current part says of itself."""
    name = of.state.current or ""
    of.track(name).completed = completed
    of.set_progress(
        name, of.asked(name).primary, Progress(satisfied, None if measure is None else Decimal(measure))
    )


def walk(of: Course, *requests: str) -> list[str | None]:
    """Where each request leads; `end` where the course ends, None where it is refused."""
    found: list[str | None] = []
    for request in requests:
        word, _, target = request.partition(":")
        answer = navigate(of, word, target or None)
        found.append("end" if answer.over else answer.activity)
    return found


def test_flow_goes_through_everything_and_back() -> None:
    of = course(part("a"), part("b", part("c"), part("d"), controls=BOTH), part("e"))
    assert walk(of, "start", "continue", "continue", "continue") == ["a", "c", "d", "e"]
    assert walk(of, "previous", "previous", "previous", "previous") == ["d", "c", "a", None]
    assert of.state.current == "a", "what is refused leaves everything as it was"
    assert walk(of, "continue", "continue", "continue", "continue") == ["c", "d", "e", "end"]
    assert of.state.current is None


def test_without_flow_the_student_chooses() -> None:
    of = course(part("a"), part("b"), controls=CHOICE)
    assert walk(of, "start", "choice:b", "continue", "choice:a", "choice:nowhere") == [
        None,
        "b",
        None,
        "a",
        None,
    ]


def test_without_choice_only_flow_leads_on() -> None:
    of = course(part("a"), part("b"), controls=FLOW)
    assert walk(of, "start", "choice:b", "continue") == ["a", None, "b"]


def test_forward_only_has_no_way_back() -> None:
    of = course(part("a"), part("b"), controls=Controls(flow=True, forward_only=True))
    assert walk(of, "start", "continue", "previous", "choice:a") == ["a", "b", None, None]


def test_a_cluster_that_is_forward_only_is_entered_at_its_beginning() -> None:
    forward = Controls(flow=True, forward_only=True)
    of = course(part("c", part("a"), part("b"), controls=forward), part("d"))
    assert walk(of, "start", "choice:d", "previous") == ["a", "d", "a"]


def test_what_is_skipped_is_passed_by_in_both_directions() -> None:
    of = course(part("a"), part("b", before=when("skip", "always")), part("c"))
    assert walk(of, "start", "continue", "previous") == ["a", "c", "a"]


def test_a_part_that_is_done_is_skipped() -> None:
    of = course(part("a", before=when("skip", "satisfied")), part("b"), controls=Controls(True, True, True))
    assert walk(of, "start") == ["a"]
    report(of, satisfied=True)
    assert walk(of, "continue", "previous") == ["b", None]


def test_disabled_and_hidden_parts() -> None:
    of = course(
        part("a"),
        part("b", before=when("disabled", "always")),
        part("c", before=when("hiddenFromChoice", "always")),
        part("d"),
    )
    assert walk(of, "start", "choice:b", "choice:c", "choice:d") == ["a", None, None, "d"]
    assert walk(of, "previous") == ["c"], "hidden is from choice alone"
    assert walk(of, "previous") == [None], "a disabled part stops flow"


def test_nobody_goes_past_a_part_that_stops() -> None:
    stop = when("stopForwardTraversal", "completed", negated=True)
    of = course(part("a", before=stop, completion_set_by_content=True), part("b"), part("c"))
    walk(of, "start")
    report(of, completed=False)
    assert not would(of, "choice", "c")
    report(of, completed=True)
    assert walk(of, "choice:c", "choice:a") == ["c", "a"]


def test_attempts_are_limited() -> None:
    of = course(part("a", attempts=1), part("b"))
    assert walk(of, "start", "choice:a", "continue", "choice:a", "previous") == ["a", None, "b", None, None]


@pytest.mark.parametrize(
    ("action", "leads"),
    [
        ("retry", "a"),
        ("continue", "b"),
        ("previous", None),
        ("exitAll", "end"),
        ("retryAll", "a"),
        ("exitParent", "b"),
    ],
)
def test_what_comes_after_a_part(action: str, leads: str | None) -> None:
    rule = when(action, "completed", negated=True)
    of = course(part("a", after=rule, completion_set_by_content=True), part("b"))
    walk(of, "start")
    report(of, completed=False)
    assert walk(of, "continue") == ([leads] if action != "exitParent" else ["end"])


def test_a_retry_ends_when_its_reason_does() -> None:
    of = course(
        part("a", after=when("retry", "satisfied", negated=True), objective_set_by_content=True), part("b")
    )
    walk(of, "start")
    report(of, satisfied=False)
    assert walk(of, "continue") == ["a"]
    assert of.track("a").attempts == 2
    report(of, satisfied=True)
    assert walk(of, "continue") == ["b"]


def test_a_cluster_is_left_when_its_rule_says_so() -> None:
    leave = when("exit", "attempted")
    of = course(part("c", part("a"), part("b"), controls=BOTH, leaving=leave), part("d"))
    assert walk(of, "start", "continue") == ["a", "d"]


def test_choice_exit_keeps_the_student_in() -> None:
    stay = Controls(flow=True, choice_exit=False)
    of = course(part("c", part("a"), part("b"), controls=stay), part("d"))
    assert walk(of, "start", "choice:d", "choice:b", "continue") == ["a", None, "b", "d"]


def test_constrained_choice_reaches_neighbors_only() -> None:
    of = course(
        part("c", part("a"), controls=BOTH, constrain_choice=True),
        part("d", part("b"), controls=BOTH),
        part("e", part("f"), controls=BOTH),
    )
    assert walk(of, "start", "choice:f", "choice:b", "choice:f") == ["a", None, "b", "f"]


def test_what_is_not_begun_may_not_be_activated_by_choice() -> None:
    of = course(part("a"), part("c", part("b"), controls=BOTH, prevent_activation=True))
    assert walk(of, "start", "choice:b", "continue") == ["a", None, "b"]


def test_a_suspended_course_goes_on_where_it_was() -> None:
    of = course(part("c", part("a"), part("b"), controls=BOTH))
    walk(of, "start", "continue")
    report(of, completed=False, satisfied=None)
    assert navigate(of, "suspendAll") == Answer(over=True)
    assert (of.state.current, of.state.suspended) == (None, "b")
    assert walk(of, "resumeAll") == ["b"]
    assert (of.track("b").attempts, of.track("c").attempts, of.track("b").completed) == (1, 1, False)


def test_abandoned_is_neither_done_nor_suspended() -> None:
    of = course(part("a"), part("b"))
    walk(of, "start")
    assert navigate(of, "abandon") == Answer()
    assert (of.track("a").completed, of.track("a").active) == (None, False)
    assert walk(of, "continue") == ["b"]


def test_a_part_that_says_nothing_is_done_unless_the_content_says_so_itself() -> None:
    of = course(part("a"), part("b", completion_set_by_content=True, objective_set_by_content=True))
    walk(of, "start", "continue", "exitAll")
    assert (of.track("a").completed, of.progress("a", Objective(primary=True)).satisfied) == (True, True)
    assert (of.track("b").completed, of.track("").completed) == (None, None)


def objective(write: bool) -> tuple[Objective, ...]:
    return (
        Objective("own", primary=True, maps=(Mapping("global", write_satisfied=write, write_measure=write),)),
    )


def test_remediation_teaches_again_what_the_test_has_found_missing() -> None:
    """The way of the well-known golf example."""
    free = {"objective_set_by_content": True, "completion_set_by_content": True}
    skip = when("skip", "satisfied")
    nothing = Rollup(weight=Decimal(0), objective=False, progress=False)
    of = course(
        part(
            "wrapper",
            part("lesson", before=skip, objectives=objective(False), rollup=nothing, **free),
            part("test", objectives=objective(True), after=when("exitParent", "always"), **free),
            controls=FLOW,
            after=(*when("retry", "satisfied", negated=True), *when("exitAll", "satisfied")),
        ),
        controls=FLOW,
    )
    walk(of, "start")
    report(of, completed=True, satisfied=True)
    assert walk(of, "continue") == ["test"]
    report(of, completed=True, satisfied=False, measure="0.2")
    assert walk(of, "continue") == ["lesson"], "the test has taken back what the lesson said"
    report(of, completed=True, satisfied=True)
    assert walk(of, "continue") == ["test"]
    report(of, completed=True, satisfied=True, measure="0.9")
    assert walk(of, "continue") == ["end"]
    root = of.progress("", of.asked("").primary)
    assert (of.track("").completed, root.satisfied, root.measure) == (True, True, Decimal("0.9"))


def test_global_objectives_are_forgotten_with_the_attempt_only_where_the_course_says_so() -> None:
    for forgets, kept in ((True, {}), (False, {"global": Progress(True, None)})):
        of = course(part("a", objectives=objective(True)))
        of.forgets_shared = forgets
        walk(of, "start")
        report(of, satisfied=True)
        close(of)
        walk(of, "start")
        assert of.state.shared == kept


def test_children_are_chosen_and_shuffled_as_asked() -> None:
    chosen = Selection(timing="once", count=2, shuffle_timing="onEachNewAttempt", shuffle=True)
    of = course(*(part(f"q{n}") for n in range(6)), selection=chosen)
    walk(of, "start")
    first = of.children("")
    assert len(set(first)) == 2
    close(of)
    walk(of, "start")
    assert set(of.children("")) == set(first), "chosen once"
    assert not would(of, "choice", next(name for name in of if name not in first and name))


trees = st.recursive(
    st.builds(lambda: ()), lambda inner: st.lists(inner, min_size=1, max_size=3).map(tuple), max_leaves=8
)
rules = st.lists(
    st.builds(
        lambda action, name, negated: Rule(action, (Condition(name, negated),)),
        st.sampled_from(["skip", "disabled", "hiddenFromChoice", "stopForwardTraversal"]),
        st.sampled_from(["satisfied", "completed", "attempted", "always"]),
        st.booleans(),
    ),
    max_size=2,
).map(tuple)
after = st.lists(
    st.builds(
        lambda action, name, negated: Rule(action, (Condition(name, negated),)),
        st.sampled_from(["exitParent", "exitAll", "retry", "retryAll", "continue", "previous"]),
        st.sampled_from(["satisfied", "completed", "attempted", "always"]),
        st.booleans(),
    ),
    max_size=1,
).map(tuple)
sequencings = st.builds(
    lambda choice, leave, flow, forward, before, then, limit: Sequencing(
        Controls(choice, leave, flow, forward), before=before, after=then, attempts=limit
    ),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    rules,
    after,
    st.none() | st.integers(0, 2),
)


@given(trees, st.data())
def test_whatever_is_asked_the_course_stays_whole(shape: object, data: st.DataObject) -> None:
    """At every moment the current part is a leaf under way with everything above it, or there is none."""
    names = iter(range(1000))

    def build(inner: object) -> Activity:
        name = f"n{next(names)}"
        children = tuple(build(one) for one in inner)  # type: ignore[attr-defined]
        return Activity(name, data.draw(sequencings), children)

    of = Course(Activity("", data.draw(sequencings), (build(shape), build(()))), State(), Random(1))
    every = list(of)
    for _ in range(data.draw(st.integers(1, 8))):
        if of.state.current is None:
            request = "resumeAll" if of.state.suspended else data.draw(st.sampled_from(["start", "choice"]))
        else:
            request = data.draw(st.sampled_from(REQUESTS))
            if of.is_leaf(of.state.current) and data.draw(st.booleans()):
                report(of, completed=data.draw(st.sampled_from([None, True, False])))
        target = data.draw(st.sampled_from(every)) if request in ("choice", "jump") else None
        before = deepcopy(of.state)
        possible = would(of, request, target)
        assert of.state == before, "asking changes nothing"
        answer = navigate(of, request, target)
        if answer.refused:
            assert of.state == before
            assert not possible
        assert possible == (answer.activity is not None)
        if answer.activity is not None:
            assert of.state.current == answer.activity
            assert of.is_leaf(answer.activity)
            assert all(of.track(name).active for name in of.path(answer.activity))
        under_way = [name for name in of if of.track(name).active and of.is_leaf(name)]
        assert len(under_way) <= 1
    assert not is_valid(of, "choice", "nowhere")


def test_going_on_without_a_word_passes_no_test_that_asks_for_a_score() -> None:
    test = part("t", objectives=(Objective(primary=True, satisfied_by_measure=True, minimum=Decimal("0.8")),))
    of = course(part("a"), part("b"), test, controls=FLOW)
    assert walk(of, "start", "continue", "continue", "continue") == ["a", "b", "t", "end"]
    primary = of.asked("t").primary
    assert of.progress("t", primary).satisfied is None
    assert of.progress("", of.asked("").primary).satisfied is not True
    of.set_progress("t", primary, Progress(True, Decimal("0.7")))
    assert of.progress("t", primary).satisfied is False


def test_what_is_not_under_way_completes_nothing_when_it_is_left() -> None:
    of = course(part("a"), part("b"), controls=FLOW)
    walk(of, "start")
    of.track("a").active = False
    assert walk(of, "continue") == ["b"]
    assert of.track("a").completed is None
