"""Outcome counts by fiscal year, as GNPEC's Student Outcome Data Report asks for them.

GNPEC's page names the report and the institution's fiscal year, not the columns or a placement formula; Standard 4 asks
for prior-year enrollment, graduation and placement. So raw counts are kept, and rates are left to whoever files them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Ending(StrEnum):
    """How an enrollment ended."""

    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"


class Placement(StrEnum):
    """What is known of a graduate's employment."""

    IN_FIELD = "in_field"
    OUT_OF_FIELD = "out_of_field"
    UNAVAILABLE = "unavailable"
    SEEKING = "seeking"

    @property
    def label(self) -> str:
        """The status as a page names it."""
        return _LABELS[self]


_LABELS = {
    Placement.IN_FIELD: "Placed in the field",
    Placement.OUT_OF_FIELD: "Employed outside the field",
    Placement.UNAVAILABLE: "Unavailable for employment",
    Placement.SEEKING: "Looking for employment",
}
UNAVAILABLE_REASONS = {
    "continuing_education": "Continuing education",
    "military": "Military service",
    "health": "Health",
    "family": "Care of family",
    "visa": "No permission to work",
    "incarcerated": "Incarcerated",
    "deceased": "Deceased",
    "other": "Another reason, described in the note",
}
"""Why a graduate counts as unavailable. The words are the school's: GNPEC's own list was not seen."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One enrollment: its first day, and how and on which day it ended, if it has."""

    enrolled_on: date
    ended_on: date | None = None
    ending: Ending | None = None
    placement: Placement | None = None

    @property
    def ended(self) -> date | None:
        """The day of the end; no enrollment ends before it began, whatever was typed."""
        if self.ending is None:
            return None
        return self.enrolled_on if self.ended_on is None else max(self.ended_on, self.enrolled_on)


@dataclass(frozen=True, slots=True)
class Counts:
    """Enrollments of one fiscal year. Two identities hold: carried in + new = completed + withdrawn + still enrolled,
    and completed = in field + out of field + unavailable + pending.
    """

    carried_in: int = 0
    new: int = 0
    completed: int = 0
    withdrawn: int = 0
    still_enrolled: int = 0
    in_field: int = 0
    out_of_field: int = 0
    unavailable: int = 0
    pending: int = 0

    @property
    def balanced(self) -> bool:
        """Whether both identities hold."""
        return (
            self.carried_in + self.new == self.completed + self.withdrawn + self.still_enrolled
            and self.completed == self.in_field + self.out_of_field + self.unavailable + self.pending
        )

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, name) + getattr(other, name) for name in NAMES))


NAMES = (
    "carried_in",
    "new",
    "completed",
    "withdrawn",
    "still_enrolled",
    "in_field",
    "out_of_field",
    "unavailable",
    "pending",
)


def belongs(one: Enrolled, first: date, last: date) -> tuple[str, ...]:
    """The columns that an enrollment counts in, in the fiscal year from `first` to `last`; none for another year's."""
    ended = one.ended
    if one.enrolled_on > last or (ended is not None and ended < first):
        return ()
    found = ["carried_in" if one.enrolled_on < first else "new"]
    if ended is None or ended > last or one.ending is None:
        found.append("still_enrolled")
    else:
        found.append(one.ending.value)
        if one.ending is Ending.COMPLETED:
            known = one.placement
            waits = known is None or known is Placement.SEEKING
            found.append("pending" if waits else known.value if known else "pending")
    return tuple(found)


def count(enrollments: Iterable[Enrolled], first: date, last: date) -> Counts:
    """The counts of a fiscal year."""
    sums = dict.fromkeys(NAMES, 0)
    for one in enrollments:
        for name in belongs(one, first, last):
            sums[name] += 1
    return Counts(**sums)


def year_name(last: date) -> str:
    """What a fiscal year is called: by the calendar year in which it ends, such as FY 2026."""
    return f"FY {last.year}"
