"""Balances of 20,000 students with 1,000,000 postings, and their ageing report. Goals: 0.3 s and 0.5 s.

    ../.venv/bin/python -m benchmarks.ledger [students] [postings]

Makes a server of its own and throws it away. Prints the best of five runs beside a bare scan of the postings in the
same run, so that figures of different machines can be compared.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import psycopg
from sqlalchemy import text, true
from sqlalchemy.orm import Session

from app.db.session import Database, libpq_url
from app.finance.ledger import queries
from app.finance.ledger.balances import service as balances
from app.finance.ledger.figures import queries as figures
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.web.paging import Paging
from benchmarks.reports import settings_of

TODAY = date(2026, 5, 4)
BY_SUM = text(
    "SELECT a.student_id, sum(p.amount_cents) FROM ledger_postings p JOIN ledger_accounts a ON a.id = p.account_id"
    " WHERE a.student_id IS NOT NULL GROUP BY a.student_id"
)
SCAN = text("SELECT sum(amount_cents) FROM ledger_postings")


def fill(owner: psycopg.Connection[tuple[object, ...]], students: int, postings: int) -> None:
    """Two years of charges and payments; triggers are skipped, and the balances added up afterwards."""
    random = Random(1)
    owner.execute("SET session_replication_role = replica")
    owner.execute(
        "INSERT INTO users (email, hashed_password, full_name, role)"
        " SELECT 's' || n || '@example.org', '!', 'Student ' || n, 'student' FROM generate_series(1, %s) n",
        (students,),
    )
    owner.execute(
        "INSERT INTO ledger_accounts (code, name, kind, student_id)"
        " SELECT '1200-' || id, 'Student ' || id, 'asset', id FROM users"
    )
    first, tuition, cash = owner.execute(
        "SELECT (SELECT min(id) FROM ledger_accounts WHERE student_id IS NOT NULL),"
        " (SELECT id FROM ledger_accounts WHERE code = '4000'), (SELECT id FROM ledger_accounts WHERE code = '1000')"
    ).fetchone() or (0, 0, 0)
    acts = []
    for number in range(1, postings // 2 + 1):
        student = random.randrange(students)
        cents = random.randrange(100, 100_000) * (1 if random.random() < 0.5 else -1)
        acts.append((number, student, TODAY - timedelta(days=random.randrange(730)), cents))
    cursor = owner.cursor()
    with cursor.copy(
        "COPY ledger_transactions (id, kind, booked_on, student_id, memo, request, fingerprint) FROM STDIN"
    ) as copy:
        for number, student, day, cents in acts:
            kind = "charge" if cents > 0 else "payment"
            copy.write_row((number, kind, day, student + 1, "Tuition", f"{number:032x}", ""))
    with cursor.copy(
        "COPY ledger_postings (transaction_id, line, account_id, amount_cents) FROM STDIN"
    ) as copy:
        for number, student, _day, cents in acts:
            copy.write_row((number, 1, int(str(first)) + student, cents))
            copy.write_row((number, 2, tuition if cents > 0 else cash, -cents))
    owner.execute("SELECT ledger_rebuild_balances()")
    owner.commit()
    owner.autocommit = True
    owner.execute("VACUUM ANALYZE")


def best(session: Session, act: Callable[[], object]) -> float:
    """Seconds of the fastest of five runs."""
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - start)
        session.expunge_all()
    return min(seconds)


def main() -> None:
    students = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    postings = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder) / "pg") as server:
        server.ensure_database("bench")
        settings = settings_of(str(server.url("bench")), folder)
        migrations.upgrade(settings)
        roles.set_app_password(settings)
        with psycopg.connect(libpq_url(settings.owner_database_url)) as owner:
            fill(owner, students, postings)
        database = Database(settings)
        with database.begin() as session:
            everything = Paging(per_page=200)
            measured = {
                "scan of the postings, bare": lambda: session.execute(SCAN).all(),
                "balances added up from the postings": lambda: session.execute(BY_SUM).all(),
                "balances as the pages read them, all": lambda: list(
                    queries.accounts(session, everything, true()).rows()
                ),
                "balances, first page with the count": lambda: queries.accounts(
                    session, everything, true()
                ).page(),
                "ageing, all": lambda: list(figures.ageing(session, everything, true(), TODAY).rows()),
                "ageing, totals": lambda: figures.ageing_totals(session, true(), TODAY),
                "comparison of balances and postings": lambda: balances.compare(session),
            }
            print(f"{students:,} students, {postings:,} postings")
            for name, act in measured.items():
                print(f"{name:<42} {best(session, act):7.3f} s")
        database.close()


if __name__ == "__main__":
    main()
