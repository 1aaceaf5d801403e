"""The figures of IRS Form 1098-T for one student: boxes 1, 4, 5 and 6 of a calendar year.

From the Instructions for Forms 1098-E and 1098-T and 26 CFR 1.6050S-1(b)(2), as generally known; the school's tax
preparer has the last word. Payments from any source count as payments of qualified tuition and related expenses up to
what was billed for them (1.6050S-1(b)(2)(v)). So what is qualified and paid by the end of a year is the smaller of the
two sums until then, and the year's box is what that grew by. Where it shrank, refunds of earlier years' payments exceed
the payments of the year: that is box 4. Boxes 5 and 6 are the same of scholarships and grants, those of the school and
those that payers such as the VA or a workforce board have paid.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class YearSums:
    """A calendar year of one student's account in cents, net of what was reversed.

    `billed` is what counts as qualified, less waivers and refunds credited; `paid` what the student paid less what was
    paid back; `grants` scholarships and what payers have paid.
    """

    billed: int = 0
    paid: int = 0
    grants: int = 0


@dataclass(frozen=True, slots=True)
class Boxes:
    """The boxes of one year, in cents."""

    payments: int
    """Box 1: payments received for qualified tuition and related expenses."""
    adjustments: int
    """Box 4: adjustments made for a prior year."""
    grants: int
    """Box 5: scholarships or grants."""
    grant_adjustments: int
    """Box 6: adjustments to scholarships or grants for a prior year."""

    @property
    def any(self) -> bool:
        return bool(self.payments or self.adjustments or self.grants or self.grant_adjustments)


NOT_COMPUTED = (
    ("Boxes 2 and 3", "The form reserves them; nothing is entered."),
    (
        "Box 7",
        "The ledger names no academic period. Check it if box 1 has amounts for one that begins next January to March.",
    ),
    (
        "Box 8",
        "Whether the student was at least half-time is the school’s own finding for each program and period.",
    ),
    ("Box 9", "Certificate and diploma programs are not graduate programs; leave it unchecked."),
    ("Box 10", "Insurers alone fill it in."),
)
"""Boxes that are left to the preparer, and why."""


def boxes(years: Mapping[int, YearSums], year: int) -> Boxes:
    """The boxes of a year, from the sums of it and of every year before."""
    grown = _qualified(years, year) - _qualified(years, year - 1)
    granted = years.get(year, YearSums()).grants
    return Boxes(max(grown, 0), max(-grown, 0), max(granted, 0), max(-granted, 0))


def _qualified(years: Mapping[int, YearSums], last: int) -> int:
    """What is billed and paid through the end of a year."""
    until = [sums for year, sums in years.items() if year <= last]
    billed = sum(one.billed for one in until)
    paid = sum(one.paid + one.grants for one in until)
    return max(min(billed, paid), 0)


@dataclass(frozen=True, slots=True)
class Billing:
    """What a payer was billed for a student in a year, in the order of billing, and the year that took it back."""

    student_id: int
    cents: int
    year: int
    reversed_in: int | None = None

    def holds(self, year: int) -> bool:
        """Whether it stands at the end of a year."""
        return self.year <= year and (self.reversed_in is None or self.reversed_in > year)


def settled(billings: Sequence[Billing], received: Mapping[int, int]) -> dict[tuple[int, int], int]:
    """What a payer has paid for each student in each year, in cents: payments pay the oldest billing first.

    `received` are the payments of each year, less what was taken back in it. At the end of a year all that was received
    until then pays the billings that hold then; the year's figure is what that grew or shrank by, so nothing that comes
    later changes it. What is paid beyond the billings is nobody's.
    """
    turns = {*received, *(one.year for one in billings), *(one.reversed_in for one in billings)}
    found: dict[tuple[int, int], int] = {}
    before: dict[int, int] = {}
    until = 0
    for year in sorted(turn for turn in turns if turn is not None):
        until += received.get(year, 0)
        left, paid = max(until, 0), dict.fromkeys(before, 0)
        for one in billings:
            if one.holds(year):
                cents = min(left, one.cents)
                paid[one.student_id] = paid.get(one.student_id, 0) + cents
                left -= cents
        for student_id, cents in paid.items():
            if change := cents - before.get(student_id, 0):
                found[student_id, year] = change
        before = paid
    return found
