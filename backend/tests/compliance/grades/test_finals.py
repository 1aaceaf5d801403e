"""Final grades: submitted, approved by somebody else, locked, changed by two people; and the GPA that follows."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.compliance.grades.finals import service
from app.compliance.grades.finals.schemas import ChangeForm
from app.compliance.grades.standing import service as standing
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import SYSTEM, Subject
from app.db.models import AuditEntry, ClassSeat, FinalGrade, User
from app.db.session import Database
from app.school.service import PolicyKind, policies
from app.web.paging import Paging
from tests.compliance.grades.conftest import TODAY, ZONE, Taught, make_taught, registrar_of
from tests.factories.school import School, subject_of

SignedIn = Callable[[User], TestClient]


@pytest.fixture
def graded(taught: Taught) -> Taught:
    """Ana has a B (87%), Bea an F (50%), Cem nothing."""
    taught.enter(
        *(taught.cell(0, item, "87%") for item in range(3)),
        *(taught.cell(1, item, "50%") for item in range(3)),
    )
    return taught


def submitted(graded: Taught, *letters: tuple[int, str]) -> list[FinalGrade]:
    chosen = {graded.enrollments[student].id: letter for student, letter in letters}
    return service.submit(graded.session, graded.teacher, graded.id, chosen, ZONE)


def approved(graded: Taught, *letters: tuple[int, str]) -> list[FinalGrade]:
    rows = submitted(graded, *letters)
    service.approve(graded.session, graded.registrar, graded.id, [row.id for row in rows], ZONE)
    return rows


def gpa(graded: Taught, student: int) -> Decimal | None:
    number = graded.enrollments[student].id
    return standing.gpa_of(graded.session, graded.registrar, number, ZONE).value


def test_from_the_instructor_to_the_registrar(graded: Taught) -> None:
    rows = submitted(graded, (0, "B"), (2, "W"))
    assert [(row.letter, row.percent, row.status) for row in rows] == [
        ("B", Decimal("87.00"), "submitted"),
        ("W", None, "submitted"),
    ]
    assert gpa(graded, 0) is None, "only what is approved counts"
    service.approve(graded.session, graded.registrar, graded.id, [row.id for row in rows], ZONE)
    assert gpa(graded, 0) == Decimal("3.00")
    assert gpa(graded, 2) is None
    actions = graded.session.scalars(
        select(AuditEntry.action).where(AuditEntry.target == "final_grades").order_by(AuditEntry.id)
    ).all()
    assert actions == ["final_grade.submitted"] * 2 + ["final_grade.approved"] * 2


@pytest.mark.parametrize(
    ("student", "letter", "sentence"),
    [
        (0, "A+", "not in the grading scheme"),
        (0, "A", r"comes to B \(87.00%\) for Ana Alvarez"),
        (2, "C", "Nothing that counts has been graded for Cem Castillo"),
    ],
)
def test_a_letter_that_the_book_does_not_come_to(
    graded: Taught, student: int, letter: str, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        submitted(graded, (1, "F"), (student, letter))


def test_who_submits_does_not_approve(session: Session, school: School, graded: Taught) -> None:
    admin = subject_of(school.admin())
    (row,) = service.submit(session, admin, graded.id, {graded.enrollments[0].id: "B"}, ZONE)
    with pytest.raises(Conflict, match="someone else must approve"):
        service.approve(session, admin, graded.id, [row.id], ZONE)
    with pytest.raises(Forbidden):
        service.approve(session, graded.teacher, graded.id, [row.id], ZONE)


def test_returned_grades_are_submitted_again(graded: Taught) -> None:
    (row,) = submitted(graded, (0, "B"))
    service.send_back(graded.session, graded.registrar, graded.id, [row.id], "The final is missing", ZONE)
    assert (row.status, row.note) == ("returned", "The final is missing")
    (again,) = submitted(graded, (0, "B"))
    assert (again.id, again.status, again.note) == (row.id, "submitted", None)


def test_a_locked_grade_locks_its_scores_and_itself(session: Session, graded: Taught) -> None:
    (row,) = approved(graded, (0, "B"))
    with pytest.raises(Invalid, match="final grade of Ana Alvarez is approved and locked"):
        graded.enter(graded.cell(0, 0, "10", 1))
    with pytest.raises(Conflict, match=r"approved already\. Nothing was saved\. Request a grade change"):
        submitted(graded, (0, "B"))
    with pytest.raises(IntegrityError, match="is not changed"), session.begin_nested():
        session.execute(text("UPDATE final_grades SET letter = 'A' WHERE id = :i"), {"i": row.id})


def test_a_change_needs_a_reason_and_somebody_else(session: Session, school: School, graded: Taught) -> None:
    (row,) = approved(graded, (0, "B"))
    change = service.ask_change(
        session,
        graded.teacher,
        row.id,
        ChangeForm(letter="A", percent=Decimal(91), reason="Added wrongly"),
        ZONE,
    )
    assert gpa(graded, 0) == Decimal("3.00"), "until it is decided nothing changes"
    with pytest.raises(IntegrityError, match="uq_grade_changes_open"), session.begin_nested():
        service.ask_change(session, graded.teacher, row.id, ChangeForm(letter="C", reason="Again"), ZONE)
    with pytest.raises(Forbidden):
        service.decide_change(session, graded.teacher, change.id, approved=True, note=None)
    service.decide_change(session, graded.registrar, change.id, approved=True, note="Seen")
    found = service.read_final(session, graded.registrar, row.id, ZONE)
    assert (found.row.letter, found.row.first_letter, found.row.percent) == ("A", "B", Decimal("91.00"))
    assert gpa(graded, 0) == Decimal("4.00")
    with pytest.raises(Conflict, match="approved already"):
        service.decide_change(session, registrar_of(session, school), change.id, approved=False, note="x")
    own = service.ask_change(session, graded.registrar, row.id, ChangeForm(letter="B", reason="Back"), ZONE)
    with pytest.raises(Forbidden, match="You asked for this change"):
        service.decide_change(session, graded.registrar, own.id, approved=True, note=None)


def changed(graded: Taught, row: FinalGrade, **values: object) -> None:
    given = ChangeForm.model_validate({"reason": "Because"} | values)
    change = service.ask_change(graded.session, graded.teacher, row.id, given, ZONE)
    service.decide_change(graded.session, graded.registrar, change.id, approved=True, note=None)


def test_a_changed_grade_keeps_nothing_of_the_first_one(graded: Taught) -> None:
    first, incomplete = approved(graded, (0, "B"), (2, "I"))
    changed(graded, first, letter="W")
    changed(graded, incomplete, letter="C")
    listed = service.list_finals(graded.session, graded.registrar, Paging(sort="percent")).page().items
    assert {row.letter: (row.percent, row.complete_by) for row in listed} == {
        "W": (None, None),
        "C": (None, None),
    }
    with pytest.raises(Invalid, match="is C already"):
        changed(graded, incomplete, letter="C")


def test_a_grade_that_its_book_no_longer_comes_to_is_not_approved(graded: Taught) -> None:
    (row,) = submitted(graded, (0, "B"))
    graded.enter(graded.cell(0, 2, "100", 1))
    with pytest.raises(
        Conflict, match=r"scores of Ana Alvarez have changed since B \(87.00%\) was submitted"
    ):
        service.approve(graded.session, graded.registrar, graded.id, [row.id], ZONE)
    assert row.status == "submitted"
    service.send_back(graded.session, graded.registrar, graded.id, [row.id], "Scores have changed", ZONE)
    assert approved(graded, (0, "A"))[0].percent == Decimal("94.80")


def test_a_day_that_passes_changes_no_grade_that_was_submitted(graded: Taught) -> None:
    graded.enter(graded.cell(1, 0, "I 2026-05-06", 1))
    (row,) = submitted(graded, (1, "F"))
    with time_machine.travel(datetime(2026, 5, 8, 16, tzinfo=UTC), tick=False):
        service.approve(graded.session, graded.registrar, graded.id, [row.id], ZONE)
    assert row.status == "approved"


def test_nobody_enters_scores_while_grades_are_decided(live_database: Database) -> None:
    with live_database.begin() as session:
        taught = make_taught(session, School(session))
        (row,) = submitted(taught, (0, "W"))
        number, registrar, class_id = row.id, taught.registrar, taught.id
    with live_database.begin() as session, live_database.begin() as other:
        service.approve(session, registrar, class_id, [number], ZONE)
        held = text("SELECT id FROM grade_books WHERE class_id = :c FOR UPDATE SKIP LOCKED")
        assert other.execute(held, {"c": class_id}).all() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"letter": "Z"}, "not in the grading scheme"),
        ({"letter": "A", "percent": Decimal(50)}, "50% is not A"),
        ({"letter": "W", "percent": Decimal(50)}, "50% is not W"),
        ({"letter": "I"}, "Enter the last day"),
        ({"letter": "B"}, "is B already"),
    ],
)
def test_changes_that_cannot_be(graded: Taught, changes: dict[str, object], sentence: str) -> None:
    (row,) = approved(graded, (0, "B"))
    values = ChangeForm.model_validate({"reason": "Because"} | changes)
    with pytest.raises(Invalid, match=sentence):
        service.ask_change(graded.session, graded.teacher, row.id, values, ZONE)


def test_a_grade_that_is_not_locked_is_changed_in_the_book(graded: Taught) -> None:
    (row,) = submitted(graded, (0, "B"))
    with pytest.raises(Conflict, match="not locked yet"):
        service.ask_change(graded.session, graded.teacher, row.id, ChangeForm(letter="A", reason="Why"), ZONE)


def test_an_incomplete_becomes_an_f_and_then_counts(graded: Taught) -> None:
    (row,) = approved(graded, (2, "I"))
    assert row.complete_by == date(2026, 6, 3)
    assert gpa(graded, 2) is None
    with time_machine.travel(datetime(2026, 6, 4, 16, tzinfo=UTC), tick=False):
        assert gpa(graded, 2) == Decimal("0.00")
        found = service.read_final(graded.session, graded.registrar, row.id, ZONE)
        assert (found.row.letter, found.standing) == ("I", "F")


def test_an_older_grade_is_read_by_the_scheme_of_its_day(session: Session, graded: Taught) -> None:
    approved(graded, (0, "B"))
    policies.add(
        session,
        SYSTEM,
        PolicyKind.GRADING,
        effective_from=date(2026, 5, 5),
        values={"letters": "A 95 4\nB 90 2.5\nC 80 2\nF 0 0"},
        approved_by="Board",
        today=TODAY,
    )
    assert gpa(graded, 0) == Decimal("3.00")
    with time_machine.travel(datetime(2026, 5, 6, 16, tzinfo=UTC), tick=False):
        assert gpa(graded, 0) == Decimal("3.00"), "B was worth 3 on its day"
        assert graded.grade(0).letter == "C", "87% by the scheme of today"


def test_another_version_today_is_refused_once_a_grade_was_given(session: Session, graded: Taught) -> None:
    submitted(graded, (0, "B"))
    with pytest.raises(Conflict, match="Choose a later day"):
        policies.add(
            session,
            SYSTEM,
            PolicyKind.GRADING,
            effective_from=TODAY,
            values={"pass_mark_pct": "75"},
            approved_by="Board",
            today=TODAY,
        )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"letters": "A 90 4"}, "at least 2"),
        ({"letters": "A 90 4\nB 95 3\nF 0 0"}, "needs a higher percentage"),
        ({"letters": "A 90 4\nF 10 0"}, "begins at 0 percent"),
        ({"letters": "A 90 NaN\nF 0 0"}, "number"),
        ({"letters": "A 90 4.5\nF 0 0"}, "4 or less"),
        ({"letters": "A 90\nF 0 0"}, "not a letter with its percent and points"),
        ({"categories": "Quizzes 40\nFinal 50"}, "add up to 90"),
        ({"categories": "Quizzes forty"}, "not a category with its weight"),
        ({"incomplete_becomes": "Q"}, "becomes one of these letters"),
        ({"passed_letter": "A"}, "differ from each other"),
    ],
)
def test_schemes_that_cannot_be(session: Session, values: dict[str, object], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        policies.add(
            session,
            SYSTEM,
            PolicyKind.GRADING,
            effective_from=date(2027, 1, 1),
            values=values,
            approved_by="Board",
            today=TODAY,
        )


# Who sees what


def test_a_student_sees_their_own_and_nobody_elses(
    session: Session, graded: Taught, signed_in: SignedIn
) -> None:
    approved(graded, (0, "B"), (1, "F"))
    ana, bea = graded.students[0], graded.students[1]
    client = signed_in(ana)
    own = client.get("/api/v1/grades").json()
    assert (own[0]["gpa"], own[0]["classes"][0]["final_letter"]) == ("3.00", "B")
    assert client.get(f"/api/v1/grades?user_id={bea.id}").status_code == 404
    page = client.get("/grades").text
    assert "GPA 3.00" in page
    assert "How this is calculated" in page
    for row in session.scalars(select(FinalGrade)):
        expected = 200 if row.enrollment_id == graded.enrollments[0].id else 404
        assert client.get(f"/grades/{row.id}").status_code == expected
    assert client.get(f"/grades/students/{bea.id}").status_code == 404


def test_who_teaches_the_class_opens_the_grade_of_a_student_who_left_it(
    session: Session, graded: Taught, signed_in: SignedIn
) -> None:
    """Every link of the class's page leads somewhere, and the grade of who left can be corrected, too."""
    (row,) = approved(graded, (0, "B"))
    session.execute(
        update(ClassSeat)
        .where(ClassSeat.enrollment_id == row.enrollment_id)
        .values(ends_on=TODAY - timedelta(days=1))
    )
    client = signed_in(session.get_one(User, graded.teacher.user_id))
    assert f"/grades/{row.id}" in client.get(f"/classes/{graded.id}/grades/final").text
    assert "Request a grade change" in client.get(f"/grades/{row.id}").text
    asked = ChangeForm(letter="W", reason="Withdrew before the exam")
    assert service.ask_change(session, graded.teacher, row.id, asked, ZONE).letter == "W"


def test_an_instructor_of_another_class_finds_nothing(
    session: Session, school: School, graded: Taught, signed_in: SignedIn
) -> None:
    (row,) = approved(graded, (0, "B"))
    stranger: Subject = subject_of(school.instructor())
    with pytest.raises(NotFound):
        service.read_final(session, stranger, row.id, ZONE)
    client = signed_in(session.get_one(User, stranger.user_id))
    assert client.get(f"/classes/{graded.id}/grades/final").status_code == 404
    assert client.get("/grades?format=json").json()["rows"] == []


def test_hidden_items_are_not_shown_to_students(
    session: Session, graded: Taught, signed_in: SignedIn
) -> None:
    session.execute(text("UPDATE grade_items SET published = false WHERE id = :i"), {"i": graded.items[0].id})
    page = signed_in(graded.students[0]).get("/grades").text
    assert "Quiz 2" in page
    assert "Quiz 1" not in page


def test_the_pages_of_final_grades(session: Session, graded: Taught, signed_in: SignedIn) -> None:
    teacher = signed_in(session.get_one(User, graded.teacher.user_id))
    address = f"/classes/{graded.id}/grades/final"
    assert "Submit the final grades" in teacher.get(address).text
    numbers = [one.id for one in graded.enrollments]
    form = {"enrollment_ids": numbers, "letters": ["B", "F", "-"]}
    assert teacher.post(address, data=form | {"letters": ["A", "F", "-"]}).status_code == 422
    assert teacher.post(address, data=form).headers["location"] == address
    registrar = signed_in(session.get_one(User, graded.registrar.user_id))
    ids = list(session.scalars(select(FinalGrade.id).order_by(FinalGrade.id)))
    assert "Waiting for approval" in registrar.get(address).text
    decision = {"final_grade_ids": ids, "decision": "approve"}
    assert registrar.post(f"{address}/decision", data=decision).status_code == 303
    assert registrar.post(f"{address}/decision", data=decision).status_code == 409
    asked = teacher.post(f"/grades/{ids[0]}/changes", data={"letter": "A", "reason": "A page was missed"})
    assert asked.status_code == 303
    assert "A page was missed" in registrar.get("/grades/changes").text
    (change,) = service.waiting_changes(session, graded.registrar)
    done = registrar.post(f"/grades/changes/{change[0].id}", data={"decision": "approve"})
    assert done.headers["location"] == "/grades/changes"
    page = registrar.get(f"/grades/{ids[0]}").text
    assert "First approved as B" in page
    listed = registrar.get("/grades?format=json").json()["rows"]
    assert sorted((row["letter"], row["approved_as"]) for row in listed) == [("A", "B"), ("F", "F")]
    groups = registrar.get("/grades?group=class&format=json").json()["rows"]
    assert [(group["group"], group["count"]) for group in groups] == [("DA-M", 2)]


def test_grades_are_selected_once_the_class_is_over(
    session: Session, graded: Taught, signed_in: SignedIn
) -> None:
    teacher = signed_in(session.get_one(User, graded.teacher.user_id))
    address = f"/classes/{graded.id}/grades/final"
    assert graded.record.ends_on > TODAY
    before = teacher.get(address).text
    assert "selected>" not in before
    assert "nothing is selected yet" in before
    graded.record.ends_on = TODAY
    session.flush()
    after = teacher.get(address).text
    assert after.count("selected>") == 2, "Ana’s and Bea’s; Cem has no grade"
    assert "nothing is selected yet" not in after
