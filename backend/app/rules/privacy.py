"""FERPA's clocks and the grounds on which a school gives out what is in a student's records (34 CFR Part 99)."""

from dataclasses import dataclass
from datetime import date, timedelta

ACCESS_DAYS = 45
"""A student sees their records within 45 days of asking (34 CFR 99.10(b))."""


def answer_due(received_on: date) -> date:
    """The last day to answer a request for access: 45 days after the day it came."""
    return received_on + timedelta(days=ACCESS_DAYS)


def days_left(due_on: date, today: date) -> int:
    """How many days are left; negative when the day is past."""
    return (due_on - today).days


@dataclass(frozen=True, slots=True)
class Basis:
    """Why a record may be given out without the student's consent, or with it.

    `recorded` says whether 34 CFR 99.32 asks for an entry in the disclosure log.
    """

    name: str
    label: str
    rule: str
    recorded: bool


BASES = {
    one.name: one
    for one in (
        Basis("consent", "The student’s written consent", "34 CFR 99.30", recorded=False),
        Basis("student", "The student, who asked for it themselves", "34 CFR 99.10", recorded=False),
        Basis("other_school", "A school where the student enrolls", "34 CFR 99.31(a)(2)", recorded=True),
        Basis("authorities", "State or federal authorities (GNPEC), audit", "34 CFR 99.31(a)(3), 99.35", recorded=True),
        Basis("financial_aid", "Financial aid that the student applied for", "34 CFR 99.31(a)(4)", recorded=True),
        Basis("studies", "A study for the school", "34 CFR 99.31(a)(6)", recorded=True),
        Basis("accreditor", "An accrediting organization", "34 CFR 99.31(a)(7)", recorded=True),
        Basis("parent", "A parent of a dependent student", "34 CFR 99.31(a)(8)", recorded=True),
        Basis("court", "A court order or subpoena", "34 CFR 99.31(a)(9)", recorded=True),
        Basis("emergency", "A health or safety emergency", "34 CFR 99.31(a)(10), 99.36", recorded=True),
    )
}  # fmt: skip

EXEMPT = (
    ("The student", "who sees their own records"),
    ("School officials", "with a legitimate educational interest; the history says who looked, and why"),
    ("Recipients named in a written consent", "the consent itself is on record"),
    ("Directory information", "unless the student has opted out"),
    ("Some subpoenas", "where the court orders to keep them secret"),
)
"""Disclosures that 34 CFR 99.32(d) does not ask to record."""
