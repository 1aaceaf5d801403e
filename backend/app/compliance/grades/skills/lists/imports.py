"""Importing a skill list: one skill a row, its criteria in one cell, one a line."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from app.compliance.grades.skills import policy, queries
from app.compliance.grades.skills.lists import reports, service
from app.compliance.grades.skills.schemas import SkillFields
from app.core.errors import Conflict
from app.core.permissions import Actor
from app.db.models import Skill
from app.db.row_marks import marks, referring
from app.rules import skills as rules
from app.settings import Settings
from app.web import imports
from app.web.imports import Fault, Field, ImportKind, Made, Row, readers

PROGRAM = "Program"


def _criteria(text: str) -> str:
    if len(text) > 20_000:
        raise ValueError("This rubric has more than 20,000 characters. Shorten it.")
    if found := rules.fault(rules.parse(text), 100, 1):
        raise ValueError(found)
    return text


def _whole(least: int, most: int):  # type: ignore[no-untyped-def]
    def read(text: str) -> int:
        number = text.removesuffix("%").strip()
        if not (number.isascii() and number.isdigit() and len(number) <= 9 and least <= int(number) <= most):
            raise ValueError(f"Enter a whole number from {least} to {most}.")
        return int(number)

    return read


def _short(longest: int):  # type: ignore[no-untyped-def]
    return lambda text: readers.line(text, longest)


def _notes(text: str) -> str:
    if len(text) > 4_000:
        raise ValueError("This has more than 4,000 characters. Shorten it.")
    return text


def _programs(session: Session) -> Mapping[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in queries.programs(session):
        for key in (str(row.id), _key(row.name)):
            found.setdefault(key, []).append(row.id)
    return found


def _key(text: str) -> str:
    return " ".join(text.casefold().split())


def _check(session: Session, _subject: Actor, _settings: Settings, rows: Sequence[Row]) -> Iterable[Fault]:
    """Programs that are not there, skills that are in the list already or twice in the file."""
    programs = _programs(session)
    known: dict[int, set[str]] = {}
    seen: dict[tuple[int, str], int] = {}
    for row in rows:
        called = programs.get(_key(row.values["program"]), [])
        if len(called) != 1:
            message = (
                "Several programs have this name. Write the program's number instead; its address ends with it."
                if called
                else "There is no program of this name. Write the name as the list of programs shows it."
            )
            yield Fault(row.number, PROGRAM, row.values["program"], message)
            continue
        number, name = called[0], row.values["skill"]
        if number not in known:
            known[number] = {line.skill.name.casefold() for line in queries.skills(session, number)}
        key = (number, name.casefold())
        if name.casefold() in known[number]:
            message = (
                "The list has a skill of this name already. Delete the row, or change the skill on its page."
            )
            yield Fault(row.number, reports.SKILL, name, message)
        elif key in seen:
            yield Fault(
                row.number, reports.SKILL, name, f"Row {seen[key]:,} has the same skill. Delete one of them."
            )
        seen.setdefault(key, row.number)


def _insert(session: Session, subject: Actor, _settings: Settings, rows: Sequence[Row]) -> list[Made]:
    programs = _programs(session)
    made = [
        service.add_skill(
            session,
            subject,
            programs[_key(row.values["program"])][0],
            SkillFields(
                section=row.values["section"],
                name=row.values["skill"],
                criteria=row.values["criteria"],
                pass_pct=row.get("pass_pct") or 80,
                required_passes=row.get("required_passes") or 1,
                instructions=row.get("instructions"),
            ),
        )
        for row in rows
    ]
    found = marks(session, Skill, [one.id for one in made])
    return [Made(number, mark) for number, mark in sorted(found.items())]


def _undo(session: Session, subject: Actor, made: Sequence[Made]) -> None:
    """Take the skills out again. Conflict when one was changed or attempted."""
    policy.require_change_lists(subject)
    ids = [one.record_id for one in made]
    for number in ids:
        queries.skill(session, number, lock=True)
    now = marks(session, Skill, ids)
    changed = sum(now.get(one.record_id) != one.mark for one in made)
    if changed:
        raise Conflict(
            f"{changed:,} of the {len(made):,} skills have changed since the import. Nothing was undone; archive the "
            "others one by one."
        )
    if referring(session, Skill, ids, ignoring={"skill_versions"}):
        raise Conflict(
            "Some of these skills were attempted already. Nothing was undone; archive the others one by one."
        )
    queries.remove_skills(session, ids)


imports.register(
    ImportKind(
        name="skills",
        title="Skill lists",
        noun="skills",
        fields=(
            Field(
                "program",
                PROGRAM,
                readers.line,
                aliases=("Program name", "Course", "Program number"),
                help="The name of the program, or its number",
                example="Dental Assistant Professional",
            ),
            Field(
                "section",
                reports.SECTION,
                _short(120),
                aliases=("Category", "Area", "Unit"),
                example="Radiography",
            ),
            Field(
                "skill",
                reports.SKILL,
                _short(160),
                aliases=("Skill name", "Competency", "Procedure", "Name"),
                example="Expose a bitewing radiograph",
            ),
            Field(
                "criteria",
                reports.CRITERIA,
                _criteria,
                aliases=("Rubric", "Steps", "Checklist"),
                help="One criterion a line; ! before a critical one; [Poor 0, Good 2] behind one with levels",
                example="! Puts on gloves and eyewear\nPlaces the receptor [Poor 0, Fair 1, Good 2]",
            ),
            Field(
                "pass_pct",
                reports.POINTS,
                _whole(1, 100),
                required=False,
                aliases=("Points needed (%)", "Pass mark", "Pass percent"),
                help="Percent of the points, 1 to 100; empty for 80",
                example="80",
            ),
            Field(
                "required_passes",
                reports.PASSES,
                _whole(1, 20),
                required=False,
                aliases=("Required passes", "Times", "Repetitions"),
                help="How many attempts must pass, 1 to 20; empty for 1",
                example="1",
            ),
            Field(
                "instructions",
                reports.NOTES,
                _notes,
                required=False,
                aliases=("Notes", "Description"),
                example="On the manikin, with the paralleling technique",
            ),
        ),
        require=policy.require_change_lists,
        check=_check,
        insert=_insert,
        undo=_undo,
        back="/skills/lists",
    )
)
