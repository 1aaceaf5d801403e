"""Scores typed, pasted or imported: a block is saved whole or not at all; nobody overwrites what they did not see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.grades import policy, schemes
from app.compliance.grades.book import lesson_scores, queries, reading
from app.compliance.grades.book.queries import Student
from app.compliance.grades.book.schemas import (
    EMPTY,
    MOST_CELLS,
    Cell,
    CellIn,
    GradeOut,
    SavedCell,
    SavedCells,
)
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, Invalid, NotFound
from app.core.own_records import require_not_own
from app.core.permissions import Subject
from app.db.models import GradeBook, GradeItem, SchoolClass
from app.rules import grades_entry
from app.rules.grades_entry import Entry
from app.web import formats

Source = Literal["hand", "file"]
Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that cannot be saved, and why; `current` is what stands there now, if somebody else changed it."""

    cell: CellIn
    sentence: str
    current: Cell | None = None

    def shown(self) -> dict[str, object]:
        """As the problem document has it."""
        found: dict[str, object] = {
            "item_id": self.cell.item_id,
            "enrollment_id": self.cell.enrollment_id,
            "sentence": self.sentence,
        }
        if self.current is not None:
            found |= {"text": self.current.text, "revision": self.current.revision}
        return found


def save(
    session: Session,
    subject: Subject,
    class_id: int,
    cells: Sequence[CellIn],
    zone: ZoneInfo,
    *,
    source: Source = "hand",
) -> SavedCells:
    """Save cells, all or none.

    Raises Invalid with a fault for each cell that is wrong (`faults` of the problem), and Conflict when the only
    faults are cells that somebody else has changed since the person saw them; the faults then hold what stands
    there. Raises Conflict for a book that is closed, NotFound for an item or a student that is not of this class.
    """
    record, book = for_entry(session, subject, class_id, zone)
    if len(cells) > MOST_CELLS:
        raise Invalid(
            f"These are {len(cells):,} cells, and the grade book takes at most {MOST_CELLS:,} at once. Nothing was "
            "saved. Paste them in parts."
        )
    today = clock.today(zone)
    items = {one.id: one for one in queries.items(session, book.id)}
    students = {one.enrollment_id: one for one in queries.students(session, class_id, today)}
    known = reading.cells_of(session, book.id, {one.enrollment_id for one in cells})
    days = schemes.on(session, today).values.incomplete_days
    faults: list[Fault] = []
    entries: dict[Key, Entry] = {}
    for cell in cells:
        key = (cell.item_id, cell.enrollment_id)
        item, student = items.get(cell.item_id), students.get(cell.enrollment_id)
        if item is None or student is None:
            raise NotFound(
                "An item or a student of these is no longer in this class. Nothing was saved; open the grade book "
                "again."
            )
        require_not_own(subject, student.user_id, "grades")
        if key in entries:
            faults.append(Fault(cell, "This cell is in the block twice."))
            continue
        found = _checked(cell, item, student, known.get(key, EMPTY), today, days, zone)
        if isinstance(found, Fault):
            faults.append(found)
        else:
            entries[key] = found
    if faults:
        raise _refusal(faults, len(cells))
    _write(session, subject, record, items, students, entries, known, source)
    return _answer(session, class_id, book, entries, today)


def for_entry(
    session: Session, subject: Subject, class_id: int, zone: ZoneInfo
) -> tuple[SchoolClass, GradeBook]:
    """The class and its book, locked, for whoever may enter scores now. Raises NotFound, Forbidden, Conflict."""
    record = open_class(session, subject, class_id, zone)
    book = queries.book_of(session, class_id, lock=True)
    if book is None:
        raise Conflict("This class has no grade book yet. Set it up first.")
    return record, book


def open_class(session: Session, subject: Subject, class_id: int, zone: ZoneInfo) -> SchoolClass:
    """The class, for whoever may work on its grade book now. Raises NotFound, Forbidden, Conflict."""
    teaches = classes.teaches(session, subject, class_id, zone)
    policy.require_enter(subject, teaches=teaches)
    record = reading.found_class(session, subject, class_id, zone)
    closed = reading.why_closed(record, clock.today(zone), zone)
    if closed is not None:
        raise Conflict(f"{closed} Nothing was saved.")
    return record


def _checked(
    cell: CellIn, item: GradeItem, student: Student, current: Cell, today: date, days: int, zone: ZoneInfo
) -> Entry | Fault:
    try:
        entry = grades_entry.read(cell.text, item.points_possible, today, days)
    except ValueError as error:
        return Fault(cell, str(error))
    if student.final_status == "approved":
        return Fault(
            cell, f"The final grade of {student.full_name} is approved and locked. Request a grade change."
        )
    if current.revision != cell.revision:
        # Whoever saved the same thing has done what the person wanted.
        if grades_entry.shown(entry.state, entry.points, entry.complete_by) == current.text:
            return entry
        stands = f"“{current.text}”" if current.text else "nothing"
        when = f" at {formats.clock_time(current.at, zone)}" if current.at else ""
        return Fault(
            cell,
            f"{current.by or 'A lesson'} changed this cell{when}: it now holds {stands}, and you typed "
            f"“{cell.text.strip()}”.",
            current,
        )
    return entry


def _refusal(faults: list[Fault], count: int) -> Conflict | Invalid:
    shown = [fault.shown() for fault in faults]
    wrong = "1 cell needs" if len(faults) == 1 else f"{len(faults)} cells need"
    if all(fault.current is not None for fault in faults):
        return Conflict(
            f"Nothing was saved: {wrong} your attention, because someone else changed what is there. "
            f"{faults[0].sentence}",
            faults=shown,
        )
    others = f" The other {count - len(faults)} are saved with them." if count > len(faults) else ""
    return Invalid(f"Nothing was saved: {wrong} to be corrected.{others} {faults[0].sentence}", faults=shown)


def _write(
    session: Session,
    subject: Subject,
    record: SchoolClass,
    items: Mapping[int, GradeItem],
    students: Mapping[int, Student],
    entries: Mapping[Key, Entry],
    known: Mapping[Key, Cell],
    source: Source,
) -> None:
    """Write what changed, with a row of the history for each."""
    rows: list[dict[str, Any]] = []
    before: dict[Key, tuple[str, str]] = {}
    cleared: dict[int, list[Student]] = {}
    for key, entry in entries.items():
        text = grades_entry.shown(entry.state, entry.points, entry.complete_by)
        former = known.get(key, EMPTY)
        if text == former.text and (former.source != "lesson" or not text):
            continue
        before[key] = (former.text, text)
        if entry.state is None:
            cleared.setdefault(key[0], []).append(students[key[1]])
        rows.append(
            {
                "item_id": key[0],
                "enrollment_id": key[1],
                "points": entry.points,
                "state": entry.state.value if entry.state else "cleared",
                "complete_by": entry.complete_by,
                "source": source,
            }
        )
    written = queries.write_scores(session, rows, changed_by=subject.user_id)
    history.record_all(
        session,
        subject,
        Action.GRADE_ENTERED,
        [
            {
                "target_id": number,
                "student_id": students[key[1]].user_id,
                "enrollment_id": key[1],
                "class_id": record.id,
                "item_id": key[0],
                "item": items[key[0]].name,
                "score": list(before[key]),
                "source": source,
            }
            for key, (number, _revision) in written.items()
        ],
    )
    for item_id, concerned in cleared.items():
        # What is cleared by hand follows its lesson again.
        lesson_scores.take_over(session, items[item_id], record, concerned)


def _answer(
    session: Session, class_id: int, book: GradeBook, entries: Mapping[Key, Entry], today: date
) -> SavedCells:
    categories, items = queries.categories(session, book.id), queries.items(session, book.id)
    scheme = schemes.scheme_on(session, today)
    concerned = sorted({key[1] for key in entries})
    cells = reading.cells_of(session, book.id, concerned)
    grades = []
    for enrollment_id in concerned:
        scores = [cell.score for key, cell in cells.items() if key[1] == enrollment_id]
        grade = reading.grade_of(categories, items, scores, scheme, today)
        grades.append(
            GradeOut(
                enrollment_id=enrollment_id,
                percent=grade.percent,
                letter=grade.letter,
                explanation=grade.explanation,
            )
        )
    return SavedCells(
        cells=[
            SavedCell(
                item_id=key[0],
                enrollment_id=key[1],
                text=cells.get(key, EMPTY).text,
                revision=cells.get(key, EMPTY).revision,
            )
            for key in entries
        ],
        grades=grades,
    )
