"""xAPI 1.0.3 Data 2 and 4, xAPI 2.0 4.2: what is a statement and what is none.

Each case takes a valid statement and breaks one rule; the refusal must name the place.
"""

from collections.abc import Callable
from typing import Any

import pytest

from app.lrs.engine.refusal import Refusal
from app.lrs.engine.statements import validation
from app.lrs.engine.versions import Version
from tests.lrs.examples import statement

Json = dict[str, Any]
BOTH = pytest.mark.parametrize("version", list(Version))
AGENT = {"mbox": "mailto:a@school.example"}
GROUP = {"objectType": "Group", "mbox": "mailto:team@school.example"}
REF = {"objectType": "StatementRef", "id": "fd41c918-b88b-4b20-a0a5-a4c32391aaa0"}
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
DELETE: Any = object()


def broken(path: str, value: Any) -> Json:
    """A statement with the value at a dotted path replaced, added or deleted."""
    whole = statement()
    *way, last = path.split(".")
    place: Any = whole
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    if value is DELETE:
        del place[last]
    elif isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return whole


BREAKS: list[tuple[str, Any, str]] = [
    # 2.2 formatting: types, unknown and wrongly cased names, null, IRIs with a scheme
    ("actor", None, "$.actor"),
    ("Actor", AGENT, "$.Actor"),
    ("extra", 1, "$.extra"),
    ("verb.Display", {}, "$.verb.Display"),
    ("result.completion", "true", "$.result.completion"),
    ("result.success", 1, "$.result.success"),
    ("result.score.raw", "90", "$.result.score.raw"),
    ("context.language", None, "$.context.language"),
    ("verb.id", "completed", "$.verb.id"),
    ("object.id", "/lessons/1", "$.object.id"),
    ("object.definition.type", "lesson", "$.object.definition.type"),
    ("object.definition.moreInfo", "more", "$.object.definition.moreInfo"),
    # 2.4 required properties
    ("actor", DELETE, "$"),
    ("verb", DELETE, "$"),
    ("object", DELETE, "$"),
    ("verb.id", DELETE, "$.verb"),
    ("object.id", DELETE, "$.object"),
    # 2.4.1 id, 4.x UUID
    ("id", "1", "$.id"),
    ("id", 1, "$.id"),
    ("id", "fd41c918-b88b-4b20-a0a5-a4c32391aaaz", "$.id"),
    ("context.registration", "r", "$.context.registration"),
    # 2.4.2 actor
    ("actor", "ana", "$.actor"),
    ("actor", [AGENT], "$.actor"),
    ("actor.objectType", "agent", "$.actor.objectType"),
    ("actor.mbox", "ana@school.example", "$.actor.mbox"),
    ("actor.mbox", "mailto:ana", "$.actor.mbox"),
    ("actor.openid", "https://ana.example", "$.actor"),
    ("actor", {"name": "Ana"}, "$.actor"),
    ("actor", {"mbox_sha1sum": "abc"}, "$.actor.mbox_sha1sum"),
    ("actor", {"openid": "ana"}, "$.actor.openid"),
    ("actor", {"account": {"name": "7"}}, "$.actor.account"),
    ("actor", {"account": {"homePage": "https://s.example"}}, "$.actor.account"),
    ("actor", {"account": {"homePage": "school", "name": "7"}}, "$.actor.account.homePage"),
    ("actor", {"account": {"homePage": "https://s.example", "name": 7}}, "$.actor.account.name"),
    ("actor", {"account": {"homePage": "https://s.example", "name": "7", "x": 1}}, "$.actor.account.x"),
    ("actor.name", 7, "$.actor.name"),
    ("actor.member", [AGENT], "$.actor.member"),
    ("actor", {"objectType": "Group"}, "$.actor"),
    ("actor", {"objectType": "Group", "member": AGENT}, "$.actor.member"),
    ("actor", {"objectType": "Group", "member": [GROUP]}, "$.actor.member[0].objectType"),
    ("actor", {**GROUP, "openid": "https://t.example"}, "$.actor"),
    # 2.4.3 verb, 4.2 language maps
    ("verb", "completed", "$.verb"),
    ("verb.display", "completed", "$.verb.display"),
    ("verb.display", {"en-US": 1}, "$.verb.display.en-US"),
    ("verb.display", {"english language": "x"}, "$.verb.display.english language"),
    ("verb", {"id": VOIDED}, "$.object"),
    # 2.4.4 object
    ("object", "lesson", "$.object"),
    ("object.objectType", "activity", "$.object.objectType"),
    ("object.definition", "lesson", "$.object.definition"),
    ("object.definition.name", "Radiography", "$.object.definition.name"),
    ("object.definition.extensions", {"key": 1}, "$.object.definition.extensions['key']"),
    ("object.definition.interactionType", "quiz", "$.object.definition.interactionType"),
    ("object.definition.choices", [], "$.object.definition"),
    ("object.definition.correctResponsesPattern", ["a"], "$.object.definition"),
    (
        "object.definition",
        {"interactionType": "choice", "choices": [{"id": "a"}, {"id": "a"}]},
        "$.object.definition.choices[1].id",
    ),
    ("object.definition", {"interactionType": "choice", "choices": [{}]}, "$.object.definition.choices[0]"),
    ("object.definition", {"interactionType": "likert", "choices": []}, "$.object.definition.choices"),
    (
        "object.definition",
        {"interactionType": "choice", "correctResponsesPattern": "a"},
        "$.object.definition.correctResponsesPattern",
    ),
    ("object", {"objectType": "StatementRef"}, "$.object"),
    ("object", {**REF, "id": "x"}, "$.object.id"),
    ("object", {**REF, "definition": {}}, "$.object.definition"),
    ("object", {"objectType": "Agent"}, "$.object"),
    ("object", {"objectType": "SubStatement"}, "$.object"),
    # 2.4.5 result and score
    ("result", [], "$.result"),
    ("result.score", 90, "$.result.score"),
    ("result.score.scaled", 1.01, "$.result.score.scaled"),
    ("result.score.scaled", -1.01, "$.result.score.scaled"),
    ("result.score.raw", 101, "$.result.score.raw"),
    ("result.score.raw", -1, "$.result.score.raw"),
    ("result.score.max", 0, "$.result.score.min"),
    ("result.score.mean", 3, "$.result.score.mean"),
    ("result.response", 5, "$.result.response"),
    ("result.duration", "12 minutes", "$.result.duration"),
    ("result.extensions", {"minutes": 3}, "$.result.extensions['minutes']"),
    # 2.4.6 context
    ("context.instructor", {"name": "Dr. Kim"}, "$.context.instructor"),
    ("context.team", AGENT, "$.context.team.objectType"),
    ("context.contextActivities.Parent", [], "$.context.contextActivities.Parent"),
    ("context.contextActivities.parent", "x", "$.context.contextActivities.parent"),
    ("context.contextActivities.parent.0.id", "x", "$.context.contextActivities.parent[0].id"),
    (
        "context.contextActivities.parent.0.objectType",
        "Agent",
        "$.context.contextActivities.parent[0].objectType",
    ),
    ("context.language", "en_US", "$.context.language"),
    ("context.statement", {"id": REF["id"]}, "$.context.statement.objectType"),
    ("context.revision", 1, "$.context.revision"),
    # 2.4.7, 4.5 timestamps; stored
    ("timestamp", "22.11.2026", "$.timestamp"),
    ("timestamp", "2026-11-22T10:00:00", "$.timestamp"),
    ("timestamp", "2026-11-22T10:00:00-00:00", "$.timestamp"),
    ("timestamp", 1795416936, "$.timestamp"),
    ("stored", "now", "$.stored"),
    # 2.4.9 authority
    ("authority", {"name": "x"}, "$.authority"),
    ("authority", GROUP, "$.authority"),
    ("authority", {"objectType": "Group", "member": [AGENT]}, "$.authority.member"),
    # 2.4.10 version
    ("version", "0.95", "$.version"),
    ("version", "1.1.0", "$.version"),
    ("version", 1.0, "$.version"),
    # 2.4.11 attachments
    ("attachments", {}, "$.attachments"),
    ("attachments", [{}], "$.attachments[0]"),
]


@BOTH
@pytest.mark.parametrize(("path", "value", "place"), BREAKS)
def test_a_broken_rule_is_refused_at_its_place(path: str, value: Any, place: str, version: Version) -> None:
    with pytest.raises(Refusal) as caught:
        validation.statement(broken(path, value), "$", version)
    assert (caught.value.status, caught.value.path) == (400, place)
    assert caught.value.detail.endswith((".", ")"))


ATTACHMENT = {
    "usageType": "https://school.example/certificate",
    "display": {"en-US": "Certificate"},
    "contentType": "application/pdf",
    "length": 10,
    "sha2": "a" * 64,
    "fileUrl": "https://school.example/c.pdf",
}


@BOTH
@pytest.mark.parametrize("name", ["usageType", "display", "contentType", "length", "sha2"])
def test_an_attachment_names_all_its_properties(name: str, version: Version) -> None:
    whole = statement(attachments=[{key: value for key, value in ATTACHMENT.items() if key != name}])
    with pytest.raises(Refusal, match=r"attachments\[0\]"):
        validation.statement(whole, "$", version)


@BOTH
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("usageType", "x"),
        ("display", []),
        ("contentType", "pdf"),
        ("length", "10"),
        ("length", -1),
        ("length", 1.5),
        ("sha2", "xyz"),
        ("sha2", "a" * 40),
        ("fileUrl", "c.pdf"),
        ("name", "x"),
        ("description", "d"),
    ],
)
def test_an_attachments_properties_have_their_types(name: str, value: Any, version: Version) -> None:
    with pytest.raises(Refusal, match=rf"attachments\[0\]\.{name}"):
        validation.statement(statement(attachments=[{**ATTACHMENT, name: value}]), "$", version)


def inner(**changes: Any) -> Json:
    return {"objectType": "SubStatement", **statement(id=None, **changes)}


VALID: list[Callable[[], Json]] = [
    statement,
    lambda: statement(id=None, result=None, context=None, timestamp=None),
    lambda: statement(actor={"mbox_sha1sum": "a" * 40}),
    lambda: statement(actor={"openid": "https://ana.example"}),
    lambda: statement(actor={"account": {"homePage": "https://s.example", "name": ""}}),
    lambda: statement(actor={"objectType": "Group", "member": [AGENT, AGENT]}),
    lambda: statement(actor={**GROUP, "member": []}),
    lambda: statement(object={"id": "urn:x:1"}),
    lambda: statement(object=AGENT | {"objectType": "Agent"}, context=None),
    lambda: statement(object=GROUP, context=None),
    lambda: statement(object=REF),
    lambda: statement(object=inner()),
    lambda: statement(object=inner(object=REF)),
    lambda: statement(verb={"id": VOIDED}, object=REF),
    lambda: statement(authority={"objectType": "Group", "member": [AGENT, GROUP | {"objectType": "Agent"}]}),
    lambda: statement(result={"extensions": {"urn:x:null": None, "urn:x:empty": {}, "urn:x:deep": [[[{}]]]}}),
    lambda: statement(result={}, context={}),
    lambda: statement(
        context={"contextActivities": {"other": {"id": "urn:x:1"}}, "platform": "p", "revision": ""}
    ),
    lambda: statement(version="1.0.9"),
    lambda: statement(attachments=[ATTACHMENT]),
    lambda: statement(timestamp="2050-01-01T00:00:00+01:00"),
    lambda: statement(verb={"id": "urn:x:v", "display": {}}),
]


@BOTH
@pytest.mark.parametrize("make", VALID)
def test_what_the_standard_allows_is_accepted(make: Callable[[], Json], version: Version) -> None:
    validation.statement(make(), "$", version)


@BOTH
@pytest.mark.parametrize("name", ["id", "stored", "version", "authority"])
def test_a_substatement_has_no_properties_of_the_store(name: str, version: Version) -> None:
    values = {"id": REF["id"], "stored": "2026-11-22T10:00:00Z", "version": "1.0.0", "authority": AGENT}
    with pytest.raises(Refusal) as caught:
        validation.statement(statement(object={**inner(), name: values[name]}), "$", version)
    assert caught.value.path == f"$.object.{name}"


@BOTH
def test_a_substatement_holds_no_other(version: Version) -> None:
    with pytest.raises(Refusal, match="another SubStatement"):
        validation.statement(statement(object=inner(object=inner())), "$", version)


@BOTH
@pytest.mark.parametrize("name", ["revision", "platform"])
def test_revision_and_platform_go_with_activities(name: str, version: Version) -> None:
    with pytest.raises(Refusal, match=rf"context\.{name}"):
        validation.statement(statement(object=REF, context={name: "1"}), "$", version)


AGENT_ENTRY = {
    "objectType": "contextAgent",
    "agent": AGENT,
    "relevantTypes": ["https://school.example/proctor"],
}
GROUP_ENTRY = {"objectType": "contextGroup", "group": GROUP}


def test_context_agents_and_groups_came_with_version_2() -> None:
    context = {"contextAgents": [AGENT_ENTRY], "contextGroups": [GROUP_ENTRY]}
    validation.statement(statement(context=context), "$", Version.TWO)
    with pytest.raises(Refusal, match=r"\$\.context\.contextAgents|\$\.context\.contextGroups"):
        validation.statement(statement(context=context), "$", Version.ONE)


@pytest.mark.parametrize(
    ("context", "place"),
    [
        ({"contextAgents": AGENT_ENTRY}, "$.context.contextAgents"),
        (
            {"contextAgents": [{**AGENT_ENTRY, "objectType": "agent"}]},
            "$.context.contextAgents[0].objectType",
        ),
        ({"contextAgents": [{"agent": AGENT}]}, "$.context.contextAgents[0]"),
        ({"contextAgents": [{**AGENT_ENTRY, "agent": GROUP}]}, "$.context.contextAgents[0].agent.objectType"),
        (
            {"contextAgents": [{**AGENT_ENTRY, "relevantTypes": []}]},
            "$.context.contextAgents[0].relevantTypes",
        ),
        (
            {"contextAgents": [{**AGENT_ENTRY, "relevantTypes": ["x"]}]},
            "$.context.contextAgents[0].relevantTypes[0]",
        ),
        ({"contextGroups": [{**GROUP_ENTRY, "group": AGENT}]}, "$.context.contextGroups[0].group.objectType"),
        ({"contextGroups": [{**GROUP_ENTRY, "agent": AGENT}]}, "$.context.contextGroups[0].agent"),
    ],
)
def test_broken_context_agents_and_groups(context: Json, place: str) -> None:
    with pytest.raises(Refusal) as caught:
        validation.statement(statement(context=context), "$", Version.TWO)
    assert caught.value.path == place
