"""Input that nobody should send: always a 4xx with a sentence, never a 500, and nothing of it is stored."""

import gzip
import json
import socket
import zlib
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest

from app.lrs.engine import http as limits
from tests.lrs.examples import statement
from tests.lrs.serving import Client, Running


def post(xapi: Client, body: bytes, **headers: str) -> httpx.Response:
    whole = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return xapi.ask("POST", "/statements", content=body, headers=whole)


def count(store: Running) -> int:
    found: int = store.value("SELECT count(*) FROM xapi_statements")
    return found


def raw_with(place: str, value: str) -> bytes:
    """A statement whose text has `value`, as it stands, at a place."""
    whole = (
        statement(result={"extensions": {"urn:x:e": "HERE"}})
        if place == "$.result.extensions"
        else statement()
    )
    if place != "$.result.extensions":
        whole["context"]["registration"] = "HERE"
    return json.dumps(whole).replace('"HERE"', value).encode()


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ('"a\\u0000b"', "NUL"),
        ('"\\ud800"', "surrogate"),
        ("NaN", "NaN"),
        ("-Infinity", "Infinity"),
        ("1e999", "double"),
        ("9" * 400, "double"),
        ('{"a":1,"a":2}', "twice"),
        ("[" * 70 + "]" * 70, "nested"),
        ("[" * 50_000 + "]" * 50_000, "nested"),
        ('{"a":' * 200 + "1" + "}" * 200, "nested"),
        ("tru", "expected"),
        ('"a\nb"', "control character"),
    ],
)
def test_json_beyond_the_rules(store: Running, xapi: Client, value: str, word: str) -> None:
    before = count(store)
    answer = post(xapi, raw_with("$.result.extensions", value))
    assert answer.status_code == 400, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["path"].startswith("$.result.extensions")
    assert word in problem["detail"]
    assert count(store) == before


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"1", b'"x"', b"[1]", b"[[]]", b"{", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b"a=b", b"[null]",
     b'{"actor":' + b"\xc3\x28" + b"}", b"{}", b"\x00" * 10],
)  # fmt: skip
def test_bodies_that_are_no_statements(store: Running, xapi: Client, body: bytes) -> None:
    before = count(store)
    answer = post(xapi, body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"].endswith((".", ")"))
    assert count(store) == before


def test_an_empty_list_stores_nothing(xapi: Client) -> None:
    assert post(xapi, b"[]").json() == []


def test_a_gigabyte_is_refused_before_it_is_sent(store: Running, xapi: Client) -> None:
    with socket.create_connection(("127.0.0.1", store.port)) as line:
        head = (
            "POST /xapi/statements HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Authorization: {httpx.BasicAuth(xapi.key, xapi.secret)._auth_header}\r\n"
            "X-Experience-API-Version: 2.0.0\r\nContent-Length: 1073741824\r\n\r\n"
        )
        line.sendall(head.encode())
        line.settimeout(20)
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_a_length_is_cut_off_too(xapi: Client) -> None:
    def endless() -> Any:
        for _ in range(limits.LARGEST_JSON // 2**20 + 2):
            yield b" " * 2**20

    try:
        answer = xapi.ask(
            "POST", "/statements", content=endless(), headers={"Content-Type": "application/json"}
        )
    except httpx.WriteError:
        return  # the connection was closed under the sender: refused as well
    assert answer.status_code == 413


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_packed_body_is_read_and_a_bomb_is_not(xapi: Client, pack: Any) -> None:
    encoding = "gzip" if pack is gzip.compress else "deflate"
    assert post(xapi, pack(json.dumps(statement()).encode()), Content_Encoding=encoding).status_code == 200
    bomb = pack(b" " * (limits.LARGEST_JSON + 2**20))
    assert len(bomb) < 100_000
    assert post(xapi, bomb, Content_Encoding=encoding).status_code == 413
    assert post(xapi, b"not packed", Content_Encoding=encoding).status_code == 400
    assert post(xapi, pack(b"{}")[:-6], Content_Encoding=encoding).status_code == 400
    assert post(xapi, b"{}", Content_Encoding="br").status_code == 415


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"verb": {"id": "urn:x:" + "v" * 3000}}, "$.verb.id"),
        ({"object": {"id": "urn:x:" + "ö" * 1500}}, "$.object.id"),
        ({"actor": {"account": {"homePage": "urn:x:h", "name": "n" * 3000}}}, "$.actor"),
        ({"actor": {"mbox": f"mailto:{'m' * 3000}@school.example"}}, "$.actor"),
    ],
)
def test_identifiers_too_long_for_an_index(xapi: Client, change: dict[str, Any], place: str) -> None:
    answer = xapi.post(statement(**change))
    assert (answer.status_code, answer.json()["path"]) == (400, place)


def test_identifiers_as_long_as_an_index_holds(xapi: Client) -> None:
    import random

    letters = "".join(
        random.Random(1).choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=1980)
    )
    whole = statement(
        verb={"id": f"urn:v:{letters}"},
        object={"id": f"urn:o:{letters}"},
        actor={"account": {"homePage": "urn:h:x", "name": letters}},
    )
    assert xapi.post(whole).status_code == 200, xapi.post(whole).text


def test_text_with_everything_copy_could_trip_over(xapi: Client) -> None:
    odd = 'tab\t newline\n return\r backslash\\ \\N "quoted" \\. \u2028 \u0085 é 😀'
    batch = [
        statement(
            actor={"account": {"homePage": "https://s.example", "name": odd}},
            object={"objectType": "Agent", "account": {"homePage": "https://s.example", "name": odd}},
            context={"extensions": {"urn:x:e": odd}},
            result={"response": odd},
        )
        for _ in range(60)
    ]
    for size in (1, 60):  # both ways of writing
        names = xapi.stored(*[{**whole, "id": str(uuid4())} for whole in batch[:size]])
        found = xapi.get("/statements", statementId=names[-1]).json()
        assert found["result"]["response"] == found["actor"]["account"]["name"] == odd


@pytest.mark.parametrize(
    "path",
    ["/statements?since=9999-12-31T23:59:59Z", "/statements?until=0001-01-01T00:00:00Z",
     "/statements?since=9999-12-31T23:59:59.999999999Z"],
)  # fmt: skip
def test_times_at_the_ends_of_the_calendar(xapi: Client, path: str) -> None:
    assert xapi.ask("GET", path).json()["statements"] == []


@pytest.mark.parametrize(
    "path",
    ["/statements?more=AAAA", "/statements?more=%00", "/statements?more=" + "A" * 5000,
     "/statements?agent=%7B%22mbox%22%3A%22mailto%3Aa%40b.c%22%2C%22mbox%22%3A%22mailto%3Aa%40b.c%22%7D",
     "/statements?verb=urn:a:%00", "/agents?agent=%5B%5D", "/agents?agent=1",
     "/activities/state?activityId=urn:a:b&agent=%7B%7D&stateId=x",
     "/statements?since=0000-01-01T00:00:00Z", "/activities?activityId=" + "urn:x:" + "y" * 2]
    [:-1],
)  # fmt: skip
def test_strange_parameters(xapi: Client, path: str) -> None:
    assert xapi.ask("GET", path).status_code == 400


def test_an_answer_does_not_grow_with_the_names_in_it(xapi: Client) -> None:
    name = "n" * 100_000
    for answer in (
        post(xapi, json.dumps(statement(**{name: 1})).encode()),
        post(xapi, json.dumps(statement(result={"extensions": {name: 1}})).encode()),
        post(xapi, json.dumps({name: 1}).encode()[:-2] + b"x"),
        xapi.ask("PUT", "/activities/state", params={name[:5_000]: "1"}, content=b"x"),
    ):
        assert answer.status_code == 400
        assert len(answer.content) < 1_500
        assert answer.json()["path"].endswith("…")


def test_a_batch_beyond_the_count(xapi: Client) -> None:
    small = {"actor": {"mbox": "mailto:a@b.example"}, "verb": {"id": "urn:a:v"}, "object": {"id": "urn:a:o"}}
    assert xapi.post(*[small] * 10_001).status_code == 413


def test_documents_beyond_their_size(xapi: Client) -> None:
    key = {"activityId": "urn:a:b", "agent": '{"mbox":"mailto:a@b.example"}', "stateId": "s"}
    body = b"x" * (limits.LARGEST_DOCUMENT + 1)
    answer = xapi.ask("PUT", "/activities/state", params=key, content=body, headers={"If-None-Match": "*"})
    assert answer.status_code == 413
    long = xapi.ask("PUT", "/activities/state", params={**key, "stateId": "s" * 2001}, content=b"x")
    assert long.status_code == 400
    deep = xapi.ask("POST", "/activities/state", params=key, content=b'{"a":' + b"[" * 500 + b"]" * 500 + b"}",
                    headers={"Content-Type": "application/json"})  # fmt: skip
    assert deep.status_code == 400


@pytest.mark.parametrize(
    "body", [b"", b"--b0--", b"--b0\r\n\r\n{}\r\n--b0--", b"--b0\r\nContent-Type: application/json\r\n\r\n{}"]
)
def test_broken_multipart(xapi: Client, body: bytes) -> None:
    answer = xapi.ask(
        "POST", "/statements", content=body, headers={"Content-Type": "multipart/mixed; boundary=b0"}
    )
    assert answer.status_code == 400
    bare = xapi.ask("POST", "/statements", content=body, headers={"Content-Type": "multipart/mixed"})
    assert bare.status_code == 400
