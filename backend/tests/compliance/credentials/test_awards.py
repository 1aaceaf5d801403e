"""Issuing and ending credentials: serial numbers without gap or twin, GNPEC's items, nothing half-written."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.compliance.credentials.awards import service as awards
from app.compliance.credentials.holders import service as holders
from app.compliance.credentials.public import service as public
from app.compliance.credentials.reminders import service as reminders
from app.compliance.credentials.types import service as types
from app.core import clock
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import SYSTEM
from app.db.models import (
    Credential,
    CredentialEnding,
    CredentialIssue,
    CredentialType,
    EnrollmentStatus,
    IssuedDocument,
    Program,
    SchoolSignatory,
    User,
)
from app.documents import service as documents
from app.rules.days import long_date
from tests.compliance.credentials.conftest import diploma, without_drawing
from tests.documents.poppler import text_of
from tests.factories.school import School


def test_a_type_counts_what_older_systems_issued_of_it_too(session: Session) -> None:
    school = School(session)
    enrollment = school.enrollment(school.student())
    kinds = [diploma(session, None), diploma(session, None, name="Radiation Safety", prefix="RAD")]
    for name in ("Dental Assistant Certification", "Dental Assistant Certification", "Something else"):
        session.add(
            Credential(
                user_id=enrollment.user_id,
                program_id=enrollment.program_id,
                credential_type=name,
                issued_at=date(2024, 5, 15),
            )
        )
    session.flush()
    found = {row.CredentialType.id: row.issued for row in types.list_types(session, SYSTEM)}
    assert [found[one.id] for one in kinds] == [2, 0]


def test_a_credential_has_gnpecs_items_a_signed_diploma_and_a_row_that_nobody_changes(
    world: SimpleNamespace, tmp_path: Path
) -> None:
    number = world.issue(subject=world.registrar)
    row = world.read(number)
    assert re.fullmatch(r"DAC-\d{4}-001", row.serial)
    assert (row.name, row.full_name, row.standing) == (
        "Dental Assistant Certification",
        "Nguyễn Thị Bích Ngọc",
        "valid",
    )
    with world.database.begin() as session:
        document, pdf = documents.content(session, SYSTEM, world.files, row.document_id)
        assert documents.verify(session, SYSTEM, pdf).accepted
        verdict = public.verify_file(session, SYSTEM, world.settings, pdf)
        assert verdict.accepted, verdict.findings
        assert session.scalar(sa.text("SELECT cert_serial FROM credentials")) == document.number == row.serial
    path = tmp_path / "diploma.pdf"
    path.write_bytes(pdf)
    text = text_of(path)
    # GNPEC Standard 5: institution, city and state, level, program, full name, issue date, authorized signature.
    for item in (
        "Peachtree Dental Academy", "Atlanta, GA", "Diploma", "Dental Assistant Professional", "Nguyễn Thị Bích Ngọc",
        long_date(row.issued_at), "Ruth Bennett", "Director", row.serial, "480 clock hours",
    ):  # fmt: skip
        assert item in text, item
    for statement in ("UPDATE credentials SET cert_serial = 'X'", "DELETE FROM credential_issues"):
        with pytest.raises(ProgrammingError, match="permission denied"), world.database.begin() as session:
            session.execute(sa.text(statement))


def test_fifty_at_once_with_failures_leave_no_gap_and_no_twin(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawing and badges are stood in for: what is tried are the numbers and the rows that carry them."""
    with world.database.begin() as session:
        school = School(session)
        numbers = [
            school.enrollment(
                school.student(),
                session.get_one(Program, world.program_id),
                status=EnrollmentStatus.COMPLETED,
            ).id
            for _ in range(50)
        ]
        documents.ensure_keys(session, world.settings)
        session.add(
            Credential(
                user_id=world.student.user_id,
                program_id=world.program_id,
                credential_type="Dental Assistant Certification",
                cert_serial=f"DAC-{clock.today(world.settings.zone).year}-007",
            )
        )
    made = without_drawing(monkeypatch)

    def one(place: int) -> int | None:
        try:
            return world.issue(enrollment_id=numbers[place], request=uuid4(), subject=SYSTEM)
        except RuntimeError:
            return None

    with ThreadPoolExecutor(5) as pool:
        done = list(pool.map(one, range(50)))
    assert len([one for one in done if one]) == 50 - made.failed
    assert made.failed == 10
    with world.database.begin() as session:
        rows = session.execute(
            sa.select(IssuedDocument.serial, IssuedDocument.status, Credential.cert_serial)
            .outerjoin(CredentialIssue, CredentialIssue.document_id == IssuedDocument.id)
            .outerjoin(Credential, Credential.id == CredentialIssue.credential_id)
            .order_by(IssuedDocument.serial)
        ).all()
    # After the seven of an older system, every number has its row: issued, or void with the reason.
    assert [row.serial for row in rows] == list(range(8, 58))
    assert [row.status for row in rows].count("void") == 10
    assert all((row.cert_serial is not None) == (row.status == "issued") for row in rows)
    serials = [row.cert_serial for row in rows if row.cert_serial]
    assert len(set(serials)) == 40


def test_what_was_not_earned_or_cannot_be_printed_is_refused_and_nothing_is_written(
    world: SimpleNamespace,
) -> None:
    with world.database.begin() as session:
        school = School(session)
        program = session.get_one(Program, world.program_id)
        active = school.enrollment(school.student(full_name="Ana Active"), program).id
        left = school.enrollment(school.student(), program, status=EnrollmentStatus.WITHDRAWN).id
        thai = school.enrollment(
            school.student(full_name="Somchai สมชาย"), program, status=EnrollmentStatus.COMPLETED
        ).id
        elsewhere = school.enrollment(school.student(), status=EnrollmentStatus.COMPLETED).id
        cpr = diploma(
            session, None, name="CPR", prefix="CPR", requires_completion=False, validity_months=24
        ).id
    cases = (
        ({"enrollment_id": active}, Conflict, "has not completed"),
        ({"enrollment_id": left}, Conflict, "withdrew"),
        ({"enrollment_id": elsewhere}, Conflict, "awarded by another program"),
        ({"enrollment_id": 999_999}, NotFound, "no such enrollment"),
        ({"type_id": 999_999}, NotFound, "no such type"),
        ({"subject": world.student}, Forbidden, "registrar"),
        ({"replaces": 999_999, "reason": "A name"}, Conflict, "another student"),
        ({"replaces": 999_999}, Invalid, "Enter why"),
    )
    for given, problem, words in cases:
        with pytest.raises(problem, match=words):
            world.issue(**given)
    with world.database.begin() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(IssuedDocument)) == 0
    with pytest.raises(Invalid, match=r"U\+0E2A"):
        world.issue(enrollment_id=thai)
    number = world.issue(enrollment_id=active, type_id=cpr)
    assert world.read(number).serial.startswith("CPR-")
    with pytest.raises(Conflict, match="already holds CPR-"):
        world.issue(enrollment_id=active, type_id=cpr)
    with world.database.begin() as session:
        session.execute(sa.delete(SchoolSignatory))
    with pytest.raises(Conflict, match="authorized signature"):
        world.issue()
    with world.database.begin() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Credential)) == 1
        states = list(session.scalars(sa.select(IssuedDocument.status).order_by(IssuedDocument.id)))
    assert states == ["void", "issued"]


def test_a_form_sent_twice_is_one_credential_and_a_replacement_ends_the_old_one(
    world: SimpleNamespace,
) -> None:
    request = uuid4()
    first = world.issue(request=request)
    assert world.issue(request=request) == first
    with world.database.begin() as session:
        session.get_one(User, world.student.user_id).full_name = "Ngọc Tran"
    second = world.issue(replaces=first, reason="A new name")
    old, new = world.read(first), world.read(second)
    assert (old.standing, old.replaced_by, old.full_name) == ("superseded", second, "Nguyễn Thị Bích Ngọc")
    assert (new.standing, new.replaces_id, new.full_name) == ("valid", first, "Ngọc Tran")
    with pytest.raises(Conflict, match="superseded already"):
        world.issue(replaces=first, reason="Again")
    with world.database.begin() as session:
        with pytest.raises(Conflict, match="superseded already"):
            awards.revoke(session, world.registrar, first, "A mistake", world.settings.zone)
        # Made void under Documents, the credential is revoked as well: there is one truth.
        documents.void(session, world.registrar, new.document_id, "Issued by mistake")
        ending = session.get_one(CredentialEnding, second)
        assert (ending.kind, ending.reason, ending.ended_by) == (
            "revoked",
            "Issued by mistake",
            world.registrar.user_id,
        )
    assert world.read(second).standing == "revoked"


def test_a_type_with_another_name_still_replaces_what_it_awarded(world: SimpleNamespace) -> None:
    first = world.issue()
    with world.database.begin() as session:
        session.get_one(CredentialType, world.type_id).name = "Dental Assisting Diploma"
    second = world.issue(replaces=first, reason="The school renamed it")
    assert (world.read(first).replaced_by, world.read(second).name) == (second, "Dental Assisting Diploma")


def test_of_two_who_revoke_at_once_the_second_reads_that_it_is_revoked(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, zone, void = world.issue(), world.settings.zone, documents.void

    def meanwhile(*given: Any) -> Any:
        with monkeypatch.context() as first, world.database.begin() as session:
            first.setattr(documents, "void", void)
            awards.revoke(session, world.registrar, number, "Issued by mistake", zone)
        return void(*given)

    monkeypatch.setattr(documents, "void", meanwhile)
    with world.database.begin() as session, pytest.raises(Conflict, match="was revoked already"):
        awards.revoke(session, world.registrar, number, "Also by mistake", zone)
    assert world.read(number).standing == "revoked"


def test_a_page_that_is_shared_several_times_at_once_is_one(world: SimpleNamespace) -> None:
    number = world.issue()

    def share(_place: int) -> str:
        with world.database.begin() as session:
            return holders.share(session, world.student, number, world.settings.zone).slug

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(share, range(6)))) == 1


def test_a_credential_of_an_older_system_can_be_revoked_and_replaced(world: SimpleNamespace) -> None:
    """The documented row: it has neither a diploma nor a badge here."""
    with world.database.begin() as session:
        for serial in ("DAC-2024-001", "DAC-2024-002"):
            session.execute(
                sa.text(
                    "INSERT INTO credentials (user_id, program_id, credential_type, cert_serial, issued_at)"
                    " VALUES (:user, :program, 'Dental Assistant Certification', :serial, '2024-05-15')"
                ),
                {"user": world.student.user_id, "program": world.program_id, "serial": serial},
            )
        first, second = session.scalars(sa.select(Credential.id).order_by(Credential.id))
        assert public.verify(session, world.settings.zone, "DAC-2024-001", None).state == "valid"
        awards.revoke(session, world.registrar, first, "A mistake", world.settings.zone)
        assert public.verify(session, world.settings.zone, "DAC-2024-001", None).state == "revoked"
    world.issue(replaces=second, reason="Lost")
    assert world.read(second).standing == "superseded"


def test_reminders_come_60_30_and_7_days_before_the_end_once_each(world: SimpleNamespace) -> None:
    with world.database.begin() as session:
        kind = diploma(session, None, name="CPR", prefix="CPR", validity_months=3).id
    number = world.issue(type_id=kind)
    end = world.read(number).expires_on
    sent = []
    for left in (90, 61, 60, 59, 31, 30, 29, 8, 7, 6, 0):
        day = end - timedelta(days=left)
        with world.database.begin() as session:
            if reminders.remind(session, world.settings, day):
                sent.append(left)
            assert reminders.remind(session, world.settings, day) == 0
    assert sent == [60, 30, 7]
    with world.database.begin() as session:
        bodies = list(session.scalars(sa.text("SELECT body_text FROM outbox_messages ORDER BY id")))
        assert len(bodies) == 3
        assert long_date(end) in bodies[0]
        code_states = []
        serial = world.read(number).serial
        for day in (end, end + timedelta(days=1)):
            with time_machine.travel(f"{day.isoformat()}T16:00:00Z", tick=False):
                code_states.append(public.verify(session, world.settings.zone, serial, None).state)
    assert code_states == ["valid", "expired"]
