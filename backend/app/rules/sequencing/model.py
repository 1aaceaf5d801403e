"""What a manifest says of the sequencing of an activity (IMS Simple Sequencing 1.0, SCORM 2004 SN chapter 3).

Defaults are those of the standard.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Condition:
    """One `ruleCondition` or `rollupCondition`."""

    name: str
    """`satisfied`, `completed`, `attempted` …"""
    negated: bool = False
    objective: str = ""
    """The objective it looks at; empty for the primary one."""
    threshold: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rule:
    """A sequencing rule: what to do when its conditions hold."""

    action: str
    """`skip`, `disabled`, `hiddenFromChoice`, `stopForwardTraversal`, `exit`, `retry`, `continue` …"""
    conditions: tuple[Condition, ...]
    any: bool = False
    """Whether one condition is enough."""


@dataclass(frozen=True, slots=True)
class RollupRule:
    """A rollup rule: what a cluster becomes when enough of its children are something."""

    action: str
    """`satisfied`, `notSatisfied`, `completed` or `incomplete`."""
    conditions: tuple[Condition, ...]
    any: bool = True
    children: str = "all"
    """`all`, `any`, `none`, `atLeastCount` or `atLeastPercent`."""
    minimum: Decimal = Decimal(0)
    """For `atLeastCount` and `atLeastPercent`; a percentage is from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """How a local objective shares its status with a global one (`mapInfo`)."""

    target: str
    read_satisfied: bool = True
    read_measure: bool = True
    write_satisfied: bool = False
    write_measure: bool = False
    reads: tuple[str, ...] = ()
    """Further elements of `cmi.objectives.n` that are read, as the 4th edition adds them: `score.raw` …"""
    writes: tuple[str, ...] = ()
    """Such elements that are written."""


@dataclass(frozen=True, slots=True)
class Objective:
    """An objective of an activity; the primary one is what rolls up."""

    id: str = ""
    primary: bool = False
    satisfied_by_measure: bool = False
    minimum: Decimal = Decimal(1)
    """Least normalized measure that satisfies it."""
    maps: tuple[Mapping, ...] = ()


@dataclass(frozen=True, slots=True)
class Controls:
    """`controlMode`: what a cluster lets be done among its children."""

    choice: bool = True
    choice_exit: bool = True
    flow: bool = False
    forward_only: bool = False
    current_objective: bool = True
    """Whether only what children did in the cluster's current attempt counts."""
    current_progress: bool = True


@dataclass(frozen=True, slots=True)
class Rollup:
    """What an activity contributes to its parent, and what its parent becomes."""

    rules: tuple[RollupRule, ...] = ()
    weight: Decimal = Decimal(1)
    objective: bool = True
    progress: bool = True
    progress_weight: Decimal = Decimal(1)
    required: tuple[tuple[str, str], ...] = ()
    """Action (`satisfied`, `notSatisfied` …) and when the activity counts for it, where that is not `always`."""
    measure_if_active: bool = True

    def when(self, action: str) -> str:
        """When the activity counts for this action: `always`, `ifAttempted`, `ifNotSkipped` or `ifNotSuspended`."""
        return dict(self.required).get(action, "always")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which children of a cluster are offered, and in which order."""

    timing: str = "never"
    """`never`, `once` or `onEachNewAttempt`."""
    count: int | None = None
    shuffle_timing: str = "never"
    shuffle: bool = False


@dataclass(frozen=True, slots=True)
class Sequencing:
    """All that is asked of one activity."""

    controls: Controls = Controls()
    before: tuple[Rule, ...] = ()
    after: tuple[Rule, ...] = ()
    leaving: tuple[Rule, ...] = ()
    attempts: int | None = None
    """The most attempts."""
    duration: str = ""
    """`attemptAbsoluteDurationLimit`, as ISO 8601: kept by the content, and by rules that ask for it."""
    rollup: Rollup = Rollup()
    objectives: tuple[Objective, ...] = ()
    selection: Selection = Selection()
    tracked: bool = True
    completion_set_by_content: bool = False
    objective_set_by_content: bool = False
    constrain_choice: bool = False
    prevent_activation: bool = False
    completed_by_measure: bool = False
    least_progress: Decimal = Decimal(1)

    @property
    def primary(self) -> Objective:
        """The objective that rolls up; one without a name where the manifest names none (SN 3.10)."""
        return next((one for one in self.objectives if one.primary), Objective(primary=True))


DEFAULT = Sequencing()


@dataclass(frozen=True, slots=True)
class Activity:
    """A node of the tree: the course, a chapter, or a part that can be opened."""

    id: str
    sequencing: Sequencing = DEFAULT
    children: tuple["Activity", ...] = ()
    visible: bool = True

    def walk(self) -> Iterator["Activity"]:
        """This one and all below it, in the order of the manifest."""
        yield self
        for child in self.children:
            yield from child.walk()
