"""How attempts end: the termination requests (SN TB.2) and what follows from the rules of what has ended."""

from dataclasses import dataclass, replace

from app.rules.sequencing.conditions import first_action
from app.rules.sequencing.rollup import roll_up
from app.rules.sequencing.state import Course


@dataclass(frozen=True, slots=True)
class Ended:
    """What comes after an attempt has ended, by the rules of the course."""

    request: str | None = None
    """`exit`, `continue`, `previous`, `retry`, or None for what was asked for anyway."""


def end_attempt(course: Course, name: str) -> None:
    """End the attempt at an activity (UP.4). A part that is under way and never says what became of it is done and
    satisfied, unless the manifest leaves that to its content or to a measure."""
    asked, track = course.asked(name), course.track(name)
    if not course.is_leaf(name):
        track.suspended = any(course.track(child).suspended for child in course.children(name))
    elif asked.tracked and track.active and not track.suspended:
        if track.completed is None and not (asked.completion_set_by_content or asked.completed_by_measure):
            track.completed = True
        primary = asked.primary
        known = course.progress(name, replace(primary, maps=()))
        by_content = asked.objective_set_by_content or primary.satisfied_by_measure
        if not by_content and known.satisfied is None:
            course.set_progress(name, primary, replace(known, satisfied=True))
    track.active = False
    roll_up(course, name)


def end_descendants(course: Course, name: str) -> None:
    """End what is under way below or beside an activity (UP.3), from the part that is delivered upward."""
    current = course.state.current
    if current is None:
        return
    above = course.common_ancestor(current, name)
    for place in reversed(course.path(current)):
        if place == above:
            return
        end_attempt(course, place)


def end(course: Course, request: str) -> Ended:
    """Carry out a termination request: `exit`, `exitAll`, `suspendAll`, `abandon` or `abandonAll` (TB.2.3)."""
    if request == "exit":
        return _exit(course)
    if request == "exitAll":
        return _exit_all(course)
    if request == "suspendAll":
        _suspend_all(course)
        return Ended("exit")
    current = course.state.current or course.root
    places = [current] if request == "abandon" else course.path(current)
    for place in places:
        course.track(place).active = False
    if request == "abandonAll":
        course.state.current = course.root
        return Ended("exit")
    return Ended()


def _exit(course: Course) -> Ended:
    current = course.state.current or course.root
    end_attempt(course, current)
    _exit_by_rules(course)
    while True:
        current = course.state.current or course.root
        action = _after(course, current)
        if action in ("exitAll", "retryAll"):
            ended = _exit_all(course)
            return Ended("retry") if action == "retryAll" else ended
        if action == "exitParent":
            above = course.parent(current)
            if above is None:
                return Ended("exit")
            course.state.current = above
            end_attempt(course, above)
            continue
        if current == course.root and action != "retry":
            return Ended("exit")
        return Ended(action)


def _exit_by_rules(course: Course) -> None:
    """The highest cluster above that wants to be left takes everything below with it (TB.2.1)."""
    current = course.state.current or course.root
    for place in course.path(current)[:-1]:
        if first_action(course, place, course.asked(place).leaving, "exit"):
            end_descendants(course, place)
            end_attempt(course, place)
            course.state.current = place
            return


def _after(course: Course, name: str) -> str | None:
    """What the post-condition rules of an activity ask for (TB.2.2); those of a suspended one wait."""
    if course.track(name).suspended:
        return None
    actions = ("exitParent", "exitAll", "retry", "retryAll", "continue", "previous")
    return first_action(course, name, course.asked(name).after, *actions)


def _exit_all(course: Course) -> Ended:
    current = course.state.current or course.root
    if course.track(current).active:
        end_attempt(course, current)
    end_descendants(course, course.root)
    end_attempt(course, course.root)
    course.state.current = course.root
    action = _after(course, course.root)
    return Ended("retry" if action in ("retry", "retryAll") else "exit")


def _suspend_all(course: Course) -> None:
    current = course.state.current or course.root
    track = course.track(current)
    left = current if track.active or track.suspended else course.parent(current) or current
    roll_up(course, current)
    course.state.suspended = left
    for place in course.path(left):
        course.track(place).active = False
        course.track(place).suspended = True
    course.state.current = course.root
