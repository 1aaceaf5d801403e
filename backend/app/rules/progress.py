"""How far a student has come in a program: the one rule, used wherever `enrollments.progress_pct` is written.

Progress is the share of the program's lessons that the enrollment has completed, in whole percent rounded down.
Rounding down makes 100 mean "every lesson", which is what opens graduation and what a withdrawal's refund is
worked out from (GNPEC Standard 12): no lesson is ever counted before it is done. A program without lessons is 0:
nothing has been taught, so nothing is complete.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress with what it follows from. `percent` lies between 0 and 100."""

    percent: int
    completed: int
    required: int

    @property
    def is_complete(self) -> bool:
        """Every lesson of the program is done, and there is at least one."""
        return self.percent == 100

    def reaches(self, threshold_percent: int) -> bool:
        """Whether the school's threshold for completion is reached; 1 to 100."""
        return self.percent >= threshold_percent

    @property
    def explanation(self) -> str:
        """The derivation as a sentence a student or an inspector can check."""
        if not self.required:
            return "The program has no lessons yet, so progress is 0%."
        return (
            f"{self.completed} of {self.required} lesson{'' if self.required == 1 else 's'} completed: "
            f"{self.completed} × 100 ÷ {self.required}, rounded down, is {self.percent}%."
        )


def progress_of_counts(completed: int, required: int) -> Progress:
    """Progress from how many of the required lessons are completed.

    Raises ValueError for counts that no program can have.
    """
    if required < 0 or not 0 <= completed <= required:
        raise ValueError(f"{completed} of {required} lessons cannot be")
    percent = completed * 100 // required if required else 0
    return Progress(percent=percent, completed=completed, required=required)


def progress(required: AbstractSet[int], completed: AbstractSet[int]) -> Progress:
    """Progress from the lessons of the program and the lessons completed, both as lesson numbers.

    A completed lesson that the program does not have (it was moved elsewhere) does not count.
    """
    return progress_of_counts(len(required & completed), len(required))
