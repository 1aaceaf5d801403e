"""What a student or the content asks for, and where it leads (SN NB.2.1, SB.2.12, DB.1, DB.2, OP.1)."""

from copy import deepcopy
from dataclasses import dataclass

from app.rules.sequencing import choice
from app.rules.sequencing.conditions import is_disabled
from app.rules.sequencing.ending import end, end_attempt, end_descendants
from app.rules.sequencing.flow import BACKWARD, FORWARD, Reached, flow
from app.rules.sequencing.state import Course

ENDING = {
    "exit": "exit",
    "exitAll": "exitAll",
    "abandon": "abandon",
    "abandonAll": "abandonAll",
    "suspendAll": "suspendAll",
}
MOVING = ("continue", "previous", "choice", "jump")


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request."""

    activity: str | None = None
    """The part to show now; None where there is none."""
    refused: bool = False
    """Whether the course does not allow it; then nothing has changed."""
    over: bool = False
    """Whether the course has ended, until it is begun again."""


def navigate(course: Course, request: str, target: str | None = None) -> Answer:
    """Carry out a request: `start`, `resumeAll`, `continue`, `previous`, `choice`, `jump`, `exit`, `exitAll`,
    `abandon`, `abandonAll` or `suspendAll`. What is refused leaves everything as it was."""
    if not is_valid(course, request, target):
        return Answer(refused=True)
    before = deepcopy(course.state)
    answer = _carry_out(course, request, target)
    if answer.refused:
        course.state = before
    return answer


def would(course: Course, request: str, target: str | None = None) -> bool:
    """Whether a request would lead to a part; nothing is changed."""
    if not is_valid(course, request, target):
        return False
    before = course.state
    course.state = deepcopy(before)
    try:
        return _carry_out(course, request, target).activity is not None
    finally:
        course.state = before


def is_valid(course: Course, request: str, target: str | None = None) -> bool:
    """Whether a request makes sense where the student stands (NB.2.1)."""
    current = course.state.current
    if request == "start":
        return current is None
    if request == "resumeAll":
        return current is None and course.state.suspended is not None
    if request in ("choice", "jump"):
        if target is None or target not in course:
            return False
        return request == "jump" or _may_choose(course, target)
    if current is None:
        return False
    if request in ("continue", "previous"):
        above = course.parent(current)
        if above is None:
            return False
        controls = course.asked(above).controls
        return controls.flow and (request == "continue" or not controls.forward_only)
    if request in ("exit", "abandon"):
        return course.track(current).active
    return request in ENDING


def _may_choose(course: Course, target: str) -> bool:
    above = course.parent(target)
    if above is not None and not course.asked(above).controls.choice:
        return False
    current = course.state.current
    if current is None:
        return True
    ancestor = course.common_ancestor(current, target)
    leaving = course.path(current)[len(course.path(ancestor)) :]
    if course.parent(current) == above:
        leaving = [current]
    return all(course.asked(name).controls.choice_exit for name in leaving if course.track(name).active)


def _carry_out(course: Course, request: str, target: str | None) -> Answer:
    current = course.state.current
    wanted = request
    if request in ENDING:
        ended = end(course, request)
        wanted = ended.request or ("stay" if request in ("exit", "abandon") else "exit")
    elif current is not None and course.track(current).active:
        ended = end(course, "exit")
        wanted = ended.request or request
        if wanted == "exit":
            return _over(course)
    return _sequence(course, wanted, target)


def _sequence(course: Course, request: str, target: str | None) -> Answer:
    """The sequencing request process (SB.2.12) and, where it finds a part, its delivery."""
    if request == "stay":
        return Answer()
    if request == "exit":
        return _over(course)
    if request in ("choice", "jump"):
        return _chosen(course, request, target or "")
    if request == "resumeAll":
        return _deliver(course, course.state.suspended or course.root)
    reached = _reached(course, request)
    if reached.activity is not None:
        return _deliver(course, reached.activity)
    return _over(course) if reached.ends else Answer(refused=True)


def _reached(course: Course, request: str) -> Reached:
    current = course.state.current or course.root
    if request == "continue":
        return flow(course, current, FORWARD, into_children=False)
    if request == "previous":
        return flow(course, current, BACKWARD, into_children=False)
    if course.is_leaf(current):
        return Reached(current)
    return flow(course, current, FORWARD, into_children=True)


def _chosen(course: Course, request: str, target: str) -> Answer:
    if request == "choice" and not choice.allows(course, target):
        return Answer(refused=True)
    found = choice.deliver(course, target)
    return Answer(refused=True) if found is None else _deliver(course, found)


def _over(course: Course) -> Answer:
    """The session at the course has ended (SB.2.11)."""
    course.state.current = None
    return Answer(over=True)


def _deliver(course: Course, target: str) -> Answer:
    """Check that everything on the way may be begun (DB.1.1), and begin it (DB.2)."""
    if not course.is_leaf(target) or any(is_disabled(course, name) for name in course.path(target)):
        return Answer(refused=True)
    resumed = course.state.suspended
    if resumed is not None and resumed != target:
        _forget_suspended(course, target, resumed)
    end_descendants(course, target)
    for name in course.path(target):
        track = course.track(name)
        if track.active:
            continue
        if track.suspended:
            track.suspended = False
        else:
            course.begin_attempt(name)
        track.active = True
    course.state.current, course.state.suspended, course.state.opened = target, None, False
    return Answer(target)


def _forget_suspended(course: Course, target: str, suspended: str) -> None:
    """Another part than the suspended one is opened (DB.2.1)."""
    above = course.common_ancestor(target, suspended)
    for name in reversed(course.path(suspended)):
        if name == above:
            break
        track = course.track(name)
        below = [] if course.is_leaf(name) else course.children(name)
        track.suspended = any(course.track(child).suspended for child in below)


def close(course: Course) -> None:
    """End the course as `exitAll` does, whatever its rules would have next."""
    if course.state.current is not None:
        end_descendants(course, course.root)
        end_attempt(course, course.root)
    course.state.current = None
