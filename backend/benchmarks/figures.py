"""Reports over a school of 20,000 students: 2,000,000 days of attendance (goal 1 s), a million postings (ageing 0.5 s).

    ../.venv/bin/python -m benchmarks.figures [students] [postings]

Makes a server of its own and throws it away. Each student has one enrollment with 100 days of attendance, one time
entry a day, as the sums by day hold them; the reports read these and not the entries. Prints the best of five runs
beside a bare scan of the same rows.
"""

import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import psycopg
from sqlalchemy import text, true
from sqlalchemy.orm import Session

from app.compliance.attendance.summaries import queries as summaries
from app.compliance.attendance.totals import queries as totals
from app.core.permissions import SYSTEM
from app.db.session import Database, libpq_url
from app.finance.ledger.figures import queries as figures
from app.finance.ledger.revenue import service as revenue
from app.finance.ledger.state_fees import service as state_fees
from app.finance.ledger.tax_forms import service as tax_forms
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.school import service as school
from app.web.paging import Paging
from benchmarks.ledger import TODAY, best, fill
from benchmarks.reports import settings_of

DAYS = 100
FIRST, LAST = date(2000, 1, 1), date(2100, 12, 31)
ATTENDANCE = f"""
INSERT INTO programs (name, clock_hours) VALUES ('Dental Assistant', 480);
INSERT INTO enrollments (user_id, program_id, status, enrolled_at)
    SELECT id, (SELECT min(id) FROM programs), 'active', DATE '2025-01-01' FROM users;
INSERT INTO attendance_days (enrollment_id, day, minutes)
    SELECT e.id, DATE '2025-01-01' + (e.id % 300)::int + d, 180 + d
    FROM enrollments e, generate_series(0, {DAYS - 1}) d;
INSERT INTO attendance_students (user_id, records, minutes)
    SELECT e.user_id, count(*), sum(d.minutes) FROM attendance_days d JOIN enrollments e ON e.id = d.enrollment_id
    GROUP BY e.user_id;
INSERT INTO classes (code, name, program_id, starts_on, ends_on)
    SELECT 'C' || n, 'Class ' || n, (SELECT min(id) FROM programs), DATE '2025-01-01', DATE '2026-06-30'
    FROM generate_series(1, 500) n;
INSERT INTO class_seats (class_id, enrollment_id, starts_on)
    SELECT (SELECT min(id) FROM classes) + e.id % 500, e.id, DATE '2025-01-01' FROM enrollments e;
UPDATE ledger_transactions t SET enrollment_id = e.id FROM enrollments e WHERE e.user_id = t.student_id;
"""
SCAN = text("SELECT sum(minutes) FROM attendance_days")


def acts(session: Session) -> dict[str, Callable[[], object]]:
    page = Paging(per_page=200)
    zone = school.facts(session).zone
    third = date(2025, 4, 1), date(2025, 6, 30)

    def classes(first: date, last: date) -> object:
        return list(summaries.by_class(session, true(), page, first, last, zone).rows())

    def periods(first: date, last: date, unit: str = "month") -> object:
        return list(summaries.by_period(session, None, page, first, last, unit, None).rows())

    return {
        "scan of the sums by day, bare": lambda: session.execute(SCAN).all(),
        "hours by student, all": lambda: list(totals.students_listing(session, true(), page).rows()),
        "hours by student, a quarter": lambda: totals.period_listing(session, true(), page, *third).page(),
        "attendance by class, all": lambda: classes(FIRST, LAST),
        "attendance by class, a quarter": lambda: classes(*third),
        "attendance by month, all": lambda: periods(FIRST, LAST),
        "attendance by day, a quarter": lambda: periods(*third, "day"),
        "receivables by age, all": lambda: list(figures.ageing(session, page, true(), TODAY).rows()),
        "tuition and fees by month, two years": lambda: list(
            state_fees.months(
                session, SYSTEM, page, state_fees.fees_due(session, SYSTEM, first=FIRST, last=TODAY)
            ).rows()
        ),
        "deferred revenue, every enrollment": lambda: revenue.revenue(session, SYSTEM, TODAY).deferred_cents,
        "Form 1098-T, a year": lambda: tax_forms.forms(session, SYSTEM, 2025),
    }


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
            owner.execute("SET session_replication_role = replica")
            owner.execute(ATTENDANCE.encode())
            owner.execute("VACUUM ANALYZE")
        database = Database(settings)
        with database.begin() as session:
            print(f"{students:,} students, {students * DAYS:,} days of attendance, {postings:,} postings")
            for name, act in acts(session).items():
                print(f"{name:<42} {best(session, act):7.3f} s")
        database.close()


if __name__ == "__main__":
    main()
