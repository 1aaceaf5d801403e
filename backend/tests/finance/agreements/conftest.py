"""A school that agrees with its students, in a database that is committed to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine

from app.core import clock as clocks
from app.core.files import FileStore, open_store
from app.core.permissions import Duty, Subject
from app.db.models import EnrollmentAgreement, ProgramFee, StudentProfile
from app.db.models import School as SchoolRow
from app.db.session import Database
from app.finance.agreements import service
from app.finance.agreements.cosigners import service as cosigners
from app.finance.agreements.proposals import service as proposals
from app.finance.agreements.schemas import CountersignForm, PrepareForm, SignForm
from app.finance.agreements.service import Agreement
from app.finance.agreements.signatures import service as signatures
from app.finance.agreements.signatures.service import Trace
from app.school import service as schools
from app.settings import Settings
from tests.factories.school import School, subject_of

NOW = datetime(2026, 5, 4, 16, tzinfo=UTC)
PHONE = Trace("203.0.113.9", "Mozilla/5.0 (Phone)")


@pytest.fixture
def traveling() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as found:
        yield found


@dataclass
class World:
    """Maria is of age, Theo is not; both are enrolled. Rita signs for the school, Bea prepares."""

    database: Database
    settings: Settings
    files: FileStore
    rita: Subject
    bea: Subject
    maria: Subject
    theo: Subject
    enrollments: dict[str, int]

    @staticmethod
    def form(**given: Any) -> PrepareForm:
        return PrepareForm.model_validate(
            {
                "request": uuid4(),
                "starts_on": "2026-06-01",
                "ends_on": "2026-12-18",
                "schedule": "Monday to Thursday, 9:00 to 14:00",
                "payment": "Ten monthly installments.",
            }
            | given
        )

    def prepare(self, whose: str = "maria", **given: Any) -> int:
        return proposals.prepare(
            self.database, self.bea, self.files, self.settings, self.enrollments[whose], self.form(**given)
        )

    def row(self, number: int) -> EnrollmentAgreement:
        return self.agreement(number).row

    def agreement(self, number: int) -> Agreement:
        with self.database.begin() as session:
            found = service.read_any(session, number)
            session.expunge_all()
            return found

    def consent(self, number: int, who: Subject | None = None) -> None:
        with self.database.begin() as session:
            signatures.consent(session, who or self.maria, number)

    def sign(self, number: int, who: Subject | None = None, **given: Any) -> None:
        who = who or self.maria
        values = {"name": who.full_name, "shown": self.row(number).file_sha256, "agree": "yes"} | given
        signatures.sign(
            self.database, who, self.files, self.settings, number, SignForm.model_validate(values), PHONE
        )

    def countersign(self, number: int, who: Subject | None = None, **given: Any) -> None:
        who = who or self.proved(self.rita)
        values = {"name": who.full_name, "title": "Registrar", "shown": self.row(number).file_sha256} | given
        signatures.countersign(
            self.database,
            who,
            self.files,
            self.settings,
            number,
            CountersignForm.model_validate(values),
            PHONE,
        )

    def cosign(self, secret: str, number: int, **given: Any) -> None:
        values = {"name": "Pat Parent", "shown": self.row(number).file_sha256, "agree": "yes"} | given
        cosigners.sign(
            self.database, secret, None, self.files, self.settings, SignForm.model_validate(values), PHONE
        )

    def whole(self, **given: Any) -> int:
        """An agreement of Maria's that both have signed."""
        number = self.prepare(**given)
        self.consent(number)
        self.sign(number)
        self.countersign(number)
        return number

    def proved(self, who: Subject) -> Subject:
        return replace(who, proved_at=clocks.now())


@pytest.fixture
def world(traveling: time_machine.Traveller, live_database: Database, live_settings: Settings) -> World:
    with live_database.begin() as session:
        schools.ensure(session, live_settings)
        row = session.query(SchoolRow).one()
        row.legal_name = "Peachtree Dental Academy"
        school = School(session)
        program = school.program(name="Dental Assistant", tuition_amount_cents=474_000, duration_weeks=28)
        for kind, name, cents, refundable in (
            ("application", "Application fee", 15_000, False),
            ("fee", "Lab fee", 30_000, True),
            ("kit", "Instrument kit", 32_500, False),
        ):
            session.add(
                ProgramFee(
                    program_id=program.id, kind=kind, name=name, amount_cents=cents, refundable=refundable,
                    disclosed=not refundable,
                )
            )  # fmt: skip
        rita = school.with_duty(Duty.REGISTRAR, full_name="Rita Registrar")
        bea = school.with_duty(Duty.BURSAR, full_name="Bea Bursar")
        maria, theo = (school.student(full_name=name) for name in ("María López", "Theo Teen"))
        session.add(StudentProfile(user_id=theo.id, birth_date=date(2009, 3, 1)))
        enrollments = {
            name: school.enrollment(user, program).id for name, user in (("maria", maria), ("theo", theo))
        }
        return World(
            live_database,
            live_settings,
            open_store(live_settings),
            replace(subject_of(rita), duties=frozenset({Duty.REGISTRAR})),
            replace(subject_of(bea), duties=frozenset({Duty.BURSAR})),
            subject_of(maria),
            subject_of(theo),
            enrollments,
        )


HOURS_72 = timedelta(hours=72)
