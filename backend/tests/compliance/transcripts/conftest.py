"""A school whose students have grades, hours and an externship, in a database that is committed to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.transcripts import service
from app.core.files import FileStore, open_store
from app.core.permissions import Duty, Subject
from app.db.models import (
    Externship,
    FinalGrade,
    IssuedDocument,
    SchoolPolicy,
)
from app.db.models import (
    School as SchoolRow,
)
from app.db.session import Database
from app.school import service as schools
from app.settings import Settings
from tests.factories.school import School, subject_of

NOW = datetime(2026, 5, 4, 16, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveling:
        yield traveling


@dataclass
class World:
    """Maria has grades, hours and an externship; Omar is another student of the same program."""

    database: Database
    settings: Settings
    files: FileStore
    registrar: Subject
    bursar: Subject
    instructor: Subject
    maria: Subject
    omar: Subject
    enrollments: dict[str, int]
    program_id: int
    class_id: int

    def issue(self, who: Subject | None = None, whose: str = "maria", **options: Any) -> IssuedDocument:
        request: UUID = options.pop("request", None) or uuid4()
        return service.issue(
            self.database,
            who or self.registrar,
            self.files,
            self.settings,
            self.enrollments[whose],
            request=request,
            **options,
        )

    def pdf(self, document: IssuedDocument) -> bytes:
        return self.files.read_bytes(document.sha256 or "")


def filled(session: Session, settings: Settings) -> dict[str, Any]:
    """The rows of the world; what a test asks for by name."""
    schools.ensure(session, settings)
    row = session.scalars(select(SchoolRow)).one()
    row.legal_name, row.address_lines = "Peachtree Dental Academy", ["1 Peachtree Street"]
    row.city, row.state, row.zip_code = "Atlanta", "GA", "30303"
    session.flush()
    school = School(session)
    people = {
        "registrar": school.with_duty(Duty.REGISTRAR, full_name="Ruth Registrar"),
        "bursar": school.with_duty(Duty.BURSAR),
        "instructor": school.with_duty(Duty.INSTRUCTOR),
        "maria": school.student(full_name="Maria Lopez", email="maria@example.org"),
        "omar": school.student(full_name="Omar Haddad", email="omar@example.org"),
    }
    program = school.program(name="Dental Assistant Professional", total_credits=Decimal("60.00"))
    anatomy = school.module(program, name="Dental anatomy")
    enrolled = {name: school.enrollment(people[name], program) for name in ("maria", "omar")}
    record = school.school_class(
        program,
        code="DA-101",
        name="Anatomy of teeth",
        module_id=anatomy.id,
        teacher=people["instructor"],
        students=list(enrolled.values()),
        weekly=[(0, time(9), time(12))],
    )
    policy_id = session.scalars(select(SchoolPolicy.id).where(SchoolPolicy.kind == "grading")).first()
    session.add(
        FinalGrade(
            class_id=record.id,
            enrollment_id=enrolled["maria"].id,
            letter="B",
            percent=85,
            gpa_weight=1,
            policy_id=policy_id,
            graded_on=date(2026, 5, 1),
            explanation="All of it.",
            status="approved",
            submitted_by=people["instructor"].id,
            decided_by=people["registrar"].id,
            decided_at=NOW,
        )
    )
    # Monday, April 6: clocked in at 8:30 by the wall, out at 12:30; the class meets from 9 to 12.
    school.attendance(
        enrolled["maria"],
        clock_in=datetime(2026, 4, 6, 12, 30, tzinfo=UTC),
        clock_out=datetime(2026, 4, 6, 16, 30, 40, tzinfo=UTC),
    )
    session.add(
        Externship(
            user_id=people["maria"].id,
            site_name="Midtown Smiles",
            total_hours=80,
            verified=True,
            # Ten in the evening of April 30 at the school.
            verified_at=datetime(2026, 5, 1, 2, tzinfo=UTC),
        )
    )
    session.add(Externship(user_id=people["maria"].id, site_name="Unverified Site", total_hours=40))
    session.flush()
    return {
        **{name: subject_of(user) for name, user in people.items()},
        "enrollments": {name: one.id for name, one in enrolled.items()},
        "program_id": program.id,
        "class_id": record.id,
    }


def duties(subject: Subject, *held: Duty) -> Subject:
    return Subject(subject.user_id, subject.email, subject.full_name, subject.role, duties=frozenset(held))


@pytest.fixture
def world(clock: time_machine.Traveller, live_database: Database, live_settings: Settings) -> World:
    with live_database.begin() as session:
        made = filled(session, live_settings)
    made["registrar"] = duties(made["registrar"], Duty.REGISTRAR)
    made["bursar"] = duties(made["bursar"], Duty.BURSAR)
    made["instructor"] = duties(made["instructor"], Duty.INSTRUCTOR)
    return World(database=live_database, settings=live_settings, files=open_store(live_settings), **made)


@pytest.fixture
def issued(world: World) -> IssuedDocument:
    return world.issue()
