"""A grade book as a file, and back: one line a student, one column an item."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.grades.book import entry, reading
from app.compliance.grades.book.schemas import BookView, CellIn, SavedCells, StudentLine
from app.core.errors import Invalid
from app.core.permissions import Subject
from app.web.reports import Column, Kind, Report

NUMBER = "Enrollment"
"""The heading of the column that says whose line it is."""
OTHERS = ("Student", "Percent", "Letter")
MOST_BYTES = 1024 * 1024


def report_of(view: BookView) -> Report[StudentLine]:
    """The book as a list whose columns are its items."""
    items = tuple(
        Column[StudentLine](
            f"item_{item.id}",
            item.name,
            lambda line, number=item.id: line.cells[number].text,  # type: ignore[misc]
        )
        for item in view.items
    )
    return Report[StudentLine](
        name="grade-book",
        title=f"Grades of {view.record.code}",
        columns=(
            Column("enrollment", NUMBER, lambda line: line.enrollment_id, Kind.NUMBER),
            Column("student", OTHERS[0], lambda line: line.full_name),
            *items,
            Column("percent", OTHERS[1], lambda line: line.grade.percent, Kind.PERCENT),
            Column("letter", OTHERS[2], lambda line: line.grade.letter),
        ),
    )


def import_scores(
    session: Session, subject: Subject, class_id: int, content: bytes, zone: ZoneInfo
) -> SavedCells:
    """Save the scores of a CSV file, all or none. Columns are found by the items' names; cells that are empty, or that
    say what the book has, change nothing.

    Raises Invalid with a sentence for each line and column that is wrong.
    """
    entry.for_entry(session, subject, class_id, zone)
    view = reading.view(session, subject, class_id, zone)
    header, rows = _rows(content)
    by_name = {item.name.casefold(): item for item in view.items}
    columns = {
        place: by_name[name.casefold()] for place, name in enumerate(header) if name.casefold() in by_name
    }
    names = Counter(item.name.casefold() for item in view.items) + Counter(name.casefold() for name in header)
    twice = next((name for name in header if name.casefold() in by_name and names[name.casefold()] > 2), None)
    if twice is not None:
        raise Invalid(
            f"Two items or two columns are named “{twice[:80]}”, so it is unclear which one is meant. Give each item a "
            "name of its own under Setup, and download the grade book again. Nothing was saved."
        )
    known = {name.casefold() for name in (NUMBER, *OTHERS)} | {f"{OTHERS[1]} (%)".casefold()}
    strange = [name for name in header if name and name.casefold() not in {*by_name, *known}]
    if strange:
        raise Invalid(
            f"The file has a column “{strange[0][:80]}”, and this grade book has no item of that name. Nothing was "
            "saved."
        )
    if NUMBER not in header or not columns:
        raise Invalid(
            f"The file needs the column “{NUMBER}” and at least one column named like an item. Download the grade "
            "book to see how it looks. Nothing was saved."
        )
    place_of_number = header.index(NUMBER)
    students = {str(line.enrollment_id): line for line in view.students}
    cells, lines = [], {}
    for number, row in enumerate(rows, start=2):
        typed = row[place_of_number].strip() if place_of_number < len(row) else ""
        student = students.get(typed)
        if student is None:
            raise Invalid(
                f"Line {number}: there is no enrollment “{typed[:20]}” in this class. Nothing was saved."
            )
        for place, item in columns.items():
            text = row[place].strip().removeprefix("'") if place < len(row) else ""
            cell = student.cells[item.id]
            # What stands there already is not said again: it may be locked, or follow a lesson.
            if text and text != cell.text:
                cells.append(
                    CellIn(
                        item_id=item.id,
                        enrollment_id=student.enrollment_id,
                        text=text[:1000],
                        revision=cell.revision,
                    )
                )
                lines[item.id, student.enrollment_id] = f"Line {number}, {item.name}"
    try:
        return entry.save(session, subject, class_id, cells, zone, source="file")
    except Invalid as refused:
        raise Invalid(_said(refused, lines)) from None


def _said(refused: Invalid, lines: dict[tuple[int, int], str]) -> str:
    faults: Sequence[dict[str, int | str]] = refused.extra.get("faults", ())  # type: ignore[assignment]
    if not faults:
        return refused.detail
    shown = [
        f"{lines[int(one['item_id']), int(one['enrollment_id'])]}: {one['sentence']}" for one in faults[:20]
    ]
    more = f" And {len(faults) - 20} more." if len(faults) > 20 else ""
    return f"Nothing was saved. {' '.join(shown)}{more}"


def _rows(content: bytes) -> tuple[list[str], list[list[str]]]:
    if len(content) > MOST_BYTES:
        raise Invalid("This file is larger than 1 MB. Nothing was saved.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(
            "This file is not a CSV file in UTF-8. Save it as “CSV UTF-8”. Nothing was saved."
        ) from None
    if "\0" in text:
        raise Invalid("This is not a CSV file. Nothing was saved.")
    first = text.partition("\n")[0]
    try:
        rows = list(
            csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
        )
    except csv.Error:
        raise Invalid("This file cannot be read as CSV. Nothing was saved.") from None
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        raise Invalid("This file is empty. Nothing was saved.")
    return [name.strip().removeprefix("'") for name in filled[0]], filled[1:]
