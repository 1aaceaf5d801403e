"""Enrollments: begun, ended and read."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Duty, Role, Subject
from app.db.models import AuditEntry, Enrollment, EnrollmentStatus, Withdrawal
from app.db.session import Database
from app.enrollment import service
from app.web import queue
from app.web.paging import Paging
from tests.enrollment.conftest import NOW, course, done
from tests.factories.school import School, subject_of
from tests.factories.withdrawals import record, withdraw

TODAY = date(2026, 5, 4)


ZONE = ZoneInfo("America/New_York")


def enroll(session: Session, admin: Subject, user_id: int, program_id: int, **more: Any) -> Enrollment:
    return service.enroll(session, admin, user_id=user_id, program_id=program_id, today=TODAY, **more)


def test_a_student_is_enrolled_from_today_with_a_trail(
    session: Session, school: School, admin: Subject
) -> None:
    student, program = school.student(), school.program()
    record = enroll(session, admin, student.id, program.id)
    session.refresh(record)
    assert (record.status, record.enrolled_at, record.progress_pct) == (EnrollmentStatus.ACTIVE, TODAY, 0)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.actor_id, entry.target_id) == (
        "enrollment.created",
        admin.user_id,
        str(record.id),
    )


def test_only_present_students_are_enrolled(session: Session, school: School, admin: Subject) -> None:
    program = school.program()
    gone = school.student(deleted_at=NOW)
    for user_id in (gone.id, school.instructor().id, school.admin().id, 2_000_000_000):
        with pytest.raises(Invalid) as refusal:
            enroll(session, admin, user_id, program.id)
        assert [item.field for item in refusal.value.errors] == ["user_id"]
    student = school.student()
    for values, field in (
        ({"program_id": 2_000_000_000}, "program_id"),
        ({"program_id": program.id, "enrolled_at": TODAY + timedelta(days=1)}, "enrolled_at"),
    ):
        with pytest.raises(Invalid) as refusal:
            enroll(session, admin, student.id, **values)  # type: ignore[arg-type]
        assert [item.field for item in refusal.value.errors] == [field]
    assert session.scalar(select(func.count()).select_from(Enrollment)) == 0


def test_twice_while_active_is_refused_and_again_afterwards_is_not(
    session: Session, school: School, admin: Subject
) -> None:
    student, program = school.student(full_name="Maria Lopez"), school.program()
    first = enroll(session, admin, student.id, program.id)
    with pytest.raises(Conflict, match="Maria Lopez already has an active enrollment"):
        enroll(session, admin, student.id, program.id)
    with pytest.raises(Conflict, match="already has an active enrollment"):
        service.enroll_by_email(
            session,
            admin,
            email=student.email.upper(),
            program_id=program.id,
            enrolled_at=TODAY,
            today=TODAY,
        )
    withdraw(session, admin, first.id)
    second = enroll(session, admin, student.id, program.id)
    assert second.id != first.id


def test_two_requests_at_once_make_one_enrollment(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        admin = subject_of(school.admin())
        student, program = school.student().id, school.program().id
    start = threading.Barrier(4)

    def attempt(_number: int) -> str:
        start.wait()
        try:
            with live_database.begin() as session:
                enroll(session, admin, student, program)
        except Conflict:
            return "refused"
        except IntegrityError as error:
            return "refused by the database" if "uq_enrollments_one_active" in str(error) else str(error)
        return "enrolled"

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(attempt, range(4)))
    assert results.count("enrolled") == 1
    assert set(results) <= {"enrolled", "refused", "refused by the database"}


def test_by_email_names_what_is_wrong(session: Session, school: School, admin: Subject) -> None:
    program = school.program()
    school.instructor(email="ines@example.org", full_name="Ines")
    school.student(email="gone@example.org", deleted_at=NOW)
    for email, sentence in (
        ("nobody@example.org", "Nobody has an account"),
        ("gone@example.org", "Nobody has an account"),
        ("ines@example.org", "Ines is not a student"),
    ):
        with pytest.raises(Invalid, match=sentence):
            service.enroll_by_email(
                session, admin, email=email, program_id=program.id, enrolled_at=TODAY, today=TODAY
            )


def test_a_withdrawal_keeps_progress_and_reason(session: Session, school: School, admin: Subject) -> None:
    program, lessons = course(school, 3)
    program.clock_hours = None
    enrollment = school.enrollment(school.student(), program)
    done(session, enrollment, lessons[0])
    row = record(session, admin, enrollment.id, requested_at=NOW)
    session.refresh(enrollment)
    assert (enrollment.status, row.admin_processed_at) == (EnrollmentStatus.ACTIVE, None)
    assert waiting(session, admin, "withdrawals") == 1
    service.process_withdrawal(session, admin, enrollment.id, note="Exit interview held", zone=ZONE)
    assert enrollment.status is EnrollmentStatus.WITHDRAWN
    assert (row.progress_pct_at_withdrawal, row.reason, row.requested_at) == (33, "Moving away", NOW)
    with pytest.raises(Conflict, match="is withdrawn and cannot be reopened"):
        record(session, admin, enrollment.id, requested_at=NOW)
    with pytest.raises(Conflict, match="is withdrawn and cannot be reopened"):
        service.complete(session, admin, enrollment.id, today=TODAY, zone=ZONE, exception="As agreed")
    assert session.scalar(select(func.count()).select_from(Withdrawal)) == 1


def test_a_withdrawal_is_finished_once_with_a_note(session: Session, school: School, admin: Subject) -> None:
    enrollment = school.enrollment(school.student())
    row = record(session, admin, enrollment.id)
    bursar = replace(admin, role=Role.INSTRUCTOR, duties=frozenset({Duty.BURSAR}))

    def finish(subject: Subject, number: int, note: str) -> None:
        service.process_withdrawal(session, subject, number, note=note, zone=ZONE)

    with pytest.raises(Forbidden, match="Ask the registrar"):
        finish(bursar, enrollment.id, "Done")
    finish(admin, enrollment.id, "Exit interview held")
    assert (row.admin_processed_at is None, row.admin_notes) == (False, "Exit interview held")
    assert waiting(session, admin, "withdrawals") == 0
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "withdrawal.processed")).one()
    assert (entry.actor_id, entry.target_id, entry.student_id, entry.reason) == (
        admin.user_id,
        str(row.id),
        enrollment.user_id,
        "Exit interview held",
    )
    with pytest.raises(Conflict, match="No withdrawal"):
        finish(admin, enrollment.id, "Again")
    with pytest.raises(Conflict, match="No withdrawal"):
        finish(admin, school.enrollment(school.student()).id, "x")


def test_a_withdrawal_of_an_older_release_is_processed_after_the_end(
    session: Session, school: School, admin: Subject
) -> None:
    """There the office ended the enrollment first and finished the paperwork later."""
    enrollment = school.enrollment(school.student(), status=EnrollmentStatus.WITHDRAWN)
    asked = Withdrawal(
        user_id=enrollment.user_id,
        enrollment_id=enrollment.id,
        requested_at=NOW - timedelta(days=3),
        reason="Moving",
    )
    session.add(asked)
    session.flush()
    service.process_withdrawal(session, admin, enrollment.id, note="Done", zone=ZONE)
    assert asked.withdrawn_at == asked.requested_at
    assert waiting(session, admin, "withdrawals") == 0


@pytest.mark.parametrize(
    "requested_at", [datetime(2100, 1, 5, tzinfo=UTC), datetime(2026, 1, 5, 4, 59, tzinfo=UTC)]
)
def test_a_request_arrives_between_enrollment_and_now(
    session: Session, school: School, admin: Subject, requested_at: datetime
) -> None:
    enrollment = school.enrollment(school.student())
    with pytest.raises(Invalid, match="cannot be"):
        record(session, admin, enrollment.id, requested_at=requested_at)
    assert enrollment.status is EnrollmentStatus.ACTIVE


def waiting(session: Session, subject: Subject, kind: str) -> int:
    return {one.kind.name: one.waiting for one in queue.counts(session, subject, TODAY)}[kind]


def ready(session: Session, subject: Subject) -> int:
    return waiting(session, subject, "ready_to_graduate")


def test_completion_needs_every_lesson(session: Session, school: School, admin: Subject) -> None:
    program, lessons = course(school, 2)
    enrollment = school.enrollment(school.student(), program)
    done(session, enrollment, lessons[0])
    with pytest.raises(Conflict, match="1 of 2 lessons completed"):
        service.complete(session, admin, enrollment.id, today=TODAY, zone=ZONE, exception="As agreed")
    assert "1 of 2 lessons" in (service.why_not_complete(session, admin, enrollment.id) or "")
    done(session, enrollment, lessons[1])
    assert service.why_not_complete(session, admin, enrollment.id) is None
    assert ready(session, admin) == 1
    service.complete(session, admin, enrollment.id, today=TODAY, zone=ZONE, exception="As agreed")
    assert (enrollment.status, enrollment.completed_at) == (EnrollmentStatus.COMPLETED, TODAY)
    assert ready(session, admin) == 0


def test_only_administrators_change_enrollments(
    session: Session, school: School, instructor: Subject
) -> None:
    student = school.student()
    enrollment = school.enrollment(student)
    for person in (instructor, subject_of(student)):
        with pytest.raises(Forbidden):
            enroll(session, person, student.id, enrollment.program_id)
        with pytest.raises(Forbidden):
            withdraw(session, person, enrollment.id)
        with pytest.raises(Forbidden):
            service.complete(session, person, enrollment.id, today=TODAY, zone=ZONE, exception="As agreed")


def test_students_see_their_own_and_staff_all(session: Session, school: School, admin: Subject) -> None:
    mine, theirs = school.enrollment(school.student()), school.enrollment(school.student())
    subject = Subject(mine.user_id, "me@example.org", "Me", Role.STUDENT)
    listed = service.list_enrollments(session, subject, Paging()).page()
    assert [row.id for row in listed.items] == [mine.id]
    assert service.list_enrollments(session, subject, Paging(), user_id=theirs.user_id).page().total == 0
    assert service.list_enrollments(session, admin, Paging()).page().total == 2
    assert service.read_enrollment(session, subject, mine.id).id == mine.id
    for number in (theirs.id, 2_000_000_000):
        with pytest.raises(NotFound):
            service.read_enrollment(session, subject, number)
        with pytest.raises(NotFound):
            service.read_progress(session, subject, number)
    assert queue.counts(session, subject, TODAY) == []


def test_the_list_searches_filters_and_leaves_out_deleted_people(
    session: Session, school: School, admin: Subject
) -> None:
    hygiene = school.program(name="Dental 100% Hygiene")
    maria = school.enrollment(school.student(full_name="Maria Lopez", email="ml@example.org"), hygiene)
    john = school.enrollment(school.student(full_name="John Smith"), status="withdrawn")
    school.enrollment(school.student(full_name="Maria Gone", deleted_at=NOW), hygiene)

    def found(q: str = "", **filters: Any) -> list[int]:
        page = service.list_enrollments(session, admin, Paging(q=q, sort="student"), **filters).page()
        return [row.id for row in page.items]

    assert found() == [john.id, maria.id]
    assert found("maria") == [maria.id]
    assert found("LOPEZ hygiene") == [maria.id]
    assert found("100%") == [maria.id]
    assert found("ml@") == [maria.id]
    assert found("%_") == []
    assert found(status=EnrollmentStatus.WITHDRAWN) == [john.id]
    assert found(program_id=hygiene.id) == [maria.id]
    assert service.status_counts(session, admin) == {
        EnrollmentStatus.ACTIVE: 1,
        EnrollmentStatus.WITHDRAWN: 1,
    }


def test_progress_is_derived_lesson_by_lesson(session: Session, school: School, admin: Subject) -> None:
    program, lessons = course(school, 4)
    enrollment = school.enrollment(school.student(), program)
    done(session, enrollment, lessons[2], score_pct=75)
    result, rows = service.read_progress(session, admin, enrollment.id)
    assert result.explanation == "1 of 4 lessons completed: 1 × 100 ÷ 4, rounded down, is 25%."
    assert [(row.id, row.score_pct) for row in rows if row.completed_at] == [(lessons[2], Decimal("75.00"))]
    assert len(rows) == 4


def test_work_counts_for_the_active_enrollment(session: Session, school: School) -> None:
    program, (lesson,) = course(school, 1)
    student = school.student()
    school.enrollment(student, program, status="withdrawn")
    with pytest.raises(NotFound):
        service.study_for(session, user_id=student.id, lesson_id=lesson)
    done = school.enrollment(student, program, status="completed", completed_at=date(2026, 3, 1))
    assert service.study_for(session, user_id=student.id, lesson_id=lesson) == service.Study(done.id, False)
    active = school.enrollment(student, program)
    assert service.study_for(session, user_id=student.id, lesson_id=lesson) == service.Study(active.id, True)


def test_the_enrollment_of_a_deleted_student_is_not_found_by_those_who_cannot_restore_them(
    session: Session, school: School
) -> None:
    enrollment = school.enrollment(school.student(deleted_at=NOW), enrolled_at=TODAY)
    user = school.with_duty(Duty.REGISTRAR)
    registrar = replace(subject_of(user), duties=frozenset({Duty.REGISTRAR}))
    with pytest.raises(NotFound):
        service.complete(session, registrar, enrollment.id, today=TODAY, zone=ZONE, exception="As agreed")
    with pytest.raises(NotFound):
        record(session, registrar, enrollment.id)
