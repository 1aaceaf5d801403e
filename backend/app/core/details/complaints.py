"""Details of complaints. What was complained about, and about whom, stand in the rows themselves."""

from datetime import date
from typing import Literal

from app.core.details.base import Details


class Complained(Details):
    """The number of the complaint, and what it is about."""

    number: str
    kind: str


class Assigned(Details):
    """Who looks into it from now on; nobody in particular without a name."""

    number: str
    to: str | None


class Numbered(Details):
    number: str


class Decided(Details):
    number: str
    outcome: str
    document: str
    """The number of the signed letter."""


class Appealed(Details):
    number: str
    due_on: date


class Closed(Details):
    number: str
    how: Literal["closed", "withdrawn", "accepted"]


# What happens, as `app.core.actions` takes it: value, table, sentence, details.

COMPLAINT_ACKNOWLEDGED = ("complaint.acknowledged", "complaints", "Complaint acknowledged", Numbered)
COMPLAINT_APPEALED = ("complaint.appealed", "complaints", "Decision of a complaint appealed", Appealed)
COMPLAINT_APPEAL_DECIDED = (
    "complaint.appeal_decided",
    "complaints",
    "Appeal of a complaint decided",
    Decided,
)
COMPLAINT_ASSIGNED = ("complaint.assigned", "complaints", "Complaint assigned", Assigned)
COMPLAINT_CLOSED = ("complaint.closed", "complaints", "Complaint closed", Closed)
COMPLAINT_DECIDED = ("complaint.decided", "complaints", "Complaint decided", Decided)
COMPLAINT_FILE_ADDED = ("complaint.file_added", "complaints", "Paper added to a complaint", Numbered)
COMPLAINT_FILED = ("complaint.filed", "complaints", "Complaint received", Complained)
COMPLAINT_NOTED = ("complaint.noted", "complaints", "Note added to a complaint", Numbered)
COMPLAINT_REFERRED = ("complaint.referred", "complaints", "Complaint taken to GNPEC", Numbered)
COMPLAINT_REVIEWED = ("complaint.review_begun", "complaints", "Review of a complaint begun", Numbered)
