"""What a kiosk costs that was offline for a day: 500 punches of 250 students, sent in batches of 20 and counted.

PINs are hashed at the cost of a school at work. Printed beside what is measured in the same run: checking the same 250
PINs and nothing else, which is the part that cannot be made cheaper.

    cd backend && ../.venv/bin/python -m benchmarks.kiosk [--students 250]
"""

import argparse
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from app.accounts import service as accounts
from app.core import clock
from app.core.permissions import Role, Subject
from app.db.models import Attendance, KioskPunch
from app.db.session import Database
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from tests.factories.kiosk import give_pin, tablet
from tests.factories.school import School

BATCH = 20
"""As the page of a kiosk sends them."""


def main() -> None:
    """Make a school of its own, let its kiosk come back online, and print the times and their ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=250)
    students = parser.parse_args().students
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedServer(Path(folder) / "postgres", durable=False) as server,
    ):
        server.ensure_database("bench")
        settings = Settings(
            _env_file=None,
            environment="test",
            secret_key="a key for a benchmark, of good length",
            aada_app_password="a password for a benchmark",
            database_url=server.url("bench"),
            data_dir=Path(folder),
        )
        migrations.upgrade(settings)
        roles.set_app_password(settings)
        database = Database(settings)
        morning = clock.now() - timedelta(hours=9)
        with database.begin() as session:
            school = School(session)
            admin = school.admin()
            device = tablet(session, settings, Subject(admin.id, admin.email, admin.full_name, Role.ADMIN))
            program = school.program()
            typed = []
            for _ in range(students):
                user = school.student()
                school.enrollment(user, program, enrolled_at=morning.date() - timedelta(days=30))
                typed.append(give_pin(session, settings, user))
        hashed = accounts.hash_pin(settings, "204815")
        for number, one in enumerate(typed):
            device.punch("in", one, morning + timedelta(seconds=number))
        for number, one in enumerate(typed):
            device.punch("out", one, morning + timedelta(hours=8, seconds=number))
        longest, began, processor = 0.0, time.perf_counter(), time.process_time()
        for start in range(0, len(device.kept), BATCH):
            batch = time.perf_counter()
            device.send(database, settings, device.kept[start : start + BATCH])
            longest = max(longest, time.perf_counter() - batch)
        took, processor = time.perf_counter() - began, time.process_time() - processor
        began = time.perf_counter()
        for start in range(0, len(device.kept), BATCH):
            device.send(database, settings, device.kept[start : start + BATCH])
        again = time.perf_counter() - began
        began = time.perf_counter()
        for _ in range(students):
            accounts.is_pin("204815", hashed)
        pins = time.perf_counter() - began
        with database.begin() as session:
            counted = select(KioskPunch.state, func.count()).group_by(KioskPunch.state)
            states = {row.state: row[1] for row in session.execute(counted)}
            minutes = session.scalar(select(func.sum(Attendance.total_minutes)))
        database.close()
    if states != {"recorded": 2 * students} or minutes != students * 480:
        raise SystemExit(f"Not every punch counted once: {states}, {minutes} minutes")
    print(
        f"{2 * students} punches in {took:.1f} s ({2 * students / took:.0f} a second, {processor:.1f} s of processor; "
        f"longest batch of {BATCH} {longest:.2f} s); sent again {again:.1f} s\n"
        f"{students} PINs alone {pins:.1f} s; ratio {took / pins:.2f}"
    )


if __name__ == "__main__":
    main()
