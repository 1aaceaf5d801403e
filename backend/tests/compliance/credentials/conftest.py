"""A school that awards credentials, in a database that is committed to."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from app.compliance.credentials.awards import service as awards
from app.compliance.credentials.awards.drafts import Wanted
from app.compliance.credentials.awards.signed_badges import SignedBadge
from app.compliance.credentials.types import service as types
from app.compliance.credentials.types.schemas import TypeForm
from app.core.files import open_store
from app.core.permissions import SYSTEM, Duty
from app.db.models import CredentialType, EnrollmentStatus
from app.db.session import Database
from app.documents import issue as issuing
from app.documents.issue import Draft
from app.documents.pades import Signed
from app.school import service as facts
from app.school.schemas import FactsForm, SignatoryForm
from app.settings import Settings
from tests.factories.school import School, subject_of


def awarding(session: Session, settings: Settings) -> None:
    """What every credential needs: an address and somebody who signs."""
    facts.ensure(session, settings)
    facts.update(
        session,
        SYSTEM,
        FactsForm(
            legal_name="Peachtree Dental Academy",
            short_name="PDA",
            address="1 Peachtree Street",
            city="Atlanta",
            state="GA",
            zip_code="30303",
            time_zone="America/New_York",
            fiscal_year_month=7,
            fiscal_year_day=1,
        ),
    )
    facts.save_signatory(
        session, SYSTEM, SignatoryForm(name="Ruth Bennett", title="Director", first_day=date(2020, 1, 1))
    )


def diploma(session: Session, program_id: int | None, **fields: Any) -> CredentialType:
    """A type of credential; the diploma of a program unless asked otherwise."""
    values = {
        "name": "Dental Assistant Certification",
        "prefix": "DAC",
        "level": "Diploma",
        "program_id": program_id,
        "description": "Assists a dentist chairside.",
        "criteria": "Complete the program.",
        "requires_completion": True,
    }
    return types.save_type(session, SYSTEM, TypeForm(**(values | fields)))


@pytest.fixture
def world(live_database: Database, live_settings: Settings) -> SimpleNamespace:
    """A graduate, a registrar and a store; `issue()` issues what the graduate has earned."""
    settings = live_settings.model_copy(update={"app_origin": "https://lms.example.org"})
    with live_database.begin() as session:
        school = School(session)
        awarding(session, settings)
        program = school.program(name="Dental Assistant Professional", clock_hours=480)
        student = school.student(full_name="Nguyễn Thị Bích Ngọc", email="ngoc@example.org")
        enrollment = school.enrollment(
            student, program, status=EnrollmentStatus.COMPLETED, completed_at=date(2026, 5, 15)
        )
        kind = diploma(session, program.id)
        registrar = school.with_duty(Duty.REGISTRAR)
        world = SimpleNamespace(
            database=live_database,
            settings=settings,
            files=open_store(settings),
            student=subject_of(student),
            registrar=replace(subject_of(registrar), duties=frozenset({Duty.REGISTRAR})),
            enrollment_id=enrollment.id,
            program_id=program.id,
            type_id=kind.id,
        )

    def issue(**given: Any) -> int:
        subject = given.pop("subject", SYSTEM)
        values = {"type_id": world.type_id, "enrollment_id": world.enrollment_id, "request": uuid4()}
        return awards.issue(world.database, subject, world.files, settings, Wanted(**(values | given)))

    def read(number: int) -> Any:
        with world.database.begin() as session:
            return awards.read(session, SYSTEM, number, settings.zone)

    world.issue, world.read = issue, read
    return world


def without_drawing(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Documents without their drawing and signing, every fifth of which fails; `failed` counts those."""
    made = SimpleNamespace(failed=0)
    taken = iter(range(1000))

    def draw(_settings: Any, draft: Draft, number: str, *_rest: Any) -> tuple[Signed, str]:
        if int(number.rpartition("-")[2]) % 5 == 0:
            made.failed += 1
            raise RuntimeError("the printer is on fire")
        return Signed(f"%PDF {number}".encode(), None, None), number

    monkeypatch.setattr(issuing, "make", draw)
    monkeypatch.setattr(awards, "sign_badge", lambda *_given: SignedBadge("{}", 1, next(taken)))
    return made
