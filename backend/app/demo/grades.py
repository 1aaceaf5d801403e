"""Grade books of the demo school: quizzes, practical exams and a final, graded up to now, and the final grades."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.grades.reviews import service as reviews
from app.core.permissions import SYSTEM
from app.db.models import SchoolPolicy
from app.db.session import Database
from app.demo.classes import Planned
from app.demo.desk import Desk, Enrolled
from app.rules import grades_book
from app.rules.grades import default_scheme
from app.rules.grades_book import Category, Item, Score, State
from app.settings import Settings

_CATEGORIES = (("Quizzes", 30, 1), ("Practical exams", 40, 0), ("Final exam", 30, 0))
_ITEMS = (
    ("Quiz 1", 0, 20, 0.12), ("Quiz 2", 0, 20, 0.3), ("Practical 1", 1, 50, 0.4), ("Quiz 3", 0, 20, 0.55),
    ("Quiz 4", 0, 20, 0.75), ("Practical 2", 1, 50, 0.85), ("Final exam", 2, 100, 0.97),
)  # fmt: skip
"""Name, category, points, and when in the term it is due."""


@dataclass(frozen=True, slots=True)
class _Graded:
    """A class's book: the keys of its categories and items, and the day that each item is due."""

    book: int
    categories: list[Category]
    items: list[tuple[Item, date]]


def write_reviews(database: Database, settings: Settings) -> int:
    """Review academic progress as the first night would, so that nobody waits for it; how many reviews there are.

    After the school's commit, as a review is of the day on which it is done and not of the school's last moment.
    """
    with database.begin() as session:
        return len(reviews.run(session, SYSTEM, settings.zone))


def write_grades(session: Session, desk: Desk, planned: list[tuple[int, Planned]]) -> None:
    """A grade book for each class, scores for what was due by now, final grades of those who have finished or left."""
    policy = session.scalars(
        select(SchoolPolicy).where(SchoolPolicy.kind == "grading", SchoolPolicy.version == 1)
    ).one()
    # Final grades are written down with it.
    policy.used_at = policy.used_at or desk.moment
    session.flush()
    books = list(_books(desk, planned))
    scores: list[tuple[object, ...]] = []
    finals: list[tuple[object, ...]] = []
    for (class_id, one), graded in zip(planned, books, strict=True):
        for item in one.seats:
            given = list(_scores(desk, item, one, graded))
            scores += [_row(desk, item, one, score, graded) for score in given]
            final = _final(desk, item, graded, given)
            if final is not None:
                finals.append(
                    (
                        class_id,
                        item.id,
                        *final,
                        one.program.clock_hours,
                        policy.id,
                        *_decided(desk, item, one),
                    )
                )
    desk.copier.copy(
        "grade_scores",
        ("item_id", "enrollment_id", "points", "state", "source", "changed_by", "changed_at"),
        scores,
    )
    desk.copier.copy(
        "final_grades",
        ("class_id", "enrollment_id", "letter", "percent", "explanation", "gpa_weight", "policy_id", "graded_on",
         "status", "submitted_by", "submitted_at", "decided_by", "decided_at"),
        finals,
    )  # fmt: skip


def _books(desk: Desk, planned: list[tuple[int, Planned]]) -> Iterator[_Graded]:
    keys = desk.copier.keys("grade_books", len(planned))
    desk.copier.copy(
        "grade_books",
        ("id", "class_id", "gpa_weight", "created_at"),
        (
            (key, class_id, one.program.clock_hours, desk.founded)
            for key, (class_id, one) in zip(keys, planned, strict=True)
        ),
    )
    categories = iter(desk.copier.keys("grade_categories", len(planned) * len(_CATEGORIES)))
    items = iter(desk.copier.keys("grade_items", len(planned) * len(_ITEMS)))
    books = []
    for key, (_class_id, one) in zip(keys, planned, strict=True):
        own = [Category(next(categories), name, Decimal(weight), drop) for name, weight, drop in _CATEGORIES]
        days = (one.ends_on - one.starts_on).days
        books.append(
            _Graded(
                key,
                own,
                [
                    (
                        Item(next(items), own[category].key, name, Decimal(points)),
                        one.starts_on + timedelta(days=int(days * when)),
                    )
                    for name, category, points, when in _ITEMS
                ],
            )
        )
    desk.copier.copy(
        "grade_categories",
        ("id", "book_id", "name", "weight_pct", "drop_lowest", "order_num"),
        (
            (one.key, book.book, one.name, one.weight_pct, one.drop_lowest, place)
            for book in books
            for place, one in enumerate(book.categories, start=1)
        ),
    )
    desk.copier.copy(
        "grade_items",
        ("id", "book_id", "category_id", "name", "points_possible", "due_on", "order_num"),
        (
            (one.key, book.book, one.category, one.name, one.possible, due, place)
            for book in books
            for place, (one, due) in enumerate(book.items, start=1)
        ),
    )
    yield from books


def _scores(desk: Desk, item: Enrolled, one: Planned, graded: _Graded) -> Iterator[Score]:
    """A score for everything that was due while the student was there."""
    random = Random(item.id)
    known = [done.score for done in item.story.completions if done.score is not None]
    ability = sum(known) / len(known) if known else 84
    last = _last_day(desk, item)
    for work, due in graded.items:
        if not item.story.starts <= due <= min(last, desk.today - timedelta(days=2)):
            continue
        if random.random() < 0.02:
            yield Score(work.key, None, State.MISSING)
        elif random.random() < 0.02:
            yield Score(work.key, None, State.EXCUSED)
        else:
            share = min(1.0, max(0.35, random.gauss(ability - 4, 7) / 100))
            points = (work.possible * Decimal(str(round(share * 2, 2))) / 2).quantize(Decimal("0.5"))
            yield Score(work.key, points, State.LATE if random.random() < 0.03 else State.GRADED)


def _row(desk: Desk, item: Enrolled, one: Planned, score: Score, graded: _Graded) -> tuple[object, ...]:
    due = next(day for work, day in graded.items if work.key == score.item)
    entered = min(desk.office(due + timedelta(days=1), 0.9), desk.moment)
    teacher = one.teachers[0] if one.teachers else None
    return (score.item, item.id, score.points, score.state.value, "hand", teacher, entered)


def _final(
    desk: Desk, item: Enrolled, graded: _Graded, given: list[Score]
) -> tuple[str, Decimal | None, str] | None:
    """Letter, percent and derivation for an enrollment that has ended; None while it lasts."""
    if item.status == "withdrawn":
        return "W", None, "Withdrawn"
    if item.status != "completed":
        return None
    scheme = default_scheme()
    found = grades_book.class_grade(
        graded.categories, [work for work, _ in graded.items], given, scheme, desk.today
    )
    if found.percent is None or found.letter is None:
        return scheme.passed, None, scheme.uncounted[scheme.passed]
    return found.letter, found.percent, found.explanation


def _decided(desk: Desk, item: Enrolled, one: Planned) -> tuple[object, ...]:
    """When the grade was given, and who submitted and approved it."""
    day = _last_day(desk, item)
    submitted = min(desk.office(day, 0.6), desk.moment)
    approved = min(desk.office(day + timedelta(days=1), 0.4), desk.moment)
    teacher = one.teachers[0] if one.teachers else None
    return (day, "approved", teacher, submitted, desk.staff_ids[1], max(submitted, approved))


def _last_day(desk: Desk, item: Enrolled) -> date:
    ended = item.story.finished if item.status == "completed" else item.story.left
    return ended.astimezone(desk.zone).date() if ended and item.status != "active" else desk.today
