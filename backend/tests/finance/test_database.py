"""What the database refuses of the ledger, whoever asks: as the system's own role, by every way in."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from app.db.session import libpq_url
from app.settings import Settings

Connection = psycopg.Connection[Any]


@pytest.fixture
def open_as_program(live_settings: Settings) -> Iterator[Callable[[], Connection]]:
    opened: list[Connection] = []

    def connect() -> Connection:
        opened.append(psycopg.connect(libpq_url(live_settings.app_database_url)))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


@pytest.fixture
def program(open_as_program: Callable[[], Connection]) -> Connection:
    """A connection as `aada_app`, with a student's account."""
    connection = open_as_program()
    connection.execute(
        "INSERT INTO users (email, hashed_password, full_name, role) VALUES ('a@b.example', '!', 'Ada', 'student')"
    )
    connection.execute(
        "INSERT INTO ledger_accounts (code, name, kind, student_id) SELECT '1200-1', 'Ada', 'asset', id FROM users"
    )
    connection.commit()
    return connection


def begin(connection: Connection, day: date = date(2026, 5, 4)) -> int:
    """A transaction without lines."""
    row = connection.execute(
        "INSERT INTO ledger_transactions (kind, booked_on, student_id, memo, request, fingerprint)"
        " SELECT 'charge', %s, id, 'Tuition', %s, '' FROM users RETURNING id",
        (day, uuid4()),
    ).fetchone()
    assert row is not None
    return int(row[0])


def line(connection: Connection, number: int, place: int, code: str, cents: int) -> None:
    connection.execute(
        "INSERT INTO ledger_postings (transaction_id, line, account_id, amount_cents)"
        " SELECT %s, %s, id, %s FROM ledger_accounts WHERE code = %s",
        (number, place, cents, code),
    )


def charge(connection: Connection, cents: int = 500) -> int:
    number = begin(connection)
    line(connection, number, 1, "1200-1", cents)
    line(connection, number, 2, "4000", -cents)
    return number


def state(connection: Connection) -> tuple[int, int, int]:
    """Transactions, lines, and the kept balance."""
    row = connection.execute(
        "SELECT (SELECT count(*) FROM ledger_transactions), (SELECT count(*) FROM ledger_postings),"
        " (SELECT coalesce(sum(balance_cents), 0)::bigint FROM ledger_balances)"
    ).fetchone()
    connection.rollback()
    assert row is not None
    return row[0], row[1], row[2]


def test_a_transaction_balances_at_commit_or_is_not_there(program: Connection) -> None:
    charge(program)
    program.commit()

    def one_sided() -> None:
        line(program, begin(program), 1, "1200-1", 100)

    def off_by_a_cent() -> None:
        number = begin(program)
        line(program, number, 1, "1200-1", 100)
        line(program, number, 2, "4000", -99)

    def checked_early_then_added_to() -> None:
        number = charge(program)
        program.execute("SET CONSTRAINTS ALL IMMEDIATE")
        line(program, number, 3, "1200-1", 100)

    def empty() -> None:
        begin(program)

    for wrong in (empty, one_sided, off_by_a_cent, checked_early_then_added_to):
        with pytest.raises(psycopg.errors.CheckViolation, match="not balanced"), program.transaction():
            wrong()
        assert state(program) == (1, 2, 500), wrong

    # What is rolled back to a savepoint is as if it had not been; what stays balances.
    with program.transaction():
        charge(program, 300)
        with program.transaction() as half:
            line(program, begin(program), 1, "1200-1", 7)
            raise psycopg.Rollback(half)
    assert state(program) == (2, 4, 800)


def test_a_transaction_that_is_there_takes_no_line_and_no_change(
    program: Connection, open_as_program: Callable[[], Connection]
) -> None:
    number = charge(program)
    program.commit()

    def late(connection: Connection) -> None:
        # Balanced by itself, so that the sum alone would let it pass.
        connection.execute(
            "INSERT INTO ledger_postings (transaction_id, line, account_id, amount_cents)"
            " SELECT %s, 10 + row_number() OVER (), id, CASE code WHEN '1000' THEN 5 ELSE -5 END"
            " FROM ledger_accounts WHERE code IN ('1000', '4000')",
            (number,),
        )

    with pytest.raises(psycopg.errors.CheckViolation, match="is closed"):
        late(program)
    program.rollback()

    # Half of it from another session: the transaction is not even to be seen there.
    other = open_as_program()
    unseen = begin(program)
    line(program, unseen, 1, "1200-1", 100)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        line(other, unseen, 2, "4000", -100)
    other.rollback()
    program.rollback()

    refused = {
        "pretend to belong to another transaction": "INSERT INTO ledger_transactions"
        " (kind, booked_on, memo, request, fingerprint, created_xid)"
        " VALUES ('charge', '2026-05-04', 'x', gen_random_uuid(), '', '99999999')",
        "date itself back": "INSERT INTO ledger_transactions (kind, booked_on, memo, request, fingerprint, created_at)"
        " VALUES ('charge', '2026-05-04', 'x', gen_random_uuid(), '', now() - interval '1 day')",
        "write a balance": "UPDATE ledger_balances SET balance_cents = 0",
        "add a balance": "INSERT INTO ledger_balances VALUES (1, 0, 0)",
        "delete a payer": "DELETE FROM ledger_payers",
    }
    for table in ("accounts", "transactions", "postings", "receipts", "closings"):
        refused |= {
            f"delete {table}": f"DELETE FROM ledger_{table}",
            f"truncate {table}": f"TRUNCATE ledger_{table} CASCADE",
        }
    refused["change a transaction"] = "UPDATE ledger_transactions SET memo = 'Nothing'"
    refused["change a line"] = "UPDATE ledger_postings SET amount_cents = 1"
    allowed = []
    for what, command in refused.items():
        try:
            program.execute(command.encode())
        except psycopg.errors.InsufficientPrivilege:
            pass
        else:
            allowed.append(what)
        program.rollback()
    assert allowed == []
    assert state(program) == (1, 2, 500)


def test_the_owner_is_stopped_by_triggers_too(live_settings: Settings, program: Connection) -> None:
    charge(program)
    program.commit()
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as owner:
        for command in (
            "UPDATE ledger_postings SET amount_cents = 1",
            "DELETE FROM ledger_transactions",
            "TRUNCATE ledger_postings",
            "DELETE FROM users",
        ):
            with pytest.raises(psycopg.Error):
                owner.execute(command.encode())
    assert state(program) == (1, 2, 500)


def test_a_closed_day_takes_nothing(program: Connection) -> None:
    program.execute(
        "INSERT INTO ledger_closings (day, expected_cents, counted_cents, receipts_cents)"
        " VALUES ('2026-05-04', 0, 0, 0)"
    )
    program.commit()
    with pytest.raises(psycopg.errors.CheckViolation, match="closed through 2026-05-04"):
        begin(program)
    program.rollback()
    number = begin(program, date(2026, 5, 5))
    line(program, number, 1, "1200-1", 1)
    line(program, number, 2, "4000", -1)
    program.commit()


def test_a_server_process_that_ends_midway_leaves_nothing(
    live_settings: Settings, program: Connection, open_as_program: Callable[[], Connection]
) -> None:
    killed = open_as_program()
    number = begin(killed)
    line(killed, number, 1, "1200-1", 100)
    with psycopg.connect(libpq_url(live_settings.owner_database_url), autocommit=True) as owner:
        owner.execute("SELECT pg_terminate_backend(%s)", (killed.info.backend_pid,))
    with pytest.raises(psycopg.OperationalError):
        line(killed, number, 2, "4000", -100)
    assert state(program) == (0, 0, 0)
