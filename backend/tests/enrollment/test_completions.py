"""Completing lessons, and the progress written with every event that changes it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.academics import service as academics
from app.academics.schemas import LessonFields
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Subject
from app.db.models import AuditEntry, Enrollment, LessonCompletion
from app.db.session import Database
from app.enrollment import service
from tests.enrollment.conftest import NOW, course, done
from tests.factories.school import School, subject_of
from tests.queries import counted


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
