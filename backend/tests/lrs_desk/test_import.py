"""Files from another record store: whatever their form, however they are cut, and with faults in them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.db.session import Database
from app.lrs.transfer import taking
from app.lrs.transfer.reading import Item, Reader
from tests.lrs.examples import statement
from tests.lrs_desk.conftest import payloads

ORIGIN = "http://localhost:8000"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
objects = st.lists(
    st.dictionaries(
        texts, st.recursive(st.integers() | texts, lambda inner: st.lists(inner, max_size=3)), min_size=1
    ),
    max_size=8,
)


def _cut(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[start : start + size] for start in range(0, len(raw), size))


def _read(raw: bytes, size: int) -> list[Item]:
    return list(Reader(_cut(raw, size)).items())


@given(
    objects, st.integers(1, 40), st.sampled_from(["ndjson", "array", "pretty", "result", "result-more-first"])
)
def test_every_form_gives_the_same_statements_however_it_is_cut(
    values: list[Any], size: int, form: str
) -> None:
    values = [{**value, "actor": 1} for value in values]
    raw = {
        "ndjson": "\r\n".join(json.dumps(value, ensure_ascii=False) for value in values) + "\n\n",
        "array": json.dumps(values),
        "pretty": "\ufeff" + json.dumps(values, indent=2, ensure_ascii=False),
        "result": json.dumps({"statements": values, "more": "/xapi/statements?more=x"}),
        "result-more-first": json.dumps({"more": 'a"\\', "statements": values}),
    }[form].encode()
    items = _read(raw, size)
    assert [item.fault for item in items] == [""] * len(values)
    assert [json.loads(item.raw) for item in items] == values
    if form == "ndjson":
        assert [item.line for item in items] == list(range(1, len(values) + 1))


@given(st.binary(max_size=200), st.integers(1, 50))
def test_any_bytes_end_in_items_or_a_sentence(raw: bytes, size: int) -> None:
    for item in _read(raw, size):
        assert item.fault or item.raw


@pytest.mark.parametrize("raw", [b"[{}", b"[{} {}]", b"[1,,2]", b'[{"a":1},', b"[{]"])
def test_a_broken_list_is_told_and_not_guessed_at(raw: bytes) -> None:
    *_, last = _read(raw, 3)
    assert last.fault


def test_a_file_is_stored_once_and_its_faults_are_told_with_their_lines(live_database: Database) -> None:
    own = {"objectType": "Agent", "name": "Old LRS", "mbox": "mailto:old@lrs.example"}
    group = {
        "objectType": "Group",
        "member": [{"mbox": "mailto:a@b.example"}, {"mbox": "mailto:c@d.example"}],
    }
    first = statement(authority=own, stored="2020-01-01T00:00:00Z", version="1.0.3")
    lines = [
        json.dumps(first),
        json.dumps(statement(authority=group)),
        "not json",
        json.dumps(statement(id=None)),
        json.dumps(statement(verb={"id": "completed"})),
        json.dumps({**first, "verb": {"id": "https://example.org/other"}}),
        json.dumps(statement(actor={"mbox": "mailto:a@b.example", "name": "zero \0"})),
        json.dumps([1]),
        json.dumps(
            statement(
                attachments=[
                    {
                        "usageType": "https://example.org/u",
                        "display": {"en": "x"},
                        "contentType": "text/plain",
                        "length": 1,
                        "sha2": "0" * 64,
                    }
                ]
            )
        ),
        json.dumps(statement()),
    ]
    raw = "\n".join(lines).encode()
    tally = taking.take_in(live_database, ORIGIN, _cut(raw, 1000))
    assert (tally.stored, tally.known) == (3, 0)
    assert {fault["line"] for fault in tally.faults} == {3, 4, 5, 6, 7, 8, 9}
    assert all(fault["reason"].rstrip(".") for fault in tally.faults)
    again = taking.take_in(live_database, ORIGIN, _cut(raw, 77))
    assert (again.stored, again.known, again.refused) == (0, 3, 7)
    with live_database.begin() as session:
        kept = payloads(session)
    imported = "Import from another record store"
    assert [one["authority"].get("name") for one in kept] == ["Old LRS", imported, imported]
    assert kept[0]["stored"] > "2026"
    assert kept[0]["timestamp"] == first["timestamp"]


def test_a_batch_is_stored_whole_or_not_at_all(
    live_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "BATCH", 4)
    raw = "\n".join(json.dumps(statement()) for _ in range(10)).encode()
    batches = 0

    def note(_session: object, _tally: taking.Tally) -> None:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise RuntimeError("the power goes")

    with pytest.raises(RuntimeError):
        taking.take_in(live_database, ORIGIN, _cut(raw, 500), note=note)
    with live_database.begin() as session:
        assert session.execute(text("SELECT count(*) FROM xapi_statements")).scalar_one() == 4
    tally = taking.take_in(live_database, ORIGIN, _cut(raw, 500))
    assert (tally.stored, tally.known, tally.refused) == (6, 4, 0)
