"""What the statements of a period add up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core import clock
from app.core.permissions import Actor
from app.lrs.desk.browser import chart_queries, chart_rollups
from app.lrs.desk.browser.chart_queries import Span
from app.lrs.desk.browser.lookup import Sought
from app.lrs.desk.browser.scope import scope_of
from app.lrs.engine.statements.filters import Filter
from app.lrs.vocabulary import in_words
from app.rules.hours import start_of_day

PERIODS = {30: "30 days", 90: "90 days", 365: "A year"}
_MOST_LINES = 6
_CLOCK, _LEARNING = "Clock hours", "Lessons and activities"


@dataclass(frozen=True, slots=True)
class Series:
    """Lines of a chart over the same labels."""

    labels: list[str]
    series: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Charts:
    """What the charts page draws. Clock hours and the time in lessons overlap, and so are never added up."""

    verbs: Series
    hours: Series
    scores: Series
    statements: int
    clock_seconds: int
    learning_seconds: int
    scored: int


def charts(
    session: Session, subject: Actor, zone: ZoneInfo, days: int, sought: Sought | None = None
) -> Charts:
    """Verbs over time, time spent, distribution of scores: the last `days` days, within what the person may see.

    Days up to 30, weeks beyond. A statement counts on the day of what it records.
    """
    sought = sought or Sought(Filter())
    today = clock.today(zone)
    first = today - timedelta(days=days - 1)
    span = Span(
        start_of_day(first, zone),
        start_of_day(today + timedelta(days=1), zone),
        str(zone),
        sought.agents,
        sought.query.verb,
        sought.query.activity,
        scope_of(session, subject),
    )
    axis = _Axis(first, days, 1 if days <= 31 else 7)
    counts, seconds, tenths = chart_rollups.read(session, span) or chart_queries.read(session, span)
    return Charts(
        verbs=axis.series([(day, in_words(verb), number) for day, verb, number in counts]),
        hours=axis.series(
            [
                (day, _CLOCK if clocked else _LEARNING, float(number) / 3600)
                for day, clocked, number in seconds
            ],
            digits=2,
        ),
        scores=Series(
            [f"{tenth * 10}–{tenth * 10 + 10}%" for tenth in range(10)],
            [{"name": "Scores", "values": [tenths.get(tenth, 0) for tenth in range(10)]}],
        ),
        statements=sum(number for _, _, number in counts),
        clock_seconds=round(sum(number for _, clocked, number in seconds if clocked)),
        learning_seconds=round(sum(number for _, clocked, number in seconds if not clocked)),
        scored=sum(tenths.values()),
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """The days or weeks of a chart: `width` days each, from the first on."""

    first: date
    days: int
    width: int

    def series(self, rows: Sequence[tuple[date, str, float]], digits: int = 0) -> Series:
        """Rows of day, name and number, a line for each name; the smallest names together as the last."""
        starts = [self.first + timedelta(days=step) for step in range(0, self.days, self.width)]
        totals: dict[str, float] = {}
        for _, name, number in rows:
            totals[name] = totals.get(name, 0) + number
        names = sorted(totals, key=lambda name: (-totals[name], name))
        kept = names if len(names) <= _MOST_LINES else [*names[: _MOST_LINES - 1], "other verbs"]
        table = {name: [0.0] * len(starts) for name in kept}
        for day, name, number in rows:
            place = (day - self.first).days // self.width
            if 0 <= place < len(starts):
                table[name if name in table else "other verbs"][place] += number
        values_of = {
            name: [round(number, digits) if digits else int(number) for number in numbers]
            for name, numbers in table.items()
        }
        labels = [f"{start:%b} {start.day}" for start in starts]
        return Series(labels, [{"name": name, "values": values_of[name]} for name in kept])
