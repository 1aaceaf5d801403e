"""What a refund case costs, from the ledger to the money, beside the bare computation in the same run.

    ../.venv/bin/python -m benchmarks.refund_cases [cases]

Makes a server of its own and throws it away. Prints milliseconds and statements a case for computing, approving and
paying out, the part that the rule itself takes, and the list of them all.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session

from app.db.session import Database
from app.enrollment import service as enrollments
from app.finance.refunds import door
from app.finance.refunds.cases import account, service
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.school import service as school
from app.web.paging import Paging
from benchmarks.reports import settings_of
from tests.factories.school import School
from tests.finance.refunds.cases import Office


class Meter:
    """Milliseconds and statements of what was run."""

    def __init__(self, session: Session) -> None:
        self.statements = 0
        event.listen(session.connection(), "before_cursor_execute", self._count)

    def _count(self, *_given: object) -> None:
        self.statements += 1

    def each(self, words: str, acts: list[Callable[[], object]]) -> float:
        """Run the acts one by one; prints and gives the milliseconds of one."""
        self.statements, started = 0, time.perf_counter()
        for act in acts:
            act()
        spent = (time.perf_counter() - started) * 1000 / len(acts)
        print(f"{words}: {spent:.2f} ms, {self.statements / len(acts):.1f} statements")
        return spent


def measure(session: Session, count: int) -> None:
    """Print the figures of so many cases."""
    office = Office.of(session, School(session))
    meter = Meter(session)
    refunds = [office.owed(name=f"Student {number}") for number in range(count)]
    files = [service.read(session, office.bursar, one.id).current.case_file for one in refunds]
    bare = meter.each("The rule alone", [lambda one=one: door.compute(door.case_of(one)) for one in files])  # type: ignore[misc]
    leaving = [account.Leaving.of(enrollments.frozen_figures(session, one.withdrawal_id)) for one in refunds]
    zone = school.facts(session).zone
    computed = meter.each(
        "Case from the ledger, computed",
        [lambda one=one: account.compute(session, one, zone) for one in leaving],  # type: ignore[misc]
    )
    meter.each("Approved", [lambda one=one: office.approve(one) for one in refunds])  # type: ignore[misc]
    meter.each("Paid out", [lambda one=one: office.remit(one, one.amount_cents) for one in refunds])  # type: ignore[misc]
    meter.each(
        f"First page of {count:,} refunds",
        [lambda: service.refunds(session, office.bursar, Paging()).page() for _time in range(5)],
    )
    print(f"Computing a case from the ledger takes {computed / bare:.1f} times what the rule takes.")


def main() -> None:
    """Fill a school and measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer(Path(folder) / "pg") as server:
        server.ensure_database("bench")
        settings = settings_of(str(server.url("bench")), folder)
        migrations.upgrade(settings)
        roles.set_app_password(settings)
        database = Database(settings)
        with database.begin() as session:
            measure(session, count)
        database.close()


if __name__ == "__main__":
    main()
