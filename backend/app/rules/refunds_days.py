"""Instants and days of a refund: the time to cancel, and the day the refund is due."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.rules.refunds_settings import Settings

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """The time to cancel: its last instant (UTC), whether the withdrawal is inside, and the rule in words."""

    ends_at: datetime
    inside: bool
    rule: str

    def cancels(self, kind: str, settings: Settings) -> bool:
        """Whether a withdrawal of this kind counts as a cancellation: the school's own decision by the setting."""
        return self.inside and not (kind == "administrative" and settings.window_kinds == "student")


def window(signed_at: datetime, withdrawn_at: datetime, settings: Settings, zone: ZoneInfo) -> Window | None:
    """The time to cancel after signing; None where the policy knows none.

    Hours are exact: clocks that change in between neither shorten nor lengthen them. Business days end with the last
    second of the third day (for three) after the day of the signing, at the school.
    """
    withdrawn = withdrawn_at.astimezone(UTC)
    if settings.window_hours is not None:
        ends = signed_at.astimezone(UTC) + timedelta(hours=settings.window_hours)
        inside = withdrawn < ends or (withdrawn == ends and settings.window_edge == "inclusive")
        return Window(ends, inside, f"{settings.window_hours} hours")
    days = settings.window_business_days
    if days is None:
        return None
    last = business_days_after(signed_at.astimezone(zone).date(), days, settings)
    ends = datetime.combine(last + _DAY, time(), zone).astimezone(UTC)
    return Window(ends, withdrawn < ends, f"{days} business {'day' if days == 1 else 'days'}")


def due_on(withdrawn_on: date, settings: Settings) -> date:
    """The day by which the refund is paid, counted from the day of the withdrawal as day 0."""
    days = settings.due_days or 0
    if settings.due_counts == "business_days":
        return business_days_after(withdrawn_on, days, settings)
    due = withdrawn_on + days * _DAY
    if settings.due_on_weekend == "next_business_day":
        closed = frozenset(settings.holidays)
        while not _is_business_day(due, closed):
            due += _DAY
    return due


def business_days_after(start: date, days: int, settings: Settings) -> date:
    """The day that is so many business days after a day."""
    closed = frozenset(settings.holidays)
    day, left = start, days
    while left:
        day += _DAY
        left -= _is_business_day(day, closed)
    return day


def _is_business_day(day: date, closed: AbstractSet[date]) -> bool:
    return day.weekday() < 5 and day not in closed
