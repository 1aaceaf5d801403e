"""What a body may cost: before its sender is known, packed, as a form."""

import asyncio
import base64
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode
from uuid import uuid4

import httpx2 as httpx
import pytest
from sqlalchemy import text
from starlette.types import Receive

from app.lrs.engine import jsonio
from app.lrs.engine.access import Access
from app.lrs.engine.alternate_request import SMALL_FORM
from app.lrs.engine.http import Call, _unpacked
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.runtime import Runtime
from app.lrs.engine.statements import intake
from tests.lrs.examples import statement
from tests.lrs.serving import ONE, Client, Running

VERSION = "X-Experience-API-Version"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def token(client: Client) -> str:
    return "Basic " + base64.b64encode(f"{client.key}:{client.secret}".encode()).decode()


@pytest.fixture
def asides(store: Running, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was done beside the event loop."""
    seen: list[Any] = []
    whole = Runtime.in_thread

    async def in_thread(self: Runtime, work: Any) -> Any:
        seen.append(work)
        return await whole(self, work)

    monkeypatch.setattr(Runtime, "in_thread", in_thread)
    return seen


# Forms (alternate request syntax)


def as_form(client: Client, size: int, headers: dict[str, str], **fields: str) -> httpx.Response:
    """PUT a State document of so many octets by a form."""
    key = {
        "agent": '{"mbox":"mailto:form@school.example"}',
        "activityId": "urn:a:form",
        "stateId": str(uuid4()),
    }
    whole = {**key, VERSION: ONE, "content": json.dumps("x" * size), **fields}
    return client.http.post("/xapi/activities/state?method=PUT", data=whole, headers={**FORM, **headers})


def test_a_small_form_says_inside_who_sends_it(xapi: Client, asides: list[Any]) -> None:
    assert as_form(xapi, 10_000, {}, Authorization=token(xapi)).status_code == 204
    assert asides == []


def test_a_large_form_is_for_those_who_are_known_first(xapi: Client, asides: list[Any]) -> None:
    refused = as_form(xapi, SMALL_FORM, {}, Authorization=token(xapi))
    assert refused.status_code == 413
    assert "Authorization header on the request itself" in refused.json()["detail"]
    wrong = {"Authorization": "Basic " + base64.b64encode(b"a:b").decode()}
    assert as_form(xapi, SMALL_FORM, wrong, Authorization=token(xapi)).status_code == 401
    assert asides == []
    plain = {"Content-Type": "text/plain"}
    assert as_form(xapi, SMALL_FORM, {"Authorization": token(xapi)}, **plain).status_code == 204
    assert len(asides) == 1


def test_the_parameters_of_a_form_stay_small(xapi: Client) -> None:
    known = {"Authorization": token(xapi)}
    answer = as_form(xapi, 1, known, agent="[" * SMALL_FORM + "]")
    assert (answer.status_code, answer.json()["path"]) == (413, "agent")


def test_a_form_is_not_packed(xapi: Client) -> None:
    packed = gzip.compress(urlencode({VERSION: ONE, "Authorization": token(xapi), "limit": "1"}).encode())
    answer = xapi.http.post(
        "/xapi/statements?method=GET", content=packed, headers={**FORM, "Content-Encoding": "gzip"}
    )
    assert (answer.status_code, answer.json()["path"]) == (415, "Content-Encoding")


# Packed bodies


def packed(xapi: Client, body: bytes | Iterator[bytes], encoding: str = "gzip") -> httpx.Response:
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    return xapi.ask("POST", "/statements", content=body, headers=headers)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_nothing_follows_a_packed_body(xapi: Client, pack: Any) -> None:
    encoding = "gzip" if pack is gzip.compress else "deflate"
    whole = pack(json.dumps(statement()).encode())
    for rest in (b"\0", whole, b"x" * 300_000):
        for body in (whole + rest, iter([whole, rest])):
            answer = packed(xapi, body, encoding)
            assert (answer.status_code, answer.json()["path"]) == (400, "Content-Encoding")
            assert "follows the end" in answer.json()["detail"]
    assert packed(xapi, iter([whole]), encoding).status_code == 200


def test_what_is_read_of_a_packed_body_has_an_end() -> None:
    nothing = b"\x00\x00\x00\xff\xff" * 1_000  # blocks that hold no octet
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b"\x78\x9c"
        while sent < 1_000_000:
            sent += len(nothing)
            yield nothing

    async def read() -> bytes:
        return b"".join([piece async for piece in _unpacked(endless(), 100_000)])

    with pytest.raises(Refusal) as caught:
        asyncio.run(read())
    assert caught.value.status == 413
    assert sent <= 110_000


# Documents


def test_large_documents_are_read_beside_the_others(xapi: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[bool] = []
    whole = jsonio.loads

    def loads(raw: bytes) -> Any:
        if len(raw) > 64 * 1024:
            where.append(asyncio._get_running_loop() is None)
        return whole(raw)

    monkeypatch.setattr(jsonio, "loads", loads)
    key = {
        "activityId": "urn:a:large",
        "agent": '{"mbox":"mailto:l@school.example"}',
        "stateId": str(uuid4()),
    }
    large = {"x": "x" * 100_000}
    put = xapi.ask("PUT", "/activities/state", params=key, json=large, headers={"If-None-Match": "*"})
    assert put.status_code == 204
    for more in ({"y": 1}, {**large, "z": 2}):
        assert xapi.ask("POST", "/activities/state", params=key, json=more).status_code == 204
    assert xapi.get("/activities/state", **key).json() == {**large, "y": 1, "z": 2}
    assert where == [True] * 4


@pytest.mark.parametrize(
    "kind", ["text/plain; x=☃", "text/plain; x=ä", "text/plain; x=\r\nX: y", "text/\x7f", "a" * 256]
)
def test_a_content_type_must_be_one_that_a_header_can_carry(xapi: Client, kind: str) -> None:
    answer = as_form(xapi, 1, {}, Authorization=token(xapi), **{"Content-Type": kind})
    assert (answer.status_code, answer.json()["path"]) == (400, "Content-Type")


@pytest.mark.parametrize("kind", ["text/plain; x=☃", "text/plain\r\nX-Injected: 1"])
def test_a_header_that_cannot_be_sent_is_no_bare_fault(store: Running, xapi: Client, kind: str) -> None:
    key = {"activityId": f"urn:a:{uuid4()}", "profileId": "p"}
    assert xapi.ask("PUT", "/activities/profile", params=key, content=b"x").status_code == 204
    with store.database.begin() as session:
        session.execute(
            text(
                "UPDATE xapi_documents SET content_type = :kind WHERE activity_id ="
                " (SELECT id FROM xapi_activities WHERE iri = :iri)"
            ),
            {"kind": kind, "iri": key["activityId"]},
        )
    answer = xapi.get("/activities/profile", **key)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert "X-Injected" not in answer.headers


def test_checking_a_batch_lets_others_have_their_turn() -> None:
    """The writer's database must not wait until a whole batch has been checked."""
    body = json.dumps([statement() for _ in range(50)]).encode()
    call = Call("POST", "/statements", "/xapi", {}, {}, cast(Receive, None))
    call.access = cast(Access, SimpleNamespace(agent=None, author=None))

    async def checked() -> tuple[int, int]:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        waiting = asyncio.create_task(others())
        received = await intake._in_slices(intake._checked(call, body, [], None))
        waiting.cancel()
        return len(received.ids), turns

    count, turns = asyncio.run(checked())
    assert count == 50
    assert turns >= 2 * 50 // intake._SLICE
