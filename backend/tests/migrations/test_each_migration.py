"""Every migration, up and down, on a database with rows in every table."""

from typing import Any

import psycopg
import pytest

from app.settings import Settings
from tests.migrations import catalog
from tests.migrations.alembic_commands import downgrade, revisions, upgrade
from tests.migrations.catalog import Rows, Schema
from tests.migrations.changes import ADDED_BY_UPGRADE, CHANGED_BY_DOWNGRADE, CHANGED_BY_UPGRADE, RENAMED
from tests.migrations.conftest import SchoolAt, connected, fill

pytestmark = pytest.mark.xdist_group("migrations")  # the steps are built once

REVISIONS = revisions()


def photograph(connection: psycopg.Connection[Any]) -> tuple[Schema, Rows]:
    return catalog.schema(connection), catalog.rows(connection)


def photograph_of(settings: Settings) -> tuple[Schema, Rows]:
    with connected(settings) as connection:
        return photograph(connection)


def assert_rows_survived(
    older: Rows, newer: Rows, revision: str, changed: dict[tuple[str, str], set[str]]
) -> None:
    """Every row of a table that both sides of `revision` have is there, with the columns that both have."""
    assert set(older) <= set(newer), "a table with rows is gone"
    for table in older:
        added = ADDED_BY_UPGRADE.get((revision, table))
        old_rows, new_rows = _without(older[table], added), _without(newer[table], added)
        renamed = RENAMED.get((revision, table), {})
        if not old_rows:
            assert not new_rows, table
            continue
        shared = {name for name in old_rows[0] if renamed.get(name, name) in new_rows[0]} - changed.get(
            (revision, table), set()
        )
        shared -= {old for old, new in renamed.items() if new in changed.get((revision, table), set())}
        assert sorted(str([(name, row[name]) for name in sorted(shared)]) for row in old_rows) == sorted(
            str([(name, row[renamed.get(name, name)]) for name in sorted(shared)]) for row in new_rows
        ), table


def _without(rows: list[dict[str, object]], added: dict[str, object] | None) -> list[dict[str, object]]:
    if added is None:
        return rows
    values = {key: value if isinstance(value, set) else {value} for key, value in added.items()}
    return [row for row in rows if any(row[key] not in values[key] for key in values)]


@pytest.mark.parametrize("revision", REVISIONS)
def test_goes_up_and_down_and_up_with_rows_in_every_table(school_at: SchoolAt, revision: str) -> None:
    before_revision = school_at.before(revision)
    schema_before, rows_before = school_at.photograph(before_revision)
    database = school_at(before_revision)

    upgrade(database, revision)
    # What a connection has learned of some two hundred tables serves for two photographs.
    with connected(database) as connection:
        schema_after, rows_after = photograph(connection)
        assert_rows_survived(rows_before, rows_after, revision, CHANGED_BY_UPGRADE)
        rows_filled = fill(connection, revision)
    school_at.keep(database, revision, (schema_after, rows_filled))

    downgrade(database, before_revision)
    with connected(database) as connection:
        schema_back, rows_back = photograph(connection)
        connection.commit()
        assert schema_back == schema_before
        assert set(rows_back) == set(rows_before)
        assert_rows_survived(rows_back, rows_filled, revision, CHANGED_BY_DOWNGRADE)

        upgrade(database, revision)
        schema_again, rows_again = photograph(connection)
    assert schema_again == schema_after
    assert_rows_survived(rows_back, rows_again, revision, CHANGED_BY_UPGRADE | CHANGED_BY_DOWNGRADE)


def test_the_whole_way_down_and_up_again_ends_in_the_same_schema(school_at: SchoolAt) -> None:
    database = school_at(REVISIONS[-1])
    schema_at_head, _ = photograph_of(database)
    downgrade(database, "base")
    with connected(database) as connection:
        assert catalog.tables(connection) == []
        assert not [
            what for what in catalog.schema(connection) if what.startswith(("enum", "function", "index"))
        ]
    upgrade(database, "head")
    assert photograph_of(database)[0] == schema_at_head


def test_an_older_schema_keeps_instructors_and_deleted_accounts_in_a_stash(school_at: SchoolAt) -> None:
    database = school_at("0003")
    _, before = photograph_of(database)

    downgrade(database, "0002")
    with connected(database) as connection:
        query = "SELECT email, role, password_hash FROM users WHERE id > 3 ORDER BY id"
        assert connection.execute(query).fetchall() == [
            ("teacher@aada.edu", "student", "hash-4"),  # the least a role may do
            ("gone@aada.edu", "student", "!"),  # no password matches this
            ("left@aada.edu", "student", "!"),
        ]
        connection.execute("DELETE FROM users WHERE email = 'left@aada.edu'")
        connection.execute(
            "INSERT INTO users (email, password_hash, full_name, role) "
            "VALUES ('After@aada.edu', 'hash-7', 'Ann After', 'student')"
        )
        connection.execute(
            "UPDATE users SET full_name = 'Tess Teacher-Reyes' WHERE email = 'teacher@aada.edu'"
        )

    upgrade(database, "0003")
    _, after = photograph_of(database)
    by_email = {row["email"]: row for row in after["users"]}
    for row in before["users"]:
        if row["email"] == "left@aada.edu":
            assert row["email"] not in by_email
        elif row["email"] == "teacher@aada.edu":
            assert by_email["teacher@aada.edu"] == row | {"full_name": "Tess Teacher-Reyes"}
        else:
            assert by_email[row["email"]] == row
    assert by_email["after@aada.edu"]["deleted_at"] is None
    with connected(database) as connection:
        left = connection.execute(
            "SELECT count(*) FROM pg_namespace WHERE nspname = 'migration_stash'"
        ).fetchone()
    assert left == (0,)


def test_a_token_is_limited_as_before_after_a_way_down_and_up(school_at: SchoolAt) -> None:
    database = school_at("0054")
    _, before = photograph_of(database)
    assert {row["read_only"] for row in before["api_tokens"]} == {True}
    downgrade(database, "0053")
    upgrade(database, "0054")
    assert photograph_of(database)[1]["api_tokens"] == before["api_tokens"]


def test_conditions_of_lessons_are_the_same_after_a_way_down_and_up(school_at: SchoolAt) -> None:
    database = school_at("0521")
    _, before = photograph_of(database)
    assert [row["id"] for row in before["lessons"] if row["needs_check"]] == [2]
    downgrade(database, school_at.before("0521"))
    upgrade(database, "0521")
    assert sorted(map(str, photograph_of(database)[1]["lessons"])) == sorted(map(str, before["lessons"]))


def test_documents_of_payers_come_back_void_and_replaced_ones_too(school_at: SchoolAt) -> None:
    database = school_at("0390")
    _, before = photograph_of(database)
    payers = [row["status"] for row in before["issued_documents"] if row["payer_id"] is not None]
    assert sorted(payers) == ["issued", "replaced", "void"]
    downgrade(database, "0380")
    upgrade(database, "0390")
    _, after = photograph_of(database)
    for table in ("issued_documents", "ledger_receipts"):
        assert sorted(map(str, after[table])) == sorted(map(str, before[table]))


def test_two_addresses_that_differ_only_in_case_stop_the_upgrade_with_a_sentence(
    empty_database: Settings,
) -> None:
    upgrade(empty_database, "0002")
    with connected(empty_database) as connection:
        connection.execute(
            "INSERT INTO users (email, password_hash, full_name, role) "
            "VALUES ('ann@aada.edu', 'x', 'Ann', 'student'), ('Ann@aada.edu', 'x', 'Ann', 'student')"
        )
    with pytest.raises(Exception, match=r"differ only in capitals: ann@aada\.edu"):
        upgrade(empty_database, "0003")
    with connected(empty_database) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0002",)
