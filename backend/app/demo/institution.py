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
    _write_refund_policy(session, this_year, today)
    for year in range(this_year - 2, this_year + 2):
        for season, first, last in _TERMS:
            term = TermForm(name=f"{season} {year}", first_day=date(year, *first), last_day=date(year, *last))
            school.calendar.save_term(session, SYSTEM, term)
        for holiday in closed_days(year):
            school.calendar.save_holiday(session, SYSTEM, holiday)


def _write_refund_policy(session: Session, year: int, today: date) -> None:
    """The school's own policy of this year, kinder than GNPEC's, one open point that it has settled, and from how much
    on two people approve a refund."""
    kinds = school.PolicyKind
    for kind, values, note in (
        (
            kinds.REFUND,
            {
                "rule": "filed",
                "policy_name": f"Refund policy {year}",
                "clause": "Tuition and fees are prorated on the hours completed until 60% of the program is completed; "
                "from then on nothing is owed. Canceled within 72 hours of signing, everything but disclosed "
                "nonrefundable fees comes back. At most $100 of a disclosed application fee is kept. Paid within 45 "
                "days of the withdrawal.",
                "schedule": "pro_rata",
                "nothing_from_percent": 60,
                "window_hours": 72,
                "application_fee_cap_dollars": 100,
                "due_days": 45,
            },
            "Filed with GNPEC for the year. In no case less than Standards 12 and 13 give.",
        ),
        (
            kinds.REFUND_SETTINGS,
            {"other_items": "unissued_returned"},
            "What a student never received is not charged, whatever part of the program is completed.",
        ),
        (kinds.BILLING, {"second_approval_above_dollars": 1_000}, "Two people look at each larger refund."),
    ):
        known = school.policies.versions(session, SYSTEM, kind)
        begins = max(date(year, 1, 1), *(one.effective_from + timedelta(days=1) for one in known))
        school.policies.add(
            session,
            SYSTEM,
            kind,
            effective_from=begins,
            values=values,
            approved_by="Demo school",
            note=note,
            today=today,
        )


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
