"""Complaints: what they are about, the steps they take, and when each step is due.

GNPEC requires that a school has a complaint procedure, gives it to students with a link to the Commission, and applies
it consistently; the Commission investigates only after the school's own procedure is exhausted (GNPEC Complaint Rules,
gnpec.georgia.gov/student-resources/complaints-against-institution). It sets no number of days: those are the school's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

KINDS = {
    "instruction": "Instruction or grading",
    "conduct": "Conduct of a member of staff",
    "discrimination": "Discrimination or harassment",
    "safety": "Safety or facilities",
    "money": "Charges or refunds",
    "records": "Records or privacy",
    "other": "Something else",
}
RELATIONS = {
    "student": "The student",
    "former_student": "The student, no longer enrolled",
    "parent": "A parent",
    "other": "Somebody else",
}
RECEIVED = {
    "portal": "On the school’s pages",
    "in_person": "In person",
    "letter": "By letter",
    "email": "By email",
    "phone": "By phone",
}
OUTCOMES = {
    "upheld": "The complaint was justified",
    "partly": "The complaint was justified in part",
    "not_upheld": "The complaint was not found to be justified",
}
APPEAL_OUTCOMES = {
    "changed": "The decision was changed",
    "confirmed": "The decision stands",
}
STATES = {
    "received": "Received",
    "acknowledged": "Acknowledged",
    "under_review": "Under review",
    "decided": "Decided",
    "appealed": "Appealed",
    "closed": "Closed",
    "referred": "With GNPEC",
}
STEPS: Mapping[str, frozenset[str]] = {
    "acknowledge": frozenset({"received"}),
    "review": frozenset({"received", "acknowledged"}),
    "decide": frozenset({"received", "acknowledged", "under_review"}),
    "appeal": frozenset({"decided"}),
    "decide_appeal": frozenset({"appealed"}),
    "withdraw": frozenset({"received", "acknowledged", "under_review", "appealed"}),
    "close": frozenset({"decided", "referred"}),
    "refer": frozenset({"decided", "appealed", "closed"}),
}
"""From which states each step can be taken."""
OPEN = ("received", "acknowledged", "under_review", "appealed")
"""Where the school owes the next step."""


@dataclass(frozen=True, slots=True)
class Agency:
    """A state's agency that takes complaints against schools."""

    name: str
    short: str
    address: str
    phone: str
    url: str


GNPEC = Agency(
    "Georgia Nonpublic Postsecondary Education Commission",
    "GNPEC",
    "2082 East Exchange Place, Suite 220, Tucker, GA 30084",
    "770-414-3300",
    "https://gnpec.georgia.gov/student-resources/complaints-against-institution",
)


def may(step: str, state: str) -> bool:
    """Whether a step can be taken from a state."""
    return state in STEPS[step]


def due(day: date, days: int) -> date:
    """The last day of a term of `days` calendar days that began on `day`, which does not count."""
    return day + timedelta(days=days)


def next_due(
    state: str, acknowledge_by: date, decide_by: date, appeal_due: date | None = None
) -> date | None:
    """The last day for what the school does next; None where it owes nothing."""
    if state == "received":
        return acknowledge_by
    if state in ("acknowledged", "under_review"):
        return decide_by
    return appeal_due if state == "appealed" else None
