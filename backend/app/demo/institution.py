"""The demo school's own facts, its signatories, its terms and the days on which it is closed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from app.core.permissions import SYSTEM
from app.demo import calendar, people
from app.school import service as school
from app.school.schemas import FactsForm, HolidayForm, SignatoryForm, TermForm
from app.settings import Settings

_TERMS = (("Spring", (1, 3), (4, 30)), ("Summer", (5, 1), (8, 31)), ("Fall", (9, 1), (12, 21)))
_BREAKS = (("Summer break", (7, 1), (7, 7)), ("Winter break", (12, 22), (12, 31)))


def write_institution(session: Session, settings: Settings, moment: datetime) -> None:
    """Fill in what the settings do not say, for the two years before `moment` and the year after."""
    school.ensure(session, settings)
    school.update(
        session,
        SYSTEM,
        FactsForm(
            legal_name=settings.school_name,
            short_name=settings.school_short_name,
            address="1120 Peachtree Walk NE\nSuite 200",
            city="Atlanta",
            state="GA",
            zip_code="30309",
            phone="(404) 555-0142",
            website="https://www.aada.example",
            authorization_number="DEMO-2024-0117",
            time_zone=settings.school_timezone,
            fiscal_year_month=7,
            fiscal_year_day=1,
        ),
    )
    this_year = moment.astimezone(settings.zone).year
    for name, title in ((people.ADMIN.full_name, "Director"), (people.STAFF[1].full_name, "Registrar")):
        school.save_signatory(
            session, SYSTEM, SignatoryForm(name=name, title=title, first_day=date(this_year - 3, 1, 1))
        )
    kind = school.PolicyKind.SECOND_FACTOR
    today = moment.astimezone(settings.zone).date()
    begun = max(today, *(one.effective_from for one in school.policies.versions(session, SYSTEM, kind)))
    # A year to look around: the demo's accounts sign in with the password alone, and may set up a factor.
    school.policies.add(
        session,
        SYSTEM,
        kind,
        effective_from=begun,
        values={"required_of": "staff", "grace_days": 365},
        approved_by="Demo school",
        note="Long enough to look around before a second factor is required.",
        today=today,
    )
    for year in range(this_year - 2, this_year + 2):
        for season, first, last in _TERMS:
            term = TermForm(name=f"{season} {year}", first_day=date(year, *first), last_day=date(year, *last))
            school.calendar.save_term(session, SYSTEM, term)
        for holiday in closed_days(year):
            school.calendar.save_holiday(session, SYSTEM, holiday)


def closed_days(year: int) -> list[HolidayForm]:
    """Georgia's holidays and the school's breaks; a holiday within a break is part of it."""
    found = [HolidayForm(name=name, first_day=day) for day, name in calendar.holidays(year).items()]
    found = [one for one in found if not calendar.is_break(one.first_day)]
    for name, first, last in _BREAKS:
        found.append(HolidayForm(name=name, first_day=date(year, *first), last_day=date(year, *last)))
    after_new_year = date(year, 1, 1)
    found.append(
        HolidayForm(
            name="Winter break", first_day=after_new_year, last_day=after_new_year + timedelta(days=1)
        )
    )
    return sorted(found, key=lambda one: one.first_day)
