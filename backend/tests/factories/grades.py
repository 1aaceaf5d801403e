"""Rows of grades: a book with an item, and a final grade that somebody asks to change."""

from collections.abc import Mapping
from datetime import date
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.db.models import (
    FinalGrade,
    GradeBook,
    GradeCategory,
    GradeChange,
    GradeItem,
    ProgressAppeal,
    ProgressReview,
    SchoolClass,
    SchoolPolicy,
    Skill,
    SkillAttempt,
    SkillVersion,
    User,
)


def graded(
    session: Session, class_id: int, enrollment_id: int, people: Mapping[str, User | None]
) -> dict[str, int]:
    """A grade book with an item, an approved final grade with a change that waits, a review with an appeal: numbers."""
    teacher, registrar = people["instructor"], people["registrar"]
    assert teacher is not None
    assert registrar is not None
    book = GradeBook(class_id=class_id)
    session.add(book)
    session.flush()
    category = GradeCategory(book_id=book.id, name="Quizzes", weight_pct=100, order_num=1)
    session.add(category)
    session.flush()
    item = GradeItem(book_id=book.id, category_id=category.id, name="Quiz 1", points_possible=10, order_num=1)
    policy_id = session.scalars(select(SchoolPolicy.id).where(SchoolPolicy.kind == "grading")).one()
    final = FinalGrade(
        class_id=class_id, enrollment_id=enrollment_id, letter="B", percent=85, gpa_weight=1, policy_id=policy_id,
        graded_on=date(2026, 5, 4), explanation="All of it.", status="approved", submitted_by=teacher.id,
        decided_by=registrar.id, decided_at=clock.now(),
    )  # fmt: skip
    session.add_all([item, final])
    session.flush()
    change = GradeChange(
        final_grade_id=final.id,
        old_letter="B",
        letter="A",
        policy_id=policy_id,
        reason="Why",
        asked_by=teacher.id,
    )
    session.add(change)
    session.flush()
    return {
        "item_id": item.id,
        "category_id": category.id,
        "final_grade_id": final.id,
        "grade_change_id": change.id,
        **checked_off(session, class_id, enrollment_id, teacher),
        **reviewed(session, enrollment_id),
    }


def checked_off(session: Session, class_id: int, enrollment_id: int, evaluator: User) -> dict[str, int]:
    """A skill with one criterion in the list of the class's program, and an attempt that passed."""
    record = session.get_one(SchoolClass, class_id)
    skill = Skill(program_id=record.program_id, section="Chairside", name="Pass instruments", order_num=1)
    session.add(skill)
    session.flush()
    levels = [{"label": "Not done", "points": 0}, {"label": "Done", "points": 1}]
    version = SkillVersion(
        skill_id=skill.id, version=1, name=skill.name, pass_pct=80, required_passes=1,
        criteria=[{"text": "Passes with one hand", "critical": True, "levels": levels}],
    )  # fmt: skip
    session.add(version)
    session.flush()
    attempt = SkillAttempt(
        enrollment_id=enrollment_id, skill_id=skill.id, version_id=version.id, class_id=class_id,
        performed_on=date(2026, 5, 4), marks=[1], points=1, points_possible=1, passed=True,
        evaluator_id=evaluator.id, evaluator_name=evaluator.full_name, request=uuid4(),
    )  # fmt: skip
    session.add(attempt)
    session.flush()
    return {"skill_id": skill.id, "version_id": version.id, "attempt_id": attempt.id}


def reviewed(session: Session, enrollment_id: int, *, appealed: bool = True) -> dict[str, int]:
    """A review of academic progress that was not met, with an appeal that waits."""
    progress_id = session.scalars(
        select(SchoolPolicy.id).where(SchoolPolicy.kind == "academic_progress")
    ).one()
    review = ProgressReview(
        enrollment_id=enrollment_id, checkpoint_pct=25, reviewed_on=clock.now().date(), policy_id=progress_id,
        state="not_met", attended_minutes=100, scheduled_minutes=1000, elapsed_days=60, pace_pct=10, explanation="Low.",
    )  # fmt: skip
    session.add(review)
    session.flush()
    if not appealed:
        return {"review_id": review.id}
    appeal = ProgressAppeal(review_id=review.id, reason="I was ill for weeks.")
    session.add(appeal)
    session.flush()
    return {"review_id": review.id, "appeal_id": appeal.id}
