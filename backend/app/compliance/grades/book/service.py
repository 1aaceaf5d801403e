"""The grade book of a class: looked at, set up, filled."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.grades import schemes
from app.compliance.grades.book import lesson_scores, queries, reading
from app.compliance.grades.book.entry import for_entry, open_class, save
from app.compliance.grades.book.lesson_scores import follow_lesson
from app.compliance.grades.book.schemas import (
    MOST_ITEMS,
    BookView,
    CategoryFields,
    ItemFields,
)
from app.core import clock, history, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Subject
from app.core.views import Part
from app.db.models import GradeBook, GradeCategory, GradeItem, SchoolClass
from app.rules import grades_book
from app.school import service as school

__all__ = [
    "create_book",
    "delete_item",
    "follow_lesson",
    "lesson_choices",
    "read_book",
    "read_item",
    "save",
    "save_categories",
    "save_item",
]
NO_ITEM = "There is no such item; it may have been deleted. Open the grade book again."


@views.opens(
    Part.GRADES,
    student=lambda found, given: found.students[0].user_id if given.get("enrollment_id") else None,
)
def read_book(
    session: Session, subject: Subject, class_id: int, zone: ZoneInfo, enrollment_id: int | None = None
) -> BookView:
    """The book of a class, or one student's line of it. Raises NotFound for other people's classes and students."""
    found = reading.view(session, subject, class_id, zone, None if enrollment_id is None else [enrollment_id])
    if enrollment_id is not None and not found.students:
        raise NotFound("This student is not in this class. Open the grade book again.")
    return found


def lesson_choices(
    session: Session, subject: Subject, class_id: int, zone: ZoneInfo
) -> list[tuple[int, str]]:
    """The lessons whose scores an item can take over, as number and title."""
    record = reading.found_class(session, subject, class_id, zone)
    rows = queries.lesson_choices(session, record.program_id)
    return [(row.id, f"{row.module} – {row.title}") for row in rows]


# Setting up


def create_book(session: Session, subject: Subject, class_id: int, zone: ZoneInfo) -> GradeBook:
    """Set up the book with the categories of the grading policy. One that is there stays as it is."""
    record = open_class(session, subject, class_id, zone)
    book = queries.book_of(session, class_id)
    if book is not None:
        return book
    in_force = schemes.on(session, clock.today(zone))
    school.policies.used(session, in_force)
    book = GradeBook(class_id=class_id)
    queries.add(session, book)
    for place, one in enumerate(in_force.values.categories, start=1):
        category = GradeCategory(
            book_id=book.id,
            name=one.name,
            weight_pct=one.weight_pct,
            drop_lowest=one.drop_lowest,
            order_num=place,
        )
        queries.add(session, category)
    _record(session, subject, book, record, created=[str(one) for one in in_force.values.categories])
    return book


def save_categories(
    session: Session,
    subject: Subject,
    class_id: int,
    categories: Sequence[CategoryFields],
    gpa_weight: Decimal,
    zone: ZoneInfo,
) -> None:
    """Give the book these categories, in this order, in place of those it has.

    Raises Invalid for weights that do not add up to 100 percent and for dropping as many scores as there are items,
    Conflict for leaving out a category that has items.
    """
    record, book = for_entry(session, subject, class_id, zone)
    known = {one.id: one for one in queries.categories(session, book.id)}
    items = queries.items(session, book.id)
    counts = {number: sum(item.category_id == number for item in items) for number in known}
    _check_categories(categories, known, counts)
    before = [_words(one) for one in known.values()]
    kept = {one.id for one in categories}
    for number, row in known.items():
        if number not in kept:
            queries.remove(session, row)
    for place, one in enumerate(categories, start=1):
        found = known.get(one.id) if one.id is not None else None
        row = found or GradeCategory(book_id=book.id)
        row.name, row.weight_pct = one.name, one.weight_pct
        row.drop_lowest, row.order_num = one.drop_lowest, place
        session.add(row)
    was, book.gpa_weight = book.gpa_weight, gpa_weight
    session.flush()
    after = [_words(one) for one in queries.categories(session, book.id)]
    changes: dict[str, Any] = {}
    if after != before:
        changes["categories"] = [before, after]
    if was != gpa_weight:
        changes["gpa_weight"] = [str(was), str(gpa_weight)]
    if changes:
        _record(session, subject, book, record, **changes)


def _check_categories(
    categories: Sequence[CategoryFields], known: dict[int, GradeCategory], counts: dict[int, int]
) -> None:
    if any(one.id is not None and one.id not in known for one in categories):
        raise NotFound("A category is no longer in this grade book. Nothing was saved; open it again.")
    fault = grades_book.weights_fault(
        [grades_book.Category(0, one.name, one.weight_pct, one.drop_lowest) for one in categories]
    )
    if fault is not None:
        raise Invalid(f"{fault} Nothing was saved.")
    given = [one.id for one in categories if one.id is not None]
    if len(set(given)) != len(given):
        raise Invalid("A category is listed twice. Nothing was saved; open the page again.")
    if len({one.name.casefold() for one in categories}) != len(categories):
        raise Invalid("Each category needs a name of its own. Nothing was saved.")
    for place, one in enumerate(categories, start=1):
        count = counts.get(one.id, 0) if one.id is not None else 0
        if count and one.drop_lowest >= count:
            has = "1 item" if count == 1 else f"{count} items"
            sentence = (
                f"{one.name} has {has}, so at most {count - 1} can be dropped: one score must count."
                if count > 1
                else f"{one.name} has 1 item, so none can be dropped: one score must count."
            )
            raise Invalid(sentence, errors=[FieldError(f"drop_{place}", sentence)])
    kept = {one.id for one in categories}
    for number, row in known.items():
        if number not in kept and counts[number]:
            raise Conflict(f"{row.name} has items. Move or delete them first; nothing was saved.")


def read_item(session: Session, subject: Subject, class_id: int, item_id: int, zone: ZoneInfo) -> GradeItem:
    """One item of a class's book. Raises NotFound."""
    reading.found_class(session, subject, class_id, zone)
    book = queries.book_of(session, class_id)
    found = _item(session, book.id, item_id) if book else None
    if found is None:
        raise NotFound(NO_ITEM)
    return found


def save_item(
    session: Session,
    subject: Subject,
    class_id: int,
    values: ItemFields,
    zone: ZoneInfo,
    item_id: int | None = None,
) -> GradeItem:
    """Add an item, or change one. An item that is linked to a lesson takes over the scores that are there.

    Raises Invalid for a category or a lesson that is not of this class, and for points below a score that was given.
    """
    record, book = for_entry(session, subject, class_id, zone)
    items = queries.items(session, book.id)
    if values.category_id not in {one.id for one in queries.categories(session, book.id)}:
        raise _wrong("category_id", "This category is not in this grade book. Choose one from the list.")
    lessons = {row.id for row in queries.lesson_choices(session, record.program_id)}
    if values.lesson_id is not None and values.lesson_id not in lessons:
        raise _wrong("lesson_id", "This lesson is not of the program that the class teaches.")
    if item_id is None:
        if len(items) >= MOST_ITEMS:
            raise Conflict(f"A grade book holds at most {MOST_ITEMS} items.")
        row = GradeItem(book_id=book.id, order_num=1 + max((one.order_num for one in items), default=0))
        before: dict[str, Any] = {}
    else:
        found = next((one for one in items if one.id == item_id), None)
        if found is None:
            raise NotFound(NO_ITEM)
        row = found
        before = _facts(row)
        highest = max(
            (
                score.points
                for score, _ in queries.scores(session, book.id)
                if score.item_id == item_id and score.points
            ),
            default=Decimal(0),
        )
        if values.points_possible < highest:
            raise _wrong(
                "points_possible",
                f"A student has {highest.normalize():f} points already. Enter that many or more.",
            )
    for name, value in values.model_dump().items():
        setattr(row, name, value)
    queries.add(session, row)
    after = _facts(row)
    changed = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
    if changed:
        _record(session, subject, book, record, item_id=row.id, item=row.name, changed=changed)
    if row.lesson_id is not None and {"lesson_id", "points_possible"} & set(changed):
        lesson_scores.take_over(session, row, record, queries.students(session, class_id, clock.today(zone)))
    return row


def delete_item(session: Session, subject: Subject, class_id: int, item_id: int, zone: ZoneInfo) -> None:
    """Delete an item that nobody was graded for. Conflict otherwise: scores are kept."""
    record, book = for_entry(session, subject, class_id, zone)
    row = _item(session, book.id, item_id)
    if row is None:
        raise NotFound(NO_ITEM)
    if queries.has_scores(session, item_id):
        raise Conflict(
            "Students have scores for this item, so it cannot be deleted. Hide it from students instead: it then "
            "counts for nobody."
        )
    name = row.name
    queries.remove(session, row)
    _record(session, subject, book, record, item_id=item_id, deleted=name)


# Helpers


def _item(session: Session, book_id: int, item_id: int) -> GradeItem | None:
    return next((one for one in queries.items(session, book_id) if one.id == item_id), None)


def _facts(row: GradeItem) -> dict[str, str | None]:
    values = {name: getattr(row, name) for name in ItemFields.model_fields}
    return {name: None if value is None else str(value) for name, value in values.items()}


def _words(one: GradeCategory) -> str:
    dropped = f", {one.drop_lowest} dropped" if one.drop_lowest else ""
    return f"{one.name} {one.weight_pct.normalize():f}%{dropped}"


def _record(session: Session, subject: Subject, book: GradeBook, record: SchoolClass, **details: Any) -> None:
    history.record(session, subject, Action.GRADE_BOOK_CHANGED, book.id, code=record.code, **details)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
