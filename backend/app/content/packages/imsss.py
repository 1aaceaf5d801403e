"""The sequencing of an item in imsmanifest.xml (IMS Simple Sequencing 1.0 with ADL's extensions)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from xml.etree.ElementTree import Element

from app.content.packages.xml_documents import attribute, child, children
from app.rules.sequencing import model

_MOST_RULES = 200
_CONDITIONS = frozenset(
    (
        "satisfied",
        "objectivestatusknown",
        "objectivemeasureknown",
        "objectivemeasuregreaterthan",
        "objectivemeasurelessthan",
        "completed",
        "activityprogressknown",
        "attempted",
        "attemptlimitexceeded",
        "timelimitexceeded",
        "outsideavailabletimerange",
        "always",
        "never",
    )
)


def _spelled(*words: str) -> dict[str, str]:
    """Words of the standard as it spells them, by what authors make of them."""
    return {word.lower(): word for word in words}


_BEFORE = _spelled("skip", "disabled", "hiddenFromChoice", "stopForwardTraversal")
_LEAVING = _spelled("exit")
_AFTER = _spelled("exitParent", "exitAll", "retry", "retryAll", "continue", "previous")
_ROLLUP = _spelled("satisfied", "notSatisfied", "completed", "incomplete")
_CHILD_SETS = _spelled("all", "any", "none", "atLeastCount", "atLeastPercent")
_WHEN = _spelled("always", "ifAttempted", "ifNotSkipped", "ifNotSuspended")
_TIMING = _spelled("never", "once", "onEachNewAttempt")

Warn = Callable[[str], None]


class SequencingReader:
    """Reads `<sequencing>` elements; what it cannot read it says, and leaves to the standard's default."""

    def __init__(self, root: Element, warn: Warn) -> None:
        self._warn = warn
        self._shared: dict[str, Element] = {}
        for collection in children(root, "sequencingcollection"):
            for element in children(collection, "sequencing"):
                self._shared[attribute(element, "id")] = element

    def read(self, holder: Element, title: str) -> model.Sequencing:
        """The sequencing of an organization or item. What stands in the item takes the place of the same element of
        the collection that it refers to (CAM 5.1.1)."""
        own = child(holder, "sequencing")
        if own is None:
            return model.DEFAULT
        shared = None
        reference = attribute(own, "idref")
        if reference:
            shared = self._shared.get(reference)
            if shared is None:
                self._warn(f"“{title[:80]}” refers to the sequencing “{reference[:80]}”, which is not there.")
        self._title = title
        parts: dict[str, Element] = {}
        for source in (shared, own):
            for element in () if source is None else source:
                parts["adlobjectives" if _is_adl_objectives(element) else _name(element)] = element
        return self._sequencing(parts)

    def _sequencing(self, parts: Mapping[str, Element]) -> model.Sequencing:
        control, delivery = parts.get("controlmode"), parts.get("deliverycontrols")
        choice, rules = parts.get("constrainedchoiceconsiderations"), parts.get("sequencingrules")
        limits = parts.get("limitconditions")
        attempts = None if limits is None else _whole(attribute(limits, "attemptlimit"))
        return model.Sequencing(
            controls=model.Controls(
                choice=_flag(control, "choice", True),
                choice_exit=_flag(control, "choiceexit", True),
                flow=_flag(control, "flow", False),
                forward_only=_flag(control, "forwardonly", False),
                current_objective=_flag(control, "usecurrentattemptobjectiveinfo", True),
                current_progress=_flag(control, "usecurrentattemptprogressinfo", True),
            ),
            before=self._rules(rules, "preconditionrule", _BEFORE),
            after=self._rules(rules, "postconditionrule", _AFTER),
            leaving=self._rules(rules, "exitconditionrule", _LEAVING),
            attempts=attempts,
            duration="" if limits is None else attribute(limits, "attemptabsolutedurationlimit"),
            rollup=self._rollup(parts.get("rolluprules"), parts.get("rollupconsiderations")),
            objectives=self._objectives(parts),
            selection=_selection(parts.get("randomizationcontrols")),
            tracked=_flag(delivery, "tracked", True),
            completion_set_by_content=_flag(delivery, "completionsetbycontent", False),
            objective_set_by_content=_flag(delivery, "objectivesetbycontent", False),
            constrain_choice=_flag(choice, "constrainchoice", False),
            prevent_activation=_flag(choice, "preventactivation", False),
        )

    def _rules(self, holder: Element | None, name: str, known: Mapping[str, str]) -> tuple[model.Rule, ...]:
        found = []
        for element in [] if holder is None else list(children(holder, name))[:_MOST_RULES]:
            action = self._action(element, "ruleaction", known)
            group = child(element, "ruleconditions")
            conditions = self._conditions(group, "rulecondition")
            if action and conditions:
                found.append(model.Rule(action, conditions, any=_combination(group, "all") == "any"))
        return tuple(found)

    def _rollup(self, holder: Element | None, considered: Element | None) -> model.Rollup:
        rules = []
        for element in [] if holder is None else list(children(holder, "rolluprule"))[:_MOST_RULES]:
            action = self._action(element, "rollupaction", _ROLLUP)
            group = child(element, "rollupconditions")
            conditions = self._conditions(group, "rollupcondition")
            kept = _CHILD_SETS.get(attribute(element, "childactivityset").lower(), "all")
            word = "minimumcount" if kept == "atLeastCount" else "minimumpercent"
            minimum = _number(attribute(element, word), Decimal(0), 0, 10_000)
            if action and conditions:
                wanted = _combination(group, "any") == "any"
                rules.append(model.RollupRule(action, conditions, any=wanted, children=kept, minimum=minimum))
        required = []
        for action in ("satisfied", "notSatisfied", "completed", "incomplete"):
            given = "" if considered is None else attribute(considered, f"requiredfor{action.lower()}")
            when = _WHEN.get(given.lower(), "always")
            if when != "always":
                required.append((action, when))
        weight = "" if holder is None else attribute(holder, "objectivemeasureweight")
        return model.Rollup(
            rules=tuple(rules),
            weight=_number(weight, Decimal(1), 0, 1),
            objective=_flag(holder, "rollupobjectivesatisfied", True),
            progress=_flag(holder, "rollupprogresscompletion", True),
            required=tuple(required),
            measure_if_active=_flag(considered, "measuresatisfactionifactive", True),
        )

    def _objectives(self, parts: Mapping[str, Element]) -> tuple[model.Objective, ...]:
        holder = parts.get("objectives")
        more = _more_maps(parts.get("adlobjectives"))
        found = []
        for element in [] if holder is None else list(holder)[:_MOST_RULES]:
            name = _name(element)
            if name not in ("primaryobjective", "objective"):
                continue
            least = child(element, "minnormalizedmeasure")
            given = "" if least is None else "".join(least.itertext()).strip()
            found.append(
                model.Objective(
                    id=attribute(element, "objectiveid")[:4000],
                    primary=name == "primaryobjective",
                    satisfied_by_measure=_flag(element, "satisfiedbymeasure", False),
                    minimum=_number(given, Decimal(1), -1, 1),
                    maps=(
                        *(_mapping(one) for one in list(children(element, "mapinfo"))[:_MOST_RULES]),
                        *more.get(attribute(element, "objectiveid"), ()),
                    ),
                )
            )
        return tuple(found)

    def _action(self, element: Element, name: str, known: Mapping[str, str]) -> str:
        holder = child(element, name)
        given = "" if holder is None else attribute(holder, "action")
        action = known.get(given.lower(), "")
        if not action:
            self._warn(f"A rule of “{self._title[:80]}” asks for “{given[:40]}”, which is not known.")
        return action

    def _conditions(self, group: Element | None, name: str) -> tuple[model.Condition, ...]:
        found = []
        for element in [] if group is None else list(children(group, name))[:_MOST_RULES]:
            given = attribute(element, "condition")
            if given.lower() not in _CONDITIONS:
                self._warn(f"A rule of “{self._title[:80]}” asks whether “{given[:40]}”, which is not known.")
                return ()
            found.append(
                model.Condition(
                    given.lower(),
                    negated=attribute(element, "operator").lower() == "not",
                    objective=attribute(element, "referencedobjective")[:4000],
                    threshold=_number(attribute(element, "measurethreshold"), Decimal(0), -1, 1),
                )
            )
        return tuple(found)


def completed_by(sequencing: model.Sequencing, threshold: Element | None, given: str) -> model.Sequencing:
    """The sequencing with `adlcp:completionThreshold`: attributes in the 4th edition, a number before."""
    if threshold is None:
        return sequencing
    least = attribute(threshold, "minprogressmeasure") or given
    progress_weight = _number(attribute(threshold, "progressweight"), Decimal(1), 0, 1)
    by_measure = bool(given) or _flag(threshold, "completedbymeasure", False)
    return replace(
        sequencing,
        completed_by_measure=by_measure,
        least_progress=_number(least, Decimal(1), 0, 1),
        rollup=replace(sequencing.rollup, progress_weight=progress_weight),
    )


def _mapping(element: Element) -> model.Mapping:
    return model.Mapping(
        target=attribute(element, "targetobjectiveid")[:4000],
        read_satisfied=_flag(element, "readsatisfiedstatus", True),
        read_measure=_flag(element, "readnormalizedmeasure", True),
        write_satisfied=_flag(element, "writesatisfiedstatus", False),
        write_measure=_flag(element, "writenormalizedmeasure", False),
    )


_PASSED = {
    "rawscore": "score.raw",
    "minscore": "score.min",
    "maxscore": "score.max",
    "completionstatus": "completion_status",
    "progressmeasure": "progress_measure",
}


def _more_maps(holder: Element | None) -> dict[str, tuple[model.Mapping, ...]]:
    """What `adlseq:objectives` of the 4th edition has objectives share beside status and measure (SN 3.10.4)."""
    found: dict[str, tuple[model.Mapping, ...]] = {}
    for element in [] if holder is None else list(children(holder, "objective"))[:_MOST_RULES]:
        found[attribute(element, "objectiveid")] = tuple(
            model.Mapping(
                target=attribute(one, "targetobjectiveid")[:4000],
                read_satisfied=False,
                read_measure=False,
                reads=tuple(name for word, name in _PASSED.items() if _flag(one, f"read{word}", True)),
                writes=tuple(name for word, name in _PASSED.items() if _flag(one, f"write{word}", False)),
            )
            for one in list(children(element, "mapinfo"))[:_MOST_RULES]
        )
    return found


def _selection(element: Element | None) -> model.Selection:
    if element is None:
        return model.Selection()
    return model.Selection(
        timing=_TIMING.get(attribute(element, "selectiontiming").lower(), "never"),
        count=_whole(attribute(element, "selectcount")),
        shuffle_timing=_TIMING.get(attribute(element, "randomizationtiming").lower(), "never"),
        shuffle=_flag(element, "reorderchildren", False),
    )


def _is_adl_objectives(element: Element) -> bool:
    """Whether it is the 4th edition's `adlseq:objectives`, which adds maps to `imsss:objectives` and replaces none."""
    space = element.tag.rpartition("}")[0].lower() if isinstance(element.tag, str) else ""
    return "adlseq" in space and _name(element) == "objectives"


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _combination(group: Element | None, default: str) -> str:
    return ("" if group is None else attribute(group, "conditioncombination").lower()) or default


def _flag(element: Element | None, name: str, default: bool) -> bool:
    word = "" if element is None else attribute(element, name).lower()
    if word in ("true", "1", "yes"):
        return True
    return False if word in ("false", "0", "no") else default


def _whole(word: str) -> int | None:
    return int(word) if re.fullmatch(r"\d{1,6}", word, re.ASCII) else None


def _number(word: str, default: Decimal, least: int, most: int) -> Decimal:
    if not re.fullmatch(r"-?(\d{1,6}(\.\d{0,20})?|\.\d{1,20})", word, re.ASCII):
        return default
    return min(max(Decimal(word), Decimal(least)), Decimal(most))
