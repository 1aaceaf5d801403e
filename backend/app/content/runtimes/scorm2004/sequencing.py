"""Which part of a SCORM 2004 course a student is in, and what the parts amount to together.

The rules are in `rules/sequencing`; here is what they are given, where the outcome is kept, and in which order.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from random import Random
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from app.content import queries
from app.content.packages.model import Item
from app.content.packages.versions import Version
from app.content.runtimes.protocol import Controls, Moved, Standing
from app.content.runtimes.scorm import text_of
from app.content.runtimes.scorm2004 import shared
from app.content.runtimes.scorm2004.activities import tree_of
from app.core.errors import Conflict, Invalid
from app.db.models import Launch, ScormCourse, ScormData
from app.rules import scorm12, scorm2004
from app.rules.scorm2004 import Outcome
from app.rules.sequencing import choice
from app.rules.sequencing.conditions import is_disabled
from app.rules.sequencing.navigation import close, is_valid, navigate, would
from app.rules.sequencing.rollup import roll_up, weights_of
from app.rules.sequencing.state import Course, Progress, State

_STATE: TypeAdapter[State] = TypeAdapter(State)
_MANY = 200
"""Of more parts, which may be chosen is not worked out with every report."""
_REFUSED = "The course does not let you open this part now. Choose another, or go on where you are."
_USED_UP = (
    "All the attempts that the course allows are used up, so it can’t be opened again. Ask your instructor."
)
_FINISHES = {"exitAll", "abandonAll"}


@dataclass(slots=True)
class _Way:
    """A student's way through a course: the row it is kept in, and the tree with what is known."""

    row: ScormCourse
    course: Course
    version: Version

    def keep(self, *, base: str | None = None) -> None:
        """Write it back. `base`: the status that the session began with, for what must not be taken back."""
        self.row.state = _STATE.dump_python(self.course.state, mode="json", exclude_defaults=True)
        now = _status(self.course)
        if self.row.status == scorm12.PASSED:
            return
        before = self.row.status if base is None else base
        # A part that is failed for the first time undoes no earlier session's result.
        self.row.status = before if before in scorm12.DONE and now != scorm12.PASSED else now


def _status(course: Course) -> str:
    """What the whole course has come to, as one of the statuses that all standards share."""
    track = course.track(course.root)
    satisfied = course.progress(course.root, course.asked(course.root).primary).satisfied
    if satisfied is False:
        return scorm12.FAILED
    if track.completed:
        return scorm12.PASSED if satisfied else scorm12.COMPLETED
    return scorm12.INCOMPLETE if track.attempts else scorm12.NOT_ATTEMPTED


class Scorm2004Sequencing:
    """The sequencing of one package for one enrollment (`protocol.Sequencing`). The enrollment is held."""

    def open(self, session: Session, version: Version, enrollment_id: int, sco_id: str | None) -> Item:
        way = _load(session, version, enrollment_id, create=True)
        current = way.course.state.current
        if sco_id is None:
            name = self._resume(session, way)
        elif sco_id == current and self._goes_on(session, way, current):
            name = sco_id
        else:
            moved = self._move(session, way, "choice", sco_id)
            if moved.opens is None:
                raise Invalid(_REFUSED)
            name = moved.opens
        way.course.state.opened = True
        way.keep()
        item = version.manifest.item(name)
        if item is None:
            raise Invalid("This part of the course has no page that can be opened. Choose another.")
        return item

    def navigate(
        self,
        session: Session,
        version: Version,
        enrollment_id: int,
        request: str,
        target: str | None,
        *,
        at: str | None,
        now: datetime,
    ) -> Moved:
        way = _load(session, version, enrollment_id, create=False)
        if way.course.state.current != at:
            # It was said before: the answer was lost, or another window has gone on.
            return Moved(opens=way.course.state.current, over=way.course.state.current is None)
        moved = self._move(session, way, request, target, now=now)
        way.keep()
        session.flush()
        return moved

    def reported(
        self, session: Session, version: Version, launch: Launch, item: Item, attempt: ScormData
    ) -> None:
        if launch.enrollment_id is None:
            return
        way = _load(session, version, launch.enrollment_id, create=True)
        latest = _latest(session, way, item.id)
        if latest is not None and latest.attempt_no == attempt.attempt_no:
            _take(way.course, item.id, attempt)
            shared.hand_on(way.course, item, attempt)
            shared.take_stores(way.row, item, attempt)
            roll_up(way.course, item.id)
        way.keep(base=str(launch.session_state.get("before", scorm12.NOT_ATTEMPTED)))
        session.flush()

    def standing(self, version: Version, course: ScormCourse | None) -> Standing | None:
        if course is None:
            return None
        way = _way(version, course)
        if sum(way.course.is_leaf(name) for name in way.course) < 2:
            return Standing(course.status, None, frozenset())
        return Standing(course.status, controls_of(way), frozenset(_choosable(way.course)))

    def allowed(self, session: Session, version: Version, enrollment_id: int) -> dict[str, Any]:
        """What the content may ask for (`adl.nav.request_valid`, SN 5.6.5); None for what is not worked out."""
        way = _find(session, version, enrollment_id)
        if way is None:
            return {}
        course = way.course
        many = len(list(course)) > _MANY
        leaves = [name for name in course if course.is_leaf(name)]
        return {
            "continue": would(course, "continue"),
            "previous": would(course, "previous"),
            "choice": None if many else _choosable(course),
            "jump": [] if not _may_jump(way) else None if many else leaves,
        }

    def inform(
        self, session: Session, version: Version, launch: Launch, item: Item, cmi: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Objectives into the data model; the stores of the part beside it, with what may be done with each."""
        way = None if launch.enrollment_id is None else _find(session, version, launch.enrollment_id)
        if way is not None:
            shared.inform(way.course, item, cmi["objectives"])
        maps = shared.maps_of(item)
        return (
            {"maps": maps, "stores": shared.stores_of(None if way is None else way.row, item)}
            if maps
            else None
        )

    def weights(self, version: Version) -> dict[str, Fraction]:
        return weights_of(tree_of(version.manifest))

    def begins(self, session: Session, version: Version, launch: Launch) -> None:
        """Note the status that a session at the course begins with."""
        way = None if launch.enrollment_id is None else _find(session, version, launch.enrollment_id)
        if way is not None:
            launch.session_state = {"before": way.row.status}

    # Steps

    def _goes_on(self, session: Session, way: _Way, name: str) -> bool:
        if not way.course.state.opened:
            return True  # another attempt than the one that has ended
        attempt = _latest(session, way, name)
        return attempt is None or scorm12.continues(
            finished=attempt.finished_at is not None, exit_word=attempt.exit or ""
        )

    def _resume(self, session: Session, way: _Way) -> str:
        """Where the student was; behind a part that has ended by itself, the next one."""
        course = way.course
        current = course.state.current
        if current is not None:
            if self._goes_on(session, way, current):
                return current
            moved = self._move(session, way, "continue", None)
            if moved.opens is not None:
                return moved.opens
            if not moved.over:
                opened = self._first_open(session, way) or self._move(session, way, "choice", current).opens
                if opened is not None:
                    return opened
                close(course)
        begun = navigate(course, "resumeAll" if course.state.suspended else "start").activity
        begun = begun or self._first_open(session, way)
        if begun is None:
            raise Conflict(_USED_UP)
        return begun

    def _first_open(self, session: Session, way: _Way) -> str | None:
        """The first part that may be chosen and is not done: courses without flow wait for the student to choose."""
        course = way.course
        for name in course:
            if course.is_leaf(name) and not course.track(name).completed and _may_choose(course, name):
                opened = self._move(session, way, "choice", name).opens
                if opened is not None:
                    return opened
        return None

    def _move(
        self, session: Session, way: _Way, request: str, target: str | None, *, now: datetime | None = None
    ) -> Moved:
        """Carry out a request, and end what it leaves behind."""
        if request == "jump" and not _may_jump(way):
            return Moved(refused=True)
        course, left = way.course, way.course.state.current
        attempt = None if left is None or not course.state.opened else _latest(session, way, left)
        was_shown = attempt is not None and bool(attempt.cmi)
        was_active = left is not None and course.track(left).active
        if left is not None and was_active:
            course.track(left).suspended = attempt is not None and attempt.exit == "suspend"
            # What never came to be shown ends as `abandon` has it: nothing is concluded from its silence.
            course.track(left).active = was_shown or request == "suspendAll"
        answer = navigate(course, request, target)
        if answer.refused:
            if left is not None:
                course.track(left).suspended, course.track(left).active = False, was_active
            return Moved(refused=True)
        if attempt is not None and request == "suspendAll":
            # Content that is closed says that it has ended; it was the student who broke off.
            attempt.exit, attempt.finished_at = "suspend", None
        elif left is not None and attempt is not None and was_shown:
            _end(course, left, attempt, now)
        if answer.over and request in _FINISHES:
            close(course)
        return Moved(opens=answer.activity, over=answer.over)


def controls_of(way: _Way) -> Controls:
    """The buttons that make sense where the student is, without those that the content does not want."""
    course = way.course
    current = course.state.current
    item = None if current is None else way.version.manifest.item(current)
    hidden = frozenset(() if item is None else item.details.get("hidden", ()))
    makes_sense = {
        "previous": would(course, "previous"),
        "continue": is_valid(course, "continue"),  # from the last part it leads to the end
        "exitAll": current is not None,
        "suspendAll": current is not None,
    }
    return Controls(current, tuple(name for name, yes in makes_sense.items() if yes and name not in hidden))


def _may_jump(way: _Way) -> bool:
    """Only the 4th edition knows jumps (SN 5.6.4)."""
    return "4th" in way.version.manifest.edition.lower()


def _choosable(course: Course) -> list[str]:
    if len(list(course)) > _MANY:
        # The rules on the way to each part are looked at when one is chosen.
        return [name for name in course if course.is_leaf(name) and is_valid(course, "choice", name)]
    return [name for name in course if course.is_leaf(name) and _may_choose(course, name)]


def _may_choose(course: Course, name: str) -> bool:
    if not is_valid(course, "choice", name) or not choice.allows(course, name):
        return False
    return not any(is_disabled(course, place) for place in course.path(name))


def _take(course: Course, name: str, attempt: ScormData) -> None:
    """What a part has reported becomes what is tracked of it (SN 4.2, RTE 4.2.17)."""
    asked, track = course.asked(name), course.track(name)
    if not asked.tracked:
        return
    track.completed = _COMPLETED.get(attempt.completion_status or "")
    track.seconds = attempt.total_seconds
    primary = asked.primary
    of_objectives = _objectives(attempt.cmi.get("objectives"))
    known = of_objectives.get(primary.id, Progress()) if primary.id else Progress()
    success = _SATISFIED.get(attempt.success_status or "")
    measure = attempt.score_scaled if attempt.score_scaled is not None else known.measure
    course.set_progress(name, primary, Progress(known.satisfied if success is None else success, measure))
    for objective in asked.objectives:
        if not objective.primary and objective.id in of_objectives:
            course.set_progress(name, objective, of_objectives[objective.id])


_COMPLETED = {scorm2004.COMPLETED: True, scorm2004.INCOMPLETE: False}
_SATISFIED = {scorm2004.PASSED: True, scorm2004.FAILED: False}


def _objectives(given: Any) -> dict[str, Progress]:
    """`cmi.objectives` by identifier."""
    found = {}
    for entry in shared.entries_of(given):
        if text_of(entry.get("id")):
            score = entry.get("score")
            scaled = scorm2004.scaled_of(text_of(score.get("scaled"))) if isinstance(score, dict) else None
            success = scorm2004.known_success(text_of(entry.get("success_status")))
            found[text_of(entry["id"])] = Progress(_SATISFIED.get(success), scaled)
    return found


def _end(course: Course, name: str, attempt: ScormData, now: datetime | None) -> None:
    """The attempt at a part that was left ends with what the rules have made of it (SN UP.4)."""
    if attempt.exit == "suspend":
        return
    attempt.finished_at = attempt.finished_at or now or attempt.updated_at
    if course.track(name).completed and attempt.completion_status in (
        None, scorm2004.UNKNOWN, scorm2004.NOT_ATTEMPTED
    ):  # fmt: skip
        attempt.completion_status = scorm2004.COMPLETED
        outcome = Outcome(scorm2004.COMPLETED, attempt.success_status or scorm2004.UNKNOWN)
        attempt.cmi_core_lesson_status = scorm12.better_status(
            scorm12.known_status(attempt.cmi_core_lesson_status or ""), outcome.status
        )


def _latest(session: Session, way: _Way, name: str) -> ScormData | None:
    return queries.latest_attempt_at(session, way.row.enrollment_id, way.version.id, name)


def _load(session: Session, version: Version, enrollment_id: int, *, create: bool) -> _Way:
    way = _find(session, version, enrollment_id)
    if way is not None:
        return way
    if not create:
        raise Conflict("The course has not been opened yet. Open it first.")
    row = ScormCourse(
        enrollment_id=enrollment_id, package_id=version.id, status=scorm12.NOT_ATTEMPTED, state={}
    )
    session.add(row)
    session.flush()
    return _way(version, row)


def _find(session: Session, version: Version, enrollment_id: int) -> _Way | None:
    row = queries.scorm_course(session, enrollment_id, version.id)
    return None if row is None else _way(version, row)


def _way(version: Version, row: ScormCourse) -> _Way:
    return _Way(row, _course(version, row), version)


def _course(version: Version, row: ScormCourse) -> Course:
    tree = tree_of(version.manifest)
    state = _STATE.validate_python(row.state)
    activities = {activity.id for activity in tree.walk()}
    if state.current not in activities:
        state.current = None
    if state.suspended not in activities:
        state.suspended = None
    for track in state.tracks.values():
        if track.order is not None:
            track.order = [name for name in track.order if name in activities]
    # The same student gets the same questions again, in the same order.
    seed = Random(f"{row.enrollment_id}/{version.id}/{sum(t.attempts for t in state.tracks.values())}")  # noqa: S311
    return Course(tree, state, seed, forgets_shared=bool(version.manifest.details.get("forgets_objectives")))


SEQUENCING = Scorm2004Sequencing()
