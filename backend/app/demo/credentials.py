"""The types of credentials that the demo school awards, and a few certificates that are issued as real ones are."""

from __future__ import annotations

from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.credentials.awards import service as awards
from app.compliance.credentials.awards.drafts import Wanted
from app.compliance.credentials.types import service as types
from app.compliance.credentials.types.schemas import TypeForm
from app.core.files import open_store
from app.core.permissions import SYSTEM
from app.db.models import CredentialType, Enrollment, User
from app.db.session import Database
from app.demo import catalog, people
from app.demo.desk import Desk
from app.settings import Settings

_OF_EVERY_PROGRAM = (
    TypeForm(
        name="CPR for Healthcare Providers",
        prefix="CPR",
        level="Certificate",
        description="Gives cardiopulmonary resuscitation to adults, children and infants, and uses a defibrillator.",
        criteria="Four hours of class and a skills test with an instructor.",
        validity_months=24,
    ),
    TypeForm(
        name="Radiation Safety",
        prefix="RAD",
        level="Certificate",
        description="Exposes dental x-rays safely under the supervision of a dentist.",
        criteria="Six hours of instruction and a written test.",
        validity_months=36,
    ),
    TypeForm(
        name="Externship Clearance",
        prefix="EXC",
        level="Certificate",
        description="Immunizations, background check and infection control are complete for an externship.",
        criteria="The office has checked each document.",
        validity_months=2,
    ),
)
_NAMES = UUID("5b0c8b0e-4a51-4d0b-9f0e-2c1f1c5f5a10")


def write_types(session: Session, desk: Desk) -> None:
    """The diploma of each program, and certificates that all programs award."""
    diplomas = [
        TypeForm(
            name=plan.credential,
            prefix=plan.serial,
            level="Diploma" if plan.has_externship else "Certificate",
            program_id=desk.program_ids[plan.name],
            description=plan.description,
            criteria=f"Complete all lessons and {plan.clock_hours} clock hours.",
            requires_completion=True,
        )
        for plan in catalog.PROGRAMS
    ]
    for form in (*diplomas, *_OF_EVERY_PROGRAM):
        types.save_type(session, SYSTEM, form).created_at = desk.founded
    session.flush()


def issue_samples(database: Database, settings: Settings) -> int:
    """Certificates for the demo student and some others, with diplomas and badges; how many.

    Not part of the school's two years: they are issued today, by what issues real ones.
    """
    with database.begin() as session:
        kinds = {one.prefix: one.id for one in session.scalars(select(CredentialType))}
        rows = session.execute(
            select(Enrollment.id, User.email)
            .join(User, User.id == Enrollment.user_id)
            .where(Enrollment.status == "active")
            .order_by(User.email != people.STUDENT.email, Enrollment.id)
            .limit(4)
        ).all()
    wanted = [
        Wanted(kinds[prefix], row.id, uuid5(_NAMES, f"{prefix} {row.email}"))
        for row in rows
        for prefix in (("CPR", "EXC") if row.email == people.STUDENT.email else ("CPR",))
    ]
    store = open_store(settings)
    for one in wanted:
        awards.issue(database, SYSTEM, store, settings, one)
    return len(wanted)
