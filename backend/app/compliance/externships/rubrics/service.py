"""Rubrics: what supervisors evaluate students of a program in. A rubric is never changed; the next one follows it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.externships import policy
from app.compliance.externships.rubrics import queries
from app.compliance.externships.sites.schemas import RubricForm
from app.core import history
from app.core.actions import Action
from app.core.errors import NotFound
from app.core.permissions import Actor, internal
from app.db.models import ExternshipRubric


def list_rubrics(session: Session, subject: Actor) -> Sequence[Any]:
    """Every rubric with its program, the newest of each program first."""
    policy.require_read_sites(subject)
    return queries.rubrics(session)


def programs(session: Session, subject: Actor) -> Sequence[Any]:
    """id and name of the programs a rubric can be written for."""
    policy.require_read_sites(subject)
    return queries.programs(session)


def add_rubric(session: Session, subject: Actor, program_id: int, values: RubricForm) -> ExternshipRubric:
    """What supervisors evaluate students of a program in, from a day on. Raises NotFound, Conflict for that day's."""
    policy.require_manage(subject)
    if program_id not in {row.id for row in queries.programs(session)}:
        raise NotFound("There is no such program.")
    record = ExternshipRubric(
        program_id=program_id,
        effective_from=values.effective_from,
        skills=values.skills.splitlines(),
        created_by=subject.user_id,
    )
    queries.add(session, record)
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_RUBRIC_ADDED,
        record.id,
        program_id=program_id,
        effective_from=record.effective_from,
        skills=record.skills,
    )
    return record


@internal("a step of a supervisor's evaluation")
def rubric_on(session: Session, program_id: int, day: date) -> ExternshipRubric | None:
    """The rubric of a program in force on a day."""
    return queries.rubric_on(session, program_id, day)
