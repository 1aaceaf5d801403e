"""xAPI 1.0.3 Communication 2.1, 2.0 4.1.6.1: storing and reading statements."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.lrs.examples import statement
from tests.lrs.serving import ONE, Client

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
BOTH = pytest.mark.parametrize("version", [ONE, "2.0.0"])


def refers_to(target: str, **changes: Any) -> dict[str, Any]:
    return statement(
        object={"objectType": "StatementRef", "id": target}, context=None, result=None, **changes
    )


def agent(name: str | None = None) -> dict[str, Any]:
    return {"objectType": "Agent", "mbox": f"mailto:{name or uuid4().hex}@school.example"}


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in found]


@BOTH
def test_post_answers_the_ids_in_order(xapi: Client, version: str) -> None:
    whole = [statement(), statement(id=None), statement()]
    stored = xapi.speaking(version).stored(*whole)
    assert [stored[0], stored[2]] == [whole[0]["id"], whole[2]["id"]]
    assert len(set(stored)) == 3


@BOTH
def test_put_stores_one_under_its_id_and_answers_nothing(xapi: Client, version: str) -> None:
    client, name = xapi.speaking(version), str(uuid4())
    answer = client.ask("PUT", f"/statements?statementId={name}", json=statement(id=None))
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get("/statements", statementId=name).json()["id"] == name


def test_put_refuses_another_id_a_list_and_a_missing_parameter(xapi: Client) -> None:
    name = str(uuid4())
    assert xapi.ask("PUT", f"/statements?statementId={name}", json=statement()).status_code == 400
    assert xapi.ask("PUT", f"/statements?statementId={name}", json=[statement(id=name)]).status_code == 400
    assert xapi.ask("PUT", "/statements", json=statement()).status_code == 400
    assert xapi.get("/statements", statementId=name).status_code == 404


def test_a_repeated_statement_is_harmless_and_another_under_its_id_a_conflict(xapi: Client) -> None:
    whole = statement()
    xapi.stored(whole)
    assert xapi.post(whole).status_code == 200
    assert xapi.post({**whole, "stored": "2001-01-01T00:00:00Z", "version": "1.0.0"}).status_code == 200
    answer = xapi.post({**whole, "verb": {"id": "urn:verb:other"}})
    assert answer.status_code == 409
    assert whole["id"] in answer.json()["detail"]
    put = xapi.ask("PUT", f"/statements?statementId={whole['id']}", json={**whole, "verb": {"id": "urn:v:o"}})
    assert put.status_code == 409
    assert xapi.get("/statements", statementId=whole["id"]).json()["verb"] == whole["verb"]


@BOTH
@pytest.mark.parametrize("turned", [False, True], ids=["target first", "reference first"])
def test_statements_of_one_batch_may_refer_to_each_other(xapi: Client, version: str, *, turned: bool) -> None:
    who = agent()
    target, voided = statement(actor=who), statement(actor=who)
    comment, voiding = refers_to(target["id"]), refers_to(voided["id"], verb={"id": VOIDED})
    batch = [target, voided, comment, voiding]
    xapi.speaking(version).stored(*(batch[::-1] if turned else batch))
    found = xapi.speaking(version).statements(agent=json.dumps(who))
    assert set(ids(found)) == {target["id"], comment["id"], voiding["id"]}
    assert xapi.get("/statements", voidedStatementId=voided["id"]).json()["id"] == voided["id"]


def test_one_bad_statement_of_a_batch_keeps_all_out(xapi: Client) -> None:
    good, bad = statement(), statement(verb={"id": "no iri"})
    answer = xapi.post(good, bad)
    assert (answer.status_code, answer.json()["path"]) == (400, "$[1].verb.id")
    conflicting = statement()
    xapi.stored(conflicting)
    assert xapi.post(good, {**conflicting, "verb": {"id": "urn:v:o"}}).status_code == 409
    assert xapi.get("/statements", statementId=good["id"]).status_code == 404
    assert xapi.post(good, good).status_code == 400


def test_what_the_store_sets(xapi: Client) -> None:
    whole = statement(timestamp=None, authority=agent("liar"), stored="2001-01-01T00:00:00Z", id=None)
    (name,) = xapi.stored(whole)
    found = xapi.get("/statements", statementId=name).json()
    assert found["authority"]["account"]["name"] == xapi.key
    assert found["timestamp"] == found["stored"] > "2026"
    assert found["version"] == "2.0.0"
    older = xapi.speaking(ONE)
    (name,) = older.stored(statement(id=None))
    assert older.get("/statements", statementId=name).json()["version"] == "1.0.0"


def test_context_activities_come_back_as_lists(xapi: Client) -> None:
    (name,) = xapi.stored(statement(context={"contextActivities": {"parent": {"id": "urn:x:p"}}}))
    found = xapi.get("/statements", statementId=name).json()
    assert found["context"]["contextActivities"]["parent"] == [{"id": "urn:x:p"}]


def test_version_2_keeps_timestamps_in_utc(xapi: Client) -> None:
    (name,) = xapi.stored(statement(timestamp="2026-11-22T05:00:00.123-05:00"))
    assert xapi.get("/statements", statementId=name).json()["timestamp"] == "2026-11-22T10:00:00.123000Z"


# Voiding (Data 2.3.2)


def test_a_voided_statement_is_found_only_as_voided(xapi: Client) -> None:
    who = agent()
    target = statement(actor=who)
    xapi.stored(target)
    voiding = refers_to(target["id"], verb={"id": VOIDED})
    xapi.stored(voiding)
    assert xapi.get("/statements", statementId=target["id"]).status_code == 404
    assert xapi.get("/statements", voidedStatementId=target["id"]).json()["id"] == target["id"]
    assert xapi.get("/statements", voidedStatementId=voiding["id"]).status_code == 404
    # What refers to it is still found by it.
    assert ids(xapi.statements(agent=json.dumps(who))) == [voiding["id"]]


def test_a_voiding_statement_cannot_be_voided(xapi: Client) -> None:
    target = statement()
    xapi.stored(target)
    voiding = refers_to(target["id"], verb={"id": VOIDED})
    xapi.stored(voiding)
    xapi.stored(refers_to(voiding["id"], verb={"id": VOIDED}))
    assert xapi.get("/statements", statementId=voiding["id"]).status_code == 200


def test_voiding_may_come_before_what_it_voids(xapi: Client) -> None:
    target = statement()
    xapi.stored(refers_to(target["id"], verb={"id": VOIDED}))
    xapi.stored(target)
    assert xapi.get("/statements", statementId=target["id"]).status_code == 404
    assert xapi.get("/statements", voidedStatementId=target["id"]).status_code == 200


# Filters (Communication 2.1.3)


def test_the_agent_filter_finds_actor_object_and_members(xapi: Client) -> None:
    who = agent()
    as_actor, as_object = statement(actor=who), statement(object=who, context=None)
    as_member = statement(actor={"objectType": "Group", "member": [agent(), who]})
    as_instructor = statement(context={"instructor": who})
    xapi.stored(as_actor, as_object, as_member, as_instructor)
    direct = [as_member["id"], as_object["id"], as_actor["id"]]
    assert ids(xapi.statements(agent=json.dumps(who))) == direct
    assert ids(xapi.statements(agent=json.dumps({"mbox": who["mbox"], "name": "Other"}))) == direct
    related = ids(xapi.statements(agent=json.dumps(who), related_agents="true"))
    assert related == [as_instructor["id"], *direct]


@pytest.mark.parametrize("place", ["team", "contextAgents", "contextGroups", "substatement", "authority"])
def test_related_agents_look_everywhere(xapi: Client, place: str) -> None:
    who = agent()
    group = {"objectType": "Group", "member": [who]}
    if place == "substatement":
        inner = {"objectType": "SubStatement", **statement(id=None, actor=who)}
        whole = statement(object=inner)
    elif place == "team":
        whole = statement(context={"team": group})
    elif place == "contextAgents":
        whole = statement(context={"contextAgents": [{"objectType": "contextAgent", "agent": who}]})
    elif place == "contextGroups":
        whole = statement(context={"contextGroups": [{"objectType": "contextGroup", "group": group}]})
    else:
        whole = statement()
        xapi.stored(whole)
        who = xapi.get("/statements", statementId=whole["id"]).json()["authority"]
    xapi.stored(whole)
    assert whole["id"] not in ids(xapi.statements(agent=json.dumps(who)))
    assert whole["id"] in ids(xapi.statements(agent=json.dumps(who), related_agents="true", limit="500"))


def test_the_activity_filter_and_its_wide_form(xapi: Client) -> None:
    lesson, module = f"https://school.example/{uuid4()}", f"https://school.example/{uuid4()}"
    direct = statement(object={"id": lesson}, context={"contextActivities": {"parent": [{"id": module}]}})
    inner = {"objectType": "SubStatement", **statement(id=None, object={"id": lesson})}
    within = statement(object=inner)
    xapi.stored(direct, within)
    assert ids(xapi.statements(activity=lesson)) == [direct["id"]]
    assert ids(xapi.statements(activity=module)) == []
    assert ids(xapi.statements(activity=module, related_activities="true")) == [direct["id"]]
    assert ids(xapi.statements(activity=lesson, related_activities="true")) == [within["id"], direct["id"]]


def test_verb_registration_since_until_and_their_combination(xapi: Client) -> None:
    verb, registration, who = f"urn:verb:{uuid4()}", str(uuid4()), agent()
    first = statement(verb={"id": verb}, context={"registration": registration})
    second = statement(verb={"id": verb}, actor=who)
    third = statement(actor=who, context={"registration": registration})
    for one in (first, second, third):
        xapi.stored(one)
    at = {
        one["id"]: xapi.get("/statements", statementId=one["id"]).json()["stored"]
        for one in (first, second, third)
    }
    assert ids(xapi.statements(verb=verb)) == [second["id"], first["id"]]
    assert ids(xapi.statements(registration=registration.upper())) == [third["id"], first["id"]]
    assert ids(xapi.statements(verb=verb, registration=registration)) == [first["id"]]
    assert ids(xapi.statements(verb=verb, agent=json.dumps(who))) == [second["id"]]
    assert ids(xapi.statements(agent=json.dumps(who), registration=registration)) == [third["id"]]
    # since is exclusive, until inclusive
    assert ids(xapi.statements(verb=verb, since=at[first["id"]])) == [second["id"]]
    assert ids(xapi.statements(verb=verb, until=at[first["id"]])) == [first["id"]]
    assert ids(xapi.statements(verb=verb, ascending="true")) == [first["id"], second["id"]]
    activity = first["object"]["id"]
    assert ids(xapi.statements(verb=verb, activity=activity, agent=json.dumps(who))) == [second["id"]]


def test_a_statement_is_found_by_what_it_refers_to_through_any_number_of_steps(xapi: Client) -> None:
    verb, who = f"urn:verb:{uuid4()}", agent()
    target = statement(verb={"id": verb}, actor=who)
    middle, outer = refers_to(target["id"]), statement()
    outer = refers_to(middle["id"])
    # The outermost first: a target may arrive after what refers to it.
    for one in (outer, middle, target):
        xapi.stored(one)
    newest = refers_to(middle["id"])
    xapi.stored(newest)
    expected = [newest["id"], target["id"], middle["id"], outer["id"]]
    assert ids(xapi.statements(verb=verb)) == expected
    assert ids(xapi.statements(agent=json.dumps(who))) == expected
    assert ids(xapi.statements(agent=json.dumps(who), verb=verb)) == expected
    assert ids(xapi.statements(activity=target["object"]["id"], verb=verb)) == expected
    assert ids(xapi.statements(registration=target["context"]["registration"])) == expected
    # Both conditions must hold of one statement: of the target, or of the one that refers.
    assert ids(xapi.statements(agent=json.dumps(who), verb=middle["verb"]["id"])) == []


def test_references_in_a_circle_and_to_oneself_do_no_harm(xapi: Client) -> None:
    first, second = str(uuid4()), str(uuid4())
    who = agent()
    xapi.stored(refers_to(second, actor=who) | {"id": first}, refers_to(first) | {"id": second})
    xapi.stored(refers_to(first, actor=who))
    myself = str(uuid4())
    xapi.stored(refers_to(myself, actor=who) | {"id": myself})
    found = ids(xapi.statements(agent=json.dumps(who)))
    assert len(found) == len(set(found)) == 4


def test_more_leads_through_everything_once(xapi: Client) -> None:
    who = agent()
    names = [xapi.stored(*[statement(actor=who) for _ in range(5)]) for _ in range(5)]
    expected = [name for batch in names for name in batch]
    for ascending in ("true", "false"):
        found: list[str] = []
        answer = xapi.get("/statements", agent=json.dumps(who), limit="4", ascending=ascending).json()
        while True:
            found += ids(answer["statements"])
            if not answer["more"]:
                break
            # A newer statement does not shift the pages.
            assert answer["more"].startswith("/xapi/statements?more=")
            answer = xapi.ask("GET", answer["more"].removeprefix("/xapi")).json()
        assert found == (expected if ascending == "true" else expected[::-1])


def test_an_altered_more_link_is_refused(xapi: Client) -> None:
    xapi.stored(statement(), statement())
    more = xapi.get("/statements", limit="1").json()["more"].removeprefix("/xapi")
    assert xapi.ask("GET", more).status_code == 200
    assert xapi.ask("GET", more[:-6] + "AAAAAA").status_code == 400
    assert xapi.ask("GET", f"{more}&limit=5").status_code == 400


def test_an_empty_answer_is_an_empty_list(xapi: Client) -> None:
    assert xapi.get("/statements", verb=f"urn:{uuid4()}").json() == {"statements": [], "more": ""}
    assert xapi.statements(since="2999-01-01T00:00:00Z") == []
    assert xapi.statements(until="1970-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    "query",
    ["Limit=1", "limit=-1", "limit=a", "agent=x", "agent={}", "verb=x", "since=x", "format=all", "statementId=1",
     "ascending=1", "registration=1", "activity=x", "related_agents=yes", "attachments=1", "unknown=1",
     "statementId=fd41c918-b88b-4b20-a0a5-a4c32391aaa0&limit=1", "verb=urn:a:b&verb=urn:a:c",
     "statementId=fd41c918-b88b-4b20-a0a5-a4c32391aaa0&voidedStatementId=fd41c918-b88b-4b20-a0a5-a4c32391aaa0"],
)  # fmt: skip
def test_a_wrong_question_is_refused_and_still_tells_the_consistency(xapi: Client, query: str) -> None:
    answer = xapi.ask("GET", f"/statements?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "X-Experience-API-Consistent-Through" in answer.headers


def test_what_was_stored_is_consistent_at_once(xapi: Client) -> None:
    (name,) = xapi.stored(statement())
    answer = xapi.get("/statements", statementId=name)
    assert answer.headers["X-Experience-API-Consistent-Through"] >= answer.json()["stored"]
    assert "Last-Modified" in answer.headers


# Formats


def test_format_ids_gives_what_identifies(xapi: Client) -> None:
    group = {"objectType": "Group", "name": "Team", "member": [{**agent("a"), "name": "A"}]}
    (name,) = xapi.stored(statement(actor=group))
    found = xapi.get("/statements", statementId=name, format="ids").json()
    assert found["actor"] == {"objectType": "Group", "member": [agent("a")]}
    assert found["verb"] == {"id": "http://adlnet.gov/expapi/verbs/completed"}
    assert found["object"] == {"id": "https://school.example/lessons/radiography-1"}


def test_format_canonical_gives_the_stores_definition_in_one_language(xapi: Client) -> None:
    iri = f"https://school.example/{uuid4()}"
    first = statement(object={"id": iri, "definition": {"name": {"en-US": "Hygiene"}}})
    second = statement(
        object={"id": iri, "definition": {"name": {"es": "Higiene"}, "type": "urn:type:lesson"}}
    )
    bare = statement(object={"id": iri})
    xapi.stored(first, second, bare)
    answer = xapi.ask(
        "GET", f"/statements?statementId={bare['id']}&format=canonical", headers={"Accept-Language": "es"}
    )
    assert answer.json()["object"]["definition"] == {"name": {"es": "Higiene"}, "type": "urn:type:lesson"}
    activity = xapi.get("/activities", activityId=iri).json()
    assert activity["definition"]["name"] == {"en-US": "Hygiene", "es": "Higiene"}
    exact = xapi.get("/statements", statementId=bare["id"]).json()
    assert exact["object"] == {"id": iri}


def test_a_2_0_statement_for_a_1_0_3_reader(xapi: Client) -> None:
    context = {"contextAgents": [{"objectType": "contextAgent", "agent": agent()}], "language": "en"}
    (name,) = xapi.stored(statement(context=context))
    older = xapi.speaking(ONE).get("/statements", statementId=name)
    assert older.headers["X-Experience-API-Version"] == ONE
    assert older.json()["context"] == {"language": "en"}
    assert older.json()["version"].startswith("1.0")
    assert xapi.get("/statements", statementId=name).json()["context"] == context


def test_head_answers_like_get_without_a_body(xapi: Client) -> None:
    (name,) = xapi.stored(statement())
    got, head = xapi.get("/statements", statementId=name), xapi.ask("HEAD", f"/statements?statementId={name}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(got.content))
    assert head.headers["Last-Modified"] == got.headers["Last-Modified"]
    assert xapi.ask("HEAD", "/statements?limit=x").status_code == 400
