"""A month as a calendar shows it: weeks from Sunday to Saturday, with the minutes of each day."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from app.core.errors import FieldError, Invalid
from app.web.field_types import EARLIEST_DAY, LATEST_DAY

_CALENDAR = calendar.Calendar(firstweekday=calendar.SUNDAY)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the school's calendar."""

    first: date

    @classmethod
    def of(cls, text: str, today: date) -> "Month":
        """The month written `2026-05`; of a blank text, today's. Raises Invalid for anything else."""
        if not text:
            return cls(today.replace(day=1))
        year, _, number = text.partition("-")
        ordinary = (
            text.isascii() and len(year) == 4 and year.isdigit() and len(number) == 2 and number.isdigit()
        )
        if ordinary and EARLIEST_DAY.year <= int(year) <= LATEST_DAY.year and 1 <= int(number) <= 12:
            return cls(date(int(year), int(number), 1))
        sentence = f"Enter a month such as 2026-05, from {EARLIEST_DAY.year} to {LATEST_DAY.year}."
        raise Invalid(sentence, errors=[FieldError("month", sentence)])

    @property
    def last(self) -> date:
        return (self.first + timedelta(days=32)).replace(day=1) - timedelta(days=1)

    @property
    def name(self) -> str:
        return f"{calendar.month_name[self.first.month]} {self.first.year}"

    @property
    def key(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def before(self) -> str | None:
        """The month before as `2026-04`; None at the edge of the calendar."""
        day = self.first - timedelta(days=1)
        return f"{day:%Y-%m}" if day >= EARLIEST_DAY else None

    @property
    def after(self) -> str | None:
        day = self.last + timedelta(days=1)
        return f"{day:%Y-%m}" if day <= LATEST_DAY else None

    @property
    def weeks(self) -> list[list[date | None]]:
        """Weeks of seven; None for the days of other months."""
        return [
            [day if day.month == self.first.month else None for day in week]
            for week in _CALENDAR.monthdatescalendar(self.first.year, self.first.month)
        ]
