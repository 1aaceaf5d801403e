"""Going to a part of a course that the student chooses (SN SB.2.9)."""

from itertools import pairwise

from app.rules.sequencing.conditions import is_hidden, stops_forward
from app.rules.sequencing.flow import FORWARD, flow
from app.rules.sequencing.state import Course


def allows(course: Course, target: str) -> bool:
    """Whether the controls of the course let the student go to an activity from where they are."""
    path = course.path(target)
    above = course.parent(target)
    if any(is_hidden(course, name) for name in path):
        return False
    if any(name not in course.children(up) for up, name in pairwise(path)):
        return False
    if above is not None and not course.asked(above).controls.choice:
        return False
    current = course.state.current
    if current is None or current == course.root:
        return _may_go_down(course, course.root, target, forward=True)
    if current == target:
        return True
    if course.parent(current) == above:
        return _may_pass(course, current, target)
    ancestor = course.common_ancestor(current, target)
    if not _may_leave(course, current, ancestor, target):
        return False
    if target == ancestor:
        return True
    return _may_go_down(
        course, ancestor, target, forward=current == ancestor or course.is_after(target, current)
    )


def deliver(course: Course, target: str) -> str | None:
    """The part that is shown for a chosen activity: itself, or the first below it that flow comes to."""
    if course.is_leaf(target):
        return target
    return flow(course, target, FORWARD, into_children=True).activity


def _may_pass(course: Course, current: str, target: str) -> bool:
    """Among the children of one cluster (SB.2.9, case 2)."""
    above = course.parent(current)
    siblings = [] if above is None else course.children(above)
    if current not in siblings or target not in siblings:
        return False
    here, there = siblings.index(current), siblings.index(target)
    if there > here:
        return not any(stops_forward(course, name) for name in siblings[here:there])
    return above is None or not course.asked(above).controls.forward_only


def _may_leave(course: Course, current: str, ancestor: str, target: str) -> bool:
    """Up from where the student is (SB.2.9, cases 4 and 5; NB.2.1 for what is under way)."""
    constrained = None
    for name in reversed(course.path(current)):
        if name == ancestor and target != ancestor:
            break
        controls = course.asked(name).controls
        if name != ancestor and course.track(name).active and not controls.choice_exit:
            return False
        if constrained is None and name != ancestor and course.asked(name).constrain_choice:
            constrained = name
    return constrained is None or target == ancestor or _is_near(course, constrained, target)


def _is_near(course: Course, constrained: str, target: str) -> bool:
    """Whether a target is in the cluster that constrains choice, or just before or behind it (SB.2.9.1)."""
    if constrained in course.path(target):
        return True
    forward = course.is_after(target, constrained)
    name = constrained
    while (above := course.parent(name)) is not None:
        siblings = course.children(above)
        place = siblings.index(name) + (1 if forward else -1) if name in siblings else -1
        if 0 <= place < len(siblings):
            return siblings[place] in course.path(target)
        name = above
    return False


def _may_go_down(course: Course, ancestor: str, target: str, *, forward: bool) -> bool:
    """Down from what is shared to the target (SB.2.9, cases 3 and 5)."""
    path = course.path(target)
    for name in path[path.index(ancestor) : -1]:
        if forward and stops_forward(course, name):
            return False
        if name != ancestor and not course.track(name).active and course.asked(name).prevent_activation:
            return False
    return True
