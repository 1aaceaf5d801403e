"""Lessons that open later, ask for another first, are optional, or are checked in person."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from app.academics.conditions import service
from app.academics.schemas import ConditionsForm
from app.content import service as content
from app.core import clock
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.permissions import Role
from app.db.models import (
    Assignment,
    AssignmentVersion,
    ContentType,
    Enrollment,
    Lesson,
    LessonCompletion,
    User,
)
from app.enrollment import service as enrollment
from app.enrollment.learning import service as learning
from tests.content.conftest import Play, School, completions, subject_of


def second(school: School) -> Lesson:
    lesson = Lesson(
        module_id=school.lesson.module_id,
        title="Second",
        content_type=ContentType.VIDEO,
        content_url="https://films.example/1",
        order_num=2,
    )
    school.session.add(lesson)
    school.session.commit()
    return lesson


def make_assignment(school: School) -> int:
    lesson = Lesson(
        module_id=school.lesson.module_id, title="Tray", content_type=ContentType.DOCUMENT, order_num=3
    )
    school.session.add(lesson)
    school.session.flush()
    assignment = Assignment(lesson_id=lesson.id)
    school.session.add(assignment)
    school.session.flush()
    levels = [{"label": "Not done", "points": 0}, {"label": "Done", "points": 1}]
    school.session.add(
        AssignmentVersion(
            assignment_id=assignment.id,
            version=1,
            instructions="Take a photo",
            criteria=[{"text": "Sharp", "critical": False, "levels": levels}],
            kinds=["text"],
            max_bytes=10**6,
            max_files=3,
            late="accept",
            late_pct=0,
            several=True,
            completes="passed",
            pass_pct=75,
        )
    )
    school.session.commit()
    return lesson.id


def condition(school: School, lesson_id: int | None = None, **values: object) -> None:
    admin = replace(subject_of(school.instructor), role=Role.ADMIN)
    form = ConditionsForm.model_validate(values)
    service.change(school.session, admin, lesson_id or school.lesson.id, form)
    school.session.commit()


def complete(school: School, lesson_id: int) -> None:
    enrollment.record_lesson_completion(
        school.session,
        enrollment_id=school.enrollment.id,
        lesson_id=lesson_id,
        source="staff",
        score_pct=None,
        at=clock.now(),
    )
    school.session.commit()


def progress(school: School) -> int | None:
    school.session.expire_all()
    return school.session.get_one(Enrollment, school.enrollment.id).progress_pct


def lines(school: School) -> dict[str, learning.LessonLine]:
    (program,) = learning.checklist(school.session, subject_of(school.student))
    return {line.title: line for line in program.lessons}


def test_another_lesson_first(school: School, play: Play) -> None:
    school.upload()
    other = second(school)
    condition(school, after_lesson_id=other.id)
    line = lines(school)["Hand washing"]
    assert (line.state, line.href, line.reason) == ("unavailable", "", "Complete “Second” first.")
    with pytest.raises(Conflict, match="Complete “Second” first"):
        play()
    school.session.rollback()
    assert play(preview=True).launch.preview, "staff look at it all the same"
    complete(school, other.id)
    assert play().launch.sco_id
    assert lines(school)["Hand washing"].state == "started"


def test_staff_read_when_students_open_a_lesson(
    school: School, signed_in: Callable[[User], TestClient]
) -> None:
    other = second(school)
    client = signed_in(school.instructor)

    def said() -> str:
        return client.get(f"/lessons/{school.lesson.id}").text

    assert "any day" in said()
    condition(school, after_lesson_id=other.id)
    assert "after “Second”" in said()
    assert "any day" not in said()
    condition(school, after_lesson_id=other.id, opens_on="2026-12-01")
    assert ", after “Second”" in said()


def test_from_a_day_on(school: School, play: Play) -> None:
    school.upload()
    tomorrow = clock.today(school.settings.zone) + timedelta(days=1)
    condition(school, opens_on=tomorrow)
    with pytest.raises(Conflict, match="It opens on"):
        play()
    school.session.rollback()
    condition(school, opens_on=tomorrow - timedelta(days=1))
    assert play().launch.sco_id
    condition(school, opens_on=tomorrow)
    complete(school, school.lesson.id)
    assert play().launch.sco_id, "what is done may be looked at again"


def test_a_material_is_not_marked_before_it_opens(school: School) -> None:
    other = second(school)
    condition(school, other.id, after_lesson_id=school.lesson.id)
    student = subject_of(school.student)
    with pytest.raises(Conflict, match="not open yet"):
        learning.mark_done(school.session, student, other.id, at=clock.now())
    school.session.rollback()
    complete(school, school.lesson.id)
    learning.mark_done(school.session, student, other.id, at=clock.now())


def test_no_door_marks_or_shows_what_is_closed(
    school: School, signed_in: Callable[[User], TestClient]
) -> None:
    other = second(school)
    condition(school, other.id, after_lesson_id=school.lesson.id)
    student = signed_in(school.student)
    completion = f"/api/v1/enrollments/{school.enrollment.id}/lessons/{other.id}/completion"
    refused = student.put(completion)
    assert (refused.status_code, completions(school)) == (409, [])
    assert "Complete “Hand washing” first" in refused.text
    page = student.get(f"/learn/materials/{other.id}").text
    assert "Complete “Hand washing” first." in page
    assert "films.example" not in page
    assert "Mark as done" not in page
    complete(school, school.lesson.id)
    page = student.get(f"/learn/materials/{other.id}").text
    assert "films.example/1" in page
    assert "Mark as done" in page
    assert student.put(completion).status_code == 200
    condition(school, other.id, opens_on=clock.today(school.settings.zone) + timedelta(days=1))
    assert student.put(completion).json()["new"] is False, "what is done stays open"


def test_a_closed_lesson_is_marked_by_staff_all_the_same(school: School) -> None:
    other = second(school)
    condition(school, other.id, after_lesson_id=school.lesson.id)
    admin = User(email="ada@school.example", full_name="Ada Min", role=Role.ADMIN, hashed_password="!")
    school.session.add(admin)
    school.session.flush()
    enrollment.mark_lesson(
        school.session,
        subject_of(admin),
        enrollment_id=school.enrollment.id,
        lesson_id=other.id,
        at=clock.now(),
    )
    assert [one.source for one in completions(school)] == ["staff"]


def test_a_closed_assignment_shows_only_why(school: School, signed_in: Callable[[User], TestClient]) -> None:
    assigned = make_assignment(school)
    student = signed_in(school.student)
    address = f"/learn/assignments/{assigned}"
    assert "Take a photo" in student.get(address).text
    condition(school, assigned, after_lesson_id=school.lesson.id)
    page = student.get(address).text
    assert "Complete “Hand washing” first." in page
    for hidden in ("Take a photo", "How it is graded", "Sharp", 'type="file"'):
        assert hidden not in page


def test_lessons_do_not_wait_for_each_other(school: School) -> None:
    other = second(school)
    condition(school, other.id, after_lesson_id=school.lesson.id)
    for wrong, said in ((other.id, "already requires this one"), (999_999, "same program")):
        with pytest.raises(Invalid, match=said):
            condition(school, after_lesson_id=wrong)
        school.session.rollback()
    with pytest.raises(Forbidden):
        service.change(
            school.session, subject_of(school.instructor), other.id, ConditionsForm(after_lesson_id=None)
        )


def test_progress_leaves_optional_lessons_out_at_once(school: School) -> None:
    other = second(school)
    complete(school, school.lesson.id)
    assert progress(school) == 50
    condition(school, other.id, optional=True)
    assert progress(school) == 100
    assert lines(school)["Second"].optional
    result, rows = enrollment.read_progress(school.session, subject_of(school.student), school.enrollment.id)
    assert (result.percent, result.required, len(rows)) == (100, 1, 2)
    complete(school, other.id)
    assert progress(school) == 100
    condition(school, other.id, optional=False)
    assert progress(school) == 100
    condition(school, optional=True)
    condition(school, other.id, optional=True)
    assert progress(school) == 0, "a program in which nothing counts is not completed"


def test_what_is_checked_in_person_no_content_completes(school: School, play: Play) -> None:
    school.upload()
    condition(school, needs_check=True)
    played = play()
    played.commit(lesson_status="passed", finish=True)
    assert completions(school) == []
    assert progress(school) == 0
    result = content.lesson_result(school.session, subject_of(school.student), school.lesson.id)
    assert (result.complete, result.to_check, result.done) == (False, True, 1)
    student = subject_of(school.student)
    with pytest.raises(Conflict, match="checks this lesson in person"):
        enrollment.mark_lesson(
            school.session,
            student,
            enrollment_id=school.enrollment.id,
            lesson_id=school.lesson.id,
            at=clock.now(),
        )
    admin = User(email="ada@school.example", full_name="Ada Min", role=Role.ADMIN, hashed_password="!")
    school.session.add(admin)
    school.session.flush()
    enrollment.mark_lesson(
        school.session,
        subject_of(admin),
        enrollment_id=school.enrollment.id,
        lesson_id=school.lesson.id,
        at=clock.now(),
    )
    (made,) = completions(school)
    assert made.source == "staff"
    assert progress(school) == 100
    assert not content.lesson_result(school.session, student, school.lesson.id).to_check


def test_the_page_saves_conditions_and_shows_what_is_wrong(
    school: School, signed_in: Callable[[User], TestClient]
) -> None:
    other = second(school)
    admin = User(email="ada@school.example", full_name="Ada Min", role=Role.ADMIN, hashed_password="!")
    school.session.add(admin)
    school.session.commit()
    client = signed_in(admin)
    url = f"/lessons/{school.lesson.id}/conditions"
    assert "Second" in client.get(url).text
    given = {"after_lesson_id": str(other.id), "opens_on": "2026-12-01", "optional": "on"}
    assert client.post(url, data=given).status_code == 303
    assert "no, it is optional" in client.get(f"/lessons/{school.lesson.id}").text
    again = client.post(f"/lessons/{other.id}/conditions", data={"after_lesson_id": str(school.lesson.id)})
    assert again.status_code == 422
    assert "already requires this one" in again.text
    assert client.post(url, data={**given, "opens_on": "never"}).status_code == 422
    assert school.session.query(LessonCompletion).count() == 0
