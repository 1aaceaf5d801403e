"""Grade books put together from their rows: the cells, and the grade that they come to."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics.classes import service as classes
from app.compliance.grades import policy, schemes
from app.compliance.grades.book import queries
from app.compliance.grades.book.schemas import COUNTED, EMPTY, BookView, Cell, StudentLine
from app.core import clock
from app.core.errors import NotFound
from app.core.permissions import Subject
from app.db.models import GradeCategory, GradeItem, GradeScore, SchoolClass
from app.rules import grades_book, grades_entry
from app.rules.grades import Scheme
from app.rules.grades_book import ClassGrade, Score, State
from app.web import formats

CLOSES_AFTER: timedelta = classes.CLOSES_AFTER
"""How long after the last day of a class its scores may still be entered: as long as its instructors see it."""


def found_class(session: Session, subject: Subject, class_id: int, zone: ZoneInfo) -> SchoolClass:
    """The class, for whoever may read its grades. Raises NotFound."""
    teaches = classes.teaches(session, subject, class_id, zone)
    policy.require_read_class(subject, teaches=teaches)
    record = session.get(SchoolClass, class_id)
    if record is None:
        raise NotFound(policy.NO_CLASS)
    return record


def why_closed(record: SchoolClass, today: date, zone: ZoneInfo) -> str | None:
    """The sentence that says why nothing can be entered any more; None while it can."""
    last = record.ends_on + CLOSES_AFTER
    if today <= last:
        return None
    return (
        f"This class ended on {formats.day(record.ends_on, zone)}, and its grade book closed on "
        f"{formats.day(last, zone)}. Request a grade change instead."
    )


def view(
    session: Session,
    subject: Subject,
    class_id: int,
    zone: ZoneInfo,
    enrollment_ids: Collection[int] | None = None,
) -> BookView:
    """The book of a class with all its students, or some: eight queries. Raises NotFound."""
    record = found_class(session, subject, class_id, zone)
    today = clock.today(zone)
    scheme = schemes.scheme_on(session, today)
    book = queries.book_of(session, class_id)
    categories = list(queries.categories(session, book.id)) if book else []
    items = list(queries.items(session, book.id)) if book else []
    known = [
        one
        for one in queries.students(session, class_id, today)
        if enrollment_ids is None or one.enrollment_id in enrollment_ids
    ]
    cells = cells_of(session, book.id, [one.enrollment_id for one in known]) if book else {}
    return BookView(
        record=record,
        book_id=book.id if book else None,
        gpa_weight=book.gpa_weight if book else Decimal(1),
        categories=categories,
        items=items,
        students=[
            StudentLine(
                one.enrollment_id,
                one.user_id,
                one.full_name,
                one.left_on,
                one.final_status == "approved",
                {item.id: cells.get((item.id, one.enrollment_id), EMPTY) for item in items},
                grade_of(
                    categories,
                    items,
                    [cell.score for key, cell in cells.items() if key[1] == one.enrollment_id],
                    scheme,
                    today,
                ),
            )
            for one in known
        ],
        scheme=scheme,
        may_enter=policy.may_enter(subject, teaches=classes.teaches(session, subject, class_id, zone)),
        closed=why_closed(record, today, zone),
    )


def cells_of(
    session: Session, book_id: int, enrollment_ids: Collection[int] | None
) -> dict[tuple[int, int], Cell]:
    """The cells that hold or held something, by item and enrollment."""
    return {
        (score.item_id, score.enrollment_id): cell_of(score, name)
        for score, name in queries.scores(session, book_id, enrollment_ids)
    }


def cell_of(score: GradeScore, by: str | None) -> Cell:
    """A score as its cell shows it."""
    if score.state not in COUNTED:
        return Cell("", score.revision, score.source, by, score.changed_at, None)
    state = State(score.state)
    return Cell(
        grades_entry.shown(state, score.points, score.complete_by),
        score.revision,
        score.source,
        by,
        score.changed_at,
        Score(score.item_id, score.points, state, score.complete_by),
    )


def grade_of(
    categories: Sequence[GradeCategory],
    items: Sequence[GradeItem],
    scores: Sequence[Score | None],
    scheme: Scheme,
    today: date,
) -> ClassGrade:
    """What the rule makes of a student's scores."""
    return grades_book.class_grade(
        [grades_book.Category(one.id, one.name, one.weight_pct, one.drop_lowest) for one in categories],
        [
            grades_book.Item(one.id, one.category_id, one.name, one.points_possible, one.published)
            for one in items
        ],
        [score for score in scores if score is not None],
        scheme,
        today,
    )
