"""Every SQL statement of the lists of what students have passed."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from app.compliance.grades.skills.queries import COUNTS, CURRENT, attempts
from app.core.search import matches
from app.db.models import (
    ClassSeat,
    Enrollment,
    EnrollmentStatus,
    Program,
    SchoolClass,
    Skill,
    SkillAttempt,
    SkillVersion,
    SkillVoid,
    User,
)
from app.web.listing import Listing
from app.web.paging import Paging

# Of the enrollment of the row: worked out for the rows of a page, and for those of the whole school only in a file.
_PASSES = (
    select(func.count())
    .where(
        SkillAttempt.enrollment_id == Enrollment.id,
        SkillAttempt.skill_id == Skill.id,
        SkillAttempt.passed,
        COUNTS,
    )
    .correlate(Enrollment, Skill)
    .scalar_subquery()
)
_PASSED = (
    select(func.count())
    .select_from(Skill)
    .join(SkillVersion, CURRENT)
    .where(
        Skill.program_id == Enrollment.program_id,
        Skill.archived_at.is_(None),
        SkillVersion.required_passes <= _PASSES,
    )
    .correlate(Enrollment)
    .scalar_subquery()
)


def _of_attempts(column: Any) -> Any:
    """A figure of the enrollment's attempts that count."""
    return (
        select(column)
        .where(SkillAttempt.enrollment_id == Enrollment.id, COUNTS)
        .correlate(Enrollment)
        .scalar_subquery()
    )


def _required() -> Any:
    """program_id, and how many skills are in its list."""
    return (
        select(Skill.program_id, func.count().label("required"))
        .where(Skill.archived_at.is_(None))
        .group_by(Skill.program_id)
        .subquery()
    )


def students(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    *,
    program_id: int | None = None,
    class_id: int | None = None,
    standing: str | None = None,
) -> Listing[Any]:
    """Active and completed enrollments in programs with a skill list, with how many skills are passed."""
    required = _required()
    missing = required.c.required - _PASSED
    last_on = _of_attempts(func.max(SkillAttempt.performed_on))
    statement = (
        select(
            Enrollment.id,
            Enrollment.user_id,
            User.full_name,
            Program.name.label("program"),
            Enrollment.status,
            required.c.required,
            _PASSED.label("passed"),
            missing.label("missing"),
            _of_attempts(func.count()).label("attempts"),
            last_on.label("last_on"),
        )
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .join(required, required.c.program_id == Enrollment.program_id)
        .where(visible, User.deleted_at.is_(None), Enrollment.status != EnrollmentStatus.WITHDRAWN)
        .where(*matches(paging.q, User.search_text, Program.name))
    )
    if program_id is not None:
        statement = statement.where(Enrollment.program_id == program_id)
    if class_id is not None:
        sits = exists().where(ClassSeat.class_id == class_id, ClassSeat.enrollment_id == Enrollment.id)
        statement = statement.where(sits)
    if standing is not None:
        statement = statement.where(missing > 0 if standing == "missing" else missing <= 0)
    order = paging.order(
        {
            "student": func.lower(User.full_name),
            "program": func.lower(Program.name),
            "passed": _PASSED,
            "missing": missing,
            "last": last_on,
        },
        "student",
    )
    return Listing(session, statement.order_by(order, Enrollment.id), paging)


def missing_of(session: Session, enrollment_ids: Collection[int]) -> Mapping[int, tuple[int, int]]:
    """How many skills are missing and required, by enrollment; of a program without a list 0 and 0."""
    required = _required()
    rows = session.execute(
        select(
            Enrollment.id,
            func.coalesce(required.c.required, 0).label("required"),
            _PASSED.label("passed"),
        )
        .outerjoin(required, required.c.program_id == Enrollment.program_id)
        .where(Enrollment.id.in_(enrollment_ids))
    )
    return {row.id: (max(0, row.required - row.passed), row.required) for row in rows}


def listing(
    session: Session,
    paging: Paging,
    visible: ColumnElement[bool],
    *,
    program_id: int | None = None,
    class_id: int | None = None,
    outcome: str | None = None,
) -> Listing[Any]:
    """Attempts, the newest first unless sorted otherwise; those of deleted people are left out."""
    statement = attempts().where(visible, User.deleted_at.is_(None))
    statement = statement.where(
        *matches(paging.q, User.search_text, SkillVersion.name, SkillAttempt.evaluator_name)
    )
    if program_id is not None:
        statement = statement.where(Enrollment.program_id == program_id)
    if class_id is not None:
        statement = statement.where(SkillAttempt.class_id == class_id)
    if outcome == "voided":
        statement = statement.where(SkillVoid.id.is_not(None))
    elif outcome is not None:
        statement = statement.where(SkillVoid.id.is_(None), SkillAttempt.passed == (outcome == "passed"))
    order = paging.order(
        {
            "student": func.lower(User.full_name),
            "skill": func.lower(SkillVersion.name),
            "class": func.lower(SchoolClass.code),
            "evaluator": func.lower(SkillAttempt.evaluator_name),
            "day": SkillAttempt.performed_on,
        },
        "-day",
    )
    return Listing(session, statement.order_by(order, SkillAttempt.id.desc()), paging)
