"""Externships: a site with an agreement and a supervisor, a student who is placed there, logged days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Duty, Subject
from app.core.tokens import new_token
from app.db.models import (
    Enrollment,
    Externship,
    ExternshipAgreement,
    ExternshipHours,
    ExternshipLink,
    ExternshipPlacement,
    ExternshipRubric,
    ExternshipSite,
    ExternshipSupervisor,
    User,
)
from app.rules.hours import week_of
from tests.factories.school import School, subject_of

ZONE = ZoneInfo("America/New_York")
FIRST, LAST = date(2026, 4, 20), date(2026, 5, 29)
PAPER = b"%PDF-1.7\nA signed time sheet\n%%EOF\n"
_numbers = count(1)


def site(
    session: Session,
    *,
    agreement: tuple[date, date] | None = (date(2026, 1, 1), date(2026, 12, 31)),
    **fields: Any,
) -> ExternshipSite:
    """A site with an agreement for these days, or none."""
    number = next(_numbers)
    record = ExternshipSite(
        **({"name": f"Smiles {number}", "address": f"{number} Peachtree, Atlanta", "capacity": 2} | fields)
    )
    session.add(record)
    session.flush()
    if agreement:
        session.add(
            ExternshipAgreement(
                site_id=record.id, signed_on=agreement[0], expires_on=agreement[1], sha256="a" * 64,
                media_type="application/pdf", size_bytes=1,
            )
        )  # fmt: skip
        session.flush()
    return record


def supervisor(session: Session, record: ExternshipSite, **fields: Any) -> ExternshipSupervisor:
    """Somebody who oversees students at a site."""
    number = next(_numbers)
    made = ExternshipSupervisor(
        site_id=record.id,
        **(
            {"name": "Dr. Naomi Whitfield", "title": "DDS", "email": f"naomi{number}@smiles.example"} | fields
        ),
    )
    session.add(made)
    session.flush()
    return made


def placement(
    session: Session, enrollment: Enrollment, overseer: ExternshipSupervisor, **fields: Any
) -> Externship:
    """The enrollment's student placed with a supervisor."""
    place = session.get_one(ExternshipSite, overseer.site_id)
    record = Externship(
        user_id=enrollment.user_id,
        site_name=place.name,
        site_address=place.address,
        supervisor_name=overseer.name,
        supervisor_email=overseer.email,
    )
    session.add(record)
    session.flush()
    defaults = {"starts_on": FIRST, "ends_on": LAST, "hours_required": 80}
    session.add(
        ExternshipPlacement(
            externship_id=record.id,
            enrollment_id=enrollment.id,
            site_id=place.id,
            supervisor_id=overseer.id,
            **(defaults | fields),
        )
    )
    session.flush()
    return record


def logged(
    session: Session, externship: Externship, day: date, *, hour: int = 9, minutes: int = 240, **fields: Any
) -> ExternshipHours:
    """A day's hours, from nine for four hours unless it is said otherwise."""
    starts = datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)
    entry = ExternshipHours(
        externship_id=externship.id, user_id=externship.user_id, day=day, starts_at=starts,
        ends_at=starts + timedelta(minutes=minutes), did="Chairside assisting", request=uuid4(), **fields,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    session.refresh(entry)
    return entry


def link(
    session: Session, externship: Externship, overseer: ExternshipSupervisor, day: date, **fields: Any
) -> tuple[str, ExternshipLink]:
    """A link for the week of a day: its secret, and its row."""
    clear, hashed = new_token()
    now = clock.now()
    made = ExternshipLink(
        externship_id=externship.id, week=week_of(day), supervisor_id=overseer.id, email=overseer.email,
        token_hash=hashed, created_at=now, **({"expires_at": now + timedelta(days=14)} | fields),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return clear, made


@dataclass
class Placed:
    """A student who is placed, and the registrar who keeps externships."""

    session: Session
    site: ExternshipSite
    supervisor: ExternshipSupervisor
    externship: Externship
    enrollment: Enrollment
    student: User
    registrar: Subject

    @property
    def id(self) -> int:
        return self.externship.id

    @property
    def own(self) -> Subject:
        return subject_of(self.student)

    def logged(self, day: date, **fields: Any) -> ExternshipHours:
        return logged(self.session, self.externship, day, **fields)

    def link(self, day: date, **fields: Any) -> tuple[str, ExternshipLink]:
        return link(self.session, self.externship, self.supervisor, day, **fields)

    def row(self) -> Externship:
        """The documented row as it is in the database."""
        self.session.expire_all()
        return self.session.get_one(Externship, self.id)


def placed(session: Session, *, name: str = "Ana Alvarez", **fields: Any) -> Placed:
    """A student placed from 20 April to 29 May 2026 for 80 hours, in a program with a rubric of two skills."""
    school = School(session)
    student = school.student(full_name=name)
    enrollment = school.enrollment(student)
    place = site(session)
    overseer = supervisor(session, place)
    session.add(
        ExternshipRubric(
            program_id=enrollment.program_id,
            effective_from=date(2026, 1, 1),
            skills=["Charting", "Four-handed"],
        )
    )
    user = school.with_duty(Duty.REGISTRAR, full_name="Renata Alvarez")
    registrar = Subject(user.id, user.email, user.full_name, user.role, duties=frozenset({Duty.REGISTRAR}))
    return Placed(
        session,
        place,
        overseer,
        placement(session, enrollment, overseer, **fields),
        enrollment,
        student,
        registrar,
    )


def walked(session: Session, enrollment: Enrollment) -> dict[str, int]:
    """A placement with a day that waits and a day that is confirmed: the numbers of its parts."""
    place = site(session, agreement=(date(2026, 1, 1), date(2099, 12, 31)), capacity=9)
    overseer = supervisor(session, place)
    record = placement(session, enrollment, overseer)
    agreement = session.scalars(
        select(ExternshipAgreement.id).where(ExternshipAgreement.site_id == place.id)
    ).one()
    return {
        "site_id": place.id,
        "site_agreement_id": agreement,
        "supervisor_id": overseer.id,
        "externship_id": record.id,
        "hours_id": logged(session, record, date(2026, 5, 4)).id,
    }
