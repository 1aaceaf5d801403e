"""Many writers on few activities: nothing deadlocks, is lost or is stored twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg

from app.lrs.engine.documents import queries
from app.lrs.engine.documents.service import Key
from tests.lrs.examples import statement
from tests.lrs.serving import Client, Running

FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
WRITERS, ROUNDS, ACTIVITIES = 32, 6, 20


def each(work: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(work, range(WRITERS)))


def posting(store: Running, xapi: Client, make: Callable[[int], dict[str, Any]]) -> Callable[[int], int]:
    """Post one statement from a connection of one's own; the status of the answer."""

    def work(writer: int) -> int:
        with store.another(xapi) as client:
            return client.post(make(writer)).status_code

    return work


def about(number: int, writer: int) -> dict[str, Any]:
    """A statement that also has something new to say about its activity and its actor."""
    return statement(
        actor={"mbox": f"mailto:s{number % 7}@school.example", "name": f"Name {writer}"},
        object={
            "id": f"https://school.example/shared/{number % ACTIVITIES}",
            "definition": {"name": {f"x-w{writer}": f"as writer {writer} says"}},
        },
    )


def test_32_writers_on_the_same_20_activities(store: Running, xapi: Client) -> None:
    def work(writer: int) -> list[str]:
        sent: list[str] = []
        with store.another(xapi) as client:
            for number in range(ROUNDS):
                batch = [about(writer + number * 3 + step, writer) for step in range(ACTIVITIES)]
                answer = client.post(*batch)
                assert answer.status_code == 200, answer.text
                sent += [one["id"] for one in batch]
        return sent

    sent = [name for names in each(work) for name in names]
    assert len(set(sent)) == WRITERS * ROUNDS * ACTIVITIES
    there = store.value("SELECT count(*) FROM xapi_statements WHERE statement_id = ANY(%s::uuid[])", sent)
    assert there == len(sent)
    # Everything each writer knew has been joined.
    definition = xapi.get("/activities", activityId="https://school.example/shared/3").json()["definition"]
    assert len(definition["name"]) == WRITERS


def test_the_same_statement_from_32_writers_is_one(store: Running, xapi: Client) -> None:
    whole = statement()
    assert each(posting(store, xapi, lambda _: whole)) == [200] * WRITERS
    assert store.value("SELECT count(*) FROM xapi_statements WHERE statement_id = %s", whole["id"]) == 1


def test_of_different_statements_with_one_id_exactly_one_wins(store: Running, xapi: Client) -> None:
    name = str(uuid4())
    answers = each(posting(store, xapi, lambda writer: statement(id=name, verb={"id": f"urn:v:{writer}"})))
    assert sorted(answers) == [200] + [409] * (WRITERS - 1)


def test_a_spoiled_request_harms_no_other_of_its_group(store: Running, xapi: Client) -> None:
    taken = statement()
    xapi.stored(taken)

    bad = {**taken, "verb": {"id": "urn:v:other"}}
    answers = each(posting(store, xapi, lambda writer: bad if writer % 2 else statement()))
    assert sorted(answers) == [200] * (WRITERS // 2) + [409] * (WRITERS // 2)


def test_keys_grow_in_the_order_of_commits(store: Running, xapi: Client) -> None:
    """A reader who asks for everything since what they have seen misses nothing that appears meanwhile."""
    stop, seen = threading.Event(), []
    verb = f"urn:verb:{uuid4()}"

    def read() -> None:
        since = "2000-01-01T00:00:00Z"
        with store.another(xapi) as client:
            while True:
                last = stop.is_set()
                found = client.statements(verb=verb, since=since, ascending="true", limit="1000")
                seen.extend(one["id"] for one in found)
                since = found[-1]["stored"] if found else since
                if last and not found:
                    return

    reader = threading.Thread(target=read)
    reader.start()

    def write(_writer: int) -> list[str]:
        with store.another(xapi) as client:
            return [client.stored(statement(verb={"id": verb}))[0] for _ in range(5)]

    sent = each(write)
    stop.set()
    reader.join(60)
    expected = {name for names in sent for name in names}
    assert len(seen) == len(set(seen))
    assert set(seen) == expected


def test_32_clients_on_one_document_lose_no_property(store: Running, xapi: Client) -> None:
    key = {"activityId": f"urn:a:{uuid4()}", "agent": '{"mbox":"mailto:doc@school.example"}', "stateId": "s"}

    def work(writer: int) -> int:
        with store.another(xapi) as client:
            return client.ask("POST", "/activities/state", params=key, json={f"w{writer}": 1}).status_code

    assert each(work) == [204] * WRITERS
    assert len(xapi.get("/activities/state", **key).json()) == WRITERS


def test_of_32_guarded_puts_one_wins(store: Running, xapi: Client) -> None:
    key = {"activityId": f"urn:a:{uuid4()}", "agent": '{"mbox":"mailto:doc@school.example"}', "stateId": "s"}

    def work(writer: int) -> int:
        options = {"params": key, "json": {"w": writer}, "headers": {"If-None-Match": "*"}}
        with store.another(xapi) as client:
            return client.ask("PUT", "/activities/state", **options).status_code

    assert sorted(each(work)) == [204] + [412] * (WRITERS - 1)


def test_since_misses_no_document_that_had_to_wait(store: Running, xapi: Client) -> None:
    agent, activity = '{"mbox":"mailto:wait@school.example"}', f"urn:a:{uuid4()}"
    key = {"activityId": activity, "agent": agent, "stateId": "s"}
    name = Key("state", "mbox::mailto:wait@school.example", activity, None, "s").lock
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    url = str(store.settings.database_url).replace("+psycopg", "")

    def put() -> int:
        with store.another(xapi) as client:
            headers = {"If-None-Match": "*"}
            return client.ask("PUT", "/activities/state", params=key, json={}, headers=headers).status_code

    with ThreadPoolExecutor(1) as pool, psycopg.connect(url) as holder:
        holder.execute(queries.LOCK, (name,))
        sent = pool.submit(put)
        while not store.value(waiting):
            assert not sent.done()
        moment = store.value("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', %s)", FORMAT)
        holder.rollback()
        assert sent.result() == 204
    found = xapi.get("/activities/state", activityId=activity, agent=agent, since=moment)
    assert found.json() == ["s"]
