"""What leaving would refund over the whole program: the refund rule at one number of minutes after another."""

from dataclasses import replace

from app.rules.refunds import Case, Result, refund


def by_schedule(case: Case) -> Case:
    """The case with its time to cancel over: what the schedule gives, whenever the student signed."""
    settings = replace(case.settings, window_hours=0, window_business_days=None, window_edge="exclusive")
    return replace(case, settings=settings)


def after(case: Case, minutes: int) -> Result:
    """The refund of the case after so many minutes."""
    return refund(replace(case, attended_minutes=minutes, scheduled_minutes=minutes))


def curve(case: Case, steps: int = 40) -> list[tuple[int, int]]:
    """Minutes completed and cents refunded, from the first minute to the last in even steps.

    Where the refund ends before the program does, the last minute that still gives one and the next one stand in it
    too, so that a line drawn through the points falls where the rule says.
    """
    case = by_schedule(case)
    total = case.total_minutes
    at = {total * step // steps for step in range(steps + 1)}
    owed = {minutes: after(case, minutes).amount_cents for minutes in at}
    low = max((minutes for minutes, cents in owed.items() if cents), default=0)
    high = min((minutes for minutes, cents in owed.items() if not cents and minutes > low), default=low)
    while high - low > 1:
        middle = (low + high) // 2
        if after(case, middle).amount_cents:
            low = middle
        else:
            high = middle
    for minutes in (low, high):
        owed[minutes] = after(case, minutes).amount_cents
    return sorted(owed.items())
