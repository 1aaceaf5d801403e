"""The demo school, from its founding to a given moment, written in one transaction."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from random import Random

from pwdlib.hashers.bcrypt import BcryptHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.turns import take_turn
from app.db.models import Program, User
from app.db.session import Database
from app.demo import (
    absences,
    admissions,
    agreements,
    attendance,
    chronicle,
    classes,
    complaints,
    credentials,
    externships,
    files,
    grades,
    inspections,
    kiosks,
    leaves,
    ledger,
    lesson_results,
    lives,
    outcomes,
    paperwork,
    people,
    privacy,
    refund_policy,
    roster,
    skills,
)
from app.demo.bulk_copy import Copier
from app.demo.desk import Desk
from app.demo.institution import write_institution
from app.demo.packages import Packages
from app.demo.people import Person
from app.ops.errors import OperatorError
from app.rules import passwords
from app.school.service import PasswordPolicy
from app.settings import DEMO_DOMAIN, Settings

_LOCK = 0x41414444


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written (rows by table), who can sign in, and with which password."""

    rows: dict[str, int]
    sign_ins: tuple[Person, ...]
    password: str


def seed_demo_school(
    database: Database,
    settings: Settings,
    *,
    seed: int = 1,
    students: int = 200,
    moment: datetime | None = None,
    password: str | None = None,
) -> Summary:
    """Fill an empty database. Equal `seed`, `students` and `moment` give equal rows on an empty database, but for
    the password's hash and the moments the program itself notes.

    Raises OperatorError when the database is not empty or the password is not acceptable.
    """
    chosen = secrets.token_urlsafe(15) if password is None else password
    refusal = passwords.refuse(chosen, minimum_characters=PasswordPolicy().minimum_characters)
    if refusal is not None:
        raise OperatorError(f"The demo password is not accepted: {refusal.sentence}")
    ends_at = (moment or clock.now()).replace(microsecond=0)
    hashed = BcryptHasher(rounds=settings.bcrypt_rounds).hash(passwords.normalize(chosen))
    with database.begin() as session:
        take_turn(session, _LOCK)
        _require_empty(session)
        rows = _build(session, settings, Random(seed), ends_at, hashed, students)
    return Summary(rows, (people.ADMIN, people.INSTRUCTOR, people.STUDENT, *people.OFFICE), chosen)


def _require_empty(session: Session) -> None:
    addresses = list(session.scalars(select(User.email)))
    if any(not address.endswith(f"@{DEMO_DOMAIN}") for address in addresses):
        raise OperatorError(
            "This database has real people in it, and the demo school needs an empty one. Use another "
            "database for the demo."
        )
    if addresses:
        raise OperatorError("The demo school is in this database already.")
    if session.scalar(select(Program.id).limit(1)) is not None:
        raise OperatorError(
            "This database has programs in it, and the demo school needs an empty one. Use another "
            "database for the demo."
        )


def _build(
    session: Session, settings: Settings, random: Random, moment: datetime, hashed: str, count: int
) -> dict[str, int]:
    desk = Desk(Copier(session), random, moment, settings.zone)
    write_institution(session, settings, moment)
    students = lives.live(desk, count)
    roster.write_people(desk, students, hashed)
    roster.write_office(desk, hashed)
    files.write_files(session, desk, students, settings)
    roster.write_catalog(desk)
    packages = Packages(session, settings, desk.admin, moment).import_all(roster.packaged(desk))
    enrolled = list(roster.enroll(desk, students))
    taught = classes.write_classes(desk, enrolled)
    admissions.write_admissions(session, desk, enrolled, settings)
    entries = roster.write_attendance(desk, enrolled)
    leaves.write_leaves(desk, enrolled, entries)
    absences.write_absences(desk, taught, attendance.write_rosters(session, desk, taught, entries))
    attendance.write_corrections(desk, entries)
    completed, attempts = lesson_results.write_lessons(desk, enrolled, packages)
    grades.write_grades(session, desk, taught)
    skills.write_skills(desk, taught)
    withdrawals = paperwork.write_withdrawals(session, desk, enrolled)
    paperwork.write_graduations(desk, enrolled)
    agreements.write_fees(desk)
    refund_policy.write_refund_policy(session, desk)
    ledger.write_ledger(session, desk, enrolled, withdrawals)
    externships.write_externships(session, desk, enrolled, settings)
    credentials.write_types(session, desk)
    privacy.write_privacy(desk, enrolled)
    complaints.write_complaints(desk, enrolled)
    inspections.write_inspections(desk, enrolled)
    outcomes.write_outcomes(desk, enrolled)
    kiosks.write_kiosk(session, desk, entries, settings)
    # The statements follow from it while the first pages are looked at already.
    chronicle.write(
        desk,
        [
            *chronicle.of_the_office(desk, enrolled, withdrawals),
            *chronicle.of_the_clock(desk, entries),
            *chronicle.of_lessons(desk, completed, attempts),
        ],
    )
    history.record(session, None, Action.SCHOOL_SEEDED, None, students=count)
    return desk.copier.counts
