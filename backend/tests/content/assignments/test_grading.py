"""Grading: drafts, releases, grading again; the lesson and the grade book follow."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from app.compliance.grades.book import service as books
from app.compliance.grades.book.schemas import ItemFields
from app.content.assignments.definitions import service as definitions
from app.content.assignments.grading import service
from app.content.assignments.schemas import AllowanceForm, Grading, Upload
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.db.models import AuditEntry, HandInGrade, LessonCompletion, User
from app.projections.service import SUBSCRIBERS
from tests.content.assignments.conftest import NOW, ZONE, Set
from tests.factories.school import subject_of
from tests.factories.skills import picture
from tests.projecting import project

SignedIn = Callable[[User], TestClient]


def completion(given: Set) -> LessonCompletion | None:
    given.session.expire_all()
    return given.session.scalars(select(LessonCompletion)).one_or_none()


def test_a_draft_is_seen_by_nobody_and_a_release_by_the_student(given: Set, signed_in: SignedIn) -> None:
    made = given.hand_in()
    given.grade(made, 2, 2, comment="Well laid out")
    client = signed_in(given.student())
    address = f"/learn/assignments/{given.lesson.id}"
    assert "Well laid out" not in client.get(address).text
    assert completion(given) is None
    assert client.get(f"/hand-ins/{made.id}").status_code == 404
    assert service.release(given.session, subject_of(given.teacher), made.id)
    assert not service.release(given.session, subject_of(given.teacher), made.id)
    page = client.get(address).text
    assert "Well laid out" in page
    assert "100%" in page
    known = completion(given)
    assert known is not None
    assert (known.source, known.score_pct) == ("grade", Decimal(100))


def test_a_grade_that_does_not_pass_completes_nothing_and_counts(given: Set) -> None:
    made = given.hand_in()
    given.grade(made, 2, 0, release=True)
    assert completion(given) is None
    numbers = [given.enrollments[0].id]
    assert service.lesson_scores(given.session, given.lesson.id, numbers) == {numbers[0]: Decimal(50)}
    given.change(completes="graded")
    # The hand-in keeps the version it was made for.
    newest = given.grade(made, 1, 0, seen=_newest(given), release=True)
    assert newest.score_pct == Decimal(25)
    assert completion(given) is None


def _newest(given: Set) -> int:
    return given.session.scalars(select(HandInGrade.id).order_by(HandInGrade.id.desc())).first() or 0


def test_grading_again_keeps_what_was_and_moves_the_completion(given: Set) -> None:
    made = given.hand_in()
    first = given.grade(made, 2, 2, release=True)
    second = given.grade(made, 1, 2, seen=first.id)
    [work] = given.opened().works
    assert work.released is not None
    assert work.released.id == first.id, "a draft changes nothing for the student"
    service.release(given.session, subject_of(given.teacher), made.id)
    known = completion(given)
    assert known is not None
    assert known.score_pct == Decimal(75)
    given.grade(made, 2, 0, seen=second.id, release=True)
    assert completion(given) is None
    assert len(given.session.scalars(select(HandInGrade)).all()) == 3
    actions = given.session.scalars(
        select(AuditEntry.action).where(AuditEntry.action.like("hand_in.%")).order_by(AuditEntry.id)
    ).all()
    assert actions == ["hand_in.received", *["hand_in.graded", "hand_in.released"] * 3]


def test_late_work_costs_points(given: Set) -> None:
    given.due(date(2026, 5, 3))
    made = given.hand_in()
    grade = given.grade(made, 1, 2, release=True)
    assert (grade.points, grade.score_pct, grade.passed) == (3, Decimal("65.00"), False)


def test_a_critical_criterion(given: Set) -> None:
    given.change(pass_pct=40)
    grade = given.grade(given.hand_in(), 2, 0)
    assert (grade.score_pct, grade.passed) == (Decimal(50), False)


def test_marks_have_to_be_whole_and_on_the_scale(given: Set) -> None:
    made = given.hand_in()
    for marks in ((2,), (2, None), (2, 2, 2), (2, 1), (9, 2)):
        with pytest.raises(Invalid):
            given.grade(made, *marks)
    assert given.session.scalars(select(HandInGrade)).all() == []


def test_nobody_overwrites_what_they_did_not_see_and_twice_is_once(given: Set) -> None:
    made, request = given.hand_in(), uuid4()
    first = given.grade(made, 2, 2, request=request)
    assert given.grade(made, 1, 0, request=request).id == first.id
    with pytest.raises(Conflict, match="Tess Carter graded this"):
        given.grade(made, 1, 2)


def test_who_may_grade(given: Set) -> None:
    made = given.hand_in()
    values = Grading(uuid4(), 0, (2, 2))
    for who in (given.student(), given.student(1), given.stranger):
        with pytest.raises(NotFound):
            service.grade(given.session, subject_of(who), given.store, made.id, values)
    with pytest.raises(Forbidden):
        service.board(given.session, subject_of(given.student()), given.lesson.id, ZONE)
    lines = service.board(given.session, subject_of(given.stranger), given.lesson.id, ZONE).lines
    assert lines == []


def test_the_newest_graded_hand_in_counts(given: Set) -> None:
    given.due(date(2026, 5, 20))
    given.hand_in()
    second = given.hand_in()
    given.grade(second, 2, 2, release=True)
    definitions.allow(
        given.session,
        subject_of(given.teacher),
        given.lesson.id,
        given.enrollments[0].id,
        AllowanceForm(again=True, reason="Asked for it"),
        ZONE,
    )
    third = given.hand_in()
    assert completion(given) is not None, "until the new one is graded"
    given.grade(third, 0, 2, release=True)
    assert completion(given) is None


def test_all_drafts_are_released_at_once(given: Set, signed_in: SignedIn) -> None:
    for number in (0, 1):
        given.grade(given.hand_in(student=number))
    given.hand_in(student=2)
    client = signed_in(given.teacher)
    assert "1 to grade, 2 to release" in client.get(f"/lessons/{given.lesson.id}/hand-ins").text
    client.post(f"/lessons/{given.lesson.id}/hand-ins/release", data={"go": "1"})
    assert "1 to grade, 0 to release, 2 released" in client.get(f"/lessons/{given.lesson.id}/hand-ins").text
    overview = client.get("/assignments").text
    assert "Tray setup" in overview
    queue = client.get("/queue?kind=hand_ins").text
    assert "Cem Castillo" in queue
    assert "Ana Alvarez" not in queue
    assert "Assignments to grade" in client.get("/").text


def test_a_grade_book_follows(given: Set) -> None:
    teacher = subject_of(given.teacher)
    books.create_book(given.session, teacher, given.record.id, ZONE)
    book = books.read_book(given.session, teacher, given.record.id, ZONE)
    category = book.categories[0]
    values = ItemFields(
        name="Tray", category_id=category.id, points_possible=Decimal(20), lesson_id=given.lesson.id
    )
    item = books.save_item(given.session, teacher, given.record.id, values, ZONE)

    def cell() -> str:
        found = books.read_book(given.session, teacher, given.record.id, ZONE)
        line = next(one for one in found.students if one.enrollment_id == given.enrollments[0].id)
        return line.cells[item.id].text

    first = given.grade(made := given.hand_in(), 2, 0, release=True)
    project(given.session, SUBSCRIBERS["lesson_grades"])
    assert cell() == "10"
    given.grade(made, 2, 2, seen=first.id, release=True)
    project(given.session, SUBSCRIBERS["lesson_grades"])
    assert cell() == "20"


def test_time_that_is_given_later_counts_and_a_date_that_is_moved_up_does_not(given: Set) -> None:
    given.due(date(2026, 5, 5))
    with time_machine.travel(NOW + timedelta(days=3), tick=False):
        made = given.hand_in()
        assert (made.late_days, made.deduction_pct) == (2, 20)
        first = given.grade(made)
        assert first.score_pct == 80
        given.due(date(2026, 5, 3))
        second = given.grade(made, seen=first.id)
        assert second.score_pct == 80
        given.due(date(2026, 5, 6))
        third = given.grade(made, seen=second.id)
        assert third.score_pct == 90
        given.due(date(2026, 5, 9))
        assert given.grade(made, seen=third.id).score_pct == 100


def test_a_file_comes_back(given: Set, signed_in: SignedIn) -> None:
    made = given.hand_in()
    grade = given.grade(made, returned=Upload("notes.jpg", io.BytesIO(picture("PNG"))))
    address = f"/hand-ins/grades/{grade.id}/file"
    student = signed_in(given.student())
    assert student.get(address).status_code == 404
    service.release(given.session, subject_of(given.teacher), made.id)
    answer = student.get(address)
    assert (answer.status_code, answer.content) == (200, picture("PNG"))
    assert "notes.jpg.png" in answer.headers["content-disposition"]
    assert signed_in(given.student(1)).get(address).status_code == 404


def test_the_instructor_grades_on_the_page(given: Set, signed_in: SignedIn) -> None:
    made, other = given.hand_in(), given.hand_in(student=1)
    client = signed_in(given.teacher)
    page = client.get(f"/hand-ins/{made.id}").text
    assert f"/hand-ins/{other.id}" in page
    sent = {
        "request": str(uuid4()),
        "seen": "0",
        "mark-1": "2",
        "mark-2": "2",
        "release": "yes",
        "following": "yes",
    }
    refused = client.post(f"/hand-ins/{made.id}", data={**sent, "mark-2": ""})
    assert refused.status_code == 422
    assert "1 of 2 are rated" in refused.text
    answer = client.post(f"/hand-ins/{made.id}", data=sent)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/hand-ins/{other.id}")
    assert completion(given) is not None
    for bad in ("9" * 30, "-1", "x", "²"):
        again = {**sent, "request": str(uuid4()), "mark-1": bad}
        assert client.post(f"/hand-ins/{other.id}", data=again).status_code == 422
    client.post(
        f"/hand-ins/{other.id}", data={**sent, "request": str(uuid4()), "release": "", "following": ""}
    )
    assert client.post(f"/hand-ins/{other.id}/release", data={"go": "1"}).status_code == 303


def test_the_system_changes_no_hand_in_and_no_grade(given: Set) -> None:
    given.grade(given.hand_in())
    for statement in (
        "UPDATE hand_ins SET note = 'x'",
        "DELETE FROM hand_ins",
        "UPDATE hand_in_files SET name = 'x'",
        "UPDATE hand_in_grades SET points = 0",
        "DELETE FROM hand_in_grades",
        "UPDATE assignment_versions SET pass_pct = 1",
    ):
        with pytest.raises(ProgrammingError), given.session.begin_nested():
            given.session.execute(text(statement))
