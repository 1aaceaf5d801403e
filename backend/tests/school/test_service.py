"""The school's facts and its dated policies, as other rooms meet them."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Role, Subject
from app.db.models import AuditEntry, SchoolPolicy
from app.db.session import libpq_url
from app.school import service as school
from app.school.facts import SchoolFacts, Signatory
from app.school.schemas import FactsForm, HolidayForm, SignatoryForm, TermForm
from app.school.service import PolicyKind, policies
from app.settings import Settings

TODAY = date(2026, 11, 25)
ADMIN = Subject(1, "ada@example.org", "Ada Office", Role.ADMIN)
INSTRUCTOR = Subject(2, "tess@example.org", "Tess Teacher", Role.INSTRUCTOR)
STUDENT = Subject(3, "maria@example.org", "Maria Lopez", Role.STUDENT)


def form(**changes: Any) -> FactsForm:
    values = {
        "legal_name": "Peachtree Dental College, LLC",
        "short_name": "PDC",
        "address": "100 Peachtree St\nSuite 4",
        "city": "Atlanta",
        "state": "ga",
        "zip_code": "30303",
        "time_zone": "America/New_York",
    }
    return FactsForm.model_validate(values | changes)


def add(session: Session, kind: PolicyKind, day: date, **values: object) -> Any:
    return policies.add(
        session, ADMIN, kind, effective_from=day, values=values, approved_by="Board", today=TODAY
    )


# Facts


def test_before_the_first_start_the_settings_say_who_the_school_is(
    session: Session, settings: Settings
) -> None:
    facts = school.facts(session)
    assert (facts.legal_name, facts.zone) == (settings.school_name, settings.zone)


def test_the_settings_fill_an_empty_database_and_then_the_row_counts(
    session: Session, settings: Settings
) -> None:
    assert school.ensure(session, settings).legal_name == settings.school_name
    other = settings.model_copy(update={"school_name": "Elsewhere", "school_timezone": "America/Denver"})
    assert school.ensure(session, other).legal_name == settings.school_name
    assert school.effective_settings(other, school.facts(session)).school_timezone == "America/New_York"


def test_facts_are_changed_and_the_history_says_what(session: Session) -> None:
    facts = school.update(session, ADMIN, form())
    assert facts.postal_lines == ("100 Peachtree St", "Suite 4", "Atlanta, GA 30303")
    details = session.scalars(select(AuditEntry.details).where(AuditEntry.action == "school.updated")).all()
    assert details[-1]["city"] == ["", "Atlanta"]


def test_only_those_whose_duty_it_is_change_them(session: Session) -> None:
    for subject in (INSTRUCTOR, STUDENT):
        with pytest.raises(Forbidden):
            school.update(session, subject, form())
        with pytest.raises(Forbidden):
            school.calendar.save_term(
                session, subject, TermForm(name="Fall", first_day=TODAY, last_day=TODAY)
            )
        with pytest.raises(Forbidden):
            policies.add(
                session,
                subject,
                PolicyKind.PASSWORD,
                effective_from=TODAY,
                values={},
                approved_by="Me",
                today=TODAY,
            )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"state": "Georgia"}, "two letters"),
        ({"zip_code": "3030"}, "ZIP code"),
        ({"primary_color": "red"}, "#1f4e79"),
        ({"time_zone": "America/Atlanta"}, "time zone"),
        ({"time_zone": "../../etc/passwd"}, "time zone"),
        ({"website": "javascript:alert(1)"}, "https://"),
        ({"fiscal_year_month": 2, "fiscal_year_day": 29}, "every year"),
        ({"fiscal_year_month": 4, "fiscal_year_day": 31}, "every year"),
        ({"address": "a\nb\nc\nd\ne"}, "four lines"),
    ],
)
def test_facts_that_cannot_be_are_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        form(**wrong)


def test_another_zone_needs_a_confirmation_once_a_room_objects(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(school, "_objections", {"hours": lambda _session: "Hours are recorded."})
    school.update(session, ADMIN, form())
    with pytest.raises(Conflict, match="Hours are recorded"):
        school.update(session, ADMIN, form(time_zone="America/Chicago"))
    assert school.update(
        session, ADMIN, form(time_zone="America/Chicago", zone_confirmed=True)
    ).zone == ZoneInfo("America/Chicago")


def test_who_signs_depends_on_the_day(session: Session) -> None:
    first = school.save_signatory(
        session,
        ADMIN,
        SignatoryForm(name="Dee", title="Director", first_day=TODAY, last_day=TODAY + timedelta(days=9)),
    )
    later = SignatoryForm(name="Eve", title="Director", first_day=TODAY + timedelta(days=10))
    school.save_signatory(session, ADMIN, later)
    facts = school.facts(session)
    assert [
        (one.name if (one := facts.signatory_on(TODAY + timedelta(days=days))) else None)
        for days in (-1, 0, 9, 10, 400)
    ] == [None, "Dee", "Dee", "Eve", "Eve"]
    school.remove_signatory(session, ADMIN, first.id)
    assert [one.name for one in school.facts(session).signatories] == ["Eve"]
    with pytest.raises(NotFound):
        school.remove_signatory(session, ADMIN, first.id)


@given(st.dates(date(2001, 1, 1), date(2090, 1, 1)), st.integers(1, 12), st.integers(1, 28))
def test_every_day_lies_in_one_fiscal_year(day: date, month: int, start: int) -> None:
    facts = SchoolFacts("A", "A", ZoneInfo("UTC"), fiscal_year_month=month, fiscal_year_day=start)
    first, last = facts.fiscal_year_of(day)
    assert first <= day <= last
    assert facts.fiscal_year_of(last + timedelta(days=1))[0] == last + timedelta(days=1)
    assert (first.month, first.day) == (month, start)


def test_the_calendar_knows_terms_and_holidays(session: Session) -> None:
    school.calendar.save_term(
        session,
        ADMIN,
        TermForm(name="Winter", first_day=date(2026, 12, 1), last_day=date(2027, 2, 26)),
    )
    school.calendar.save_holiday(
        session,
        ADMIN,
        HolidayForm(name="Winter break", first_day=date(2026, 12, 30), last_day=date(2027, 1, 2)),
    )
    year = school.calendar.of_year(session, 2027)
    assert year.holiday_on(date(2027, 1, 1)).name == "Winter break"  # type: ignore[union-attr]
    assert year.term_on(date(2027, 2, 26)).name == "Winter"  # type: ignore[union-attr]
    assert year.term_on(date(2027, 2, 27)) is None
    closed = school.calendar.holidays_between(session, date(2027, 1, 1), date(2027, 1, 31))
    assert closed == {date(2027, 1, 1): "Winter break", date(2027, 1, 2): "Winter break"}


def test_a_signatory_signs_on_both_days() -> None:
    one = Signatory(1, "Dee", "Director", TODAY, TODAY)
    assert [one.signs_on(TODAY + timedelta(days=days)) for days in (-1, 0, 1)] == [False, True, False]


# Policies


def test_the_first_versions_are_what_the_system_went_by(session: Session) -> None:
    attendance = policies.at(session, PolicyKind.ATTENDANCE, TODAY).values
    progress = policies.at(session, PolicyKind.PROGRESS, TODAY).values
    password = policies.at(session, PolicyKind.PASSWORD, TODAY).values
    assert (attendance.longest_entry_minutes, attendance.clock_hour_minutes) == (16 * 60, 60)
    assert (progress.pace_days, progress.completion_threshold_pct) == (28, 100)
    assert (password.minimum_characters, password.maximum_bytes) == (15, 72)


def test_a_policy_is_looked_up_by_the_day(session: Session) -> None:
    add(session, PolicyKind.ATTENDANCE, TODAY + timedelta(days=10), clock_hour_minutes=50)
    corrected = add(session, PolicyKind.ATTENDANCE, TODAY + timedelta(days=10), clock_hour_minutes=55)
    found = [
        policies.at(session, PolicyKind.ATTENDANCE, TODAY + timedelta(days=days)).values.clock_hour_minutes
        for days in (0, 9, 10, 500)
    ]
    assert found == [60, 60, 55, 55]
    assert corrected.version == 3
    assert corrected.values.longest_entry_minutes == 960  # as in the version before
    with pytest.raises(NotFound):
        policies.at(session, PolicyKind.ATTENDANCE, date(1999, 12, 31))


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        (PolicyKind.ATTENDANCE, {"clock_hour_minutes": 49}, "clock_hour_minutes"),
        (PolicyKind.ATTENDANCE, {"clock_hour_minutes": 61}, "clock_hour_minutes"),
        (PolicyKind.PASSWORD, {"minimum_characters": 8}, "minimum_characters"),
        (PolicyKind.PASSWORD, {"maximum_bytes": 73}, "maximum_bytes"),
        (PolicyKind.PROGRESS, {"pace_days": 10}, "pace_days"),
        (PolicyKind.PROGRESS, {"nonsense": 1}, "nonsense"),
    ],
)
def test_values_are_held_to_the_kinds_schema(
    session: Session, kind: PolicyKind, values: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        add(session, kind, TODAY, **values)
    assert [error.field for error in refused.value.errors] == [field]


def test_what_was_computed_with_a_version_is_not_undone_by_a_later_one(session: Session) -> None:
    policies.used(session, policies.at(session, PolicyKind.PROGRESS, TODAY))
    for days in (-30, 0):
        with pytest.raises(Conflict):
            add(session, PolicyKind.PROGRESS, TODAY + timedelta(days=days), pace_days=14)
    assert add(session, PolicyKind.PROGRESS, TODAY + timedelta(days=1), pace_days=14).version == 2


def test_the_same_values_from_the_same_day_are_one_version(session: Session) -> None:
    """A form that is sent twice; other values of that day, or the same from another day on, are a version."""
    kind, day = PolicyKind.PROGRESS, TODAY + timedelta(days=1)
    made = add(session, kind, day, pace_days=14)
    with pytest.raises(Conflict, match=f"Version {made.version} has the same values"):
        add(session, kind, day, pace_days=14)
    assert add(session, kind, day, pace_days=21).version == made.version + 1
    assert add(session, kind, day + timedelta(days=1), pace_days=21).version == made.version + 2


def test_a_version_in_use_cannot_be_taken_back_and_one_that_is_not_can(session: Session) -> None:
    version = add(session, PolicyKind.PASSWORD, TODAY, minimum_characters=20)
    policies.withdraw(session, ADMIN, PolicyKind.PASSWORD, version.version)
    assert policies.at(session, PolicyKind.PASSWORD, TODAY).version == 1
    again = add(session, PolicyKind.PASSWORD, TODAY, minimum_characters=20)
    policies.used(session, again)
    with pytest.raises(DBAPIError, match="has been used and stays"), session.begin_nested():
        policies.withdraw(session, ADMIN, PolicyKind.PASSWORD, again.version)
    with pytest.raises(Conflict, match="first version"):
        policies.withdraw(session, ADMIN, PolicyKind.PASSWORD, 1)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE school_policies SET \"values\" = '{}'", psycopg.errors.InsufficientPrivilege),
        ("UPDATE school_policies SET effective_from = '2030-01-01'", psycopg.errors.InsufficientPrivilege),
        (
            "UPDATE school_policies SET used_at = NULL WHERE used_at IS NOT NULL",
            psycopg.errors.CheckViolation,
        ),
        ("DELETE FROM school_policies WHERE used_at IS NOT NULL", psycopg.errors.CheckViolation),
        ("DELETE FROM school", psycopg.errors.InsufficientPrivilege),
    ],
)
def test_the_database_refuses_to_rewrite_a_policy(
    live_settings: Settings, statement: str, error: type[Exception]
) -> None:
    with psycopg.connect(libpq_url(live_settings.app_database_url), autocommit=True) as program:
        program.execute("UPDATE school_policies SET used_at = now() WHERE kind = 'password'")
        with pytest.raises(error):
            program.execute(statement.encode())


def test_marking_a_version_twice_keeps_the_first_moment(session: Session) -> None:
    policy = policies.at(session, PolicyKind.PASSWORD, TODAY)
    policies.used(session, policy)
    policies.used(session, policy)  # asked before the first was written: the same object
    session.execute(text("SELECT 1"))
    moment = session.scalar(select(SchoolPolicy.used_at).where(SchoolPolicy.id == policy.id))
    assert moment is not None
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(update(SchoolPolicy).values(used_at=None).where(SchoolPolicy.id == policy.id))
