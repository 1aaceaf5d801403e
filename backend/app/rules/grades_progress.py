"""Satisfactory academic progress (SAP): pace, time frame and GPA against the policy, with the finding in sentences.

GNPEC requires a policy and sets no number (Standard 4). The states and their order are those of Title IV practice: the
first time short of the standard is a warning; still short at the next checkpoint, or out of time, it is not met; a
granted appeal turns that into probation until the next checkpoint.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from app.rules.grades import percent

Measure = Literal["attended_hours", "scheduled_hours", "weeks"]


class State(StrEnum):
    """How an enrollment stands after a review."""

    GOOD = "good"
    WARNING = "warning"
    PROBATION = "probation"
    NOT_MET = "not_met"


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of an enrollment on a day. `required_minutes` and `program_days` are None where the program has
    none; `gpa` is None without a counted grade."""

    attended_minutes: int
    scheduled_minutes: int
    required_minutes: int | None
    elapsed_days: int
    program_days: int | None
    gpa: Decimal | None
    transferred_minutes: int = 0
    """Hours accepted from another school. They count as both attended and scheduled (34 CFR 668.34(a)(6))."""

    @property
    def done_minutes(self) -> int:
        return self.attended_minutes + self.transferred_minutes

    @property
    def due_minutes(self) -> int:
        return self.scheduled_minutes + self.transferred_minutes


@dataclass(frozen=True, slots=True)
class Standard:
    """What the policy asks for."""

    measured_in: Measure
    every_pct: int
    minimum_pace_pct: int
    maximum_time_frame_pct: int
    minimum_gpa: Decimal


@dataclass(frozen=True, slots=True)
class Finding:
    """One measure: whether it is met, and the sentence that says why."""

    met: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Review:
    """The outcome of a review, with its findings: pace, time frame, GPA."""

    state: State
    pace_pct: Decimal | None
    findings: tuple[Finding, ...]

    @property
    def explanation(self) -> str:
        """The findings as one text."""
        return " ".join(one.sentence for one in self.findings)


def checkpoint(measured: Measured, standard: Standard) -> int:
    """The last checkpoint that was reached, in percent of the program's length; 0 before the first one.

    What cannot be measured (a program without hours or weeks) reaches none. The last checkpoint is 100.
    """
    done, whole = {
        "attended_hours": (measured.done_minutes, measured.required_minutes),
        "scheduled_hours": (measured.due_minutes, measured.required_minutes),
        "weeks": (measured.elapsed_days, measured.program_days),
    }[standard.measured_in]
    if not whole:
        return 0
    reached = min(100, done * 100 // whole)
    return 100 if reached == 100 else reached // standard.every_pct * standard.every_pct


def review(measured: Measured, standard: Standard, before: State | None) -> Review:
    """The state of an enrollment, from what was measured and the state after the last review (None for the first)."""
    pace, pace_pct = _pace(measured, standard)
    time = _time_frame(measured, standard)
    findings = (pace, time, _gpa(measured, standard))
    if all(one.met for one in findings):
        return Review(State.GOOD, pace_pct, findings)
    first_time = before in (None, State.GOOD) and time.met
    return Review(State.WARNING if first_time else State.NOT_MET, pace_pct, findings)


def _pace(measured: Measured, standard: Standard) -> tuple[Finding, Decimal | None]:
    if measured.scheduled_minutes <= 0:
        return Finding(True, "No class hours have been scheduled yet, so there is no pace."), None
    exact = Fraction(measured.done_minutes, measured.due_minutes)
    met = exact * 100 >= standard.minimum_pace_pct
    shown = percent(exact)
    hours = f"{_hours(measured.attended_minutes)} of {_hours(measured.scheduled_minutes)} scheduled hours attended"
    says = "meets" if met else "is below"
    if measured.transferred_minutes:
        hours += f", and {_hours(measured.transferred_minutes)} transferred hours counted in both"
    # Rounded, what is a little less can read like the minimum itself.
    near = "just under " if not met and shown >= standard.minimum_pace_pct else ""
    return Finding(
        met, f"Pace: {hours}, {near}{shown}%, which {says} the minimum of {standard.minimum_pace_pct}%."
    ), shown


def _time_frame(measured: Measured, standard: Standard) -> Finding:
    if not measured.program_days:
        return Finding(True, "Time frame: the program has no length in weeks.")
    met = measured.elapsed_days * 100 <= measured.program_days * standard.maximum_time_frame_pct
    used = percent(Fraction(measured.elapsed_days, measured.program_days))
    says = "is within" if met else "is over"
    near = "just over " if not met and used <= standard.maximum_time_frame_pct else ""
    return Finding(
        met,
        f"Time frame: {measured.elapsed_days} days since enrollment are {near}{used}% of the program’s length, "
        f"which {says} the maximum of {standard.maximum_time_frame_pct}%.",
    )


def _gpa(measured: Measured, standard: Standard) -> Finding:
    if measured.gpa is None:
        return Finding(True, "GPA: no final grade counts yet.")
    met = measured.gpa >= standard.minimum_gpa
    says = "meets" if met else "is below"
    return Finding(met, f"GPA: {measured.gpa} {says} the minimum of {standard.minimum_gpa}.")


def _hours(minutes: int) -> str:
    tenths = (Fraction(minutes, 6) + Fraction(1, 2)).__floor__()
    return f"{Decimal(tenths).scaleb(-1).normalize():f}"
