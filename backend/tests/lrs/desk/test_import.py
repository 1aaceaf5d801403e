"""Files of another LRS, taken in: once, batch by batch, with their faults listed."""

import gzip
import json
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from app.core.files import open_store
from app.db.models import XapiImport
from app.db.session import Database
from app.lrs.desk.imports import ingest as taking
from app.lrs.desk.imports import runner
from app.settings import Settings
from tests.lrs.desk.conftest import payloads
from tests.lrs.examples import statement

ORIGIN = "http://localhost:8000"


def _cut(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[start : start + size] for start in range(0, len(raw), size))


def test_a_file_is_stored_once_and_its_faults_are_listed_with_their_lines(live_database: Database) -> None:
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
    imported = "Import from another LRS"
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


def test_every_value_of_a_file_is_taken(live_database: Database) -> None:
    some = [statement() for _ in range(8)]
    pages = [json.dumps({"statements": some[start : start + 2], "more": "/x"}) for start in (0, 2, 4)]
    record = json.dumps({"_id": "5", "statement": some[6], "voided": False})
    raw = "\n".join([*pages, record, json.dumps(some[7], indent=2)]).encode()
    tally = taking.take_in(live_database, ORIGIN, _cut(raw, 100))
    assert (tally.stored, tally.refused, tally.ended) == (8, 0, "")


def test_what_is_no_statement_is_listed_what_can_be_read(live_database: Database) -> None:
    tally = taking.take_in(live_database, ORIGIN, iter([b'{"data": [{"rows": 1}]}\n[[1]]']))
    assert [fault["line"] for fault in tally.faults] == [1, 2]
    assert all("What can be read: statements one a line" in fault["reason"] for fault in tally.faults)


def test_octets_that_are_no_utf8_cost_only_their_line(live_database: Database) -> None:
    lines = [json.dumps(statement()).encode() for _ in range(5)]
    lines[2] = lines[2].replace(b'"mailto:', b'"\xe9mailto:')
    tally = taking.take_in(live_database, ORIGIN, iter([b"\n".join(lines)]))
    assert (tally.stored, tally.faults) == (4, [{"line": 3, "reason": "It is not UTF-8."}])


def test_an_import_that_was_not_read_to_its_end_is_failed_with_the_reason(
    live_database: Database, live_settings: Settings
) -> None:
    good = json.dumps(statement()).encode()
    files = open_store(live_settings)
    for raw, status, said in (
        (good, "done", None),
        (b"[" + good, "failed", "Line 1: The file ends in the middle of a list."),
        (gzip.compress(good)[:-2], "failed", "The gzip file is incomplete: its end is missing."),
    ):
        stored = files.put(raw)
        with live_database.begin() as session:
            record = XapiImport(file_name="x", sha256=stored.sha256, size_bytes=stored.size)
            session.add(record)
            session.flush()
            number = record.id
        runner.work(live_database, ORIGIN, files, number)
        with live_database.begin() as session:
            record = runner.find(session, number)
            assert (record.status, record.error, record.bytes_read) == (status, said, len(raw))
            assert record.stored + record.known == 1
            assert record.finished_at
