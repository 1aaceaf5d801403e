"""The demo school's program fees, and a few agreements that are really prepared and signed.

The fees are part of the school. The agreements are made after its commit, as transcripts are: a signature is never the
same twice, and each needs a file.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.files import FileStore, open_store
from app.core.permissions import Duty, Subject
from app.db.models import Enrollment, EnrollmentStatus, Program, StudentProfile, User, Withdrawal
from app.db.session import Database
from app.demo import people
from app.demo.catalog import PROGRAMS
from app.demo.desk import Desk
from app.demo.ledger import BOOKS, EXAM, KIT, REGISTRATION
from app.demo.subjects import subject_of
from app.finance.agreements import service
from app.finance.agreements.proposals import service as proposals
from app.finance.agreements.schemas import CountersignForm, PrepareForm, SignForm
from app.finance.agreements.signatures import service as signatures
from app.finance.agreements.signatures.service import Trace
from app.rules.agreements import needs_parent
from app.settings import Settings

IN_FORCE = 4
"""How many are signed by everybody: each costs two signatures and a rendering."""
_PHONE = Trace("203.0.113.24", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/604.1")
_OFFICE = Trace("198.51.100.7", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/132.0")


def write_fees(desk: Desk) -> None:
    """What each program costs beside tuition: what the ledger charges."""
    rows = []
    for program in PROGRAMS:
        key = desk.program_ids[program.name]
        rows += [
            (key, "fee", "Registration fee", REGISTRATION, True, False),
            (key, "books", "Textbooks", BOOKS, True, False),
        ]
        if program.has_externship:
            rows += [
                (key, "kit", "Instrument kit and scrubs", KIT, False, True),
                (key, "third_party", "Certification exam fee", EXAM, True, False),
            ]
    desk.copier.copy(
        "program_fees",
        (
            "id",
            "program_id",
            "kind",
            "name",
            "amount_cents",
            "refundable",
            "disclosed",
            "created_by",
            "created_at",
        ),
        (
            (key, *row, desk.staff_ids[2], desk.founded)
            for key, row in zip(desk.copier.keys("program_fees", len(rows)), rows, strict=True)
        ),
    )


def write_agreements(database: Database, settings: Settings) -> int:
    """Of the latest students: some in force, one superseded, one for the school and one for the student to sign."""
    files = open_store(settings)
    with database.begin() as session:
        office = subject_of(session, people.OFFICE[0].email, Duty.REGISTRAR)
        waiting = _enrollments(session, own=True)[:1]
        others = _enrollments(session, own=False)
    made = 0
    for number, enrollment in enumerate(others[: IN_FORCE + 1]):
        last = number == IN_FORCE
        _agree(database, settings, files, office, enrollment, countersigned=not last)
        made += 1
    if others:
        _agree(
            database,
            settings,
            files,
            office,
            others[0],
            schedule="Monday to Thursday evenings, 5:30 PM to 9:30 PM",
        )
        made += 1
    for enrollment in waiting:
        proposals.prepare(database, office, files, settings, enrollment, _form())
        made += 1
    return made


def _agree(
    database: Database,
    settings: Settings,
    files: FileStore,
    office: Subject,
    enrollment: int,
    *,
    countersigned: bool = True,
    schedule: str = "Monday to Friday, 8:30 AM to 1:30 PM",
) -> None:
    number = proposals.prepare(database, office, files, settings, enrollment, _form(schedule))
    with database.begin() as session:
        found = service.read_any(session, number)
        student = subject_of(session, found.row.terms["email"])
        signatures.consent(session, student, number)
        shown = found.row.file_sha256
    signatures.sign(
        database, student, files, settings, number,
        SignForm(name=student.full_name, shown=shown, agree="yes"), _PHONE,
    )  # fmt: skip
    if countersigned:
        with database.begin() as session:
            shown = service.read_any(session, number).row.file_sha256
        signatures.countersign(
            database, office, files, settings, number,
            CountersignForm(name=office.full_name, title="Registrar", shown=shown), _OFFICE,
        )  # fmt: skip


def _form(schedule: str = "Monday to Friday, 8:30 AM to 1:30 PM") -> PrepareForm:
    today = clock.now().date()
    return PrepareForm(
        request=uuid4(),
        starts_on=today + timedelta(days=7),
        ends_on=today + timedelta(weeks=44),
        schedule=schedule,
        payment="A down payment of 20% on the first day, then ten monthly installments.",
    )


def _enrollments(session: Session, *, own: bool) -> list[int]:
    """The latest active enrollments that nobody is leaving, of the demo student or of the others."""
    is_own = User.email == people.STUDENT.email
    today = clock.now().date()
    rows = session.execute(
        select(Enrollment.id, StudentProfile.birth_date)
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .outerjoin(StudentProfile, StudentProfile.user_id == User.id)
        .where(
            Enrollment.status == EnrollmentStatus.ACTIVE,
            User.deleted_at.is_(None),
            ~exists().where(
                Withdrawal.enrollment_id == Enrollment.id, Withdrawal.admin_processed_at.is_(None)
            ),
            Program.clock_hours > 0,
            Program.tuition_amount_cents > 0,
            is_own if own else ~is_own,
        )
        .order_by(Enrollment.enrolled_at.desc(), Enrollment.id.desc())
    )
    # A parent would have to sign for a minor.
    return [row.id for row in rows if not needs_parent(row.birth_date, today)][: IN_FORCE + 1]
