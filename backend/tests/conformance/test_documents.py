"""xAPI 1.0.3 Communication 2.2, 2.3, 2.6, 2.7 and 3.1; 2.0 4.1.6.2, .5, .6 and 4.1.4: documents."""

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx2 as httpx
import pytest

from tests.lrs.serving import ONE, TWO, Client

Where = Callable[..., str]


def who() -> str:
    return json.dumps({"mbox": f"mailto:{uuid4().hex}@school.example"})


def state() -> dict[str, str]:
    return {"activityId": f"urn:activity:{uuid4()}", "agent": who(), "stateId": "bookmark"}


def agent_profile() -> dict[str, str]:
    return {"agent": who(), "profileId": "https://school.example/profile"}


def activity_profile() -> dict[str, str]:
    return {"activityId": f"urn:activity:{uuid4()}", "profileId": "https://school.example/profile"}


KINDS = [
    ("/activities/state", state),
    ("/agents/profile", agent_profile),
    ("/activities/profile", activity_profile),
]
EACH = pytest.mark.parametrize(("path", "make"), KINDS, ids=["state", "agent", "activity"])
PROFILES = pytest.mark.parametrize(("path", "make"), KINDS[1:], ids=["agent", "activity"])
BOTH = pytest.mark.parametrize("version", [ONE, TWO])
Make = Callable[[], dict[str, str]]


def send(xapi: Client, method: str, path: str, key: dict[str, str], **options: Any) -> httpx.Response:
    return xapi.ask(method, f"{path}?{urlencode(key)}", **options)


@EACH
@BOTH
def test_a_document_comes_back_byte_for_byte(xapi: Client, path: str, make: Make, version: str) -> None:
    client, key = xapi.speaking(version), make()
    body = bytes(range(256))
    headers = {"Content-Type": "application/x-own; a=b", "If-None-Match": "*"}
    assert send(client, "PUT", path, key, content=body, headers=headers).status_code == 204
    found = send(client, "GET", path, key)
    assert (found.content, found.headers["content-type"]) == (body, "application/x-own; a=b")
    assert found.headers["etag"] == f'"{hashlib.sha1(body).hexdigest()}"'  # noqa: S324
    assert "Last-Modified" in found.headers
    head = send(client, "HEAD", path, key)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", found.headers["etag"])
    assert send(client, "DELETE", path, key).status_code == 204
    assert send(client, "GET", path, key).status_code == 404
    assert send(client, "DELETE", path, key).status_code == 204


@EACH
def test_post_joins_json_objects_at_their_top(xapi: Client, path: str, make: Make) -> None:
    key = make()
    assert send(xapi, "POST", path, key, json={"x": {"a": 1}, "y": 1}).status_code == 204
    assert send(xapi, "POST", path, key, json={"x": {"b": 2}, "z": 3}).status_code == 204
    assert send(xapi, "GET", path, key).json() == {"x": {"b": 2}, "y": 1, "z": 3}


@EACH
@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"[1]", "application/json"), (b"1", "application/json"), (b"{", "application/json"), (b'{"a":1}', "text/plain"),
     (b'{"a":1,"a":2}', "application/json")],
)  # fmt: skip
def test_post_joins_nothing_else(xapi: Client, path: str, make: Make, body: bytes, content_type: str) -> None:
    key = make()
    send(xapi, "POST", path, key, json={"kept": True})
    answer = send(xapi, "POST", path, key, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 400
    assert send(xapi, "GET", path, key).json() == {"kept": True}


@EACH
def test_post_does_not_join_a_document_that_is_no_json(xapi: Client, path: str, make: Make) -> None:
    key = make()
    send(
        xapi, "PUT", path, key, content=b"text", headers={"Content-Type": "text/plain", "If-None-Match": "*"}
    )
    assert send(xapi, "POST", path, key, json={"a": 1}).status_code == 400
    assert send(xapi, "GET", path, key).content == b"text"


@EACH
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_if_match_guards_every_change(xapi: Client, path: str, make: Make, method: str) -> None:
    key = make()
    send(xapi, "POST", path, key, json={"n": 1})
    tag = send(xapi, "GET", path, key).headers["etag"]
    body = {} if method == "DELETE" else {"json": {"n": 2}}
    assert send(xapi, method, path, key, headers={"If-Match": '"00"'}, **body).status_code == 412
    assert send(xapi, "GET", path, key).json() == {"n": 1}
    assert send(xapi, method, path, key, headers={"If-Match": tag}, **body).status_code == 204
    after = send(xapi, "GET", path, key)
    assert after.status_code == 404 if method == "DELETE" else after.json() == {"n": 2}


@EACH
def test_a_weak_tag_guards_nothing_but_a_new_document(xapi: Client, path: str, make: Make) -> None:
    key = make()
    send(xapi, "POST", path, key, json={"n": 1})
    tag = "W/" + send(xapi, "GET", path, key).headers["etag"]
    for header in ("If-Match", "If-None-Match"):
        answer = send(xapi, "PUT", path, key, json={"n": 2}, headers={header: tag})
        assert answer.status_code == 412
    listed = f'"00", {tag.removeprefix("W/")}'
    assert send(xapi, "PUT", path, key, json={"n": 2}, headers={"If-Match": listed}).status_code == 204


@BOTH
def test_what_is_looked_up_has_a_tag(xapi: Client, version: str) -> None:
    client, key = xapi.speaking(version), state()
    lists = {name: value for name, value in key.items() if name != "stateId"}
    for path, parameters in (
        ("/activities/state", lists),
        ("/agents/profile", {"agent": key["agent"]}),
        ("/activities/profile", {"activityId": key["activityId"]}),
        ("/agents", {"agent": key["agent"]}),
        ("/activities", {"activityId": key["activityId"]}),
    ):
        for method in ("GET", "HEAD"):
            found = send(client, method, path, parameters)
            content = send(client, "GET", path, parameters).content
            assert found.headers["etag"] == f'"{hashlib.sha1(content).hexdigest()}"'  # noqa: S324
    before = send(client, "GET", "/activities/state", lists).headers["etag"]
    send(client, "POST", "/activities/state", key, json={})
    assert send(client, "GET", "/activities/state", lists).headers["etag"] != before


@EACH
def test_if_none_match_keeps_what_is_there(xapi: Client, path: str, make: Make) -> None:
    key = make()
    guard = {"If-None-Match": "*"}
    assert send(xapi, "PUT", path, key, json={"n": 1}, headers=guard).status_code == 204
    assert send(xapi, "PUT", path, key, json={"n": 2}, headers=guard).status_code == 412
    assert send(xapi, "GET", path, key).json() == {"n": 1}


@PROFILES
def test_an_unguarded_put_of_a_profile(xapi: Client, path: str, make: Make) -> None:
    older, key = xapi.speaking(ONE), make()
    assert send(older, "PUT", path, key, json={"n": 1}).status_code == 400
    assert send(xapi, "PUT", path, key, json={"n": 1}).status_code == 204
    for client in (older, xapi):
        answer = send(client, "PUT", path, key, json={"n": 2})
        assert answer.status_code == 409
        assert "If-Match" in answer.json()["detail"]
    assert send(xapi, "GET", path, key).json() == {"n": 1}


def test_an_unguarded_put_of_state(xapi: Client) -> None:
    path, key = "/activities/state", state()
    older = xapi.speaking(ONE)
    for number in (1, 2):
        assert send(older, "PUT", path, key, json={"n": number}).status_code == 204
    assert send(xapi, "PUT", path, key, json={"n": 3}).status_code == 409
    assert send(xapi, "GET", path, key).json() == {"n": 2}


@EACH
def test_the_ids_of_all_documents_and_those_since(xapi: Client, path: str, make: Make) -> None:
    key = make()
    name = "stateId" if "stateId" in key else "profileId"
    send(xapi, "POST", path, {**key, name: "first"}, json={})
    listed = {k: v for k, v in key.items() if k != name}
    moment = xapi.get("/about").headers["date"]
    assert moment
    time.sleep(0.01)
    stored_at = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())}.{int(time.time() % 1 * 1e6):06d}Z"
    send(xapi, "POST", path, {**key, name: "second"}, json={})
    assert sorted(send(xapi, "GET", path, listed).json()) == ["first", "second"]
    assert send(xapi, "GET", path, {**listed, "since": stored_at}).json() == ["second"]
    assert send(xapi, "GET", path, {**listed, "since": "yesterday"}).status_code == 400


def test_state_is_apart_for_each_registration_and_deleted_together(xapi: Client) -> None:
    path, key = "/activities/state", state()
    registration = str(uuid4())
    send(xapi, "POST", path, key, json={"n": 0})
    send(xapi, "POST", path, {**key, "registration": registration}, json={"n": 1})
    assert send(xapi, "GET", path, key).json() == {"n": 0}
    assert send(xapi, "GET", path, {**key, "registration": registration}).json() == {"n": 1}
    everything = {k: v for k, v in key.items() if k != "stateId"}
    assert send(xapi, "DELETE", path, {**everything, "registration": registration}).status_code == 204
    assert send(xapi, "GET", path, key).json() == {"n": 0}
    assert send(xapi, "DELETE", path, everything).status_code == 204
    assert send(xapi, "GET", path, key).status_code == 404


@EACH
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_parameters_are_checked(xapi: Client, path: str, make: Make, method: str) -> None:
    key = make()
    options = {"json": {}} if method in ("PUT", "POST") else {}
    wrong = [
        {k: v for k, v in key.items() if k != name} for name in key if name not in ("stateId", "profileId")
    ]
    wrong += [{**key, "agent": "{}"}] if "agent" in key else []
    wrong += [{**key, "activityId": "x"}] if "activityId" in key else []
    wrong += [{**key, "registration": "x"}, {**key, "unknown": "1"}]
    for parameters in wrong:
        assert send(xapi, method, path, parameters, **options).status_code == 400
    if method in ("PUT", "POST"):
        bare = {k: v for k, v in key.items() if k not in ("stateId", "profileId")}
        assert send(xapi, method, path, bare, **options).status_code == 400


def test_agents_gives_a_person_with_every_name(xapi: Client) -> None:
    from tests.lrs.examples import statement

    box = f"mailto:{uuid4().hex}@school.example"
    xapi.stored(
        statement(actor={"mbox": box, "name": "Ana"}), statement(actor={"mbox": box, "name": "Ana Ruiz"})
    )
    answer = xapi.get("/agents", agent=json.dumps({"mbox": box})).json()
    assert answer == {"objectType": "Person", "name": ["Ana", "Ana Ruiz"], "mbox": [box]}
    stranger = {"account": {"homePage": "https://s.example", "name": uuid4().hex}}
    person = xapi.get("/agents", agent=json.dumps(stranger)).json()
    assert person == {"objectType": "Person", "account": [stranger["account"]]}
    assert xapi.get("/agents").status_code == 400
    assert xapi.get("/agents", agent="{}").status_code == 400


def test_activities_needs_an_iri(xapi: Client) -> None:
    assert xapi.get("/activities").status_code == 400
    assert xapi.get("/activities", activityId="x").status_code == 400
    assert xapi.get("/activities", activityId="urn:un:known").json() == {
        "objectType": "Activity",
        "id": "urn:un:known",
    }
