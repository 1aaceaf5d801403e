"""Seals of the history: nothing is missed, and every change, removal and addition is named."""

import json
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import history, timestamps
from app.core.actions import Action
from app.core.errors import Invalid
from app.core.permissions import SYSTEM
from app.core.seals import queries, service
from app.core.seals.queries import COLUMNS
from app.db.session import Database, libpq_url
from app.settings import Settings
from tests.core.authority import running


@pytest.fixture
def owner(live_settings: Settings) -> Iterator[psycopg.Connection[Any]]:
    """Somebody with the database's own rights, whom the system's role does not stop."""
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as connection:
        yield connection


def write(database: Database, *names: str) -> None:
    """Entries in one transaction."""
    with database.begin() as session:
        for name in names:
            history.record(session, SYSTEM, Action.PROGRAM_CREATED, 1, name=name)


def seal(database: Database) -> int:
    with database.begin() as session:
        return service.seal(session)


def verify(database: Database, outside: dict[int, str] | None = None) -> service.Verified:
    with database.begin() as session:
        return service.verify(session, outside)


@pytest.fixture
def sealed(live_database: Database) -> list[int]:
    """Six entries under three seals; their numbers."""
    seal(live_database)
    for names in (("one", "two"), ("three",), ("four", "five", "six")):
        write(live_database, *names)
        assert seal(live_database) == len(names)
    with live_database.begin() as session:
        numbers = session.execute(
            text("SELECT id FROM audit_log WHERE action = 'program.created' ORDER BY id")
        )
        return list(numbers.scalars())


def test_what_was_sealed_is_found_as_it_was(live_database: Database, sealed: list[int]) -> None:
    assert seal(live_database) == 0
    found = verify(live_database)
    assert (found.faults, found.unsealed) == ([], 0)
    assert found.entries >= 6
    write(live_database, "seven")
    assert verify(live_database).unsealed == 1


def test_an_entrys_bytes_are_as_they_are_described(live_database: Database, sealed: list[int]) -> None:
    """As a stranger would compute them from an export."""
    with live_database.begin() as session:
        row = (
            session.execute(text("SELECT * FROM audit_log WHERE id = :id"), {"id": sealed[0]})
            .mappings()
            .one()
        )
        details = session.execute(
            text("SELECT details::text FROM audit_log WHERE id = :id"), {"id": sealed[0]}
        )
        values = {**row, "details": details.scalar()}
        leaves = session.execute(text("SELECT leaves FROM history_seals")).scalars().all()
    for name in ("at", "occurred_at"):
        moment = values[name]
        values[name] = int(moment.timestamp()) * 1_000_000 + moment.microsecond
    names = [
        "id", "at", "occurred_at", "actor_id", "actor_name", "action", "target", "target_id", "student_id",
        "enrollment_id", "reason", "details", "request_id", "ip", "purpose", "actor_duty", "generation", "xid",
    ]  # fmt: skip
    parts = []
    for name in names:
        value = values[name]
        plain = b"" if value is None else str(value).encode()
        parts.append(b"-" if value is None else str(len(plain)).encode() + b":" + plain)
    leaf = sha256(b"\x00" + b"".join(parts)).digest()
    assert any(leaf in bytes(each) for each in leaves)


def test_every_column_of_the_history_is_sealed(session: Session) -> None:
    known = session.execute(
        text("SELECT column_name FROM information_schema.columns WHERE table_name = 'audit_log'")
    ).scalars()
    assert {name for name, _ in COLUMNS} == set(known)


def test_a_transaction_that_is_still_at_work_holds_the_seal_back(live_database: Database) -> None:
    while seal(live_database):
        pass
    with live_database.begin() as slow:
        history.record(slow, SYSTEM, Action.PROGRAM_CREATED, 1, name="slow")
        write(live_database, "quick")
        assert seal(live_database) == 0, "the quick one has the higher number"
    assert seal(live_database) == 2
    assert verify(live_database).faults == []


def test_two_who_seal_at_once_make_one_seal(live_database: Database) -> None:
    write(live_database, "one")
    with live_database.begin() as first, live_database.begin() as second:
        assert service.seal(first) > 0
        assert service.seal(second) == 0
    assert verify(live_database).faults == []


def test_many_entries_come_under_several_seals(
    live_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_ENTRIES", 3)
    while seal(live_database):
        pass
    for names in (("1", "2"), ("3", "4"), ("5", "6", "7", "8", "9"), ("10",)):
        write(live_database, *names)
    found = []
    while sealed := seal(live_database):
        found.append(sealed)
    assert sum(found) == 10
    assert found[0] == 2, "a transaction's entries stay together"
    assert 5 in found, "also when they are more than a seal has"
    assert verify(live_database).faults == []


def test_a_large_transaction_behind_a_gap_is_sealed_whole(
    live_database: Database, owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transactions that wrote no entry lie between it and the last seal."""
    monkeypatch.setattr(service, "MOST_ENTRIES", 3)
    write(live_database, "before")
    while seal(live_database):
        pass
    for number in range(3):
        owner.execute(f"CREATE TABLE other_{number} ()".encode())
    write(live_database, "1", "2", "3", "4", "5")
    assert seal(live_database) == 5
    assert verify(live_database).faults == []


def test_a_new_server_begins_a_new_generation(
    live_database: Database, owner: psycopg.Connection[Any]
) -> None:
    """Restored from a dump, transactions are numbered from the start again."""
    write(live_database, "before")
    owner.execute("UPDATE audit_log SET xid = '4000000000'")
    owner.execute(
        "INSERT INTO installation (home_page) VALUES ('https://example.org') ON CONFLICT DO NOTHING"
    )
    owner.execute("UPDATE installation SET generation = generation + 1")
    write(live_database, "after")
    while seal(live_database):
        pass
    found = verify(live_database)
    assert (found.faults, found.unsealed) == ([], 0)
    assert owner.execute("SELECT count(DISTINCT generation) FROM history_seals").fetchone() == (2,)


# What was done to it

CHANGES = {
    "a name": (
        'UPDATE audit_log SET details = \'{"name": "two and a half"}\' WHERE id = {1}',
        "Entry {1} was changed",
    ),
    "an actor": ("UPDATE audit_log SET actor_name = 'Somebody' WHERE id = {3}", "Entry {3} was changed"),
    "a time": (
        "UPDATE audit_log SET at = at - interval '1 microsecond' WHERE id = {2}",
        "Entry {2} was changed",
    ),
    "removed": (
        "DELETE FROM audit_log WHERE id = {4}",
        "An entry under seal {s} was removed; it stood after entry {3}.",
    ),
    "the first": ("DELETE FROM audit_log WHERE id = {0}", "removed"),
    "a whole seal's": ("DELETE FROM audit_log WHERE id = {2}", "was removed"),
    "back-dated": (
        """INSERT INTO audit_log (id, action, target, generation, xid) OVERRIDING SYSTEM VALUE
           SELECT 900000, action, target, generation, xid FROM audit_log WHERE id = {2}""",
        "Entry 900,000 was changed or added",
    ),
    "changed places": (
        "UPDATE audit_log SET xid = (SELECT xid FROM audit_log WHERE id = {0}) WHERE id = {5}",
        "Entry {5} was changed or added",
    ),
    "a seal's root": (
        "UPDATE history_seals SET root = sha256('x') WHERE number = {s}",
        "Seal {s} itself was changed",
    ),
    "a seal and its hash": (
        "UPDATE history_seals SET entries = entries + 1, hash = sha256('x') WHERE number = {s}",
        "Seal {s} itself was changed",
    ),
    "a seal": ("DELETE FROM history_seals WHERE number = {s} - 1", "is gone"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_found_and_named(
    name: str, live_database: Database, owner: psycopg.Connection[Any], sealed: list[int]
) -> None:
    statement, sentence = CHANGES[name]
    newest = owner.execute("SELECT max(number) FROM history_seals").fetchone()
    assert newest is not None

    def filled(words: str, comma: str) -> str:
        for place, number in enumerate(sealed):
            words = words.replace(f"{{{place}}}", format(number, comma))
        return words.replace("{s}", format(newest[0], comma))

    owner.execute(filled(statement, "").encode())
    found = verify(live_database)
    assert found.faults, "it was not found"
    assert filled(sentence, ",") in found.faults[0].sentence
    assert len(found.faults) <= 3, [fault.sentence for fault in found.faults]


def test_a_cut_off_end_shows_by_what_was_noted_outside(
    live_database: Database, owner: psycopg.Connection[Any], sealed: list[int], tmp_path: Path
) -> None:
    notes = tmp_path / "data" / "seals.jsonl"
    with live_database.begin() as session:
        newest = service.latest(session)
    assert newest is not None
    for _ in range(2):
        service.write_note(notes, newest)
    assert len(notes.read_text().splitlines()) == 1
    outside = service.read_notes(notes)
    assert verify(live_database, outside).faults == []
    owner.execute("DELETE FROM audit_log WHERE id >= %s", (sealed[3],))
    owner.execute("DELETE FROM history_seals WHERE number = %s", (newest.number,))
    assert verify(live_database).faults == [], "the chain alone does not show it"
    [fault] = verify(live_database, outside).faults
    assert fault.sentence == f"Seal {newest.number:,} was noted outside of the database and is gone."
    write(live_database, "instead")
    assert seal(live_database) == 1
    [fault] = verify(live_database, outside).faults
    assert "is not the one that was noted" in fault.sentence


@pytest.mark.parametrize("asked_for", ["seals", "entries"])
def test_what_is_written_and_sealed_while_it_is_read_is_no_fault(
    live_database: Database, sealed: list[int], asked_for: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = getattr(queries, asked_for)

    def meanwhile(session: Session) -> Iterator[Any]:
        write(live_database, "seven")
        assert seal(live_database) > 0
        yield from ask(session)

    monkeypatch.setattr(queries, asked_for, meanwhile)
    assert verify(live_database).faults == []


def test_notes_that_cannot_be_read_are_a_fault_and_the_rest_is_verified(
    live_database: Database, owner: psycopg.Connection[Any], sealed: list[int], tmp_path: Path
) -> None:
    path = tmp_path / "seals.jsonl"
    path.write_bytes(b"\xff\xfe")
    owner.execute("UPDATE audit_log SET reason = 'Another' WHERE id = %s", (sealed[1],))
    with live_database.begin() as session:
        faults = [fault.sentence for fault in service.check(session, path).faults]
    assert len(faults) == 2
    assert "cannot be read as a list of seals" in faults[0]
    assert "was changed after it was sealed" in faults[1]
    with live_database.begin() as session:
        last = service.last_check(session)
    assert last is not None
    assert list(last.faults) == faults


@pytest.mark.parametrize(
    "content",
    [b"nonsense\n", b"[" * 200_000, b"[1]\n", b'{"number": "1", "hash": "a"}\n', b'{"number": 1}\n', b"\xff\xfe\n",
     b'{"number": 1, "hash": "a"}\n{"number": 1, "hash": "b"}\n'],
)  # fmt: skip
def test_a_file_that_notes_no_seals_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "seals.jsonl"
    path.write_bytes(content)
    with pytest.raises(Invalid, match="seal"):
        service.read_notes(path)


def test_a_note_that_was_cut_short_is_left_out(
    live_database: Database, sealed: list[int], tmp_path: Path
) -> None:
    path = tmp_path / "seals.jsonl"
    path.write_text('{"number": 1, "hash": "a"}\n{"number": 2, "ha')
    with live_database.begin() as session:
        newest = service.latest(session)
    assert newest is not None
    service.write_note(path, newest)
    assert service.read_notes(path) == {1: "a", newest.number: newest.hash.hex()}
    assert json.loads(path.read_text().splitlines()[-1])["number"] == newest.number


def test_the_newest_seal_is_stamped_by_an_outsider(
    live_database: Database, sealed: list[int], tmp_path: Path
) -> None:
    folder, notes = tmp_path / "tsa", tmp_path / "seals.jsonl"
    folder.mkdir()
    with live_database.begin() as session:
        newest = service.latest(session)
    assert newest is not None
    with running(folder) as tsa:
        trusted = timestamps.certificates(tsa.roots)
        for _ in range(2):
            service.write_note(notes, newest, timestamps.Authority(tsa.url, trusted))
        assert tsa.asked == 1
        token = b64decode(json.loads(notes.read_text())["time_stamp"])
        assert tsa.accepts(token, newest.hash)
    stamped = service.newest_stamp(notes, trusted)
    assert stamped is not None
    assert stamped.number == newest.number
    assert service.newest_stamp(notes, ()) is None
    assert service.read_notes(notes) == {newest.number: newest.hash.hex()}
    # Somebody who makes the whole chain again, and the notes with it, cannot have it stamped as of then.
    notes.write_text(notes.read_text().replace(newest.hash.hex(), "00" * 32))
    with pytest.raises(Invalid, match="does not hold"):
        service.newest_stamp(notes, trusted)
    with live_database.begin() as session:
        assert "does not hold" in service.check(session, notes, trusted).faults[0].sentence
    # An authority that is down takes nothing from the note.
    service.write_note(tmp_path / "other.jsonl", newest, timestamps.Authority(tsa.url, trusted))
    assert "does not answer" in json.loads((tmp_path / "other.jsonl").read_text())["no_time_stamp"]


def test_a_new_authority_is_no_fault_and_one_that_was_down_is_asked_again(
    live_database: Database, sealed: list[int], tmp_path: Path
) -> None:
    notes = tmp_path / "seals.jsonl"
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    with live_database.begin() as session:
        first = service.latest(session)
    assert first is not None
    with running(folders[0]) as tsa:
        old = timestamps.certificates(tsa.roots)
        service.write_note(notes, first, timestamps.Authority(tsa.url, old))
    write(live_database, "later")
    assert seal(live_database) == 1
    with live_database.begin() as session:
        newest = service.latest(session)
    assert newest is not None
    for _ in range(2):
        service.write_note(notes, newest, timestamps.Authority(tsa.url, old))
    assert [("no_time_stamp" in line) for line in notes.read_text().splitlines()] == [False, True]
    with running(folders[1]) as other:
        new = timestamps.certificates(other.roots)
        for _ in range(2):
            service.write_note(notes, newest, timestamps.Authority(other.url, new))
        assert other.asked == 1
    assert service.read_notes(notes) == {one.number: one.hash.hex() for one in (first, newest)}

    def known(trusted: list[bytes]) -> tuple[int, int] | None:
        found = service.newest_stamp(notes, trusted)
        return (found.number, found.unknown) if found else None

    assert known([*old, *new]) == (newest.number, 0)
    assert known(old) == (first.number, 1)
    with running(tmp_path) as third:
        assert known(timestamps.certificates(third.roots)) is None
    with live_database.begin() as session:
        assert service.check(session, notes, old).faults == []
