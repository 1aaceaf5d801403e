"""Details of grades, skills and academic progress."""

from datetime import date
from typing import Any, Literal

from pydantic import ConfigDict

from app.core.details.base import Details, Percent


class BookChanged(Details):
    """A class's code and what was added, changed or taken out of its grade book."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)
    __pydantic_extra__: dict[str, Any]

    code: str


class Entered(Details):
    """A score as its cell shows it, before and after; empty for none."""

    class_id: int
    item_id: int
    item: str
    score: list[str]
    source: Literal["hand", "lesson", "file"]


class Final(Details):
    class_id: int
    code: str
    letter: str
    percent: Percent
    graded_on: date


class Changed(Details):
    """A final grade: the letter that counted, and the one that was asked for."""

    class_id: int
    code: str
    final_grade_id: int
    letter: list[str]


class Reviewed(Details):
    """A review of academic progress: the checkpoint, and the state before and after."""

    checkpoint_pct: int
    state: list[str | None]


class Appealed(Details):
    review_id: int


class AppealDecided(Details):
    review_id: int
    outcome: Literal["granted", "denied"]


class SkillChanged(Details):
    """What became of a skill in a program's list: its version afterwards, and the word for what was done."""

    name: str
    program_id: int
    version: int
    change: Literal["added", "changed", "moved", "archived", "restored"]


class SkillAttempted(Details):
    """An attempt at a skill, by the version it was rated by."""

    class_id: int
    skill_id: int
    skill: str
    version: int
    passed: bool
    performed_on: date


class SkillVoided(Details):
    skill_id: int
    skill: str
    passed: bool


SKILL_ATTEMPTED = "skill.attempted", "skill_attempts", "Skill attempt recorded", SkillAttempted
SKILL_CHANGED = "skill.changed", "skills", "Skill list changed", SkillChanged
SKILL_VOIDED = "skill.voided", "skill_attempts", "Skill attempt voided", SkillVoided

GRADE_CHANGE_REQUESTED = (
    "grade_change.requested",
    "grade_changes",
    "Grade change requested",
    Changed,
)

PROGRESS_APPEAL_DECIDED = (
    "progress.appeal_decided",
    "progress_appeals",
    "Appeal decided",
    AppealDecided,
)
