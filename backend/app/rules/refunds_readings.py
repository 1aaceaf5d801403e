"""A refund with what its figures depend on: the day it counts from, and each open point of the rule that decides here.

An open point matters to a case where another reading of it gives another amount. Every point is recorded with the
result all the same (`refunds_settings`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.rules.days import long_date
from app.rules.legal_holidays import legal_holidays
from app.rules.refunds import Case, CaseError, Result, refund
from app.rules.refunds_open_points import POINTS
from app.rules.refunds_words import Line, dollars
from app.rules.withdrawals import clause


@dataclass(frozen=True, slots=True)
class _Point:
    title: str
    choices: Mapping[str, str]


_OF_THE_CASE: Mapping[str, _Point] = {
    "completed": _Point(
        "What “completed” means",
        {
            "attended_hours": "The hours attended",
            "scheduled_hours": "The hours scheduled until the withdrawal",
        },
    ),
    "paid_segment": _Point(
        "What the paid segment is", {"segment": "Each segment of the program", "program": "The whole program"}
    ),
    "partial_segments": _Point(
        "A segment paid in part",
        {"prorated": "What was paid is prorated", "first_hours": "What was paid buys its first hours"},
    ),
    "threshold_base": _Point(
        "What half is half of", {"program": "The program", "segment": "Each paid segment"}
    ),
    "tier_base": _Point(
        "What a tier is a part of", {"program": "The program", "segment": "Each paid segment"}
    ),
    "instalments": _Point(
        "What the hours of installments cost",
        {"program_rate": "The same in each hour", "segment_rate": "What each segment charges"},
    ),
}
"""Points that an agreement or the records decide, and that a case file may hold either way."""
_POINTS: Mapping[str, _Point] = {
    **{
        name: _Point(one.title, one.choices)
        for name, one in POINTS.items()
        if name not in ("payee", "holidays")
    },
    **_OF_THE_CASE,
}


def explained(case: Case) -> Result:
    """The refund, and after its steps the day it counts from and the open points that decide in this case.

    These lines add nothing to the amount. Raises CaseError.
    """
    found = refund(case)
    steps = [_counts_from(case, found), *open_points(case, found)]
    return replace(found, lines=(*found.lines, *(Line(text, 0) for text in steps)))


def open_points(case: Case, found: Result) -> list[str]:
    """Each open point whose other reading gives another amount or, on a weekend or holiday, another day: a sentence
    with the reading and what the others give."""
    said = []
    for name, point in _POINTS.items():
        value = getattr(case.settings, name)
        others = [one for one in point.choices if one != value]
        if name == "due_counts" and value == "calendar_days":
            continue  # Business days always end later: named only where a school counts them.
        differ = [
            f"{_small(point.choices[other])}, {gives}"
            for other in others
            if (gives := _differs(case, found, name, other)) is not None
        ]
        if differ:
            said.append(_sentence(_title(case, name, point), point.choices[value], differ))
    if case.settings.holidays and (gives := _differs(case, found, "holidays", ())) is not None:
        closed, words = POINTS["holidays"], POINTS["holidays"].choices
        said.append(_sentence(closed.title, words["school_calendar"], [f"{_small(words['none'])}, {gives}"]))
    return [*said, *_unknown_holidays(case, found)]


def _unknown_holidays(case: Case, found: Result) -> list[str]:
    """Legal holidays that decide and that the case does not know: of years of which it has no holiday at all."""
    unknown = _legal_holidays_counted(case, found)
    every = tuple(sorted({*case.settings.holidays, *unknown}))
    if not unknown or (gives := _differs(case, found, "holidays", every)) is None:
        return []
    days = "; ".join(f"{name}, {long_date(day)}" for day, name in sorted(unknown.items()))
    counts = "It is counted as a business day; if the school is closed that day"
    if len(unknown) > 1:
        counts = "They are counted as business days; if the school is closed on them"
    return [f"Not among the holidays of this case: {days}. {counts}: {gives}."]


def _legal_holidays_counted(case: Case, found: Result) -> dict[date, str]:
    """Those of unknown years that lie in the time to cancel, or before the refund is due, where business days count."""
    settings = found.settings
    zone = ZoneInfo(settings.time_zone)
    spans = []
    if settings.window_business_days:
        signed = case.signed_at.astimezone(zone).date()
        spans.append((signed, settings.window_business_days))
    withdrawn = case.withdrawn_at.astimezone(zone).date()
    if settings.due_counts == "business_days":
        spans.append((withdrawn, settings.due_days or 0))
    elif settings.due_on_weekend == "next_business_day":
        spans.append((max(found.due_on, date.min + _DAY) - _DAY, 1))
    known = {day.year for day in case.settings.holidays}
    counted: dict[date, str] = {}
    for after, days in spans:
        closed, day, left = {*case.settings.holidays}, after, days
        while left and day.year < MAXYEAR:
            day += _DAY
            name = None if day.year in known else _legal(day)
            if name is not None:
                counted[day] = name
            left -= day.weekday() < 5 and day not in closed and name is None
    return counted


def _legal(day: date) -> str | None:
    return legal_holidays(day.year).get(day) or legal_holidays(min(day.year + 1, MAXYEAR)).get(day)


_DAY = timedelta(days=1)


def _title(case: Case, name: str, point: _Point) -> str:
    if name == "threshold_edge" and case.policy.nothing_from_percent != 50:
        return "Exactly at the threshold"
    return point.title


def who_is_first(reading: str) -> str:
    """The open point of the payees, `payer` or `student` first, where it changes who gets how much."""
    point = POINTS["payee"]
    other = next(words for choice, words in point.choices.items() if choice != reading)
    return _sentence(point.title, point.choices[reading], [_small(other)])


def _differs(case: Case, found: Result, name: str, value: Any) -> str | None:
    """What another reading gives, in words; None where it is the same, or where the case cannot be read so."""
    changed: dict[str, Any] = {name: value}
    try:
        other = refund(replace(case, settings=replace(case.settings, **changed)))
    except CaseError:
        return None
    if other.amount_cents != found.amount_cents:
        return dollars(other.amount_cents)
    if found.amount_cents and other.due_on != found.due_on:
        return f"due {long_date(other.due_on)}"
    return None


def _sentence(title: str, reading: str, others: list[str]) -> str:
    return (
        f"The rule leaves this point open: {_small(title)}. The school reads it as: {_small(reading)}. "
        f"Another reading: {'; '.join(others)}."
    )


def _counts_from(case: Case, found: Result) -> str:
    """The day of the withdrawal with what gave it, where the case says so, and how the day of payment follows."""
    settings = found.settings
    day = case.withdrawn_at.astimezone(ZoneInfo(settings.time_zone)).date()
    event = settings.withdrawal_date
    why = f", when {clause(case.kind, event)}" if event else ""
    said = f"The withdrawal counts from {long_date(day)}{why}."
    if not found.amount_cents:
        return said
    days = settings.due_days or 0
    unit = "business" if settings.due_counts == "business_days" else "calendar"
    counted = f"{days} {unit} {'day' if days == 1 else 'days'} later"
    moved = unit == "calendar" and found.due_on != day + timedelta(days=days)
    where = ", on the next business day" if moved else ""
    return f"{said} The refund is due {counted}{where}: {long_date(found.due_on)}."


def _small(words: str) -> str:
    if words.startswith("Standard Nine"):
        return words
    return words[0].lower() + words[1:]
