"""The grade book: set up, filled by hand and in blocks, by two people at once, and what it refuses."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.compliance.grades.book import service as books
from app.compliance.grades.book.schemas import CategoryFields, ItemFields
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.db.models import AuditEntry, GradeScore
from app.db.session import Database
from tests.compliance.grades.conftest import ZONE, Taught, make_taught
from tests.factories.school import School, subject_of


def entered(session: Session) -> list[dict[str, object]]:
    return list(
        session.scalars(
            select(AuditEntry.details).where(AuditEntry.action == "grade.entered").order_by(AuditEntry.id)
        )
    )


def test_scores_are_entered_and_the_grade_follows(session: Session, taught: Taught) -> None:
    saved = taught.enter(taught.cell(0, 0, "9"), taught.cell(0, 1, "85%"), taught.cell(0, 2, "78.5 late"))
    assert [(cell.text, cell.revision) for cell in saved.cells] == [("9", 1), ("17", 1), ("78.5 L", 1)]
    # 26 of 30 is 86.666…%; × 0.4 + 78.5 × 0.6 = 81.7666…
    assert (saved.grades[0].percent, saved.grades[0].letter) == (Decimal("81.77"), "B")
    assert "26 of 30 points, 86.67%" in saved.grades[0].explanation
    first = entered(session)[0]
    assert (first["item"], first["score"], first["source"]) == ("Quiz 1", ["", "9"], "hand")
    row = session.scalars(select(AuditEntry).where(AuditEntry.action == "grade.entered")).first()
    assert row is not None
    assert (row.student_id, row.enrollment_id) == (taught.students[0].id, taught.enrollments[0].id)


def test_a_change_keeps_what_was_there_in_the_history(session: Session, taught: Taught) -> None:
    taught.enter(taught.cell(0, 0, "9"))
    taught.enter(taught.cell(0, 0, "ex", 1))
    taught.enter(taught.cell(0, 0, "", 2))
    assert [one["score"] for one in entered(session)] == [["", "9"], ["9", "EX"], ["EX", ""]]
    assert taught.grade(0).percent is None
    again = taught.enter(taught.cell(0, 0, "8", 3))
    assert again.cells[0].revision == 4, (
        "an emptied cell does not begin again: what somebody saw before is stale"
    )


def test_what_did_not_change_leaves_no_row(session: Session, taught: Taught) -> None:
    taught.enter(taught.cell(0, 0, "9"))
    taught.enter(taught.cell(0, 0, " 9.00 ", 1))
    assert len(entered(session)) == 1


def test_of_400_pasted_grades_3_are_wrong_and_nothing_is_half_written(
    session: Session, school: School
) -> None:
    taught = make_taught(session, school, students=134)
    cells = [taught.cell(student, item, "7") for student in range(134) for item in range(3)][:400]
    for place, wrong in ((3, "-1"), (100, "NaN"), (399, "1e9")):
        cells[place] = cells[place].model_copy(update={"text": wrong})
    with pytest.raises(Invalid) as refused:
        taught.enter(*cells)
    faults = refused.value.extra["faults"]
    assert isinstance(faults, list)
    assert [(one["enrollment_id"], one["item_id"]) for one in faults] == [
        (cells[place].enrollment_id, cells[place].item_id) for place in (3, 100, 399)
    ]
    assert all(one["sentence"].endswith(".") for one in faults)
    assert refused.value.detail.startswith(
        "Nothing was saved: 3 cells need to be corrected. The other 397 are saved with them."
    )
    assert session.scalars(select(GradeScore.id)).all() == []
    for place in (3, 100, 399):
        cells[place] = cells[place].model_copy(update={"text": "5"})
    assert len(taught.enter(*cells).cells) == 400
    assert len(entered(session)) == 400


def test_ten_thousand_cells_are_refused_with_a_sentence(session: Session, taught: Taught) -> None:
    with pytest.raises(Invalid, match="10,000 cells, and the grade book takes at most 2,000 at once"):
        taught.enter(*[taught.cell(0, 0, "5")] * 10_000)
    assert session.scalars(select(GradeScore.id)).all() == []


def test_the_second_of_two_sees_what_the_first_saved(taught: Taught) -> None:
    taught.enter(taught.cell(0, 0, "9"))
    with pytest.raises(Conflict) as refused:
        taught.enter(taught.cell(0, 0, "4", 0), taught.cell(1, 0, "6"), by=taught.colleague)
    (fault,) = refused.value.extra["faults"]  # type: ignore[misc]
    assert (fault["text"], fault["revision"]) == ("9", 1)
    assert "Tess Carter changed this cell" in fault["sentence"]
    assert "it now holds “9”, and you typed “4”" in fault["sentence"]
    assert taught.text(1, 0) == "", "nothing is half-written"
    taught.enter(taught.cell(0, 0, "4", 1), taught.cell(1, 0, "6"), by=taught.colleague)
    assert (taught.text(0, 0), taught.text(1, 0)) == ("4", "6")


def test_two_who_type_the_same_do_not_disturb_each_other(session: Session, taught: Taught) -> None:
    taught.enter(taught.cell(0, 0, "9"))
    saved = taught.enter(taught.cell(0, 0, "9.0"), by=taught.colleague)
    assert saved.cells[0].revision == 1
    assert len(entered(session)) == 1


def test_a_cell_twice_in_a_block_is_refused(taught: Taught) -> None:
    with pytest.raises(Invalid, match="in the block twice"):
        taught.enter(taught.cell(0, 0, "9"), taught.cell(0, 0, "8"))


def test_a_class_that_is_over_closes_its_book(taught: Taught) -> None:
    for day, fine in ((date(2026, 6, 28), True), (date(2026, 6, 29), False)):
        with time_machine.travel(datetime(day.year, day.month, day.day, 16, tzinfo=UTC), tick=False):
            if fine:
                taught.enter(taught.cell(0, 0, "9"))
                continue
            with pytest.raises(
                Conflict, match=r"grade book closed on Jun 28, 2026\. Request a grade change instead"
            ):
                taught.enter(taught.cell(0, 0, "8", 1))


def test_others_do_not_find_the_book_or_may_not_write(school: School, taught: Taught) -> None:
    stranger = subject_of(school.instructor())
    student = subject_of(taught.students[0])
    for subject in (stranger, student):
        with pytest.raises(NotFound):
            books.read_book(taught.session, subject, taught.id, ZONE)
        with pytest.raises(NotFound):
            taught.enter(taught.cell(0, 0, "10"), by=subject)
    with pytest.raises(Forbidden, match="entered by the instructors"):
        taught.enter(taught.cell(0, 0, "10"), by=taught.registrar)


def test_nobody_grades_themselves(session: Session, school: School, taught: Taught) -> None:
    teacher = school.instructor()
    enrollment = school.enrollment(teacher, taught.enrollments[0].program)
    school.seat(taught.record, enrollment)
    school.teach(taught.record, teacher)
    cell = taught.cell(0, 0, "10").model_copy(update={"enrollment_id": enrollment.id})
    with pytest.raises(Forbidden, match="your own grades"):
        taught.enter(cell, by=subject_of(teacher))


def test_a_student_or_an_item_of_another_class_is_not_found(school: School, taught: Taught) -> None:
    other = school.enrollment(school.student())
    cell = taught.cell(0, 0, "9").model_copy(update={"enrollment_id": other.id})
    with pytest.raises(NotFound, match="no longer in this class"):
        taught.enter(cell)


def test_who_left_keeps_their_scores(session: Session, taught: Taught) -> None:
    taught.enter(taught.cell(2, 0, "9"))
    session.execute(
        text("UPDATE class_seats SET ends_on = '2026-03-01' WHERE enrollment_id = :e"),
        {"e": taught.enrollments[2].id},
    )
    line = books.read_book(session, taught.teacher, taught.id, ZONE).students[2]
    assert (line.left_on, line.cells[taught.items[0].id].text) == (date(2026, 3, 1), "9")


# Setting up


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            [("Quizzes", 40, 0), ("Final", 50, 0)],
            "The weights add up to 90%, and must add up to 100%: 10% more",
        ),
        ([("Quizzes", 40, 2), ("Final", 60, 0)], "Quizzes has 2 items, so at most 1 can be dropped"),
        ([("Quizzes", 40, 0), ("Final", 60, 1)], "Final has 1 item, so none can be dropped"),
        ([("Quizzes", 40, 0), ("quizzes", 60, 0)], "needs a name of its own"),
    ],
)
def test_categories_that_cannot_be(
    taught: Taught, changes: list[tuple[str, int, int]], sentence: str
) -> None:
    known = books.read_book(taught.session, taught.teacher, taught.id, ZONE).categories
    wanted = [
        CategoryFields(id=row.id, name=name, weight_pct=Decimal(weight), drop_lowest=drop)
        for row, (name, weight, drop) in zip(known, changes, strict=True)
    ]
    with pytest.raises(Invalid, match=sentence):
        books.save_categories(taught.session, taught.teacher, taught.id, wanted, Decimal(1), ZONE)


def test_a_category_stands_once(taught: Taught) -> None:
    quizzes = books.read_book(taught.session, taught.teacher, taught.id, ZONE).categories[0].id
    twice = [CategoryFields(id=quizzes, name=name, weight_pct=Decimal(50)) for name in ("Quizzes", "Tests")]
    with pytest.raises(Invalid, match="A category is listed twice"):
        books.save_categories(taught.session, taught.teacher, taught.id, twice, Decimal(1), ZONE)


def test_a_category_with_items_stays(taught: Taught) -> None:
    known = books.read_book(taught.session, taught.teacher, taught.id, ZONE).categories
    alone = [CategoryFields(id=known[0].id, name="Quizzes", weight_pct=Decimal(100))]
    with pytest.raises(Conflict, match="Final has items"):
        books.save_categories(taught.session, taught.teacher, taught.id, alone, Decimal(1), ZONE)


def test_items_that_cannot_be(school: School, taught: Taught) -> None:
    category = books.read_book(taught.session, taught.teacher, taught.id, ZONE).categories[0]
    other = school.lesson(school.module(school.program()))
    taught.enter(taught.cell(0, 0, "9"))
    refusals: list[tuple[str, dict[str, object], int | None]] = [
        ("not in this grade book", {"category_id": 2**31 - 1}, None),
        ("not of the program", {"lesson_id": other.id}, None),
        ("has 9 points already", {"points_possible": Decimal(8)}, taught.items[0].id),
    ]
    for sentence, changes, item_id in refusals:
        values = ItemFields.model_validate(
            {"name": "Quiz", "category_id": category.id, "points_possible": Decimal(10)} | changes
        )
        with pytest.raises(Problem, match=sentence):
            books.save_item(taught.session, taught.teacher, taught.id, values, ZONE, item_id)
    with pytest.raises(Conflict, match="Students have scores for this item"):
        books.delete_item(taught.session, taught.teacher, taught.id, taught.items[0].id, ZONE)
    books.delete_item(taught.session, taught.teacher, taught.id, taught.items[1].id, ZONE)
    assert len(books.read_book(taught.session, taught.teacher, taught.id, ZONE).items) == 2


def test_what_is_hidden_counts_for_nobody(taught: Taught) -> None:
    taught.enter(taught.cell(0, 0, "1"), taught.cell(0, 1, "20"))
    item = taught.items[0]
    values = ItemFields(
        name=item.name, category_id=item.category_id, points_possible=item.points_possible, published=False
    )
    books.save_item(taught.session, taught.teacher, taught.id, values, ZONE, item.id)
    assert taught.grade(0).percent == Decimal("100.00")


def test_an_incomplete_becomes_a_zero_after_its_day(taught: Taught) -> None:
    taught.enter(taught.cell(0, 2, "80"), taught.cell(0, 0, "I 2026-05-08"))
    assert taught.grade(0).percent == Decimal("80.00")
    with time_machine.travel(datetime(2026, 5, 9, 16, tzinfo=UTC), tick=False):
        assert taught.grade(0).percent == Decimal("48.00")


def test_of_eight_at_once_one_fills_the_cell_and_the_others_see_it(live_database: Database) -> None:
    with live_database.begin() as session:
        taught = make_taught(session, School(session))
        cell, teacher, class_id = taught.cell(0, 0, "1"), taught.teacher, taught.id

    def save(number: int) -> str:
        try:
            with live_database.begin() as session:
                mine = cell.model_copy(update={"text": str(number)})
                books.save(session, teacher, class_id, [mine], ZONE)
        except Conflict as refused:
            (fault,) = refused.extra["faults"]  # type: ignore[misc]
            return f"saw {fault['text']}"
        return f"saved {number}"

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(save, range(1, 9)))
    (winner,) = [one for one in outcomes if one.startswith("saved")]
    assert set(outcomes) == {winner, winner.replace("saved", "saw")}
