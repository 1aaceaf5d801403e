"""Every SQL statement of the lists of what students have passed."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, select
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


def _tally() -> Any:
    """enrollment_id, and how many skills that are in the list today were passed, attempts that count, the last day."""
    each = (
        select(
            SkillAttempt.enrollment_id,
            SkillAttempt.skill_id,
            func.count().label("attempts"),
            func.count().filter(SkillAttempt.passed).label("passes"),
            func.max(SkillAttempt.performed_on).label("last_on"),
        )
        .where(COUNTS)
        .group_by(SkillAttempt.enrollment_id, SkillAttempt.skill_id)
        .subquery()
    )
    passed = and_(Skill.archived_at.is_(None), each.c.passes >= SkillVersion.required_passes)
    return (
        select(
            each.c.enrollment_id,
            func.count().filter(passed).label("passed"),
            func.sum(each.c.attempts).label("attempts"),
            func.max(each.c.last_on).label("last_on"),
        )
        .join(Skill, Skill.id == each.c.skill_id)
        .join(SkillVersion, CURRENT)
        .group_by(each.c.enrollment_id)
        .subquery()
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
    tally, required = _tally(), _required()
    passed = func.coalesce(tally.c.passed, 0)
    missing = required.c.required - passed
    statement = (
        select(
            Enrollment.id,
            Enrollment.user_id,
            User.full_name,
            Program.name.label("program"),
            Enrollment.status,
            required.c.required,
            passed.label("passed"),
            missing.label("missing"),
            func.coalesce(tally.c.attempts, 0).label("attempts"),
            tally.c.last_on,
        )
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .join(required, required.c.program_id == Enrollment.program_id)
        .outerjoin(tally, tally.c.enrollment_id == Enrollment.id)
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
            "passed": passed,
            "missing": missing,
            "last": tally.c.last_on,
        },
        "student",
    )
    return Listing(session, statement.order_by(order, Enrollment.id), paging)


def missing_of(session: Session, enrollment_ids: Collection[int]) -> Mapping[int, tuple[int, int]]:
    """How many skills are missing and required, by enrollment; of a program without a list 0 and 0."""
    tally, required = _tally(), _required()
    rows = session.execute(
        select(
            Enrollment.id,
            func.coalesce(required.c.required, 0).label("required"),
            func.coalesce(tally.c.passed, 0).label("passed"),
        )
        .outerjoin(required, required.c.program_id == Enrollment.program_id)
        .outerjoin(tally, tally.c.enrollment_id == Enrollment.id)
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
