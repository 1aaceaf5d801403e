"""Who opens a lesson, until when, and what of it is recorded."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy import text as sql

from app.content import queries as package_queries
from app.content import service
from app.content.runtimes.scorm import name_for_course
from app.core import clock
from app.core.errors import NotFound
from app.db.models import (
    Enrollment,
    EnrollmentStatus,
    ScormCommit,
)
from app.db.session import Database
from app.settings import Settings
from tests.content.conftest import Play, School, completions, make_school, score, subject_of
from tests.factories.school import School as Rows


def test_a_preview_records_nothing(school: School, play: Play) -> None:
    played = play(preview=True)
    assert played.boot()["cmi"]["core"]["credit"] == "no-credit"
    played.commit(finish=True, lesson_status="completed", score=score("100"))
    assert school.attempts() == []
    assert completions(school) == []
    assert school.session.scalar(select(func.count()).select_from(ScormCommit)) == 0


def test_after_the_program_a_lesson_is_reviewed_and_nothing_recorded(school: School, play: Play) -> None:
    play().commit(
        finish=True,
        exit="suspend",
        lesson_status="completed",
        score=score("80"),
        lesson_location="p4",
        suspend_data="answers",
    )
    school.enrollment.status = EnrollmentStatus.COMPLETED
    school.session.flush()
    before = [(row.attempt_no, row.score_pct, row.total_seconds, row.updated_at) for row in school.attempts()]
    kept = len(school.session.scalars(select(ScormCommit)).all())
    done = completions(school)
    played = play()
    assert (played.launch.preview, played.launch.review, played.launch.attempt_no) == (True, True, 1)
    page = played.host.get(played.launch.player_url).text
    assert "Your program is completed: nothing more is recorded." in page
    cmi = played.boot()["cmi"]
    core = cmi["core"]
    assert (core["lesson_mode"], core["credit"], core["entry"]) == ("review", "no-credit", "resume")
    assert (core["lesson_status"], core["lesson_location"], cmi["suspend_data"]) == (
        "completed",
        "p4",
        "answers",
    )
    played.commit(finish=True, lesson_status="failed", score=score("100"), session_time="00:10:00")
    after = [(row.attempt_no, row.score_pct, row.total_seconds, row.updated_at) for row in school.attempts()]
    assert after == before
    assert len(school.session.scalars(select(ScormCommit)).all()) == kept
    assert completions(school) == done


def test_a_lesson_never_begun_is_reviewed_without_an_attempt(school: School, play: Play) -> None:
    school.enrollment.status = EnrollmentStatus.COMPLETED
    school.session.flush()
    played = play()
    core = played.boot()["cmi"]["core"]
    assert (core["lesson_mode"], core["entry"], core["lesson_status"]) == ("review", "ab-initio", "")
    played.commit(finish=True, lesson_status="completed")
    assert school.attempts() == []
    assert completions(school) == []


def test_a_session_ends_after_two_idle_hours_and_twelve_in_all(school: School, play: Play) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        played = play()
        for _ in range(6):
            time.shift(timedelta(minutes=115).total_seconds())
            played.commit(lesson_location="on")
        assert played.host.get(played.launch.player_url).status_code == 200
        time.shift(timedelta(minutes=121).total_seconds())
        for url in (played.launch.player_url, f"{played.base}/files/pages/course.html"):
            page = played.host.get(url)
            assert page.status_code == 410
            assert "Nothing was lost" in page.text
            assert f"/learn/lessons/{school.lesson.id}" in page.text
        refused = played.send({"seq": 99, "cmi": {}})
        assert refused.status_code == 401
        assert refused.json()["slug"] == "unauthorized"

        longest = play()
        for _ in range(13):
            time.shift(3600)
            longest.send({"seq": 1, "cmi": {}})
        assert longest.host.get(longest.launch.player_url).status_code == 410


def test_a_session_ends_with_its_account_and_with_its_enrollment(school: School, play: Play) -> None:
    played = play()
    played.commit(lesson_location="kept")
    school.enrollment.status = EnrollmentStatus.WITHDRAWN
    school.session.commit()
    assert played.send({"seq": 9, "cmi": {"core": {"lesson_location": "after"}}}).status_code == 401
    assert school.attempt().location == "kept"

    school.enrollment.status = EnrollmentStatus.ACTIVE
    school.student.deleted_at = clock.now()
    school.session.commit()
    assert played.send({"seq": 9, "cmi": {"core": {"lesson_location": "after"}}}).status_code == 404
    assert played.host.get(played.launch.player_url).status_code == 410
    assert played.host.get(f"{played.base}/files/pages/course.html").status_code == 410


def test_a_lesson_opens_while_its_next_version_comes_in(
    live_database: Database, live_settings: Settings
) -> None:
    with live_database.begin() as session:
        school = make_school(session, live_settings)
        school.upload()
        student, lesson_id = subject_of(school.student), school.lesson.id
    with live_database.begin() as importing, live_database.begin() as session:
        package_queries.lock_lesson(importing, lesson_id)
        session.execute(sql("SET lock_timeout = '1s'"))
        assert service.launch(session, student, live_settings, lesson_id).launch_id


def test_who_may_open_a_lesson(school: School, play: Play) -> None:
    school.upload()
    session, lesson_id = school.session, school.lesson.id
    for person in (school.stranger, school.instructor):
        with pytest.raises(NotFound):
            service.launch(session, subject_of(person), school.settings, lesson_id)
    with pytest.raises(NotFound):
        service.launch(session, subject_of(school.student), school.settings, 10**6)
    school.enrollment.status = EnrollmentStatus.COMPLETED
    session.flush()
    assert service.launch(session, subject_of(school.student), school.settings, lesson_id).review
    school.enrollment.status = EnrollmentStatus.WITHDRAWN
    session.flush()
    with pytest.raises(NotFound):
        service.launch(session, subject_of(school.student), school.settings, lesson_id)


def test_a_lesson_without_content_says_so(school: School) -> None:
    with pytest.raises(NotFound, match="no content yet"):
        school.launch()


def test_attempts_are_read_by_their_student_and_by_staff(school: School, play: Play) -> None:
    play().commit(finish=True, lesson_status="passed", score=score("90"))
    enrolled = school.session.scalars(select(Enrollment).where(Enrollment.user_id == school.student.id)).one()
    Rows(school.session).school_class(teacher=school.instructor, students=[enrolled])
    for person in (school.student, school.instructor):
        (attempt,) = service.attempts_of(school.session, subject_of(person), school.student.id)
        assert (attempt.sco_title, attempt.lesson_status, attempt.source) == (
            "Hand washing",
            "passed",
            "reported by content",
        )
    with pytest.raises(NotFound):
        service.attempts_of(school.session, subject_of(school.stranger), school.student.id)


def test_names_are_given_the_way_courses_expect_them() -> None:
    assert name_for_course("Maria de la Cruz") == "Cruz, Maria de la"
    assert name_for_course("Cher") == "Cher"
    assert name_for_course("Lopez, Maria").count(",") == 1
