"""The school's calendar: its terms, and the days on which it is closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from app.core import history
from app.core.actions import Action
from app.core.errors import NotFound
from app.core.permissions import Actor
from app.db.models import SchoolHoliday, SchoolTerm
from app.school import policy, queries
from app.school.remembered import remembered
from app.school.schemas import HolidayForm, TermForm

Kind = TypeVar("Kind", SchoolTerm, SchoolHoliday)


@dataclass(frozen=True, slots=True)
class Closed:
    """Days on which the school is closed, and why."""

    first_day: date
    last_day: date
    name: str


@dataclass(frozen=True, slots=True)
class Year:
    """A calendar year with its terms and holidays, each of which may reach beyond it."""

    year: int
    terms: Sequence[SchoolTerm]
    holidays: Sequence[SchoolHoliday]

    def holiday_on(self, day: date) -> SchoolHoliday | None:
        return next((one for one in self.holidays if one.first_day <= day <= one.last_day), None)

    def term_on(self, day: date) -> SchoolTerm | None:
        return next((one for one in self.terms if one.first_day <= day <= one.last_day), None)


def of_year(session: Session, year: int) -> Year:
    """The year's terms and holidays, in order. Everybody may know them."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return Year(year, queries.terms(session, first, last), queries.holidays(session, first, last))


def holidays_between(session: Session, first: date, last: date) -> dict[date, str]:
    """The days from `first` to `last` on which the school is closed, with the holiday's name."""
    closed: dict[date, str] = {}
    for one in remembered(session, "holidays", lambda: _holidays(session)):
        day = max(first, one.first_day)
        while day <= min(last, one.last_day):
            closed[day] = one.name
            day += timedelta(days=1)
    return closed


def _holidays(session: Session) -> list[Closed]:
    found = queries.holidays(session, date.min, date.max)
    return [Closed(one.first_day, one.last_day, one.name) for one in found]


def save_term(session: Session, subject: Actor, values: TermForm, number: int | None = None) -> SchoolTerm:
    """Add a term, or change the one with this number. Raises NotFound, Conflict for a name in use."""
    return _save(session, subject, SchoolTerm, number, values.name, values.first_day, values.last_day)


def save_holiday(
    session: Session, subject: Actor, values: HolidayForm, number: int | None = None
) -> SchoolHoliday:
    """Add a holiday, or change the one with this number. Raises NotFound, Conflict for a day in use."""
    last = values.last_day or values.first_day
    return _save(session, subject, SchoolHoliday, number, values.name, values.first_day, last)


def remove_term(session: Session, subject: Actor, number: int) -> None:
    """Remove a term. Raises NotFound."""
    _remove(session, subject, SchoolTerm, number)


def remove_holiday(session: Session, subject: Actor, number: int) -> None:
    """Remove a holiday. Raises NotFound."""
    _remove(session, subject, SchoolHoliday, number)


def _save(
    session: Session,
    subject: Actor,
    model: type[Kind],
    number: int | None,
    name: str,
    first_day: date,
    last_day: date,
) -> Kind:
    policy.require_change(subject)
    row = model() if number is None else find(session, model, number)
    row.name, row.first_day, row.last_day = name, first_day, last_day
    queries.add(session, row)
    _record(session, subject, row, removed=False)
    return row


def _remove(session: Session, subject: Actor, model: type[Kind], number: int) -> None:
    policy.require_change(subject)
    row = find(session, model, number)
    queries.remove(session, row)
    _record(session, subject, row, removed=True)


def find(session: Session, model: type[Kind], number: int) -> Kind:
    """A term or holiday by its number. Raises NotFound."""
    row = queries.find(session, model, number)
    if row is None:
        raise NotFound("There is no such entry in the calendar.")
    return row


def _record(session: Session, subject: Actor, row: SchoolTerm | SchoolHoliday, *, removed: bool) -> None:
    history.record(
        session,
        subject,
        Action.SCHOOL_CALENDAR_CHANGED,
        1,
        what="term" if isinstance(row, SchoolTerm) else "holiday",
        name=row.name,
        first_day=row.first_day,
        last_day=row.last_day,
        removed=removed,
    )
