"""Grades: a class's grade book with its scores, final grades, and changes to them."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Numeric, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, CreatedAt


class GradeBook(Base):
    """The grade book of a class. Made when it is first set up; its row is what a change of the book locks."""

    __tablename__ = "grade_books"
    __table_args__ = (
        Index("uq_grade_books_class_id", "class_id", unique=True),
        CheckConstraint("gpa_weight >= 0", name="check_grade_books_gpa_weight"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Grade book number."""
    class_id: Mapped[int] = mapped_column(ForeignKey("classes.id", ondelete="CASCADE"))
    """The class."""
    gpa_weight: Mapped[Decimal] = mapped_column(Numeric(6, 2), server_default=text("1"))
    """What the class counts in the GPA: its credits or clock hours; 0 for nothing."""
    created_at: Mapped[CreatedAt]
    """When the book was set up."""


class GradeCategory(Base):
    """A part of the grade, with its weight."""

    __tablename__ = "grade_categories"
    __table_args__ = (
        Index("uq_grade_categories_book_id_name", "book_id", text("lower(name)"), unique=True),
        CheckConstraint("weight_pct > 0 AND weight_pct <= 100", name="check_grade_categories_weight_pct"),
        CheckConstraint("drop_lowest BETWEEN 0 AND 20", name="check_grade_categories_drop_lowest"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Category number."""
    book_id: Mapped[int] = mapped_column(ForeignKey("grade_books.id", ondelete="CASCADE"))
    """The grade book."""
    name: Mapped[str] = mapped_column(String(80))
    """Name, such as Quizzes; unique in the book, whatever its case."""
    weight_pct: Mapped[Decimal] = mapped_column(Numeric(5, 2))
    """Weight in percent; those of a book add up to 100."""
    drop_lowest: Mapped[int] = mapped_column(server_default=text("0"))
    """How many of a student's lowest scores do not count."""
    order_num: Mapped[int]
    """Place in the book, from 1."""


class GradeItem(Base):
    """One thing that is graded: a quiz, an exam, a practical."""

    __tablename__ = "grade_items"
    __table_args__ = (
        Index("idx_grade_items_book_id", "book_id"),
        Index("idx_grade_items_category_id", "category_id"),
        Index("idx_grade_items_lesson_id", "lesson_id"),
        CheckConstraint(
            "points_possible > 0 AND points_possible <= 10000", name="check_grade_items_points_possible"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Item number."""
    book_id: Mapped[int] = mapped_column(ForeignKey("grade_books.id", ondelete="CASCADE"))
    """The grade book."""
    category_id: Mapped[int] = mapped_column(ForeignKey("grade_categories.id", ondelete="RESTRICT"))
    """Its category."""
    name: Mapped[str] = mapped_column(String(120))
    """Name, as its column is headed."""
    points_possible: Mapped[Decimal] = mapped_column(Numeric(7, 2))
    """The most points that it gives."""
    due_on: Mapped[date | None] = mapped_column(Date)
    """When the work is due, at the school."""
    published: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether students see it and it counts."""
    lesson_id: Mapped[int | None] = mapped_column(ForeignKey("lessons.id", ondelete="SET NULL"))
    """The lesson whose scores it takes over; empty for one that is graded by hand."""
    order_num: Mapped[int]
    """Place in the book, from 1."""


class GradeScore(Base):
    """What a student got for an item. A change raises `revision`; what it was before is in the history."""

    __tablename__ = "grade_scores"
    __table_args__ = (
        Index("uq_grade_scores_item_id_enrollment_id", "item_id", "enrollment_id", unique=True),
        Index("idx_grade_scores_enrollment_id", "enrollment_id"),
        Index("idx_grade_scores_changed_by", "changed_by"),
        CheckConstraint(
            "state IN ('graded', 'late', 'missing', 'excused', 'incomplete', 'cleared')",
            name="check_grade_scores_state",
        ),
        CheckConstraint(
            "(state IN ('graded', 'late')) = (points IS NOT NULL)"
            " AND (state = 'incomplete') = (complete_by IS NOT NULL)",
            name="check_grade_scores_shape",
        ),
        CheckConstraint("points >= 0 AND points <= 10000", name="check_grade_scores_points"),
        CheckConstraint("source IN ('hand', 'lesson', 'file')", name="check_grade_scores_source"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Score number."""
    item_id: Mapped[int] = mapped_column(ForeignKey("grade_items.id", ondelete="CASCADE"))
    """The item."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment whose student it is."""
    points: Mapped[Decimal | None] = mapped_column(Numeric(7, 2))
    """Points earned, where there are any."""
    state: Mapped[str] = mapped_column(String(12))
    """graded, late, missing (counts 0), excused (left out), incomplete (left out until its day) or cleared."""
    complete_by: Mapped[date | None] = mapped_column(Date)
    """Of an incomplete, the last day; afterwards it counts 0."""
    source: Mapped[str] = mapped_column(String(8))
    """hand (typed or pasted), lesson (taken over from its score) or file (imported)."""
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    """How often it was written; whoever changes it says which one they saw."""
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who wrote it last; empty for a lesson's score."""
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it was written last."""


class FinalGrade(Base):
    """The final grade of a student in a class. Submitted by the instructor, approved by somebody else, then locked."""

    __tablename__ = "final_grades"
    __table_args__ = (
        Index("uq_final_grades_class_id_enrollment_id", "class_id", "enrollment_id", unique=True),
        Index("idx_final_grades_enrollment_id", "enrollment_id"),
        Index("idx_final_grades_policy_id", "policy_id"),
        Index("idx_final_grades_submitted_by", "submitted_by"),
        Index("idx_final_grades_decided_by", "decided_by"),
        Index("idx_final_grades_status", "status", "submitted_at"),
        CheckConstraint("status IN ('submitted', 'returned', 'approved')", name="check_final_grades_status"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="check_final_grades_percent"),
        CheckConstraint("(status = 'submitted') = (decided_at IS NULL)", name="check_final_grades_decided"),
        CheckConstraint(
            "status <> 'approved' OR decided_by <> submitted_by", name="check_final_grades_two_people"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Final grade number."""
    class_id: Mapped[int] = mapped_column(ForeignKey("classes.id", ondelete="RESTRICT"))
    """The class."""
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("enrollments.id", ondelete="CASCADE"))
    """The enrollment whose student it is."""
    letter: Mapped[str] = mapped_column(String(4))
    """The letter, one of the scheme's."""
    percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    """What the grade book came to that day; empty for a letter that is no grade."""
    gpa_weight: Mapped[Decimal] = mapped_column(Numeric(6, 2))
    """What the class counted in the GPA that day."""
    policy_id: Mapped[int] = mapped_column(ForeignKey("school_policies.id", ondelete="RESTRICT"))
    """The grading policy of its day, by which it is read from then on."""
    graded_on: Mapped[date] = mapped_column(Date)
    """The day it is of, at the school."""
    complete_by: Mapped[date | None] = mapped_column(Date)
    """Of an incomplete, the last day; afterwards it is the scheme's default letter."""
    explanation: Mapped[str] = mapped_column(Text)
    """How the percentage was computed, in sentences."""
    status: Mapped[str] = mapped_column(String(10), server_default=text("'submitted'"))
    """submitted, returned (to the instructor, with a reason) or approved, which locks it."""
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """The instructor who submitted it."""
    submitted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it was submitted."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who approved or returned it; never who submitted it."""
    decided_at: Mapped[datetime | None]
    """When it was approved or returned."""
    note: Mapped[str | None] = mapped_column(Text)
    """Why it was returned."""


class GradeChange(Base):
    """A request to change a final grade that is locked. Its old value stays; the latest approved change counts."""

    __tablename__ = "grade_changes"
    __table_args__ = (
        Index("idx_grade_changes_final_grade_id", "final_grade_id"),
        Index("idx_grade_changes_policy_id", "policy_id"),
        Index("idx_grade_changes_asked_by", "asked_by"),
        Index("idx_grade_changes_decided_by", "decided_by"),
        Index(
            "uq_grade_changes_open",
            "final_grade_id",
            unique=True,
            postgresql_where=text("decided_at IS NULL"),
        ),
        CheckConstraint("outcome IN ('approved', 'declined')", name="check_grade_changes_outcome"),
        CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="check_grade_changes_decided"),
        CheckConstraint("decided_by <> asked_by", name="check_grade_changes_two_people"),
        CheckConstraint("percent BETWEEN 0 AND 100", name="check_grade_changes_percent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Request number."""
    final_grade_id: Mapped[int] = mapped_column(ForeignKey("final_grades.id", ondelete="CASCADE"))
    """The final grade."""
    old_letter: Mapped[str] = mapped_column(String(4))
    """The letter that counted when it was asked for."""
    letter: Mapped[str] = mapped_column(String(4))
    """The letter that is asked for."""
    percent: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    """The percentage that goes with it, if one is known."""
    policy_id: Mapped[int] = mapped_column(ForeignKey("school_policies.id", ondelete="RESTRICT"))
    """The grading policy of the final grade's day."""
    complete_by: Mapped[date | None] = mapped_column(Date)
    """Of an incomplete, the last day."""
    reason: Mapped[str] = mapped_column(Text)
    """Why, in the words of who asked."""
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who asked."""
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    """Who decided; never who asked."""
    decided_at: Mapped[datetime | None]
    """When it was decided; empty while it waits."""
    outcome: Mapped[str | None] = mapped_column(String(10))
    """approved or declined."""
    note: Mapped[str | None] = mapped_column(Text)
    """What was said with the decision."""
