"""What leaving would refund over the whole program: the refund rule at one number of minutes after another."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.rules.refunds import Case, Result, refund


def by_schedule(case: Case) -> Case:
    """The case with its time to cancel over: what the schedule gives, whenever the student signed."""
    settings = replace(case.settings, window_hours=0, window_business_days=None, window_edge="exclusive")
    return replace(case, settings=settings)


def after(case: Case, minutes: int) -> Result:
    """The refund of the case after so many minutes."""
    return refund(replace(case, attended_minutes=minutes, scheduled_minutes=minutes))


def _at(case: Case, minutes: int) -> Case:
    """The case after so many minutes of the program; under a weekly schedule, at the week in which these are given."""
    case = replace(case, attended_minutes=minutes, scheduled_minutes=minutes)
    if case.policy.schedule != "weekly" or case.starts_on is None or case.weeks is None:
        return case
    days = case.weeks * 7 * minutes // case.total_minutes
    zone = ZoneInfo(case.settings.time_zone)
    left = datetime.combine(case.starts_on + timedelta(days=days), time(12), zone)
    return replace(case, withdrawn_at=max(left, case.signed_at))


def _owed(case: Case, minutes: int) -> int:
    return refund(_at(case, minutes)).amount_cents


def curve(case: Case, steps: int = 40) -> list[tuple[int, int]]:
    """Minutes completed and cents refunded, from the first minute to the last in even steps.

    Where the refund ends before the program does, the last minute that still gives one and the next one stand in it
    too, so that a line drawn through the points falls where the rule says.
    """
    case = by_schedule(case)
    total = case.total_minutes
    at = {total * step // steps for step in range(steps + 1)}
    owed = {minutes: _owed(case, minutes) for minutes in at}
    low = max((minutes for minutes, cents in owed.items() if cents), default=0)
    high = min((minutes for minutes, cents in owed.items() if not cents and minutes > low), default=low)
    while high - low > 1:
        middle = (low + high) // 2
        if _owed(case, middle):
            low = middle
        else:
            high = middle
    for minutes in (low, high):
        owed[minutes] = _owed(case, minutes)
    return sorted(owed.items())
