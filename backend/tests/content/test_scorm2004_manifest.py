"""Manifests of SCORM 2004 as authoring tools really write them."""

from decimal import Decimal
from pathlib import Path

import pytest

from app.content.packages.archive import Archive
from app.content.packages.imsmanifest import parse
from app.content.packages.model import Item, Manifest
from app.content.packages.recognition import read_package
from app.content.runtimes.scorm2004.activities import sequencing_of, tree_of
from app.rules.sequencing.model import DEFAULT, Condition, Mapping, RollupRule, Rule
from tests.factories.scorm2004 import Node, manifest

FILES = ("imsmanifest.xml", "pages/course.html", "shared/api.js")

EVERYTHING = """
<imsss:controlMode choice="false" choiceExit="false" flow="true" forwardOnly="true"
  useCurrentAttemptObjectiveInfo="false" useCurrentAttemptProgressInfo="0"/>
<imsss:sequencingRules>
  <imsss:preConditionRule><imsss:ruleConditions conditionCombination="any">
    <imsss:ruleCondition condition="satisfied" operator="not" referencedObjective="obj-1"/>
    <imsss:ruleCondition condition="objectiveMeasureGreaterThan" measureThreshold="0.25"/></imsss:ruleConditions>
    <imsss:ruleAction action="hiddenFromChoice"/></imsss:preConditionRule>
  <imsss:exitConditionRule><imsss:ruleConditions><imsss:ruleCondition condition="always"/></imsss:ruleConditions>
    <imsss:ruleAction action="exit"/></imsss:exitConditionRule>
  <imsss:postConditionRule><imsss:ruleConditions><imsss:ruleCondition condition="attempted"/></imsss:ruleConditions>
    <imsss:ruleAction action="retryAll"/></imsss:postConditionRule>
</imsss:sequencingRules>
<imsss:limitConditions attemptLimit="2" attemptAbsoluteDurationLimit="PT1H"/>
<imsss:rollupRules rollupObjectiveSatisfied="false" rollupProgressCompletion="false" objectiveMeasureWeight="0.5">
  <imsss:rollupRule childActivitySet="atLeastPercent" minimumPercent="0.5"><imsss:rollupConditions
    conditionCombination="all"><imsss:rollupCondition condition="completed" operator="not"/></imsss:rollupConditions>
    <imsss:rollupAction action="incomplete"/></imsss:rollupRule>
</imsss:rollupRules>
<imsss:objectives>
  <imsss:primaryObjective objectiveID="main" satisfiedByMeasure="true">
    <imsss:minNormalizedMeasure>0.8</imsss:minNormalizedMeasure>
    <imsss:mapInfo targetObjectiveID="global" readSatisfiedStatus="false" writeSatisfiedStatus="true"
      writeNormalizedMeasure="true"/></imsss:primaryObjective>
  <imsss:objective objectiveID="obj-1"/>
</imsss:objectives>
<imsss:randomizationControls selectionTiming="once" selectCount="3" randomizationTiming="onEachNewAttempt"
  reorderChildren="true"/>
<imsss:deliveryControls tracked="false" completionSetByContent="true" objectiveSetByContent="true"/>
<adlseq:constrainedChoiceConsiderations preventActivation="true" constrainChoice="true"/>
<adlseq:rollupConsiderations requiredForCompleted="ifNotSkipped" measureSatisfactionIfActive="false"/>
"""


def parsed(document: str | bytes) -> Manifest:
    return parse(document.encode() if isinstance(document, str) else document, FILES)


def only(document: str | bytes) -> Item:
    (item,) = parsed(document).items
    return item


@pytest.mark.parametrize(
    "version",
    ["2004 2nd Edition", "2004 3rd Edition", "2004 4th Edition", "CAM 1.3", "SCORM 2004", "2004 4TH EDITION"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_edition_is_recognized_whatever_the_encoding(version: str, encoding: str) -> None:
    result = parsed(manifest(Node("a"), version=version).encode(encoding))
    assert (result.standard, result.edition) == ("scorm2004", version)
    assert [(one.path, one.query, one.is_sco) for one in result.launchable()] == [
        ("pages/course.html", "part=a", True)
    ]


def test_all_that_a_manifest_can_ask_for() -> None:
    item = only(manifest(Node("a", sequencing=EVERYTHING)))
    asked = sequencing_of(item.details)
    controls, rollup, primary = asked.controls, asked.rollup, asked.primary
    assert (controls.choice, controls.choice_exit, controls.flow, controls.forward_only) == (
        False,
        False,
        True,
        True,
    )
    assert (controls.current_objective, controls.current_progress) == (False, False)
    condition = Condition("satisfied", negated=True, objective="obj-1")
    measure = Condition("objectivemeasuregreaterthan", threshold=Decimal("0.25"))
    assert asked.before == (Rule("hiddenFromChoice", (condition, measure), any=True),)
    assert asked.leaving == (Rule("exit", (Condition("always"),)),)
    assert asked.after == (Rule("retryAll", (Condition("attempted"),)),)
    assert (asked.attempts, asked.duration) == (2, "PT1H")
    incomplete = (Condition("completed", negated=True),)
    assert rollup.rules == (RollupRule("incomplete", incomplete, False, "atLeastPercent", Decimal("0.5")),)
    assert (rollup.objective, rollup.progress, rollup.weight) == (False, False, Decimal("0.5"))
    assert (rollup.when("completed"), rollup.when("satisfied")) == ("ifNotSkipped", "always")
    assert rollup.measure_if_active is False
    assert (primary.id, primary.satisfied_by_measure, primary.minimum) == ("main", True, Decimal("0.8"))
    assert primary.maps == (Mapping("global", False, True, True, True),)
    assert [one.id for one in asked.objectives] == ["main", "obj-1"]
    chosen = asked.selection
    assert (chosen.timing, chosen.count, chosen.shuffle_timing, chosen.shuffle) == (
        "once",
        3,
        "onEachNewAttempt",
        True,
    )
    assert (asked.tracked, asked.completion_set_by_content, asked.objective_set_by_content) == (
        False,
        True,
        True,
    )
    assert (asked.constrain_choice, asked.prevent_activation) == (True, True)


def test_it_survives_the_database() -> None:
    document = manifest(
        Node("a", sequencing=EVERYTHING), Node("b"), sequencing="<imsss:controlMode flow='true'/>"
    )
    before = parsed(document)
    after = Manifest.from_json(before.to_json())
    assert after == before
    tree = tree_of(after)
    assert tree.sequencing.controls.flow
    assert [one.id for one in tree.walk()] == ["", "a", "b"]
    assert tree.children[1].sequencing == DEFAULT


def test_what_is_shared_is_overridden_element_by_element() -> None:
    shared = "<imsss:sequencing ID='s'><imsss:limitConditions attemptLimit='1'/>"
    shared += "<imsss:deliveryControls tracked='false'/>"
    own = "<imsss:limitConditions attemptLimit='3'/>"
    item = only(manifest(Node("a", sequencing=own, reference="s"), collection=shared + "</imsss:sequencing>"))
    asked = sequencing_of(item.details)
    assert (asked.attempts, asked.tracked) == (3, False)
    missing = parsed(manifest(Node("a", sequencing=own, reference="gone")))
    assert "“gone”" in missing.warnings[0]


def test_thresholds_and_data_of_both_editions() -> None:
    fourth = only(
        manifest(
            Node(
                "a", extra="<adlcp:completionThreshold completedByMeasure='true' minProgressMeasure='0.75'/>"
            )
        )
    )
    third = only(
        manifest(
            Node(
                "a",
                extra="<adlcp:completionThreshold>0.75</adlcp:completionThreshold>"
                "<adlcp:dataFromLMS>x = 1</adlcp:dataFromLMS>"
                "<adlcp:timeLimitAction>exit,no message</adlcp:timeLimitAction>",
            )
        )
    )
    for item in (fourth, third):
        asked = sequencing_of(item.details)
        assert (asked.completed_by_measure, asked.least_progress) == (True, Decimal("0.75"))
    assert (third.data_from_lms, third.time_limit_action) == ("x = 1", "exit,no message")
    off = only(manifest(Node("a", extra="<adlcp:completionThreshold minProgressMeasure='0.5'/>")))
    assert not sequencing_of(off.details).completed_by_measure


def test_buttons_that_the_course_does_not_want() -> None:
    extra = (
        "<adlnav:presentation><adlnav:navigationInterface><adlnav:hideLMSUI>continue</adlnav:hideLMSUI>"
        "<adlnav:hideLMSUI>previous</adlnav:hideLMSUI><adlnav:hideLMSUI>nonsense</adlnav:hideLMSUI>"
        "</adlnav:navigationInterface></adlnav:presentation>"
    )
    assert only(manifest(Node("a", extra=extra))).details["hidden"] == ["continue", "previous"]


def test_nested_items_are_headings() -> None:
    result = parsed(manifest(Node("chapter", children=[Node("a"), Node("b")]), Node("c")))
    assert [one.id for one in result.launchable()] == ["a", "b", "c"]
    assert [one.id for one in result.walk()] == ["chapter", "a", "b", "c"]


def test_nonsense_in_sequencing_is_said_and_not_used() -> None:
    rule = "<imsss:preConditionRule><imsss:ruleConditions><imsss:ruleCondition condition='{}'/></imsss:ruleConditions>"
    rules = "".join(
        f"{rule.format(condition)}<imsss:ruleAction action='{action}'/></imsss:preConditionRule>"
        for condition, action in (("sunny", "skip"), ("always", "dance"), ("always", "skip"))
    )
    given = (
        f"<imsss:sequencingRules>{rules}</imsss:sequencingRules><imsss:limitConditions attemptLimit='-3'/>"
    )
    result = parsed(manifest(Node("a", sequencing=given)))
    asked = sequencing_of(result.items[0].details)
    assert (asked.before, asked.attempts) == ((Rule("skip", (Condition("always"),)),), None)
    assert "sunny" in result.warnings[0]
    assert "dance" in result.warnings[1]


def test_a_package_of_1_2_has_no_sequencing() -> None:
    document = manifest(Node("a", sequencing=EVERYTHING), version="1.2")
    assert (parsed(document).standard, only(document).details) == ("scorm12", {})


def test_the_real_packages(samples: Path) -> None:
    def read(name: str) -> Manifest:
        with (samples / "scorm2004" / name).open("rb") as file:
            return read_package(Archive(file)).manifest

    golf = read("golf-basic-3rd-edition.zip")
    assert [(one.id, one.path) for one in golf.launchable()] == [("item_1", "shared/launchpage.html")]
    remediation = read("golf-sequencing-remediation-3rd-edition.zip")
    assert len(remediation.launchable()) == 8
    assert remediation.warnings == ()
    quiz = remediation.item("test_1")
    assert quiz is not None
    assert (quiz.query, sequencing_of(quiz.details).before[0].action) == ("content=assessment1", "skip")


def test_the_objectives_of_the_4th_edition_replace_none() -> None:
    both = (
        "<imsss:objectives><imsss:primaryObjective objectiveID='main'/></imsss:objectives>"
        "<adlseq:objectives><adlseq:objective objectiveID='main'/></adlseq:objectives>"
    )
    item = parse(manifest(Node("a", sequencing=both)).encode(), FILES).items[0]
    assert sequencing_of(item.details).primary.id == "main"


def test_an_item_without_page_and_parts_is_no_activity() -> None:
    found = Manifest(
        "scorm2004", "", "m", "M", (Item("a", "A", path="a"), Item("b", "B", children=(Item("c", "C"),)))
    )
    assert [activity.id for activity in tree_of(found).walk()] == ["", "a"]
