"""Transcripts issued by a batch: numbered, drawn, signed, kept, written down.

Printed beside what is measured in the same run: drawing the same transcripts on as many processes, and nothing else;
and the processor time of each step, which other work on the machine changes less than the rate.

    cd backend && ../.venv/bin/python -m benchmarks.transcripts [--transcripts 1000]
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from app.compliance.transcripts import issuing, service
from app.core.files import FileStore, open_store
from app.core.permissions import SYSTEM
from app.db.models import (
    Attendance,
    ClassMeeting,
    ClassSeat,
    Enrollment,
    FinalGrade,
    IssuedDocument,
    Module,
    Program,
    School,
    SchoolClass,
    SchoolPolicy,
    TranscriptBatch,
    TranscriptBatchItem,
    User,
)
from app.db.session import Database
from app.documents import kinds
from app.documents.keys import service as keys
from app.documents.pades import sign
from app.documents.render.job import Job, Rendered
from app.documents.render.printable import canonical, checked
from app.documents.render.processes import PROCESSES
from app.documents.render.service import render
from app.documents.render.worker import Engine
from app.ops import migrations, roles
from app.ops.postgres import EmbeddedServer
from app.school import service as schools
from app.settings import Settings

GOAL = 40
CLASSES, ENTRIES = 8, 100
FIRST = date(2026, 1, 5)


def fill(database: Database, settings: Settings, count: int) -> list[int]:
    """A program of eight modules, each with a class; `count` graduates with a grade in each and a hundred entries."""
    with database.begin() as session:
        schools.ensure(session, settings)
        row = session.scalars(select(School)).one()
        row.address_lines, row.city, row.state, row.zip_code = ["1 Peachtree St"], "Atlanta", "GA", "30303"
        program = Program(name="Dental Assistant Professional", clock_hours=480, duration_weeks=52)
        session.add(program)
        session.flush()
        teacher = User(email="t@example.org", full_name="T", hashed_password="!", role="instructor")
        session.add(teacher)
        session.flush()
        classes = []
        for place in range(CLASSES):
            module = Module(program_id=program.id, name=f"Module {place}", order_num=place + 1)
            session.add(module)
            session.flush()
            record = SchoolClass(
                code=f"DA-{place}", name=f"Course {place}", program_id=program.id, module_id=module.id,
                starts_on=FIRST, ends_on=FIRST + timedelta(days=300),
            )  # fmt: skip
            session.add(record)
            session.flush()
            session.add(
                ClassMeeting(
                    class_id=record.id,
                    weekday=place % 5,
                    starts_at=time_of_day(9),
                    ends_at=time_of_day(12),
                )
            )
            classes.append(record.id)
        policy = session.scalars(select(SchoolPolicy.id).where(SchoolPolicy.kind == "grading")).first()
        people = session.scalars(
            insert(User).returning(User.id, sort_by_parameter_order=True),
            [
                {
                    "email": f"s{n}@example.org",
                    "full_name": f"Student Number {n}",
                    "hashed_password": "!",
                    "role": "student",
                }
                for n in range(count)
            ],
        ).all()
        enrolled = list(
            session.scalars(
                insert(Enrollment).returning(Enrollment.id, sort_by_parameter_order=True),
                [
                    {
                        "user_id": one,
                        "program_id": program.id,
                        "status": "completed",
                        "enrolled_at": FIRST,
                        "completed_at": FIRST + timedelta(days=300),
                    }
                    for one in people
                ],
            )
        )
        session.execute(
            insert(ClassSeat),
            [
                {"class_id": one, "enrollment_id": number, "starts_on": FIRST}
                for number in enrolled
                for one in classes
            ],
        )
        session.execute(
            insert(FinalGrade),
            [
                {
                    "class_id": one, "enrollment_id": number, "letter": "B", "percent": 85, "gpa_weight": 1,
                    "policy_id": policy, "graded_on": FIRST, "explanation": ".", "status": "approved",
                    "submitted_by": teacher.id, "decided_by": people[0], "decided_at": datetime(2026, 6, 1, tzinfo=UTC),
                }
                for number in enrolled
                for one in classes
            ],
        )  # fmt: skip
        for user_id, number in zip(people, enrolled, strict=True):
            session.execute(
                insert(Attendance),
                [
                    {
                        "user_id": user_id,
                        "enrollment_id": number,
                        "clock_in": datetime(2026, 1, 5, 14, tzinfo=UTC) + timedelta(days=n),
                        "clock_out": datetime(2026, 1, 5, 18, tzinfo=UTC) + timedelta(days=n),
                    }
                    for n in range(ENTRIES)
                ],
            )
        return enrolled


def main() -> None:
    """Fill a database of its own, draw, issue, and print both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--transcripts", type=int, default=1000)
    count = parser.parse_args().transcripts
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
        database, files = Database(settings), open_store(settings)
        numbers = fill(database, settings, count)
        few = numbers[: min(count, 100)]
        with database.begin() as session:
            drafts = list(issuing.drafts(session, SYSTEM, files, settings, few).values())
        layout = kinds.get(service.KIND).layout

        def draw(place: int) -> bytes:
            made = drafts[place]
            data, _machine = made.data(f"TR-2026-{place:06}", FIRST)
            return render(settings, layout, data, files=made.letterhead.files)

        draw(0)

        def bare() -> None:
            with ThreadPoolExecutor(PROCESSES) as threads:
                list(threads.map(draw, range(len(drafts))))

        plain = rate(len(drafts), bare)
        steps(database, files, settings, few)
        memory = [peak()]
        with database.begin() as session:
            batch = TranscriptBatch(title="All")
            session.add(batch)
            session.flush()
            session.execute(
                insert(TranscriptBatchItem),
                [{"batch_id": batch.id, "enrollment_id": number} for number in numbers],
            )
            batch_id = batch.id
        begun = time.process_time()
        issued = rate(count, lambda: service.work_batch(database, files, settings, batch_id))
        spent = 1000 * (time.process_time() - begun) / count
        memory.append(peak())
        with database.begin() as session:
            serials = list(session.scalars(select(IssuedDocument.serial).order_by(IssuedDocument.serial)))
            status = set(session.scalars(select(IssuedDocument.status)))
        assert serials == list(range(1, count + 1)), "a gap or a twin"
        assert status == {"issued"}, status
        database.close()
    print(f"drawn and nothing else: {plain:.1f} a second")
    print(
        f"issued with signature:  {issued:.1f} a second (goal {GOAL}), {issued / plain:.2f} of plain drawing"
    )
    print(f"processor time of the worker, drawing aside: {spent:.1f} ms a transcript")
    print(f"memory of the worker: {memory[0]} MB before, {memory[1]} MB after {count} transcripts")


def steps(database: Database, files: FileStore, settings: Settings, numbers: list[int]) -> None:
    """Print the processor time of each step for one transcript, in milliseconds: one after another, in this process."""
    with tempfile.TemporaryDirectory() as folder, database.begin() as session:
        key = keys.signing_key(session, settings)
        begun = time.process_time()
        drafts = list(issuing.drafts(session, SYSTEM, files, settings, numbers).values())
        cost = {"read": time.process_time() - begun}
        engine, layout = Engine(Path(folder) / "root"), kinds.get(service.KIND).layout

        def drawn(data: str) -> bytes:
            answer = engine.run(Job(layout, data))
            assert isinstance(answer, Rendered), answer
            return answer.pdf

        def timed(name: str, work: Callable[[Any], Any], given: Iterable[Any]) -> list[Any]:
            begun = time.process_time()
            found = [work(one) for one in given]
            cost[name] = time.process_time() - begun
            return found

        numbered = [(one, f"TR-2026-{place:06}") for place, one in enumerate(drafts)]
        facts = timed("written out", lambda one: canonical(checked(one[0].data(one[1], FIRST)[0])), numbered)
        drawn(facts[0])
        pdfs = timed("drawn", drawn, facts)
        signed = timed("signed", lambda pdf: sign(pdf, key, reason="Transcript", school="A school"), pdfs)
        store = open_store(settings.model_copy(update={"data_dir": Path(folder)}))
        timed("stored", store.put, signed)
    each = {name: 1000 * spent / len(numbers) for name, spent in cost.items()}
    print("milliseconds of processor time:", ", ".join(f"{name} {one:.1f}" for name, one in each.items()))


def rate(count: int, work: Callable[[], object]) -> float:
    """How many a second."""
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def peak() -> int:
    """The most memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
