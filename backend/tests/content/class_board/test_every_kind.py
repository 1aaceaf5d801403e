"""The heat map of a class with lessons of every kind, and previews, which leave nothing behind."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text

from app.content.class_board import service
from app.content.class_board.service import ClassBoard
from app.content.versions import service as versions
from app.core import clock
from app.core.errors import Forbidden, NotFound
from app.db.models import (
    AuditEntry,
    ClassInstructor,
    ClassSeat,
    ContentType,
    Enrollment,
    HandInGrade,
    Launch,
    Lesson,
    LessonCompletion,
    QuizAttempt,
    SchoolClass,
    ScormCommit,
    ScormCourse,
    ScormData,
)
from app.enrollment import service as enrollment
from app.rules.lesson_board import State
from app.web.paging import Paging
from tests.content.authoring.conftest import publish
from tests.content.conftest import Play, Played, School, subject_of
from tests.content.quizzes.conftest import Taker, planner, question, quiz_of, time  # noqa: F401 - fixtures
from tests.content.test_h5p_lessons import statement as h5p_statement
from tests.content.test_linked_films import link
from tests.content.test_media_importing import upload
from tests.factories.assignments import handed_in
from tests.factories.h5p import h5p_content
from tests.factories.media import media
from tests.factories.packages import Sco
from tests.factories.packages import course as scorm_1_2
from tests.factories.pdfs import pdf
from tests.factories.scorm2004 import Node
from tests.factories.scorm2004 import course as scorm_2004
from tests.queries import counted

Make = Callable[..., School]


def _film(school: School, _quiz_of: Make) -> None:
    upload(school, "film.mp4", media("film.mp4"))


def _recording(school: School, _quiz_of: Make) -> None:
    upload(school, "talk.mp3", media("talk.mp3"))


def _document(school: School, _quiz_of: Make) -> None:
    upload(school, "read.pdf", pdf("a", "b"), kind="document")


def _linked(school: School, _quiz_of: Make) -> None:
    link(school)


def _h5p(school: School, _quiz_of: Make) -> None:
    school.lesson.content_type = ContentType.H5P
    school.upload(h5p_content(), "hands.h5p")


def _written(school: School, _quiz_of: Make) -> None:
    publish(school, "# Hands\n\nWash them.")


def _quiz(school: School, quiz_of: Make) -> None:  # noqa: F811
    quiz_of(question(school, "choice"))


PARTLY: dict[str, tuple[Callable[[School, Make], None], dict[str, Any]]] = {
    "scorm12": (
        lambda school, _: school.upload(scorm_1_2()) and None,
        {"core": {"lesson_status": "incomplete"}},
    ),
    "scorm2004": (
        lambda school, _: school.upload(scorm_2004(Node("a"), Node("b"))) and None,
        {"completion_status": "incomplete"},
    ),
    "film": (_film, {"seen": [[0, 500]], "place": 500, "seconds": 1}),
    "recording": (_recording, {"seen": [[0, 500]], "place": 500, "seconds": 1}),
    "document": (_document, {"seen": [[0, 1_000]], "place": 0, "seconds": 1}),
    "linked": (_linked, {"seen": [[0, 500]], "place": 500, "seconds": 1}),
    "h5p": (_h5p, {"shown": True, "statements": [h5p_statement("attempted")], "seconds": 1}),
    "written": (_written, {"shown": True, "seconds": 1}),
    "quiz": (_quiz, {"shown": True, "seconds": 1}),
}


@pytest.fixture
def taught(school: School) -> SchoolClass:
    """A class of the instructor with the student in it."""
    today = clock.today(school.settings.zone)
    record = SchoolClass(
        program_id=school.program.id,
        code="DA-1",
        name="Mornings",
        starts_on=today - timedelta(days=30),
        ends_on=today + timedelta(days=60),
    )
    school.session.add(record)
    school.session.flush()
    begun: date = record.starts_on
    school.session.add_all(
        [
            ClassInstructor(class_id=record.id, user_id=school.instructor.id, starts_on=begun),
            ClassSeat(class_id=record.id, enrollment_id=school.enrollment.id, starts_on=begun),
        ]
    )
    school.session.commit()
    return record


def board(school: School, taught: SchoolClass) -> ClassBoard:
    school.session.expire_all()
    return service.read(school.session, subject_of(school.instructor), taught.id, school.settings.zone)


def states(school: School, taught: SchoolClass) -> list[State]:
    (row,) = board(school, taught).rows
    return [cell.state for cell in row.cells]


def report(played: Played, cmi: dict[str, Any]) -> None:
    answer = played.send({"seq": 1, "cmi": cmi})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("kind", PARTLY)
def test_a_lesson_of_each_kind_is_begun_and_completed(
    school: School,
    play: Play,
    taught: SchoolClass,
    quiz_of: Make,  # noqa: F811
    time: Callable[[float], None],  # noqa: F811
    kind: str,
) -> None:
    make, partly = PARTLY[kind]
    make(school, quiz_of)
    school.session.commit()
    assert states(school, taught) == [State.NOT_BEGUN]
    played = play()
    time(30)
    report(played, partly)
    if kind == "quiz":
        taker = Taker(played)
        taker.answer(taker.start(), 1, {"id": "x"})
    assert states(school, taught) == [State.UNDER_WAY]
    enrollment.record_lesson_completion(
        school.session,
        enrollment_id=school.enrollment.id,
        lesson_id=school.lesson.id,
        source="content",
        score_pct=80,
        at=clock.now(),
    )
    found = board(school, taught)
    assert [cell.state for cell in found.rows[0].cells] == [State.DONE]
    assert found.rows[0].cells[0].score == 80
    assert found.lessons[0].figures.done == 1


@pytest.mark.parametrize("kind", PARTLY)
def test_a_preview_leaves_no_trace(
    school: School,
    play: Play,
    taught: SchoolClass,
    quiz_of: Make,  # noqa: F811
    time: Callable[[float], None],  # noqa: F811
    kind: str,
) -> None:
    make, partly = PARTLY[kind]
    make(school, quiz_of)
    school.session.commit()

    def traces() -> list[int]:
        counted = (ScormData, ScormCommit, ScormCourse, QuizAttempt, LessonCompletion, AuditEntry)
        rows = [school.session.scalar(select(func.count()).select_from(table)) or 0 for table in counted]
        jobs = school.session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) or 0
        statements = school.session.scalar(text("SELECT count(*) FROM xapi_statements")) or 0
        return [*rows, jobs, statements]

    before = traces()
    played = play(preview=True)
    time(30)
    report(played, partly)
    played.send({"seq": 2, "finish": True, "cmi": partly})
    if kind == "quiz":
        Taker(played).post("start", {})
    assert traces() == before
    assert states(school, taught) == [State.NOT_BEGUN]
    (launch,) = school.session.scalars(select(Launch))
    assert (launch.preview, launch.enrollment_id, launch.user_id) == (True, None, school.instructor.id)


def test_assignments_wait_come_back_and_pass(school: School, taught: SchoolClass) -> None:
    module = school.lesson.module_id
    handed_in(school.session, school.files, module, school.enrollment)
    school.session.commit()

    def of_tray() -> State:
        found = board(school, taught)
        return next(cell.state for cell in found.rows[0].cells if cell.lesson_title == "Tray")

    school.session.execute(text("UPDATE hand_in_grades SET released_at = NULL"))
    assert of_tray() is State.HANDED_IN
    given = school.session.scalars(select(HandInGrade)).one()
    school.session.add(
        HandInGrade(
            hand_in_id=given.hand_in_id,
            request=uuid4(),
            marks=[0],
            points=0,
            points_possible=1,
            score_pct=0,
            passed=False,
            graded_by_name="Tess Carter",
            released_at=clock.now(),
        )
    )
    school.session.flush()
    assert of_tray() is State.NOT_PASSED


def test_a_lesson_that_is_marked_is_completed(school: School, taught: SchoolClass) -> None:
    school.session.add(
        LessonCompletion(
            enrollment_id=school.enrollment.id,
            lesson_id=school.lesson.id,
            completed_at=clock.now(),
            source="student",
        )
    )
    assert states(school, taught) == [State.DONE]


def test_who_was_moved_stands_where_the_newer_version_says(
    school: School, play: Play, taught: SchoolClass
) -> None:
    school.upload(scorm_1_2())
    for _ in range(2):
        play().commit(lesson_status="failed", score={"raw": "90", "max": "100"}, finish=True)
    before = board(school, taught)
    assert before.rows[0].cells[0].state is State.NOT_PASSED
    assert [one.cell.full_name for one in before.stuck] == ["Maria Lopez"]
    school.upload(scorm_1_2())
    versions.move(school.session, planner(school), school.lesson.id, school.enrollment.id)
    assert states(school, taught) == [State.NOT_BEGUN]
    play().commit(lesson_status="incomplete", score={"raw": "20", "max": "100"})
    found = board(school, taught)
    (cell,) = found.rows[0].cells
    assert (cell.state, cell.score) == (State.UNDER_WAY, 20)
    assert found.stuck == []


def test_all_parts_of_the_students_own_version_are_done_before_a_check(
    school: School, play: Play, taught: SchoolClass
) -> None:
    school.lesson.needs_check = True
    school.upload(scorm_1_2(Sco("a", "One"), Sco("b", "Two")))
    play("a").commit(lesson_status="completed", finish=True)
    assert states(school, taught) == [State.UNDER_WAY], "the other part is still to do"
    school.upload(scorm_1_2(Sco("a", "One"), Sco("c", "Three")))
    play("b").commit(lesson_status="completed", finish=True)
    assert states(school, taught) == [State.TO_CHECK], "the newest version is not theirs"
    school.lesson.passing_score_pct = 80
    school.session.commit()
    assert states(school, taught) == [State.UNDER_WAY], "no score was reported"
    school.lesson.passing_score_pct = None
    school.lesson.needs_check = False
    school.session.commit()
    assert states(school, taught) == [State.UNDER_WAY]


@pytest.mark.parametrize("standard", ["scorm12", "scorm2004"])
def test_a_student_more_to_check_costs_no_statement_more(
    school: School, play: Play, taught: SchoolClass, standard: str
) -> None:
    school.lesson.needs_check = True
    package = school.upload(scorm_1_2(Sco("a", "One")) if standard == "scorm12" else scorm_2004(Node("a")))
    if standard == "scorm12":
        play("a").commit(lesson_status="completed", finish=True)
    else:
        played = play("a")
        answer = played.send({"seq": 1, "finish": True, "cmi": {"completion_status": "completed"}})
        assert answer.status_code == 200, answer.text
    with counted(school.session.connection()) as for_one:
        assert states(school, taught) == [State.TO_CHECK]
    program_id = school.program.id
    enrolled = Enrollment(
        user_id=school.stranger.id, program_id=program_id, status="active", enrolled_at=taught.starts_on
    )
    school.session.add(enrolled)
    school.session.flush()
    done = {"cmi_core_lesson_status": "completed", "package_id": package.id, "sco_id": "a"}
    school.session.add_all(
        [
            ClassSeat(class_id=taught.id, enrollment_id=enrolled.id, starts_on=taught.starts_on),
            ScormData(
                user_id=school.stranger.id, lesson_id=school.lesson.id, enrollment_id=enrolled.id, **done
            ),
        ]
    )
    course = school.session.scalars(select(ScormCourse)).one_or_none()
    if course is not None:
        same = {"package_id": package.id, "status": course.status, "state": course.state}
        school.session.add(ScormCourse(enrollment_id=enrolled.id, **same))
    school.session.flush()
    with counted(school.session.connection()) as for_two:
        found = board(school, taught)
    assert (course is None) == (standard == "scorm12")
    assert [row.cells[0].state for row in found.rows] == [State.TO_CHECK, State.TO_CHECK]
    assert len(for_two) == len(for_one), for_two


def test_failed_and_long_silent_students_are_named(school: School, play: Play, taught: SchoolClass) -> None:
    school.upload(scorm_1_2())
    for _ in range(2):
        failed = {"core": {"lesson_status": "failed"}}
        assert play().send({"seq": 1, "finish": True, "cmi": failed}).status_code == 200
    school.session.execute(text("UPDATE scorm_data SET updated_at = now() - interval '9 days'"))
    (stuck,) = board(school, taught).stuck
    assert stuck.reasons == ["Failed 2 times.", "Nothing for 9 days."]
    assert stuck.cell.state is State.NOT_PASSED


def test_only_those_who_teach_the_class_see_it(school: School, taught: SchoolClass) -> None:
    zone = school.settings.zone
    with pytest.raises(Forbidden):
        service.read(school.session, subject_of(school.student), taught.id, zone)
    other = SchoolClass(
        program_id=school.program.id,
        code="DA-2",
        name="Evenings",
        starts_on=taught.starts_on,
        ends_on=taught.ends_on,
    )
    school.session.add(other)
    school.session.flush()
    for number in (other.id, 999_999):
        with pytest.raises(NotFound):
            service.read(school.session, subject_of(school.instructor), number, zone)


def test_page_list_and_file(
    school: School, taught: SchoolClass, signed_in: Callable[..., TestClient]
) -> None:
    school.session.add(
        Lesson(module_id=school.lesson.module_id, title="Second", content_type=ContentType.H5P, order_num=2)
    )
    school.session.commit()
    client = signed_in(school.instructor)
    page = client.get(f"/classes/{taught.id}/lessons")
    assert page.status_code == 200
    assert "Maria Lopez" in page.text
    assert f'href="/classes/{taught.id}/lessons"' in client.get(f"/classes/{taught.id}").text
    file = client.get(f"/classes/{taught.id}/lessons?format=csv").content.decode("utf-8-sig")
    assert len(file.strip().splitlines()) == 3
    assert "reported by content" in file
    listing = service.listing(school.session, board(school, taught), Paging(q="second"))
    assert [one.lesson_title for one in listing.items] == ["Second"]
