"""The grade book in a real Chromium: a class graded by keyboard alone, a column pasted, two people at once."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import select

from app.compliance.grades.book import service as books
from app.compliance.grades.book.schemas import CategoryFields, CellIn, ItemFields
from app.compliance.grades.finals import service as finals
from app.core import clock
from app.db.models import GradeItem, GradeScore, User
from tests.browser.conftest import Seen
from tests.compliance.grades.conftest import registrar_of
from tests.conftest import LiveServer
from tests.factories.school import School, subject_of

pytestmark = pytest.mark.browser
ZONE = ZoneInfo("America/New_York")
NAMES = ["Ana Alvarez", "Bea Brown", "Cem Castillo", "Dia Diaz"]
SAVED = re.compile(r"^Saved( \d+ cells)?\.$")
"""However many of the cells typed quickly went out together."""
SignIn = Callable[[User], None]


class Room:
    """A class with four students and two items, and who teaches it."""

    def __init__(self, live_server: LiveServer) -> None:
        self.database = live_server.database
        with self.database.begin() as session:
            school = School(session)
            self.teacher, self.colleague = school.instructor(full_name="Tess Carter"), school.instructor()
            program = school.program(name="Dental Assistant")
            students = [school.student(full_name=name) for name in NAMES]
            self.student = students[0]
            enrollments = [school.enrollment(one, program) for one in students]
            today = clock.today(ZONE)
            record = school.school_class(
                program,
                code="DA-M",
                name="Chairside assisting",
                teacher=self.teacher,
                students=enrollments,
                starts_on=today - timedelta(days=60),
                ends_on=today + timedelta(days=60),
            )
            school.teach(record, self.colleague)
            subject = subject_of(self.teacher)
            books.create_book(session, subject, record.id, ZONE)
            first = books.read_book(session, subject, record.id, ZONE).categories[0]
            everything = CategoryFields(id=first.id, name="Everything", weight_pct=Decimal(100))
            books.save_categories(session, subject, record.id, [everything], Decimal(1), ZONE)
            for name, points in (("Quiz 1", 20), ("Final", 100)):
                values = ItemFields(name=name, category_id=first.id, points_possible=Decimal(points))
                books.save_item(session, subject, record.id, values, ZONE)
            self.class_id, self.enrollments = record.id, [one.id for one in enrollments]
        self.address = f"/classes/{self.class_id}/grades"

    def stored(self) -> list[tuple[str, str]]:
        """Item and points of everything that is in the database, by student."""
        with self.database.begin() as session:
            rows = session.execute(
                select(GradeItem.name, GradeScore.points)
                .join(GradeScore, GradeScore.item_id == GradeItem.id)
                .where(GradeScore.points.is_not(None))
                .order_by(GradeItem.order_num, GradeScore.enrollment_id)
            )
            return [(row[0], f"{row[1].normalize():f}") for row in rows]

    def lock(self, student: int) -> None:
        """The registrar approves a final grade of a student, who withdrew."""
        with self.database.begin() as session:
            number = self.enrollments[student]
            rows = finals.submit(session, subject_of(self.teacher), self.class_id, {number: "W"}, ZONE)
            finals.approve(session, registrar_of(session, School(session)), self.class_id, [rows[0].id], ZONE)

    def save_as_colleague(self, text: str) -> None:
        """Another instructor fills Ana's quiz."""
        with self.database.begin() as session:
            item = session.scalars(select(GradeItem.id).where(GradeItem.name == "Quiz 1")).one()
            cell = CellIn(item_id=item, enrollment_id=self.enrollments[0], text=text)
            books.save(session, subject_of(self.colleague), self.class_id, [cell], ZONE)


@pytest.fixture
def room(live_server: LiveServer) -> Room:
    return Room(live_server)


def cells(page: Page) -> Locator:
    return page.locator("[data-item]")


def paste(page: Page, text: str) -> None:
    """What Ctrl+V does with a block that was copied in a spreadsheet."""
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def desk_only(page: Page) -> None:
    if (page.viewport_size or {"width": 0})["width"] < 600:
        pytest.skip("a phone shows one student at a time")


def test_a_class_is_graded_by_keyboard_alone(
    page: Page, seen: Seen, room: Room, signed_in_as: SignIn
) -> None:
    desk_only(page)
    signed_in_as(room.teacher)
    page.goto(room.address)
    seen("grade-book-empty")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('[data-item]')"):
            break
    expect(cells(page).first).to_be_focused()
    # Down the column with Enter.
    for score in ("18", "85%", "15.5 l", "m"):
        page.keyboard.type(score)
        page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(SAVED)
    expect(cells(page).nth(2)).to_have_text("17")
    expect(cells(page).nth(4)).to_have_text("15.5 L")
    # To the top of the next column, and along the row with Tab; what is typed and taken back with Escape is gone.
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    expect(cells(page).nth(1)).to_be_focused()
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    expect(cells(page).nth(1)).to_have_text("")
    page.keyboard.type("90")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("70")
    page.keyboard.press("Shift+Tab")
    expect(cells(page).nth(2)).to_be_focused()
    expect(page.locator("[data-grade]").first).to_have_text("A · 90.00%")
    expect(page.locator("[data-grade]").nth(3)).to_have_text("F · 0.00%")
    # A mistake: the sentence says what is wrong, and it is corrected where it stands.
    page.keyboard.type("1000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("1000 is too many")
    page.keyboard.press("ArrowUp")
    expect(cells(page).nth(2)).to_have_attribute("aria-invalid", "true")
    seen("grade-book-mistake")
    page.keyboard.type("16")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(SAVED)
    assert room.stored() == [
        ("Quiz 1", "18"), ("Quiz 1", "16"), ("Quiz 1", "15.5"), ("Final", "90"), ("Final", "70"),
    ]  # fmt: skip
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.matches('[data-item]')"), (
        "the table lets the keyboard go"
    )


def test_a_pasted_column_with_a_mistake_is_saved_once_it_is_corrected(
    page: Page, seen: Seen, room: Room, signed_in_as: SignIn
) -> None:
    desk_only(page)
    signed_in_as(room.teacher)
    page.goto(room.address)
    cells(page).first.click()
    paste(page, "18\t90\r\n17\teighty\r\n16\t70\r\n15\t60\r\n")
    expect(page.get_by_role("status")).to_contain_text("Nothing was saved: 1 cell needs to be corrected")
    expect(cells(page).nth(3)).to_have_attribute("aria-invalid", "true")
    expect(cells(page).nth(0)).to_have_text("18")
    assert room.stored() == []
    seen("grade-book-pasted")
    page.get_by_role("button", name="Bea Brown, Final").click()
    page.keyboard.type("80")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Saved 8 cells.")
    assert len(room.stored()) == 8
    cells(page).nth(6).click()
    paste(page, "1\n2\n3")
    expect(page.get_by_role("status")).to_contain_text("Nothing was pasted: the block (3 rows, 1 column)")
    paste(page, "\n".join(["1\t2"] * 5000))
    expect(page.get_by_role("status")).to_contain_text("10,000 cells")
    assert len(room.stored()) == 8


def test_a_block_over_a_locked_grade_is_saved_once_that_cell_is_undone(
    page: Page, seen: Seen, room: Room, signed_in_as: SignIn
) -> None:
    desk_only(page)
    room.lock(1)
    signed_in_as(room.teacher)
    page.goto(room.address)
    cells(page).first.click()
    paste(page, "18\n17\n1000\n15")
    expect(page.get_by_role("status")).to_contain_text("Nothing was saved: 2 cells need to be corrected")
    expect(page.locator("[data-book-faults]")).to_contain_text("is approved and locked")
    assert room.stored() == []
    seen("grade-book-locked")
    # By keyboard in the cell itself, and with the button for all that is left.
    cells(page).nth(4).focus()
    page.keyboard.press("Escape")
    expect(page.get_by_role("status")).to_contain_text("Nothing was saved: 1 cell needs to be corrected")
    expect(cells(page).nth(4)).to_have_text("")
    page.get_by_role("button", name="Undo this cell").click()
    expect(page.get_by_role("status")).to_have_text("Saved 2 cells.")
    expect(cells(page).nth(2)).to_have_text("")
    assert room.stored() == [("Quiz 1", "18"), ("Quiz 1", "15")]


def test_the_second_of_two_sees_the_newer_value(page: Page, room: Room, signed_in_as: SignIn) -> None:
    desk_only(page)
    signed_in_as(room.teacher)
    page.goto(room.address)
    room.save_as_colleague("12")
    cells(page).first.click()
    page.keyboard.type("19")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("it now holds “12”, and you typed “19”")
    expect(cells(page).first).to_have_text("12")
    cells(page).first.click()
    page.keyboard.type("19")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Saved.")
    assert room.stored() == [("Quiz 1", "19")]


def test_a_newer_value_is_seen_also_by_who_types_there_already(
    page: Page, room: Room, signed_in_as: SignIn
) -> None:
    desk_only(page)
    signed_in_as(room.teacher)
    page.goto(room.address)
    room.save_as_colleague("12")
    held: list[Route] = []
    page.route("**/api/v1/classes/*/grades", lambda route: held.append(route))  # noqa: PLW0108 - a builtin will not do
    cells(page).first.click()
    page.keyboard.type("19")
    with page.expect_request("**/api/v1/classes/*/grades"):
        page.keyboard.press("Enter")
    cells(page).first.click()
    page.keyboard.type("18")
    held[0].continue_()
    expect(page.get_by_role("status")).to_contain_text("it now holds “12”")
    expect(cells(page).first).to_have_text("12")
    expect(cells(page).first).to_be_focused()
    assert len(held) == 1, "what was being typed is not sent"
    assert room.stored() == [("Quiz 1", "12")]


def test_setup_one_student_at_a_time_and_the_students_own_page(
    page: Page, seen: Seen, room: Room, signed_in_as: SignIn
) -> None:
    signed_in_as(room.teacher)
    page.goto(f"{room.address}/setup")
    seen("grade-book-setup")
    page.get_by_role("link", name="Add an item").first.click()
    seen("grade-item")
    page.goto(room.address)
    seen("grade-book")
    page.get_by_role("link", name="Ana Alvarez").locator("visible=true").click()
    page.get_by_label("Quiz 1").fill("18")
    page.get_by_label("Final").fill("90 late")
    page.get_by_role("button", name="Save and go to the next student").click()
    expect(page.get_by_role("heading", name="Bea Brown")).to_be_visible()
    seen("grade-student")
    page.goto(f"{room.address}/final")
    seen("final-grades-of-a-class")
    page.get_by_label("Ana Alvarez").select_option("A")
    page.get_by_role("button", name="Submit the final grades").click()
    page.get_by_role("link", name="Ana Alvarez").click()
    seen("final-grade")
    derivation = page.locator("details.derivation p")
    expect(derivation).to_be_hidden()
    page.emulate_media(media="print")
    expect(derivation).to_be_visible()
    expect(page.get_by_text("Printed by Tess Carter")).to_be_visible()
    page.emulate_media(media="screen")
    page.goto("/grades")
    seen("final-grades")
    signed_in_as(room.student)
    page.goto("/grades")
    expect(page.get_by_text("A · 90.00%")).to_be_visible()
    page.get_by_text("How this is calculated").click()
    seen("grades-of-a-student")


def test_the_pages_around_the_book_are_accessible(
    page: Page, seen: Seen, room: Room, signed_in_as: SignIn
) -> None:
    room.save_as_colleague("18")
    signed_in_as(room.teacher)
    for name, path in {
        "grade-one-student": f"/students/{room.enrollments[0]}",
        "grade-setup": "/setup",
        "grade-item-new": "/items/new",
        "finals": "/final",
    }.items():
        page.goto(f"{room.address}{path}")
        seen(name)
    page.get_by_label("Ana Alvarez").select_option("A")
    page.get_by_role("button", name="Submit the final grades").click()
    expect(page.get_by_role("link", name="Ana Alvarez")).to_be_visible()
    seen("finals-submitted")
    signed_in_as(room.student)
    page.goto("/grades")
    seen("grades-of-a-student")
