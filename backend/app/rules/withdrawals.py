"""The moment that a withdrawal goes by, and the days until its refund is due.

GNPEC Standard 12 sets 45 days "of withdrawal" and does not say when a withdrawal is: the receipt of a written request,
the last attendance, or the school's notice. The school's dated policy chooses; the choice is recorded with each.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

Kind = Literal["student", "administrative", "school_cancelled", "cancellation"]
Basis = Literal["receipt_of_request", "last_attendance", "notice"]
Event = Literal["receipt_of_request", "last_attendance", "notice", "determination"]
"""What gave a withdrawal its day. `determination`: an act of the school, its decision or its own cancellation."""
REFUND_DAYS = 45
"""A refund is paid within 45 days of the withdrawal (GNPEC Standard 12)."""
WARNINGS = ((45, "bad"), (40, "bad"), (30, "warn"))
"""From how many days since the withdrawal on a list colors it, and how."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a withdrawal was, and what gave it that moment."""

    at: datetime
    event: Event
    kind: Kind

    @property
    def why(self) -> str:
        """The event as a sentence."""
        words = clause(self.kind, self.event)
        return f"Counted from when {words}."


def clause(kind: Kind, event: Event) -> str:
    """What happened at the moment of a withdrawal, in words such as `the student last attended`.

    Of an act of the school, `receipt_of_request` is its decision.
    """
    if event == "last_attendance":
        return "the student last attended"
    if event == "notice":
        return "the school notified the student"
    if kind == "cancellation":
        return "the school received the cancellation"
    if kind == "school_cancelled":
        return "the school canceled the enrollment"
    if kind == "administrative":
        return "the school decided to withdraw the student"
    if event == "determination":
        return "the school determined the withdrawal"
    return "the school received the request"


def moment(
    kind: Kind,
    basis: Basis,
    *,
    requested_at: datetime,
    last_attended: datetime | None,
    notified_at: datetime | None,
) -> Moment:
    """When a withdrawal of this kind was. `requested_at`: when the request arrived or the school decided.

    A cancellation is a request within the time to cancel, and the school's own cancellation an act of a day: both go by
    `requested_at` whatever the basis. The last attendance never lies after the request; who never attended has none.
    """
    if kind == "cancellation":
        return Moment(requested_at, "receipt_of_request", kind)
    if kind == "school_cancelled":
        return Moment(requested_at, "determination", kind)
    if basis == "notice" and notified_at is not None:
        return Moment(notified_at, "notice", kind)
    if basis == "last_attendance" and last_attended is not None:
        return Moment(min(last_attended, requested_at), "last_attendance", kind)
    return Moment(requested_at, "determination" if kind == "administrative" else "receipt_of_request", kind)


def due_on(withdrawn_on: date, days: int = REFUND_DAYS) -> date:
    """The last day for the refund; the day of the withdrawal is day 0."""
    return withdrawn_on + timedelta(days=days)


def tone(days_since: int, days: int = REFUND_DAYS) -> str:
    """How a list colors a withdrawal after so many days: of 45 warn from day 30, bad from day 40.

    Of fewer `days` for the refund, as many days before the last one.
    """
    days_since += REFUND_DAYS - days
    return next((name for days, name in WARNINGS if days_since >= days), "")
