"""Enrollments: begun, worked in, ended; and progress written with every event that changes it."""

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

from app.academics import service as academics
from app.academics.schemas import LessonFields
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Duty, Role, Subject
from app.db.models import AuditEntry, Enrollment, EnrollmentStatus, LessonCompletion, Program, Withdrawal
from app.db.session import Database
from app.enrollment import service
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.queries import counted

TODAY = date(2026, 5, 4)
ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 5, 4, 16, tzinfo=UTC)


def enroll(session: Session, admin: Subject, user_id: int, program_id: int, **more: Any) -> Enrollment:
    return service.enroll(session, admin, user_id=user_id, program_id=program_id, today=TODAY, **more)


def course(school: School, lessons: int) -> tuple[Program, list[int]]:
    """A program with this many lessons in two modules."""
    program = school.program()
    modules = [school.module(program), school.module(program)]
    return program, [school.lesson(modules[number % 2]).id for number in range(lessons)]


def done(session: Session, enrollment: Enrollment, lesson_id: int, **more: Any) -> service.CompletionOutcome:
    values: dict[str, Any] = {"source": "content", "score_pct": None, "at": NOW} | more
    return service.record_lesson_completion(
        session, enrollment_id=enrollment.id, lesson_id=lesson_id, **values
    )


# Enrolling


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


# Completing lessons


def test_each_completion_moves_progress_and_100_means_all(session: Session, school: School) -> None:
    program, lessons = course(school, 3)
    enrollment = school.enrollment(school.student(), program)
    percents = [done(session, enrollment, lesson).progress_pct for lesson in lessons]
    assert percents == [33, 66, 100]
    session.refresh(enrollment)
    assert enrollment.progress_pct == 100
    actions = session.scalars(select(AuditEntry.action)).all()
    assert actions == ["lesson.completed"] * 3


def test_repeating_changes_nothing_and_the_best_score_is_kept(session: Session, school: School) -> None:
    program, (lesson, _other) = course(school, 2)
    enrollment = school.enrollment(school.student(), program)
    first = done(session, enrollment, lesson, score_pct=80)
    assert (first.new, first.counted, first.progress_pct) == (True, True, 50)
    for score in (None, 40, 80, Decimal("79.99")):
        again = done(session, enrollment, lesson, score_pct=score, at=NOW + timedelta(days=1), source="staff")
        assert (again.new, again.progress_pct) == (False, 50)
    better = done(session, enrollment, lesson, score_pct=92.505)
    assert not better.new
    row = session.scalars(select(LessonCompletion)).one()
    assert (row.score_pct, row.completed_at, row.source) == (Decimal("92.51"), NOW, "content")
    assert session.scalars(select(AuditEntry.action)).all() == [
        "lesson.completed",
        "lesson_completion.improved",
    ]


def test_an_ended_enrollment_is_left_as_it_is(session: Session, school: School) -> None:
    program, (lesson,) = course(school, 1)
    for status in ("completed", "withdrawn"):
        enrollment = school.enrollment(school.student(), program, status=status, progress_pct=40)
        outcome = done(session, enrollment, lesson)
        assert outcome == service.CompletionOutcome(counted=False, new=False, progress_pct=40)
    assert session.scalars(select(LessonCompletion)).all() == []
    assert session.scalars(select(AuditEntry)).all() == []


def test_a_lesson_of_another_program_or_a_score_that_cannot_be_is_refused(
    session: Session, school: School
) -> None:
    program, (lesson,) = course(school, 1)
    _elsewhere, (stranger,) = course(school, 1)
    enrollment = school.enrollment(school.student(), program)
    with pytest.raises(NotFound, match="not part of the enrollment's program"):
        done(session, enrollment, stranger)
    for score in (-1, 100.5, float("nan"), float("inf")):
        with pytest.raises(Invalid, match="between 0 and 100"):
            done(session, enrollment, lesson, score_pct=score)
    with pytest.raises(NotFound):
        service.record_lesson_completion(
            session, enrollment_id=2_000_000_000, lesson_id=lesson, source="content", score_pct=None, at=NOW
        )
    assert session.scalars(select(LessonCompletion)).all() == []


def test_completions_and_changes_of_the_program_at_once_end_with_the_right_progress(
    live_database: Database,
) -> None:
    with live_database.begin() as session:
        school = School(session)
        admin = subject_of(school.admin())
        program, lessons = course(school, 10)
        module_id = school.module(program).id
        enrollments = [school.enrollment(school.student(), program) for _ in range(3)]

    def complete(job: int) -> None:
        with live_database.begin() as session:
            done(session, enrollments[job % 3], lessons[job // 3])

    def add(job: int) -> None:
        with live_database.begin() as session:
            values = LessonFields(title=f"More {job}", content_type="scorm")
            academics.create_lesson(session, admin, module_id, values)

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(complete, job) for job in range(30)]
        jobs[10:10] = [pool.submit(add, job) for job in range(6)]
        for job in jobs:
            job.result()
    with live_database.begin() as session:
        percents = session.scalars(select(Enrollment.progress_pct)).all()
        assert percents == [10 * 100 // 16] * 3


def test_rewriting_progress_takes_the_same_statements_for_one_student_and_for_many(
    session: Session, school: School, admin: Subject
) -> None:
    def statements(students: int) -> int:
        program, lessons = course(school, 4)
        for _ in range(students):
            done(session, school.enrollment(school.student(), program), lessons[0])
        module = school.module(program)
        with counted(session.connection()) as seen:
            academics.create_lesson(
                session, admin, module.id, LessonFields(title="New", content_type="scorm")
            )
        rows = session.scalars(select(Enrollment.progress_pct).where(Enrollment.program_id == program.id))
        assert set(rows) == {20}
        return len(seen)

    assert statements(1) == statements(25)


# Marking by hand


def test_a_student_marks_videos_and_documents_of_their_own(session: Session, school: School) -> None:
    program = school.program()
    module = school.module(program)
    video = school.lesson(module, content_type="video", content_url="https://example.org/film")
    scorm = school.lesson(module)
    student = school.student()
    enrollment = school.enrollment(student, program)
    mark = {"enrollment_id": enrollment.id, "at": NOW}
    with pytest.raises(NotFound):
        service.mark_lesson(session, subject_of(school.student()), lesson_id=video.id, **mark)
    with pytest.raises(Conflict, match="marked as done automatically"):
        service.mark_lesson(session, subject_of(student), lesson_id=scorm.id, **mark)
    with pytest.raises(Invalid, match="Only staff"):
        service.mark_lesson(session, subject_of(student), lesson_id=video.id, score_pct=Decimal(100), **mark)
    outcome = service.mark_lesson(session, subject_of(student), lesson_id=video.id, **mark)
    assert (outcome.new, outcome.progress_pct) == (True, 50)
    teacher = school.instructor()
    with pytest.raises(NotFound):
        service.mark_lesson(session, subject_of(teacher), lesson_id=scorm.id, **mark)
    school.school_class(program, teacher=teacher, students=[enrollment])
    staff = subject_of(teacher)
    assert service.mark_lesson(session, staff, lesson_id=scorm.id, **mark).progress_pct == 100
    rows = session.scalars(select(LessonCompletion).order_by(LessonCompletion.id)).all()
    assert [row.source for row in rows] == ["student", "staff"]


def test_nobody_marks_lessons_of_an_ended_enrollment(session: Session, school: School) -> None:
    program, (lesson,) = course(school, 1)
    enrollment = school.enrollment(school.student(), program, status="withdrawn")
    with pytest.raises(Conflict, match="no longer active"):
        service.mark_lesson(
            session,
            subject_of(school.admin()),
            enrollment_id=enrollment.id,
            lesson_id=lesson,
            at=NOW,
        )


# The end


def withdraw(session: Session, admin: Subject, enrollment_id: int, **more: Any) -> Withdrawal:
    values: dict[str, Any] = {
        "requested_at": NOW,
        "now": NOW,
        "enrolled_from": datetime(2026, 1, 5, 5, tzinfo=UTC),
        "reason": "Moving away",
        "zone": ZONE,
    }
    return service.withdraw(session, admin, enrollment_id, **(values | more))


def test_a_withdrawal_keeps_progress_and_reason(session: Session, school: School, admin: Subject) -> None:
    program, lessons = course(school, 3)
    enrollment = school.enrollment(school.student(), program)
    done(session, enrollment, lessons[0])
    row = withdraw(session, admin, enrollment.id)
    session.refresh(enrollment)
    assert enrollment.status is EnrollmentStatus.WITHDRAWN
    assert (row.progress_pct_at_withdrawal, row.reason, row.requested_at) == (33, "Moving away", NOW)
    assert row.admin_processed_at is None
    with pytest.raises(Conflict, match="is withdrawn and cannot be reopened"):
        withdraw(session, admin, enrollment.id)
    with pytest.raises(Conflict, match="is withdrawn and cannot be reopened"):
        service.complete(session, admin, enrollment.id, today=TODAY, zone=ZONE)
    assert session.scalar(select(func.count()).select_from(Withdrawal)) == 1


@pytest.mark.parametrize(
    "requested_at", [NOW + timedelta(seconds=1), datetime(2026, 1, 5, 4, 59, tzinfo=UTC)]
)
def test_a_request_arrives_between_enrollment_and_now(
    session: Session, school: School, admin: Subject, requested_at: datetime
) -> None:
    enrollment = school.enrollment(school.student())
    with pytest.raises(Invalid, match="cannot be"):
        withdraw(session, admin, enrollment.id, requested_at=requested_at)
    assert enrollment.status is EnrollmentStatus.ACTIVE


def test_completion_needs_every_lesson(session: Session, school: School, admin: Subject) -> None:
    program, lessons = course(school, 2)
    enrollment = school.enrollment(school.student(), program)
    done(session, enrollment, lessons[0])
    with pytest.raises(Conflict, match="1 of 2 lessons completed"):
        service.complete(session, admin, enrollment.id, today=TODAY, zone=ZONE)
    assert "1 of 2 lessons" in (service.why_not_complete(session, admin, enrollment.id) or "")
    done(session, enrollment, lessons[1])
    assert service.why_not_complete(session, admin, enrollment.id) is None
    assert service.ready_count(session, admin) == 1
    service.complete(session, admin, enrollment.id, today=TODAY, zone=ZONE)
    assert (enrollment.status, enrollment.completed_at) == (EnrollmentStatus.COMPLETED, TODAY)
    assert service.ready_count(session, admin) == 0


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
            service.complete(session, person, enrollment.id, today=TODAY, zone=ZONE)


# Reading


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
    with pytest.raises(Forbidden):
        service.ready_count(session, subject)
    with pytest.raises(Forbidden):
        service.pending_count(session, subject)


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
        service.complete(session, registrar, enrollment.id, today=TODAY, zone=ZONE)
    times = {"requested_at": NOW, "now": NOW, "enrolled_from": NOW - timedelta(days=1)}
    with pytest.raises(NotFound):
        service.withdraw(session, registrar, enrollment.id, reason=None, zone=ZONE, **times)
