"""The list of a program as a file; the same columns are imported."""

from app.compliance.grades.skills.schemas import SkillLine
from app.rules import skills as rules
from app.web.reports import Column, Kind, Report

SECTION, SKILL, CRITERIA, POINTS, PASSES, NOTES = (
    "Section",
    "Skill",
    "Criteria",
    "Points needed",
    "Passes needed",
    "Instructions",
)


def report_of(program: str) -> Report[SkillLine]:
    """The description of a program's list as a file."""
    return Report[SkillLine](
        name="skill-list",
        title=f"Skills of {program}",
        columns=(
            Column("program", "Program", lambda _line: program),
            Column("section", SECTION, lambda line: line.skill.section),
            Column("skill", SKILL, lambda line: line.version.name),
            Column("criteria", CRITERIA, lambda line: rules.written(line.criteria)),
            Column("pass_pct", POINTS, lambda line: line.version.pass_pct, Kind.NUMBER),
            Column("required_passes", PASSES, lambda line: line.version.required_passes, Kind.NUMBER),
            Column("instructions", NOTES, lambda line: line.version.instructions),
            Column("version", "Version", lambda line: line.version.version, Kind.NUMBER),
        ),
        names_people=False,
    )
