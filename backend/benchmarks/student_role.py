"""What it costs that the database keeps each student to their own rows: students' pages with STUDENT_ROLE on and off.

    ../.venv/bin/python -m benchmarks.student_role [--keep DIRECTORY] [--rounds 12] [--students 2000] [--plans]

One school of `benchmarks.pages`, with a year of postings for each student, served by two processes that differ in the
setting alone. They take turns on the same database, so that whatever else the machine does meets them alike.
Processor milliseconds are those of the program and of the database for one page; statements are what the database
counted (pg_stat_statements). With --plans the dearest statements of the student role are shown with their plans.
"""

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from app.ops.postgres import EmbeddedServer
from benchmarks.pages import STUDENT, Served, block, school, serving

PAGES = (
    ("Today", "/"),
    ("Learn", "/learn"),
    ("Hours", "/hours"),
    ("Money", "/account/money"),
    ("Records", "/account/records"),
    ("API: records", "/api/v1/attendance"),
)
REQUESTS = 20
POSTINGS = 30
"""Transactions of each student."""
GOAL = 1.10
"""How much more a page may cost with the role than without."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keep", type=Path, help="where the server and its school stay")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--students", type=int, default=2_000)
    parser.add_argument("--plans", action="store_true")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aada-role-")))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        server = stack.enter_context(EmbeddedServer(folder / "postgres"))
        settings = school(server, "B", options.students, folder)
        owner = stack.enter_context(psycopg.connect(server.url("school_b"), autocommit=True))
        owner.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        post(owner, POSTINGS)
        owner.execute("VACUUM ANALYZE")
        pid = server.status().pid or 0
        served = {
            role: stack.enter_context(
                serving(settings.model_copy(update={"student_role": role}), options.students, pid)
            )
            for role in (False, True)
        }
        measure(served, owner, options.rounds)
        if options.plans:
            plans(owner)


def post(owner: psycopg.Connection[Any], each: int) -> None:
    """Charges and payments of every student, unless they are there; triggers are skipped, and balances added up."""
    if owner.execute("SELECT 1 FROM ledger_transactions LIMIT 1").fetchone() is not None:
        return
    with owner.transaction():
        owner.execute("SET LOCAL session_replication_role = replica")
        owner.execute(
            "INSERT INTO ledger_accounts (code, name, kind, student_id)"
            " SELECT '1200-' || id, 'Student ' || id, 'asset', id FROM users WHERE role = 'student'"
        )
        owner.execute(
            """INSERT INTO ledger_transactions (id, kind, booked_on, student_id, memo, request, fingerprint)
               SELECT row_number() OVER (ORDER BY n, u.id),
                      CASE WHEN n %% 2 = 1 THEN 'charge' ELSE 'payment' END, current_date - n * 7, u.id,
                      'Tuition', gen_random_uuid(), ''
               FROM users u, generate_series(1, %s) n WHERE u.role = 'student'""",
            (each,),
        )
        for line, account, sign in (
            (1, "(SELECT id FROM ledger_accounts a WHERE a.student_id = t.student_id)", 1),
            (2, "(SELECT id FROM ledger_accounts WHERE code = '4000')", -1),
        ):
            owner.execute(
                f"""INSERT INTO ledger_postings (transaction_id, line, account_id, amount_cents)
                    SELECT id, {line}, {account}, {sign} * CASE kind::text WHEN 'charge' THEN 40000 ELSE -35000 END
                    FROM ledger_transactions t""".encode()
            )
        owner.execute("SELECT setval('ledger_transactions_id_seq', max(id)) FROM ledger_transactions")
        owner.execute("SELECT ledger_rebuild_balances()")


def measure(served: dict[bool, Served], owner: psycopg.Connection[Any], rounds: int) -> None:
    """Print the table: milliseconds, processor time and statements of a page, off and on, and the ratios."""
    print(f"\n{'':16}{'ms (median)':>22}{'processor ms':>26}{'of it database':>20}{'statements':>14}")
    print(
        f"{'':16}{'off':>7}{'on':>7}{'ratio':>8}{'off':>9}{'on':>8}{'ratio':>9}{'off':>11}{'on':>9}{'off':>9}{'on':>5}"
    )
    totals: dict[bool, float] = {False: 0.0, True: 0.0}
    for label, path in PAGES:
        times: dict[bool, list[float]] = {False: [], True: []}
        costs: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
        counts = {role: _statements(one, owner, path) for role, one in served.items()}
        for turn in range(rounds + 1):
            for role in (False, True) if turn % 2 else (True, False):
                one = served[role]
                taken, cost = block(one, one.get(STUDENT, path), REQUESTS)
                if turn:  # the first round warms up
                    times[role] += taken
                    costs[role].append(cost)
        middle = {role: statistics.median(values) for role, values in times.items()}
        # The median of the blocks: what else the machine did is in some of them.
        spent = {role: statistics.median(sum(one) for one in values) for role, values in costs.items()}
        database = {role: statistics.median(one[1] for one in values) for role, values in costs.items()}
        for role in totals:
            totals[role] += spent[role]
        ratio = spent[True] / spent[False]
        print(
            f"{label:16}{middle[False]:7.1f}{middle[True]:7.1f}{middle[True] / middle[False]:8.2f}"
            f"{spent[False]:9.2f}{spent[True]:8.2f}{ratio:9.2f}{database[False]:11.2f}{database[True]:9.2f}"
            f"{counts[False]:9}{counts[True]:5}",
            flush=True,
        )
    ratio = totals[True] / totals[False]
    print(
        f"all pages: {ratio:.3f} of the processor time without ({'within' if ratio <= GOAL else 'ABOVE'} {GOAL:.2f})"
    )


def _statements(one: Served, owner: psycopg.Connection[Any], path: str) -> int:
    """How many statements the page asks, once it is warm."""
    block(one, one.get(STUDENT, path), 3)
    owner.execute("SELECT pg_stat_statements_reset()")
    block(one, one.get(STUDENT, path), 1)
    time.sleep(0.1)
    row = owner.execute(
        """SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
           WHERE userid::regrole::text IN ('aada_app', 'aada_student')
           AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND toplevel"""
    ).fetchone()
    return int(row[0]) if row else 0


def plans(owner: psycopg.Connection[Any]) -> None:
    """The dearest statements of the last pages, each with its plan as a student of the school."""
    found = owner.execute(
        """SELECT query, calls, mean_exec_time + mean_plan_time FROM pg_stat_statements
           WHERE userid = 'aada_student'::regrole AND toplevel ORDER BY mean_exec_time DESC LIMIT 8"""
    ).fetchall()
    for query, calls, milliseconds in found:
        print(f"\n{milliseconds:.2f} ms, {calls} calls\n{' '.join(query.split())[:1500]}")
        with owner.transaction(force_rollback=True):
            owner.execute(
                "SELECT set_config('role', 'aada_student', true), set_config('aada.student_id', '1', true)"
            )
            try:
                shown = owner.execute(b"EXPLAIN (GENERIC_PLAN) " + query.encode()).fetchall()
            except psycopg.Error as error:
                print(f"no plan: {error}")
                continue
        print("\n".join(row[0] for row in shown))


if __name__ == "__main__":
    main()
