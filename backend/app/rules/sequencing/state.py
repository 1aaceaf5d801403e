"""What is known of one student's way through a course: the tracking model of SN chapter 4, as plain data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from app.rules.sequencing.model import Activity, Objective, Sequencing

NAMELESS = ""
"""The primary objective of an activity that names none."""


@dataclass(slots=True)
class Progress:
    """What is known of an objective; None where nothing is."""

    satisfied: bool | None = None
    measure: Decimal | None = None


@dataclass(slots=True)
class Track:
    """What is known of an activity."""

    attempts: int = 0
    active: bool = False
    suspended: bool = False
    completed: bool | None = None
    objectives: dict[str, Progress] = field(default_factory=dict)
    order: list[str] | None = None
    """The children that are offered, in their order; None for all as in the manifest."""
    seconds: int = 0
    """How long its current attempt has lasted."""


@dataclass(slots=True)
class State:
    """Where a student stands in a course."""

    current: str | None = None
    suspended: str | None = None
    """The activity that `suspendAll` has left."""
    opened: bool = False
    """Whether the current activity has been shown since it was delivered."""
    tracks: dict[str, Track] = field(default_factory=dict)
    shared: dict[str, Progress] = field(default_factory=dict)
    """Global objectives."""
    passed: dict[str, dict[str, str]] = field(default_factory=dict)
    """What the 4th edition has global objectives hand on beside that, by element of `cmi.objectives.n`: no rule asks
    for it."""


class Course:
    """An activity tree with the state of one student in it. The state is changed in place."""

    def __init__(
        self, root: Activity, state: State, random: Random | None = None, *, forgets_shared: bool = True
    ) -> None:
        self.root = root.id
        self.state = state
        self.random = random or Random(0)  # noqa: S311 -- shuffles questions
        self.forgets_shared = forgets_shared
        """Whether each attempt at the course begins with its global objectives unknown."""
        self._parents: dict[str, str | None] = {root.id: None}
        self._activities: dict[str, Activity] = {}
        for activity in root.walk():
            self._activities[activity.id] = activity
            for child in activity.children:
                self._parents[child.id] = activity.id
        self._places = {name: place for place, name in enumerate(self._activities)}

    def __contains__(self, name: str) -> bool:
        return name in self._activities

    def __iter__(self) -> Iterator[str]:
        """Every activity, in the order of the manifest."""
        return iter(self._activities)

    def asked(self, name: str) -> Sequencing:
        """What the manifest asks of an activity."""
        return self._activities[name].sequencing

    def is_visible(self, name: str) -> bool:
        """Whether the table of contents shows it."""
        return self._activities[name].visible

    def track(self, name: str) -> Track:
        """What is known of an activity."""
        return self.state.tracks.setdefault(name, Track())

    def parent(self, name: str) -> str | None:
        """The activity above; None for the course itself."""
        return self._parents[name]

    def is_leaf(self, name: str) -> bool:
        """Whether it can be delivered."""
        return not self._activities[name].children

    def children(self, name: str) -> list[str]:
        """The children that are offered, in their order (SN SR.1, SR.2)."""
        order = self.track(name).order
        return [child.id for child in self._activities[name].children] if order is None else order

    def path(self, name: str) -> list[str]:
        """From the course down to an activity, both in it."""
        path = [name]
        while (above := self._parents[path[-1]]) is not None:
            path.append(above)
        return path[::-1]

    def common_ancestor(self, one: str, other: str) -> str:
        """The lowest activity that both are in or are."""
        shared = [a for a, b in zip(self.path(one), self.path(other), strict=False) if a == b]
        return shared[-1]

    def is_after(self, one: str, other: str) -> bool:
        """Whether one comes after the other in the tree, from the top down."""
        above = self.common_ancestor(one, other)
        if above in (one, other):
            return above == other
        path, passed = self.path(one), self.path(other)
        place = len(self.path(above))
        siblings = self.children(above)
        first, second = path[place], passed[place]
        if first in siblings and second in siblings:
            return siblings.index(first) > siblings.index(second)
        return self._places[one] > self._places[other]

    # Objectives

    def objective(self, name: str, objective: str = NAMELESS) -> Objective | None:
        """An objective of an activity by its name; the primary one for none."""
        asked = self.asked(name)
        if not objective:
            return asked.primary
        return next((one for one in asked.objectives if one.id == objective), None)

    def progress(self, name: str, objective: Objective) -> Progress:
        """What is known of an objective: what the global ones know that it reads, else what the activity does itself
        (SN 3.10.3). Courses that teach again what a test has found missing depend on that order."""
        local = self.track(name).objectives.get(objective.id, Progress())
        satisfied, measure = local.satisfied, local.measure
        for mapping in objective.maps:
            shared = self.state.shared.get(mapping.target, Progress())
            if mapping.read_satisfied and shared.satisfied is not None:
                satisfied = shared.satisfied
            if mapping.read_measure and shared.measure is not None:
                measure = shared.measure
        if objective.satisfied_by_measure:
            # Only a measure can satisfy it (SN 3.10.1): without one it is not known, whatever was written.
            waits = self.track(name).active and not self.asked(name).rollup.measure_if_active
            satisfied = None if waits or measure is None else measure >= objective.minimum
        return Progress(satisfied, measure)

    def set_progress(self, name: str, objective: Objective, progress: Progress) -> None:
        """Write what is known of an objective, and share it where the manifest says so."""
        self.track(name).objectives[objective.id] = progress
        for mapping in objective.maps:
            shared = self.state.shared.setdefault(mapping.target, Progress())
            known = self.progress(name, objective) if objective.satisfied_by_measure else progress
            if mapping.write_satisfied and known.satisfied is not None:
                shared.satisfied = known.satisfied
            if mapping.write_measure and progress.measure is not None:
                shared.measure = progress.measure

    def hand_on(self, objective: Objective, given: Mapping[str, str]) -> None:
        """Keep what an objective hands on to a global one, of what a part has said of it (4th edition)."""
        for mapping in objective.maps:
            for element in mapping.writes:
                if given.get(element):
                    self.state.passed.setdefault(mapping.target, {})[element] = given[element]

    def handed_on(self, objective: Objective) -> dict[str, str]:
        """What an objective reads from global ones, by element."""
        known: dict[str, str] = {}
        for mapping in objective.maps:
            found = self.state.passed.get(mapping.target, {})
            known |= {element: found[element] for element in mapping.reads if element in found}
        return known

    # Attempts

    def begin_attempt(self, name: str) -> None:
        """A new attempt at an activity begins with nothing known of it (SN DB.2); of what is below a cluster, only
        what it may count from before."""
        track = self.track(name)
        track.attempts += 1
        track.completed, track.objectives, track.seconds = None, {}, 0
        if name == self.root and self.forgets_shared:
            self.state.shared, self.state.passed = {}, {}
        controls = self.asked(name).controls
        for child in self._activities[name].children:
            below = self.track(child.id)
            if controls.current_progress:
                below.completed = None
            if controls.current_objective:
                below.objectives = {}
        self._arrange(name, track)

    def _arrange(self, name: str, track: Track) -> None:
        """Choose and shuffle the children, if it is time to (SN SR.1, SR.2)."""
        asked = self.asked(name).selection
        every = [child.id for child in self._activities[name].children]
        order = every if track.order is None else track.order
        if asked.count is not None and _is_time(asked.timing, track) and asked.count < len(every):
            chosen = set(self.random.sample(every, asked.count))
            order = [one for one in every if one in chosen]
        if asked.shuffle and _is_time(asked.shuffle_timing, track):
            order = self.random.sample(order, len(order))
        track.order = None if order == every else order


def _is_time(timing: str, track: Track) -> bool:
    return timing == "onEachNewAttempt" or (timing == "once" and track.attempts == 1)
