"""Going through a course in order: forward, backward, into clusters and past what is skipped (SN SB.2.1 to SB.2.3)."""

from dataclasses import dataclass

from app.rules.sequencing.conditions import is_disabled, is_skipped
from app.rules.sequencing.ending import end_descendants
from app.rules.sequencing.state import Course

FORWARD, BACKWARD = True, False
_MOST_STEPS = 10_000


@dataclass(frozen=True, slots=True)
class Reached:
    """Where flow has come to."""

    activity: str | None
    """The part to deliver; None where there is none."""
    ends: bool = False
    """Whether the course ends, because there is nothing more behind."""


@dataclass(frozen=True, slots=True)
class _Step:
    name: str | None
    forward: bool = FORWARD
    ends: bool = False


def flow(course: Course, name: str, forward: bool, *, into_children: bool) -> Reached:
    """The next part that can be delivered in a direction, beginning at an activity (SB.2.3)."""
    step = _next(course, name, forward, into_children=into_children, before=None)
    if step.name is None:
        return Reached(None, step.ends)
    return _deliverable(course, step, forward)


def _deliverable(course: Course, step: _Step, forward: bool) -> Reached:
    """Go on from a candidate until one can be delivered (SB.2.2)."""
    name, before = step.name, None
    for _ in range(_MOST_STEPS):
        if name is None:
            return Reached(None, step.ends)
        above = course.parent(name)
        if above is None or not course.asked(above).controls.flow:
            return Reached(None)
        if is_skipped(course, name):
            step = _next(course, name, forward, into_children=False, before=before)
            before = None if before is BACKWARD and step.forward is BACKWARD else before
        elif is_disabled(course, name):
            return Reached(None)
        elif course.is_leaf(name):
            return Reached(name)
        else:
            step = _next(course, name, forward, into_children=True, before=None)
            before = None
            if forward is BACKWARD and step.forward is FORWARD:
                forward, before = FORWARD, BACKWARD
        name = step.name
    return Reached(None)


def _next(course: Course, name: str, forward: bool, *, into_children: bool, before: bool | None) -> _Step:
    """One step through the tree (SB.2.1). `before`: the direction from which a forward-only cluster was entered."""
    above = course.parent(name)
    siblings = [] if above is None else course.children(above)
    is_reversed = False
    if before is BACKWARD and siblings and siblings[-1] == name:
        forward, name, is_reversed = BACKWARD, siblings[0], True
    if not course.is_leaf(name) and into_children:
        return _into(course, name, forward)
    if forward:
        return _onward(course, name)
    return _back(course, name, is_reversed=is_reversed)


def _into(course: Course, name: str, forward: bool) -> _Step:
    children = course.children(name)
    if not children:
        return _Step(None)
    if forward or course.asked(name).controls.forward_only:
        return _Step(children[0], FORWARD)
    return _Step(children[-1], BACKWARD)


def _onward(course: Course, name: str) -> _Step:
    while (above := course.parent(name)) is not None:
        siblings = course.children(above)
        place = siblings.index(name) if name in siblings else len(siblings) - 1
        if place + 1 < len(siblings):
            return _Step(siblings[place + 1], FORWARD)
        name = above
    end_descendants(course, course.root)
    return _Step(None, ends=True)


def _back(course: Course, name: str, *, is_reversed: bool) -> _Step:
    while (above := course.parent(name)) is not None:
        if not is_reversed and course.asked(above).controls.forward_only:
            return _Step(None)
        siblings = course.children(above)
        place = siblings.index(name) if name in siblings else 0
        if place > 0:
            return _Step(siblings[place - 1], BACKWARD)
        name, is_reversed = above, False
    return _Step(None)
