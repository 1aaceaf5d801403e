"""What is packed comes out byte for byte, and what was kept before it was packed is read as ever."""

import json
from typing import Any

import psycopg
from hypothesis import given
from hypothesis import strategies as st

from app.lrs.engine.statements.packing import MARK, pack, unpack
from app.ops.servers import libpq_url
from tests.lrs.examples import statement
from tests.lrs.serving import Running


@given(st.binary(min_size=1).filter(lambda text: not text.startswith(MARK)))
def test_what_goes_in_comes_out(text: bytes) -> None:
    assert unpack(pack(text)) == text
    assert unpack(text) == text


def test_a_statement_takes_a_third_of_its_text() -> None:
    text = json.dumps(statement(), separators=(",", ":")).encode()
    assert len(pack(text)) < len(text) / 3


def test_the_dictionary_never_changes() -> None:
    """Statements of years ago are read with it: a change needs another mark."""
    kept = "0183e6bd44b031f8b23d6ae99de850a1975a9108f237d01400"
    assert (
        unpack(bytes.fromhex(kept))
        == b'{"id":"a","actor":{"objectType":"Agent","mbox":"mailto:a@x.example"}}'
    )


def _owner(store: Running) -> psycopg.Connection[Any]:
    return psycopg.connect(libpq_url(store.settings.owner_database_url), autocommit=True)


def test_a_statement_from_before_is_answered_as_it_stands(store: Running) -> None:
    """With spaces and an order of its own, which no one would write today; and voided and found as any other."""
    client = store.client()
    made = client.stored(statement())[0]
    whole = client.get("/statements", statementId=made).text
    before = whole.replace(":", " : ", 1)
    with _owner(store) as owner:
        kept = owner.execute(
            "SELECT octets, packed IS NOT NULL, payload IS NULL FROM xapi_statements WHERE statement_id = %s",
            (made,),
        ).fetchone()
        assert kept == (len(whole.encode()), True, True)
        owner.execute(
            "UPDATE xapi_statements SET payload = %s::json, packed = NULL, octets = NULL, actor_id = NULL"
            " WHERE statement_id = %s",
            (before, made),
        )
    assert client.get("/statements", statementId=made).text == before
    listed = client.get("/statements", limit="5").text
    assert before in listed
    again = client.post(json.loads(whole))
    assert again.status_code == 200


def test_a_page_ends_by_what_statements_are_unpacked(store: Running) -> None:
    """Sixteen megabytes of one letter are a few kilobytes, and still too long an answer."""
    client = store.client()
    long = "a" * 1_000_000
    made = [
        client.stored(statement(result={"response": long}, verb={"id": "urn:x:long"}))[0] for _ in range(20)
    ]
    page = client.get("/statements", verb="urn:x:long").json()
    assert 15 <= len(page["statements"]) < len(made)
    assert page["more"]
