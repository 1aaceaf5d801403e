"""A demo school is written whole into an empty database, or not at all."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db.session import Database
from app.demo import externships, seed_demo_school
from app.ops.errors import OperatorError
from app.settings import Settings


def count(session: Session, table: str) -> int:
    return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def test_a_database_with_people_is_refused(live_database: Database, live_settings: Settings) -> None:
    with live_database.begin() as session:
        session.execute(
            text("INSERT INTO users (email, hashed_password, full_name, role) "
                 "VALUES ('registrar@aada.edu', '!', 'Ruth', 'admin')")
        )  # fmt: skip
    with pytest.raises(OperatorError, match="real people"):
        seed_demo_school(live_database, live_settings, students=3)
    with live_database.begin() as session:
        assert (count(session, "users"), count(session, "programs")) == (1, 0)


def test_a_second_demo_school_and_one_beside_a_catalog_are_refused(
    live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        session.execute(text("INSERT INTO programs (name) VALUES ('Radiography')"))
    with pytest.raises(OperatorError, match="has programs in it"):
        seed_demo_school(live_database, live_settings, students=3)
    with live_database.begin() as session:
        session.execute(text("DELETE FROM programs"))
    seed_demo_school(live_database, live_settings, students=1, password="a long demo password")
    with pytest.raises(OperatorError, match="already"):
        seed_demo_school(live_database, live_settings, students=1)
    with live_database.begin() as session:
        assert count(session, "users") == 27


def test_a_password_the_school_would_refuse_is_refused(
    live_database: Database, live_settings: Settings
) -> None:
    with pytest.raises(OperatorError, match="15"):
        seed_demo_school(live_database, live_settings, password="short")
    with live_database.begin() as session:
        assert count(session, "users") == 0


def test_a_seed_that_fails_leaves_nothing(
    live_database: Database, live_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(externships, "write_externships", fail)
    with pytest.raises(RuntimeError):
        seed_demo_school(live_database, live_settings, students=5)
    with live_database.begin() as session:
        assert [count(session, table) for table in ("users", "programs", "attendance", "audit_log")] == [
            0,
            0,
            0,
            0,
        ]
