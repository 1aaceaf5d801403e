"""Importing enrollments: what a row means, what is refused, and undoing."""

import io
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, Forbidden
from app.core.files import open_store
from app.core.permissions import Duty, Subject
from app.db.models import AuditEntry, DataImport, Enrollment
from app.enrollment import service as enrollment
from app.settings import Settings
from app.web.imports import service
from tests.factories.school import School


def send(session: Session, subject: Any, content: str) -> DataImport:
    settings: Settings = session.info["settings"]
    return service.send(
        session, subject, settings, open_store(settings), "enrollments", io.BytesIO(content.encode()), "e.csv"
    )


def run(session: Session, subject: Any, record: DataImport, *, good_only: bool = False) -> DataImport:
    settings: Settings = session.info["settings"]
    service.start(session, subject, open_store(session.info["settings"]), record.id, good_only=good_only)
    return service.run(session, subject, settings, open_store(settings), record.id)


def test_students_are_enrolled_by_name_or_number_of_the_program(
    session: Session, school: School, admin: Subject, settings: Settings
) -> None:
    program = school.program(name="Dental  Assistant")
    for name in ("ana", "bo", "cy"):
        school.student(email=f"{name}@example.org")
    record = send(
        session,
        admin,
        "Student email,Course,Start date\n"
        "ANA@example.org,dental assistant,01/05/2026\n"
        f"bo@example.org,{program.id},2026-01-06\n"
        "cy@example.org,DENTAL ASSISTANT,\n",
    )
    assert record.faults == []
    assert run(session, admin, record).rows_done == 3
    found = session.scalars(select(Enrollment).order_by(Enrollment.id)).all()
    assert [one.enrolled_at for one in found] == [
        date(2026, 1, 5),
        date(2026, 1, 6),
        clock.today(settings.zone),
    ]
    assert {one.program_id for one in found} == {program.id}
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "enrollment.created")).all()
    assert {entry.target_id for entry in entries} == {str(one.id) for one in found}
    service.undo(session, admin, record.id)
    assert session.scalars(select(Enrollment)).all() == []


def test_every_bad_row_is_named(session: Session, school: School, admin: Subject) -> None:
    hygiene = school.program(name="Hygiene")
    for _ in range(2):
        school.program(name="Twin")
    ana, teacher = school.student(email="ana@example.org"), school.instructor(email="teacher@example.org")
    school.enrollment(ana, hygiene)
    school.student(email="gone@example.org", deleted_at=clock.now())
    school.student(email="bo@example.org")
    record = send(
        session,
        admin,
        "Email,Program,Enrolled\n"
        "ana@example.org,Hygiene,1/5/2026\n"
        "nobody@example.org,Hygiene,1/5/2026\n"
        f"{teacher.email},Hygiene,1/5/2026\n"
        "gone@example.org,Hygiene,1/5/2026\n"
        "bo@example.org,Surgery,1/5/2026\n"
        "bo@example.org,twin,1/5/2026\n"
        "bo@example.org,Hygiene,25/12/2026\n"
        "bo@example.org,Hygiene,12/31/2099\n"
        "bo@example.org,Hygiene,1/5/2026\n"
        "bo,Hygiene,1/5/2026\n",
    )
    found = {fault["row"]: fault["message"] for fault in record.faults}
    expected = {
        2: "has an active enrollment in Hygiene already",
        3: "Nobody has an account",
        4: "only students are enrolled",
        5: "Nobody has an account",
        6: "There is no program of this name",
        7: "Several programs have this name",
        8: "Write the month first",
        9: "lies in the future",
        10: "enrolls the same student",
        11: "Enter the email address",
    }
    assert set(found) == set(expected)
    for row, words in expected.items():
        assert words in found[row], row


def test_an_enrollment_with_progress_is_not_undone(session: Session, school: School, admin: Subject) -> None:
    program = school.program(name="Hygiene")
    lesson = school.lesson(school.module(program))
    school.student(email="ana@example.org")
    record = run(session, admin, send(session, admin, "Email,Program\nana@example.org,Hygiene\n"))
    number = session.scalars(select(Enrollment.id)).one()
    enrollment.mark_lesson(session, admin, enrollment_id=number, lesson_id=lesson.id, at=clock.now())
    with pytest.raises(Conflict, match="Nothing was undone"):
        service.undo(session, admin, record.id)
    assert session.scalars(select(Enrollment.id)).all() == [number]


def test_only_who_enrolls_may_import(session: Session, school: School) -> None:
    person = school.instructor()
    auditor = Subject(
        person.id, person.email, person.full_name, person.role, duties=frozenset({Duty.AUDITOR})
    )
    with pytest.raises(Forbidden):
        send(session, auditor, "Email,Program\na@example.org,Hygiene\n")
