"""Every SQL statement about skills and attempts at them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.compliance.grades.skills.schemas import Member, SkillLine
from app.core.constraints import register_conflict, register_invalid
from app.core.search import matches
from app.core.turns import take_turn
from app.db.models import (
    ClassSeat,
    Enrollment,
    Program,
    SchoolClass,
    Skill,
    SkillAttempt,
    SkillVersion,
    SkillVoid,
    User,
)
from app.rules.skills import Standing
from app.web.listing import Listing
from app.web.paging import Paging

register_conflict(
    "uq_skills_program_id_name",
    "The list has a skill of this name already. Give this one another name.",
    "name",
)
register_conflict(
    "uq_skill_versions_skill_id_version", "Someone else has just changed this skill. Open it again."
)
register_conflict("uq_skill_voids_attempt_id", "This attempt is voided already. Nothing was changed.")
register_conflict("uq_skill_attempts_request", "This attempt is saved already. Open the check-offs again.")
register_conflict(
    "fk_skill_attempts_class_id", "Skills were checked off in this class, so it cannot be deleted."
)
register_conflict(
    "fk_skill_attempts_skill_id", "This skill was attempted, so it is kept. Archive it instead."
)
register_invalid("check_skill_versions_criteria", "Enter at least one criterion.", "criteria")

_LOCK = 0x534B494C
"""Of these turns: a program's list is its number below zero, a student's attempts are the enrollment's."""
_Voider = aliased(User)
CURRENT = and_(SkillVersion.skill_id == Skill.id, SkillVersion.version == Skill.version)
"""A skill joined to its current version."""
COUNTS = ~exists().where(SkillVoid.attempt_id == SkillAttempt.id)
"""The condition that an attempt was not voided."""


def add(session: Session, row: Any) -> None:
    """Write a new row; its number is known afterwards."""
    session.add(row)
    session.flush()


# Lists


def skills(session: Session, program_id: int, *, archived: bool = False) -> list[SkillLine]:
    """The list of a program in its order; with `archived` also what is no longer in it."""
    statement = (
        select(Skill, SkillVersion)
        .join(SkillVersion, CURRENT)
        .where(Skill.program_id == program_id)
        .order_by(Skill.order_num, Skill.id)
    )
    if not archived:
        statement = statement.where(Skill.archived_at.is_(None))
    return [SkillLine(*row) for row in session.execute(statement)]


def skill(session: Session, skill_id: int, *, lock: bool = False) -> SkillLine | None:
    """A skill with its current version."""
    statement = select(Skill, SkillVersion).join(SkillVersion, CURRENT).where(Skill.id == skill_id)
    if lock:
        locked = select(Skill).where(Skill.id == skill_id).with_for_update()
        session.execute(locked.execution_options(populate_existing=True))
    row = session.execute(statement).one_or_none()
    return SkillLine(*row) if row else None


def lock_list(session: Session, program_id: int) -> None:
    """Nobody else changes the order of a program's list, or adds to it, until the transaction ends."""
    take_turn(session, -program_id, among=_LOCK)


def version(session: Session, version_id: int) -> SkillVersion | None:
    """One version."""
    return session.get(SkillVersion, version_id)


def versions(session: Session, skill_id: int) -> Sequence[Row[Any]]:
    """SkillVersion, who wrote it, and how many attempts were rated by it, the newest first."""
    rated = (
        select(func.count())
        .where(SkillAttempt.version_id == SkillVersion.id)
        .correlate(SkillVersion)
        .scalar_subquery()
    )
    return session.execute(
        select(SkillVersion, User.full_name, rated.label("attempts"))
        .outerjoin(User, User.id == SkillVersion.created_by)
        .where(SkillVersion.skill_id == skill_id)
        .order_by(SkillVersion.version.desc())
    ).all()


def superseded_at(session: Session, found: SkillVersion) -> datetime | None:
    """When the next version was written; None for the current one."""
    return session.scalar(
        select(func.min(SkillVersion.created_at)).where(
            SkillVersion.skill_id == found.skill_id, SkillVersion.version > found.version
        )
    )


def remove_skills(session: Session, ids: Collection[int]) -> None:
    """Delete skills that were never attempted, with their versions."""
    session.execute(delete(Skill).where(Skill.id.in_(ids)))
    session.expire_all()


def programs(session: Session) -> Sequence[Row[Any]]:
    """id, name and the number of skills in the list of every program, by name."""
    counted = (
        select(func.count())
        .where(Skill.program_id == Program.id, Skill.archived_at.is_(None))
        .correlate(Program)
        .scalar_subquery()
    )
    return session.execute(
        select(Program.id, Program.name, counted.label("skills")).order_by(
            func.lower(Program.name), Program.id
        )
    ).all()


def is_in_a_list(session: Session, user_id: int) -> bool:
    """Whether a student is or was in a program with a skill list."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Enrollment.user_id == user_id,
                    Skill.program_id == Enrollment.program_id,
                    Skill.archived_at.is_(None),
                )
            )
        )
    )


def found(session: Session, paging: Paging) -> Listing[Any]:
    """Skills that are in a list, by the words of `paging`; by name."""
    statement = (
        select(Skill.id, Skill.name, Skill.section, Program.name.label("program"))
        .join(Program, Program.id == Skill.program_id)
        .where(Skill.archived_at.is_(None), *matches(paging.q, Skill.name, Skill.section))
    )
    return Listing(session, statement.order_by(func.lower(Skill.name), Skill.id), paging)


# Students and attempts


def members(session: Session, class_id: int, visible: ColumnElement[bool]) -> list[Member]:
    """Those `visible` who have or had a seat in the class, by name; deleted people are left out."""
    rows = session.execute(
        select(
            Enrollment.id, Enrollment.user_id, User.full_name, Enrollment.enrolled_at, Enrollment.completed_at,
            func.max(ClassSeat.ends_on).label("left"), func.bool_or(ClassSeat.ends_on.is_(None)).label("sits"),
        )
        .select_from(ClassSeat)
        .join(Enrollment, Enrollment.id == ClassSeat.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .where(ClassSeat.class_id == class_id, User.deleted_at.is_(None), visible)
        .group_by(Enrollment.id, User.id)
        .order_by(func.lower(User.full_name), Enrollment.id)
    ).all()  # fmt: skip
    return [
        Member(
            row.id,
            row.user_id,
            row.full_name,
            row.enrolled_at,
            row.completed_at or (None if row.sits else row.left),
        )
        for row in rows
    ]


def standings(
    session: Session, enrollment_ids: Collection[int], lines: Sequence[SkillLine]
) -> dict[tuple[int, int], Standing]:
    """How skills stand, by enrollment and skill; those without an attempt that counts are left out."""
    required = {line.id: line.version.required_passes for line in lines}
    rows = session.execute(
        select(
            SkillAttempt.enrollment_id,
            SkillAttempt.skill_id,
            func.count().label("attempts"),
            func.count().filter(SkillAttempt.passed).label("passes"),
        )
        .where(SkillAttempt.enrollment_id.in_(enrollment_ids), COUNTS)
        .group_by(SkillAttempt.enrollment_id, SkillAttempt.skill_id)
    )
    return {
        (row.enrollment_id, row.skill_id): Standing(row.attempts, row.passes, required[row.skill_id])
        for row in rows
        if row.skill_id in required
    }


def attempts() -> Select[Any]:
    """SkillAttempt, SkillVersion and what lists and pages say beside them."""
    return (
        select(
            SkillAttempt,
            SkillVersion,
            Skill.section,
            SchoolClass.code,
            Enrollment.user_id,
            Enrollment.program_id,
            User.full_name,
            Program.name.label("program"),
            SkillVoid.reason.label("void_reason"),
            SkillVoid.voided_at,
            _Voider.full_name.label("voider"),
        )
        .join(SkillVersion, SkillVersion.id == SkillAttempt.version_id)
        .join(Skill, Skill.id == SkillAttempt.skill_id)
        .join(SchoolClass, SchoolClass.id == SkillAttempt.class_id)
        .join(Enrollment, Enrollment.id == SkillAttempt.enrollment_id)
        .join(User, User.id == Enrollment.user_id)
        .join(Program, Program.id == Enrollment.program_id)
        .outerjoin(SkillVoid, SkillVoid.attempt_id == SkillAttempt.id)
        .outerjoin(_Voider, _Voider.id == SkillVoid.voided_by)
    )


def attempt(session: Session, attempt_id: int) -> Row[Any] | None:
    """One attempt as a list has it; of a deleted person none."""
    return session.execute(
        attempts().where(SkillAttempt.id == attempt_id, User.deleted_at.is_(None))
    ).one_or_none()


def attempts_of(
    session: Session, enrollment_ids: Collection[int], skill_id: int | None = None
) -> Sequence[Row[Any]]:
    """Every attempt of these enrollments, voided ones too, the newest first."""
    statement = attempts().where(SkillAttempt.enrollment_id.in_(enrollment_ids))
    if skill_id is not None:
        statement = statement.where(SkillAttempt.skill_id == skill_id)
    return session.execute(statement.order_by(SkillAttempt.performed_on.desc(), SkillAttempt.id.desc())).all()


def by_request(session: Session, request: UUID) -> SkillAttempt | None:
    """The attempt that a form was saved as."""
    return session.scalars(select(SkillAttempt).where(SkillAttempt.request == request)).one_or_none()


def lock_student(session: Session, enrollment_id: int) -> None:
    """Nobody else records an attempt of this student until the transaction ends."""
    take_turn(session, enrollment_id, among=_LOCK)


def newest(session: Session, enrollment_id: int, skill_id: int) -> SkillAttempt | None:
    """The attempt that was recorded last, voided or not."""
    return session.scalars(
        select(SkillAttempt)
        .where(SkillAttempt.enrollment_id == enrollment_id, SkillAttempt.skill_id == skill_id)
        .order_by(SkillAttempt.id.desc())
        .limit(1)
    ).one_or_none()


def recorded_before(session: Session, found: SkillAttempt, since: datetime) -> bool:
    """Whether another attempt of the same enrollment was recorded before this one, but not before `since`."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    SkillAttempt.enrollment_id == found.enrollment_id,
                    SkillAttempt.id < found.id,
                    SkillAttempt.recorded_at >= since,
                )
            )
        )
    )
