"""Skill lists: skills added, changed, put in order, archived. A rubric that was written is never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.compliance.grades.skills import policy, queries
from app.compliance.grades.skills.schemas import MOST_SKILLS, SkillFields, SkillLine
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Actor, Subject
from app.db.models import Program, Skill, SkillVersion
from app.rules import skills as rules
from app.rules.skills import Criterion
from app.web.listing import Listing
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class SkillList:
    """A program's skills in order; `archived` are those that are no longer in the list."""

    program: Program
    skills: Sequence[SkillLine]
    archived: Sequence[SkillLine]
    may_change: bool

    @property
    def sections(self) -> list[str]:
        """The names of the sections, in order."""
        return list(dict.fromkeys(line.skill.section for line in self.skills))


@dataclass(frozen=True, slots=True)
class OneSkill:
    """A skill with its versions, the newest first."""

    line: SkillLine
    versions: Sequence[Any]


# Looking


def list_programs(session: Session, subject: Subject) -> Sequence[Any]:
    """Every program with the number of skills in its list."""
    policy.require_read_lists(subject)
    return queries.programs(session)


def read_list(session: Session, subject: Subject, program_id: int) -> SkillList:
    """The list of a program. Raises NotFound."""
    policy.require_read_lists(subject)
    program = academics.read_program(session, subject, program_id)
    lines = queries.skills(session, program_id, archived=True)
    return SkillList(
        program,
        [line for line in lines if line.skill.archived_at is None],
        [line for line in lines if line.skill.archived_at is not None],
        may_change=policy.may_change_lists(subject),
    )


def read_skill(session: Session, subject: Subject, skill_id: int) -> OneSkill:
    """A skill with every version of its rubric. Raises NotFound."""
    policy.require_read_lists(subject)
    return OneSkill(_found(session, skill_id), queries.versions(session, skill_id))


def find_skills(session: Session, subject: Subject, paging: Paging) -> Listing[Any]:
    """Skills of all lists by name and section: id, name, section and program."""
    policy.require_read_lists(subject)
    return queries.found(session, paging)


# Changing


def add_skill(session: Session, subject: Actor, program_id: int, values: SkillFields) -> Skill:
    """Add a skill at the end of its section. Raises Invalid for a rubric that cannot be used."""
    policy.require_change_lists(subject)
    criteria = _rubric(values)
    if isinstance(subject, Subject):
        academics.read_program(session, subject, program_id)
    queries.lock_list(session, program_id)
    known = queries.skills(session, program_id)
    if len(known) >= MOST_SKILLS:
        raise Conflict(f"A list holds at most {MOST_SKILLS} skills. Archive those that are no longer used.")
    section = _section(known, values.section)
    row = Skill(program_id=program_id, section=section, name=values.name, version=1, order_num=len(known) + 1)
    queries.add(session, row)
    queries.add(session, _version(row, values, criteria, subject))
    _renumber(_in_sections([*(line.skill for line in known), row]))
    session.flush()
    _record(session, subject, row, "added")
    return row


def change_skill(
    session: Session, subject: Subject, skill_id: int, values: SkillFields, *, seen: int
) -> Skill:
    """Change a skill: another rubric, name or rule is its next version; attempts keep the one they were rated by.

    Raises Conflict where the person has not seen the current version (`seen`), Invalid for a rubric that cannot be
    used.
    """
    policy.require_change_lists(subject)
    criteria = _rubric(values)
    queries.lock_list(session, _found(session, skill_id).skill.program_id)
    line = _found(session, skill_id, lock=True)
    row, was = line.skill, line.version
    if row.version != seen:
        raise Conflict(
            f"Someone else has changed this skill: it is at version {row.version}, and you saw version {seen}. "
            "Nothing was saved. Open it again."
        )
    section = _section(queries.skills(session, row.program_id), values.section)
    moved, row.section = section != row.section, section
    wanted = (
        values.name,
        values.instructions or "",
        rules.as_stored(criteria),
        values.pass_pct,
        values.required_passes,
    )
    if wanted != (was.name, was.instructions, was.criteria, was.pass_pct, was.required_passes):
        row.version, row.name = row.version + 1, values.name
        session.flush()
        queries.add(session, _version(row, values, criteria, subject))
        _record(session, subject, row, "changed")
    elif moved:
        _record(session, subject, row, "moved")
    if moved:
        session.flush()
        _renumber(_in_sections([one.skill for one in queries.skills(session, row.program_id)]))
    session.flush()
    return row


def move_skill(session: Session, subject: Subject, skill_id: int, direction: Literal["up", "down"]) -> Skill:
    """Move a skill by one place in its section; from its end, the whole section by one."""
    policy.require_change_lists(subject)
    queries.lock_list(session, _found(session, skill_id).skill.program_id)
    row = _found(session, skill_id, lock=True).skill
    known = _in_sections([line.skill for line in queries.skills(session, row.program_id)])
    if row not in known:
        raise Conflict("This skill is archived, so it has no place in the list. Restore it first.")
    step = -1 if direction == "up" else 1
    own = [one for one in known if one.section == row.section]
    place = own.index(row) + step
    if 0 <= place < len(own):
        own.remove(row)
        own.insert(place, row)
        sections = list(dict.fromkeys(one.section for one in known))
    else:
        sections = list(dict.fromkeys(one.section for one in known))
        at = sections.index(row.section)
        sections.insert(min(max(at + step, 0), len(sections)), sections.pop(at))
    _renumber(
        [
            one
            for section in sections
            for one in (own if section == row.section else known)
            if one.section == section
        ]
    )
    session.flush()
    _record(session, subject, row, "moved")
    return row


def archive_skill(session: Session, subject: Subject, skill_id: int, *, archived: bool = True) -> Skill:
    """Take a skill out of the list, or put it back at its end. Attempts stay."""
    policy.require_change_lists(subject)
    queries.lock_list(session, _found(session, skill_id).skill.program_id)
    row = _found(session, skill_id, lock=True).skill
    if (row.archived_at is not None) == archived:
        return row
    row.archived_at = clock.now() if archived else None
    session.flush()
    _renumber(_in_sections([line.skill for line in queries.skills(session, row.program_id)]))
    session.flush()
    _record(session, subject, row, "archived" if archived else "restored")
    return row


# Helpers


def _found(session: Session, skill_id: int, *, lock: bool = False) -> SkillLine:
    found = queries.skill(session, skill_id, lock=lock)
    if found is None:
        raise NotFound(policy.NO_SKILL)
    return found


def _rubric(values: SkillFields) -> list[Criterion]:
    try:
        criteria = rules.parse(values.criteria)
    except ValueError as error:
        raise _wrong("criteria", str(error)) from None
    if found := rules.fault(criteria, values.pass_pct, values.required_passes):
        raise _wrong("criteria", found)
    return criteria


def _section(known: Sequence[SkillLine], name: str) -> str:
    """The section as the list already writes it, whatever the case it was typed in."""
    return next(
        (line.skill.section for line in known if line.skill.section.casefold() == name.casefold()), name
    )


def _in_sections(known: Sequence[Skill]) -> list[Skill]:
    """Skills with those of a section together, sections and skills in the order they stand in."""
    sections = list(dict.fromkeys(one.section for one in known))
    return [one for section in sections for one in known if one.section == section]


def _renumber(known: Sequence[Skill]) -> None:
    for place, one in enumerate(known, start=1):
        one.order_num = place


def _version(row: Skill, values: SkillFields, criteria: Sequence[Criterion], subject: Actor) -> SkillVersion:
    return SkillVersion(
        skill_id=row.id,
        version=row.version,
        name=values.name,
        instructions=values.instructions or "",
        criteria=rules.as_stored(criteria),
        pass_pct=values.pass_pct,
        required_passes=values.required_passes,
        created_by=subject.user_id,
        created_at=clock.now(),
    )


def _record(session: Session, subject: Actor, row: Skill, change: str) -> None:
    history.record(
        session,
        subject,
        Action.SKILL_CHANGED,
        row.id,
        name=row.name,
        program_id=row.program_id,
        version=row.version,
        change=change,
    )


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
