"""How a skill of the demo school is written down, and the lines that many rubrics share."""

from __future__ import annotations

from dataclasses import dataclass

from app.rules.skills import Criterion, parse

PPE = "! Puts on gloves, mask and protective eyewear in order"
HANDS = "! Washes hands before putting on gloves"
SCALE = "[Needs work 0, With help 1, Alone 2]"
TALKS = f"Explains the step to the patient in plain words {SCALE}"


@dataclass(frozen=True, slots=True)
class SkillPlan:
    """A skill of a list. `text` is its rubric, one criterion a line."""

    section: str
    name: str
    text: str
    passes: int = 1

    @property
    def criteria(self) -> list[Criterion]:
        return parse(self.text)


def section(name: str, *skills: tuple[str, int, tuple[str, ...]]) -> tuple[SkillPlan, ...]:
    return tuple(SkillPlan(name, skill, "\n".join(lines), passes) for skill, passes, lines in skills)
