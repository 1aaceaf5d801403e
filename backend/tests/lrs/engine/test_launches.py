"""What a learner's launch reaches: their own documents of their own lesson, and nobody else's name."""

import hashlib
import json
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest

from app.lrs.engine.scopes import is_within
from tests.lrs.examples import statement
from tests.lrs.serving import Client, Running

LESSON = "https://school.example/lessons/1"
LEARNER = {"objectType": "Agent", "mbox": "mailto:launched@school.example"}
OTHER = {"mbox": "mailto:other@school.example"}
REGISTRATION = uuid4()


@pytest.fixture
def launch(store: Running) -> Client:
    return store.launch(LEARNER, LESSON, REGISTRATION)


def state(client: Client, method: str, activity: str = LESSON, **more: str) -> httpx.Response:
    key = {"activityId": activity, "agent": json.dumps(LEARNER), "stateId": "s", **more}
    body: dict[str, Any] = {"json": {"at": 1}} if method in ("PUT", "POST") else {}
    return client.ask(method, "/activities/state", params=key, **body)


def profile(client: Client, method: str, activity: str) -> httpx.Response:
    body: dict[str, Any] = {"json": {"at": 1}} if method in ("PUT", "POST") else {}
    return client.ask(
        method, "/activities/profile", params={"activityId": activity, "profileId": "p"}, **body
    )


def test_state_is_kept_of_the_lesson_and_its_parts(launch: Client) -> None:
    for activity in (LESSON, f"{LESSON}/slides/3", f"{LESSON}#quiz", f"{LESSON}?part=2"):
        for registration in ({}, {"registration": str(REGISTRATION).upper()}):
            assert state(launch, "POST", activity, **registration).status_code == 204
            assert state(launch, "GET", activity, **registration).json() == {"at": 1}
            assert state(launch, "DELETE", activity, **registration).status_code == 204


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
def test_no_other_state(launch: Client, method: str) -> None:
    for activity in ("https://school.example/lessons/2", f"{LESSON}0", "https://school.example/lessons"):
        assert state(launch, method, activity).status_code == 403
    assert state(launch, method, registration=str(uuid4())).status_code == 403
    assert state(launch, method, agent=json.dumps(OTHER)).status_code == 403


def test_the_profile_of_the_lesson_is_read_and_not_written(launch: Client, xapi: Client) -> None:
    assert profile(xapi, "POST", LESSON).status_code == 204
    assert profile(launch, "GET", LESSON).json() == {"at": 1}
    for method in ("PUT", "POST", "DELETE"):
        assert profile(launch, method, LESSON).status_code == 403
    for method in ("GET", "PUT", "POST", "DELETE"):
        assert profile(launch, method, f"{LESSON}/slides/3").status_code == 403
    assert profile(xapi, "GET", LESSON).json() == {"at": 1}


def test_the_profile_of_the_learner_is_their_own(launch: Client) -> None:
    for agent, status in ((LEARNER, 204), (OTHER, 403)):
        key = {"agent": json.dumps(agent), "profileId": "cmi5LearnerPreferences"}
        answer = launch.ask("POST", "/agents/profile", params=key, json={"languagePreference": "en"})
        assert answer.status_code == status


def test_nobody_else_is_named_to_a_launch(store: Running, launch: Client, xapi: Client) -> None:
    account = {"account": {"homePage": store.settings.app_origin, "name": "1"}}
    xapi.stored(statement(actor={**account, "name": "Ana Ruiz"}))
    answer = launch.get("/agents", agent=json.dumps(account))
    assert (answer.status_code, answer.json()["path"]) == (403, "agent")
    assert launch.get("/agents", agent=json.dumps(LEARNER)).json()["mbox"] == [LEARNER["mbox"]]


def attached(content: bytes, **changes: str) -> dict[str, Any]:
    return {
        "usageType": "https://school.example/certificate",
        "display": {"en": "Certificate"},
        "contentType": "text/plain",
        "length": len(content),
        "sha2": hashlib.sha256(content).hexdigest(),
        **changes,
    }


def sent_with_bytes(client: Client, content: bytes, whole: dict[str, Any]) -> None:
    head = f"Content-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {hashlib.sha256(content).hexdigest()}\r\n\r\n"
    body = b"--b\r\nContent-Type: application/json\r\n\r\n" + json.dumps(whole).encode()
    body += b"\r\n--b\r\n" + head.encode() + content + b"\r\n--b--"
    kind = {"Content-Type": "multipart/mixed; boundary=b"}
    assert client.ask("POST", "/statements", content=body, headers=kind).status_code == 200


def test_a_hash_buys_no_bytes(launch: Client, xapi: Client) -> None:
    secret, own = b"the paper of another " + uuid4().bytes, b"its own paper " + uuid4().bytes
    sent_with_bytes(xapi, secret, statement(attachments=[attached(secret)]))
    by_url = [attached(secret, fileUrl="https://evil.example/x")]
    guess = statement(actor=LEARNER, attachments=by_url)
    inside = statement(actor=LEARNER, id=None, attachments=by_url, objectType="SubStatement")
    launch.stored(guess, statement(actor=LEARNER, object=inside, context=None))
    sent_with_bytes(launch, own, statement(actor=LEARNER, attachments=[attached(own)]))
    for answer in (
        launch.get("/statements", attachments="true"),
        launch.get("/statements", attachments="true", statementId=guess["id"]),
    ):
        assert answer.status_code == 200
        assert attached(secret)["sha2"].encode() in answer.content
        assert secret not in answer.content
    assert own in launch.get("/statements", attachments="true").content
    assert secret in xapi.get("/statements", attachments="true", statementId=guess["id"]).content


def test_what_is_below_an_activity() -> None:
    assert is_within("urn:a:1", "urn:a:1")
    assert is_within("urn:a:1:x", "urn:a:1")
    assert is_within("https://a.example/x", "https://a.example/")
    assert not is_within("urn:a:10", "urn:a:1")
    assert not is_within("urn:a", "urn:a:1")
