"""Students stay on the version they began, whatever the standard, until somebody moves them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.content import service as content
from app.content.versions import service
from app.core.errors import Forbidden, NotFound
from app.db.models import LessonMove, ScormData, User
from app.db.session import Database
from app.settings import Settings
from tests.accounts.student_files.conftest import wait_for_a_lock
from tests.content.conftest import Play, School, completions, make_school, subject_of
from tests.content.quizzes.conftest import planner
from tests.content.test_scorm2004 import report
from tests.factories.packages import Sco, course
from tests.factories.scorm2004 import course as course_2004


def shown(school: School) -> int:
    result = content.lesson_result(school.session, subject_of(school.student), school.lesson.id)
    return result.package_id


def test_who_has_begun_stays_and_who_begins_gets_the_newest(school: School, play: Play) -> None:
    first = school.upload(course(Sco("a", "Old")))
    play().commit(lesson_status="incomplete", lesson_location="4")
    second = school.upload(course_2004())
    again = play()
    assert (again.launch.sco_id, again.boot()["cmi"]["core"]["lesson_location"]) == ("a", "4")
    assert shown(school) == first.id
    assert not content.work_in_older_version(school.session, subject_of(school.student), school.lesson.id)
    again.commit(lesson_status="completed", finish=True)
    assert len(completions(school)) == 1, "the version that was begun completes the lesson"
    assert school.launch(preview=True).sco_id == "part-1", "a preview has the newest"
    (on,) = service.students_on_versions(school.session, planner(school), school.lesson.id)
    assert (on.version, on.is_newest) == (1, False)
    service.move(school.session, planner(school), school.lesson.id, None)
    service.move(school.session, planner(school), school.lesson.id, school.enrollment.id)
    assert len(school.session.scalars(select(LessonMove)).all()) == 1, "moving again changes nothing"
    assert shown(school) == second.id
    assert content.work_in_older_version(school.session, subject_of(school.student), school.lesson.id)
    report(play(), completion_status="incomplete")
    assert [attempt.package_id for attempt in school.attempts()] == [first.id, second.id]
    assert len(completions(school)) == 1, "what was completed stays so"


def test_two_who_move_all_at_once_move_each_student_once(
    live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        school = make_school(session, live_settings)
        package = school.upload()
        session.add(
            ScormData(
                user_id=school.student.id,
                lesson_id=school.lesson.id,
                enrollment_id=school.enrollment.id,
                package_id=package.id,
                sco_id="a",
            )
        )
        school.upload(course(Sco("b", "New")))
        by, lesson_id = planner(school), school.lesson.id

    def press() -> None:
        with live_database.begin() as session:
            service.move(session, by, lesson_id, None)

    with ThreadPoolExecutor(1) as pool:
        with live_database.begin() as session:
            service.move(session, by, lesson_id, None)
            second = pool.submit(press)
            wait_for_a_lock(live_database)
        second.result(30)
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(LessonMove)) == 1


def test_only_those_who_see_the_student_and_may_change_lessons_move_them(school: School, play: Play) -> None:
    school.upload()
    play().commit(lesson_status="incomplete")
    school.upload(course(Sco("b", "New")))
    instructor = subject_of(school.instructor)
    assert service.students_on_versions(school.session, instructor, school.lesson.id) == []
    with pytest.raises(NotFound):
        service.move(school.session, instructor, school.lesson.id, school.enrollment.id)
    service.move(school.session, instructor, school.lesson.id, None)
    assert school.session.scalars(select(LessonMove)).all() == []
    with pytest.raises(Forbidden):
        service.move(school.session, subject_of(school.student), school.lesson.id, None)


def test_the_page_moves_all(school: School, play: Play, signed_in: Callable[[User], TestClient]) -> None:
    school.upload()
    play().commit(lesson_status="incomplete")
    newest = school.upload(course(Sco("b", "New")))
    admin = User(email="ada@school.example", full_name="Ada", role="admin", hashed_password="!")
    school.session.add(admin)
    school.session.commit()
    client = signed_in(admin)
    url = f"/lessons/{school.lesson.id}/content/students"
    assert "Maria Lopez" in client.get(url).text
    assert client.post(url, data={"enrollment_id": "999999"}).status_code == 404
    assert client.post(url, data={"enrollment_id": ""}).status_code == 303
    assert shown(school) == newest.id
