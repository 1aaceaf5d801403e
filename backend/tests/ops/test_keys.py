"""Another SECRET_KEY takes over: what was sealed and signed is read on, resealed, and the former key goes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import select, text

from app.accounts.access import known_browsers
from app.accounts.factors import codes, queries
from app.accounts.factors import service as factors
from app.core import clock, mail
from app.core.actions import Action
from app.core.errors import Unavailable
from app.core.hash_key import hash_key
from app.core.sealing import Box, Unsealable, box, is_signed, key_id, sign
from app.core.tokens import keyed_hash
from app.db import models
from app.db.base import Base
from app.db.models import AuditEntry, Authenticator, OutboxMessage, User, XapiForwarder
from app.db.session import Database, libpq_url
from app.documents.keys import service as signing
from app.lrs.desk.forwarding.responses import target_of
from app.lrs.desk.forwarding.sealing import SealBrokenError, seal
from app.lrs.engine.statements.cursors import Cursors
from app.lrs.engine.statements.filters import Filter
from app.ops import keys
from app.settings import Settings
from tests.factories.accounts import UserFactory
from tests.ops.conftest import Aada

BACKEND = Path(__file__).resolve().parents[2]
NEW = "1f0e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978"
THIRD = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718"
PEOPLE = 30


def changed(settings: Settings, new: str = NEW, *former: str) -> Settings:
    """The settings after another SECRET_KEY was set, with the former ones kept for reading."""
    kept = former or (settings.secret_key.get_secret_value(),)
    return settings.model_copy(
        update={"secret_key": SecretStr(new), "secret_key_previous": SecretStr(json.dumps(list(kept)))}
    )


def alone(settings: Settings, key: str = NEW) -> Settings:
    return settings.model_copy(update={"secret_key": SecretStr(key), "secret_key_previous": None})


@pytest.fixture
def school(live_settings: Settings, live_database: Database) -> Settings:
    """A school with something of each kind that is sealed, from before keys had names: Fernet tokens alone."""

    def old(purpose: str, plain: str) -> str:
        return box(live_settings, purpose).seal(plain).partition(".")[2]

    with live_database.begin() as session:
        signing.ensure(session, live_settings)
        for number in range(PEOPLE):
            person = UserFactory(session=session, email=f"p{number}@example.org")
            session.add(
                Authenticator(
                    user_id=person.id,
                    name="Phone",
                    sealed_key=old("authenticator key", f"KEY{number}"),
                    last_step=0,
                )
            )
        session.add(
            XapiForwarder(
                label="Other",
                endpoint="https://lrs.example.edu/xapi",
                username="key",
                password_sealed=old("aada lrs forwarding", "a secret"),
                version="2.0.0",
            )
        )
        mail.send(
            session,
            "ada@example.org",
            "invitation",
            link="https://x/l/1",
            school="S",
            name="Ada",
            by="B",
            expires="soon",
        )
        hash_key(session)
        # As an installation from before the key of hashes has it, and signing keys from before keys had names.
        session.execute(text("UPDATE installation SET sealed_hash_key = NULL"))
        session.execute(text("UPDATE signing_keys SET key_sealed = split_part(key_sealed, '.', 2)"))
        session.execute(text("UPDATE outbox_messages SET sealed_link = split_part(sealed_link, '.', 2)"))
    return live_settings


def everything_opens(settings: Settings) -> None:
    database = Database(settings)
    try:
        with database.begin() as session:
            assert signing.signing_key(session, settings).sign(b"x")
            opened = [
                factors.key_of(settings, one)
                for one in session.scalars(select(Authenticator).order_by(Authenticator.id))
            ]
            assert opened == [f"KEY{number}" for number in range(PEOPLE)]
            assert target_of(session.scalars(select(XapiForwarder)).one(), settings).password == "a secret"
            (message,) = session.scalars(select(OutboxMessage)).all()
            assert mail._with_link(settings, message) is not None
            assert hash_key(session)
    finally:
        database.close()


def rotated(settings: Settings, batch: int = 7) -> dict[str, tuple[int, int]]:
    database = Database(settings)
    try:
        return {one.name: (count, lost) for one, count, lost in keys.rotate(database, settings, batch=batch)}
    finally:
        database.close()


def test_every_sealed_column_is_known_to_the_rotation() -> None:
    named = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if "sealed" in column.name and not column.name.endswith("_at")
    }
    assert models  # they register themselves
    assert {(str(one.table), one.column.key) for one in keys.SEALED} == named


def test_what_is_sealed_names_its_key_and_old_values_are_read(settings: Settings) -> None:
    mine = box(settings, "a purpose")
    sealed = mine.seal("something")
    assert sealed.startswith(f"{key_id(settings.secret_keys[0])}.")
    for value in (sealed, sealed.partition(".")[2]):
        for known in (mine, Box((NEW, *mine.keys), "a purpose"), Box((NEW, THIRD, *mine.keys), "a purpose")):
            assert known.open(value) == b"something"
        for wrong in (Box((NEW,), "a purpose"), Box(mine.keys, "another purpose")):
            with pytest.raises(Unsealable):
                wrong.open(value)
    for nonsense in (
        "",
        ".",
        "00000000.",
        "00000000.gAAAA",
        "\udc80",
        "é",
        sealed[:-2],
        f"{key_id(NEW)}.{sealed[9:]}",
    ):
        with pytest.raises(Unsealable):
            Box((NEW, *mine.keys), "a purpose").open(nonsense)


def test_signatures_name_their_key_too(settings: Settings) -> None:
    for_both, new = changed(settings), alone(settings)
    signature = sign(settings, "p", "value")
    unnamed = keyed_hash(settings.secret_keys[0], "p", "value")[:32]
    for one in (signature, unnamed):
        assert is_signed(settings, "p", "value", one)
        assert is_signed(for_both, "p", "value", one)
        assert not is_signed(new, "p", "value", one)
        assert not is_signed(for_both, "p", "other", one)
    assert not is_signed(settings, "p", "value", f"{key_id(NEW)}-{unnamed}")
    for nonsense in ("", "-", "x" * 32, f"{signature}\n", f"-{unnamed}"):
        assert not is_signed(settings, "p", "value", nonsense)


def test_browsers_and_more_links_are_known_after_the_change(settings: Settings) -> None:
    user = User(id=5, hashed_password="h", email="a@example.org", full_name="A")
    cookie = known_browsers.remember(settings, None, user)
    name = known_browsers.recognize(settings, cookie, user)
    assert name
    assert known_browsers.recognize(changed(settings), cookie, user) == name
    assert known_browsers.recognize(alone(settings), cookie, user) is None
    before, after = Cursors("old"), Cursors("new", "old")
    link = before.token(Filter(), 7)
    assert after.read(link) == before.read(link)
    assert after.read(after.token(Filter(), 7)) == before.read(link)


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_a_rotation_reseals_everything_and_the_former_key_goes(school: Settings, batch: int) -> None:
    both = changed(school)
    everything_opens(both)
    assert sum(one.former for one in keys.standings(both)) > PEOPLE
    done = rotated(both, batch)
    assert done["Keys of authenticator apps"] == (PEOPLE, 0)
    assert all(lost == 0 for _, lost in done.values())
    everything_opens(alone(school))
    assert all(one.former == one.lost == 0 for one in keys.standings(alone(school)))
    assert set(rotated(both).values()) == {(0, 0)}  # nothing to do a second time
    database = Database(both)
    with database.begin() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action == Action.SECRETS_RESEALED)).all()
    database.close()
    assert sum(row.details["count"] for row in rows) == sum(count for count, _ in done.values())
    assert {row.details["key"] for row in rows} == {key_id(NEW)}


def test_recovery_codes_from_before_work_with_the_new_key_alone(school: Settings) -> None:
    old = school.secret_keys[0]
    database = Database(changed(school))
    with database.begin() as session:
        person = session.scalars(select(User).limit(1)).one()
        made = [codes.new_recovery_code() for _ in range(2)]
        # As they were hashed before the key of hashes: under SECRET_KEY itself.
        queries.replace_codes(
            session,
            person.id,
            [keyed_hash(old, "recovery code", f"{person.id}:{codes.tidy(one)}") for one in made],
            clock.now(),
        )
    rotated(changed(school))
    rotated(changed(school, THIRD, NEW))
    database.use(alone(school, THIRD))
    with database.begin() as session:
        for one in made:
            assert queries.use_code(
                session, person.id, codes.recovery_hash(hash_key(session), person.id, one), clock.now()
            )
    database.close()


def test_a_new_installation_hashes_with_a_key_of_its_own(
    live_settings: Settings, live_database: Database
) -> None:
    with live_database.begin() as session:
        first = hash_key(session)
    assert len(first) == 64
    assert first != live_settings.secret_keys[0]
    with live_database.begin() as session:
        assert hash_key(session) == first


def test_a_killed_rotation_goes_on_where_it_was(school: Settings) -> None:
    both = changed(school)
    environment = os.environ | {
        "DATABASE_URL": school.database_url or "",
        "SECRET_KEY": NEW,
        "SECRET_KEY_PREVIOUS": school.secret_keys[0],
        "AADA_APP_PASSWORD": "a password for tests alone",
        "DATA_DIR": str(school.data_dir),
    }
    owner = psycopg.connect(libpq_url(school.owner_database_url), autocommit=True)
    with owner:
        (stop_at,) = owner.execute(
            "SELECT id FROM authenticators ORDER BY id OFFSET 17 LIMIT 1"
        ).fetchone() or (0,)
        owner.execute("SELECT pg_advisory_lock(7070)")
        owner.execute(
            "CREATE FUNCTION wait_here() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_advisory_xact_lock(7070); RETURN NEW; END $$"
        )
        owner.execute(
            f"CREATE TRIGGER wait_here BEFORE UPDATE ON authenticators FOR EACH ROW WHEN (NEW.id = {stop_at}) "
            "EXECUTE FUNCTION wait_here()"
        )
        program = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "keys", "rotate", "--batch", "5"],
            cwd=BACKEND,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 7070 AND NOT granted"
        end = time.monotonic() + 120
        while owner.execute(waiting).fetchone() == (0,):
            assert program.poll() is None, program.communicate()[1].decode()
            assert time.monotonic() < end
            time.sleep(0.05)
        program.send_signal(signal.SIGKILL)
        program.communicate()
        owner.execute("SELECT pg_advisory_unlock(7070)")
        owner.execute("DROP TRIGGER wait_here ON authenticators")
    everything_opens(both)
    half = {one.sealed.name: one for one in keys.standings(both)}["Keys of authenticator apps"]
    assert (half.current, half.former, half.lost) == (15, PEOPLE - 15, 0)
    assert rotated(both)["Keys of authenticator apps"] == (PEOPLE - 15, 0)
    everything_opens(alone(school))


def test_two_rotations_at_once_seal_each_value_once(school: Settings) -> None:
    both = changed(school)
    done: list[dict[str, tuple[int, int]]] = []
    begin = threading.Barrier(2)

    def turn() -> None:
        begin.wait()
        done.append(rotated(both, batch=3))

    threads = [threading.Thread(target=turn) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    assert len(done) == 2
    assert sum(one["Keys of authenticator apps"][0] for one in done) == PEOPLE
    assert all(lost == 0 for one in done for _, lost in one.values())
    everything_opens(alone(school))


def test_a_secret_that_is_changed_meanwhile_is_not_overwritten(school: Settings) -> None:
    """The target's secret is entered again while the rotation waits for the row."""
    both = changed(school)
    database = Database(both)
    finished = threading.Event()
    with database.sessions() as session:
        target = session.scalars(select(XapiForwarder).with_for_update()).one()
        target.password_sealed = seal(both, "entered again")
        session.flush()
        thread = threading.Thread(target=lambda: (rotated(both), finished.set()))
        thread.start()
        assert not finished.wait(1)
        session.commit()
    thread.join(60)
    with database.begin() as session:
        assert (
            target_of(session.scalars(select(XapiForwarder)).one(), alone(school)).password == "entered again"
        )
    database.close()


def test_a_wrong_former_key_loses_nothing_and_says_what_it_means(school: Settings, aada: Aada) -> None:
    wrong = {"SECRET_KEY": NEW, "SECRET_KEY_PREVIOUS": THIRD}
    status, shown = aada("keys", "status", **wrong)
    assert status == 1
    said = " ".join(shown.split())
    assert "put it into SECRET_KEY_PREVIOUS and nothing is lost" in said
    for part in (
        "aada signing-keys rotate --new-root",
        "aada user reset-factors",
        "Forwarding",
        "Send a new invitation",
    ):
        assert part in said
    for kept in ("passwords", "passkeys", "issued documents", "history"):
        assert kept in said.split("Not lost:")[1]
    status, shown = aada("keys", "rotate", **wrong)
    assert status == 1
    assert "Traceback" not in shown
    everything_opens(changed(school))  # nothing was touched
    status, shown = aada("keys", "rotate", SECRET_KEY=NEW, SECRET_KEY_PREVIOUS=school.secret_keys[0])
    assert status == 0, shown
    status, shown = aada("keys", "status", SECRET_KEY=NEW)
    assert status == 0
    assert "Everything is under the present key." in shown


def test_a_lost_key_is_given_up_and_the_school_goes_on(school: Settings, aada: Aada) -> None:
    rotated(changed(school, THIRD))  # the school has worked with a third key, which is lost now
    database = Database(alone(school))
    with database.begin() as session:
        with pytest.raises(Unavailable, match="aada keys status"):
            hash_key(session)
        with pytest.raises(SealBrokenError):
            target_of(session.scalars(select(XapiForwarder)).one(), alone(school))
    status, shown = aada("doctor", "--json", SECRET_KEY=NEW)
    assert status == 1
    (finding,) = [one for one in json.loads(shown)["findings"] if one["check"] == "Sealed"]
    assert "cannot be opened" in finding["says"]
    assert "Not lost:" in finding["do"]
    status, shown = aada("keys", "rotate", "--give-up", SECRET_KEY=NEW)
    assert "Recovery codes have a new key" in shown
    assert status == 1  # the rest has remedies of its own
    with database.begin() as session:
        assert hash_key(session)
        signing.rotate(session, alone(school), keys.SYSTEM, new_root=True)
        assert signing.signing_key(session, alone(school)).sign(b"x")
    database.close()
