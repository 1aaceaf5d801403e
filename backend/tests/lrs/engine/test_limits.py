"""What one sender sends costs no more than it should, and stays with them."""

import itertools
import json
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from app.lrs.engine import values
from app.lrs.engine.agents.service import _LONGEST_DEFINITION, KnownActivity, _worth_keeping
from app.lrs.engine.statements.queries import WRITER_LOCK
from tests.lrs.examples import statement
from tests.lrs.serving import Client, Running

VOIDED = "http://adlnet.gov/expapi/verbs/voided"


def refers_to(target: str, **changes: Any) -> dict[str, Any]:
    return statement(
        object={"objectType": "StatementRef", "id": target}, context=None, result=None, **changes
    )


@pytest.fixture
def learner(store: Running) -> Client:
    """A learner's launch: one agent, one activity."""
    learner = {"objectType": "Agent", "mbox": "mailto:learner@school.example"}
    return store.launch(learner, "https://school.example/lessons/1")


def test_a_duration_has_an_end(xapi: Client) -> None:
    for duration in ("P" + "1" * 60_000 + "Y", "PT" + "1" * 5_000 + "H", "PT1." + "0" * 5_000 + "S"):
        answer = xapi.post(statement(result={"duration": duration}))
        assert (answer.status_code, answer.json()["path"]) == (400, "$.result.duration")
        assert len(answer.content) < 1_000
    assert values.duration_key("PT1.239S") == "PT1.23S"
    assert values.duration_key("PT1,50S") == "PT1.5S"
    assert values.duration_key("PT1.00S") == "PT1S"
    assert values.duration_key("P1.5D") == "P1.5D"


@pytest.mark.parametrize("turned", [False, True], ids=["targets last", "targets first"])
def test_a_chain_of_references_ends(store: Running, *, turned: bool) -> None:
    client = store.client()
    ids = [str(uuid4()) for _ in range(120)]
    chain = [refers_to(after, id=name) for name, after in itertools.pairwise(ids)]
    before = store.value("SELECT count(*) FROM xapi_statement_refs")
    for half in (chain[:60], chain[60:]) if not turned else (chain[60:][::-1], chain[:60][::-1]):
        client.stored(*half)
    rows = store.value("SELECT count(*) FROM xapi_statement_refs") - before
    assert rows <= 32 * len(chain)
    furthest = store.value("SELECT max(steps) FROM xapi_statement_refs")
    assert furthest == 32
    assert store.value("SELECT bool_and(direct = (steps = 1)) FROM xapi_statement_refs")


def test_long_texts_are_looked_at_and_forgotten(store: Running) -> None:
    client = store.client()
    before = values._is_iri.cache_info().currsize
    long = "https://example.org/" + "x" * 1_000
    assert client.post(statement(verb={"id": long})).status_code == 200
    assert values._is_iri.cache_info().currsize <= before + 10
    assert not values.is_language("a" + "-aaaaaaaa" * 100)
    assert not values.is_media_type("text/plain" + "; a=b" * 200)
    large = KnownActivity(1, {"name": {"en": "x" * _LONGEST_DEFINITION}})
    assert _worth_keeping(large).definition is None
    small = KnownActivity(1, {"name": {"en": "x"}})
    assert _worth_keeping(small) is small
    who = {"mbox": f"mailto:{uuid4().hex}@school.example"}
    client.stored(statement(actor={**who, "name": "n" * 1_001}), statement(actor={**who, "name": "Ana"}))
    assert client.get("/agents", agent=json.dumps(who)).json()["name"] == ["Ana"]


def test_a_statement_has_an_end(xapi: Client) -> None:
    large = statement(result={"response": "x" * 1_048_576})
    answer = xapi.post(statement(), large)
    assert (answer.status_code, answer.json()["path"]) == (413, "$[1]")
    assert xapi.get("/statements", statementId=large["id"]).status_code == 404


@pytest.mark.parametrize("order", ["true", "false"])
def test_a_page_of_large_statements_ends_early_and_goes_on(store: Running, order: str) -> None:
    client = store.client()
    verb = f"https://example.org/large/{uuid4().hex}"
    sent = [statement(verb={"id": verb}, result={"response": "x" * 900_000}) for _ in range(24)]
    for one in sent:
        client.stored(one)
    found: list[str] = []
    pages = 0
    answer = client.get("/statements", verb=verb, ascending=order)
    while True:
        assert answer.status_code == 200
        assert len(answer.content) < 20_000_000
        body = answer.json()
        found += [one["id"] for one in body["statements"]]
        pages += 1
        if not body["more"]:
            break
        answer = client.ask("GET", body["more"].removeprefix("/xapi"))
    ids = [one["id"] for one in sent]
    assert found == (ids if order == "true" else ids[::-1])
    assert pages == 2


# What belongs to others


def test_a_launch_voids_its_own_statements_alone(store: Running, learner: Client) -> None:
    who = {"mbox": "mailto:learner@school.example"}
    other = statement()
    store.client().stored(other)
    for target in (other["id"], str(uuid4())):
        answer = learner.post(refers_to(target, actor=who, verb={"id": VOIDED}))
        assert (answer.status_code, answer.json()["path"]) == (403, "$.object")
    assert store.client().get("/statements", statementId=other["id"]).status_code == 200
    own = statement(actor=who)
    learner.stored(own)
    learner.stored(refers_to(own["id"], actor=who, verb={"id": VOIDED}))
    assert learner.get("/statements", voidedStatementId=own["id"]).status_code == 200


def test_a_launch_does_not_speak_of_others_as_members_nor_name_anybody(
    store: Running, learner: Client
) -> None:
    victim = {"objectType": "Agent", "mbox": f"mailto:{uuid4().hex}@school.example"}
    group = {"objectType": "Group", "mbox": "mailto:learner@school.example", "member": [victim]}
    assert learner.post(statement(actor=group)).status_code == 403
    who = {"mbox": "mailto:learner@school.example"}
    learner.stored(statement(actor=who, object={**victim, "name": "Poison"}, context=None))
    assert "name" not in store.client().get("/agents", agent=json.dumps(victim)).json()


def test_sending_a_statement_again_changes_nothing(xapi: Client) -> None:
    iri = f"https://example.org/{uuid4().hex}"

    def about(name: str, **changes: Any) -> dict[str, Any]:
        return statement(object={"id": iri, "definition": {"name": {"en": name}}}, **changes)

    first = about("old")
    xapi.stored(first)
    xapi.stored(about("new"))
    xapi.stored(first)
    assert xapi.get("/activities", activityId=iri).json()["definition"]["name"] == {"en": "new"}


def test_differences_that_do_not_count_are_no_conflict(xapi: Client) -> None:
    sent = statement(
        actor={"mbox": "mailto:Ana@School.example"},
        verb={"id": "https://example.org/did", "display": {"en": "did"}},
        object={"id": "https://example.org/x", "definition": {"name": {"en": "X"}}},
    )
    xapi.stored(sent)
    same = {
        **sent,
        "actor": {"mbox": "mailto:Ana@school.example"},
        "verb": {"id": "https://example.org/did", "display": {"en": "has done"}},
        "object": {"id": "https://example.org/x"},
    }
    assert xapi.post(same).status_code == 200
    assert xapi.post({**same, "actor": {"mbox": "mailto:ana@school.example"}}).status_code == 409
    assert xapi.post({**same, "verb": {"id": "https://example.org/done"}}).status_code == 409


def test_a_statement_of_version_one_holds_nothing_of_version_two(xapi: Client) -> None:
    agents = [{"objectType": "contextAgent", "agent": {"mbox": "mailto:a@school.example"}}]
    context = {"contextAgents": agents}
    answer = xapi.post(statement(version="1.0.3", context=context))
    assert (answer.status_code, answer.json()["path"]) == (400, "$.context.contextAgents")
    assert xapi.post(statement(version="2.0.0", context=context)).status_code == 200
    for version in ("1.0.", "1.0.²", "1.0.0.1", "10"):
        assert xapi.post(statement(version=version)).status_code == 400


# Moments and accounts


def test_a_write_of_another_process_is_not_spoken_of_as_there(store: Running) -> None:
    client = store.client()
    (name,) = client.stored(statement())
    header = "X-Experience-API-Consistent-Through"
    url = str(store.settings.database_url).replace("+psycopg", "")
    with psycopg.connect(url) as other:
        row = other.execute("SELECT pg_advisory_xact_lock(%s), now()", (WRITER_LOCK,)).fetchone()
        assert row is not None
        began = values.text_of(row[1])
        for _ in range(3):
            store.app.runtime.consistency._asked_at = 0
            assert client.get("/statements", statementId=name).headers[header] <= began
    store.app.runtime.consistency._asked_at = 0
    assert client.get("/statements", statementId=name).headers[header] > began


def _user(store: Running, email: str) -> int:
    with psycopg.connect(
        str(store.settings.database_url).replace("+psycopg", ""), autocommit=True
    ) as connection:
        row = connection.execute(
            "INSERT INTO users (email, hashed_password, full_name, role) VALUES (%s, '!', 'Ana', 'student')"
            " RETURNING id",
            (email,),
        ).fetchone()
    assert row is not None
    number: int = row[0]
    return number


def _execute(store: Running, query: str, *parameters: object) -> None:
    with psycopg.connect(
        str(store.settings.database_url).replace("+psycopg", ""), autocommit=True
    ) as connection:
        connection.execute(query, parameters)  # type: ignore[arg-type]


def test_an_address_that_was_handed_on_means_who_has_it_now(store: Running) -> None:
    client, email = store.client(), f"{uuid4().hex}@school.example"
    sent = statement(actor={"mbox": f"mailto:{email}"})
    first = _user(store, email)
    client.stored(sent)
    _execute(store, "UPDATE users SET email = %s WHERE id = %s", f"new-{email}", first)
    second = _user(store, email)
    for known in store.app.runtime.directory._actors.values():
        known.checked_at = -1e9
    later = statement(actor={"mbox": f"mailto:{email}"})
    client.stored(later)
    owner = "SELECT user_id FROM xapi_statements WHERE statement_id = %s"
    assert store.value(owner, sent["id"]) == first
    assert store.value(owner, later["id"]) == second


def test_only_the_number_itself_is_an_account(store: Running) -> None:
    client, number = store.client(), _user(store, f"{uuid4().hex}@school.example")
    sent = [
        statement(actor={"account": {"homePage": store.settings.app_origin, "name": name}})
        for name in (str(number), f"0{number}", "".join(chr(0x660 + int(digit)) for digit in str(number)))
    ]
    client.stored(*sent)
    owners = [
        store.value("SELECT user_id FROM xapi_statements WHERE statement_id = %s", one["id"]) for one in sent
    ]
    assert owners == [number, None, None]


def test_an_account_that_is_gone_is_noticed(store: Running) -> None:
    client, number = store.client(), _user(store, f"{uuid4().hex}@school.example")
    actor = {"account": {"homePage": store.settings.app_origin, "name": str(number)}}
    client.stored(statement(actor=actor))
    _execute(store, "DELETE FROM users WHERE id = %s", number)
    assert client.post(statement(actor=actor)).status_code == 200
