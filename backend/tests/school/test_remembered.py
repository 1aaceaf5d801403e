"""What is remembered of the school is right in every process with the next request."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.permissions import SYSTEM
from app.db.session import Database
from app.school import queries
from app.school import service as school
from app.school.schemas import HolidayForm
from app.school.service import PolicyKind
from app.settings import Settings

DAY = date(2026, 9, 7)


@pytest.fixture
def processes(live_settings: Settings, live_database: Database) -> list[Database]:
    """Two processes on one database: each has a memory of its own."""
    with live_database.begin() as session:
        school.ensure(session, live_settings)
    return [live_database, Database(live_settings)]


def begin(session: Session) -> int:
    """As identification does."""
    number = session.scalar(text("SELECT revision FROM school"))
    school.seen(session, number)
    assert number is not None
    return int(number)


def closed(database: Database) -> bool:
    with database.begin() as session:
        begin(session)
        return DAY in school.calendar.holidays_between(session, DAY, DAY)


def test_a_change_shows_everywhere_at_once(processes: list[Database]) -> None:
    here, there = processes
    assert (closed(here), closed(there)) == (False, False)
    with here.begin() as session:
        begin(session)
        school.calendar.save_holiday(session, SYSTEM, HolidayForm(name="Labor Day", first_day=DAY))
        assert DAY in school.calendar.holidays_between(session, DAY, DAY), "its own change"
    assert (closed(here), closed(there)) == (True, True)
    there.close()


def test_a_change_that_is_undone_leaves_nothing(processes: list[Database]) -> None:
    here, there = processes
    with here.begin() as session:
        begin(session)
        school.calendar.save_holiday(session, SYSTEM, HolidayForm(name="Labor Day", first_day=DAY))
        school.calendar.holidays_between(session, DAY, DAY)
        session.rollback()
    assert not closed(here)
    there.close()


def test_nothing_is_asked_again_while_the_revision_stays(
    processes: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = processes
    asked = []
    found = queries.policies

    def count(session: Session, kind: str | None = None) -> object:
        asked.append(kind)
        return found(session, kind)

    monkeypatch.setattr(queries, "policies", count)
    for _ in range(3):
        with here.begin() as session:
            begin(session)
            assert school.policies.at(session, PolicyKind.ATTENDANCE, DAY).version == 1
    assert len(asked) == 1
    with here.begin() as session:
        school.policies.at(session, PolicyKind.ATTENDANCE, DAY)
    assert len(asked) == 2, "a job has no revision"
    there.close()


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ("UPDATE school SET city = 'Macon'", True),
        (
            "INSERT INTO school_terms (name, first_day, last_day) VALUES ('Fall', '2026-08-01', '2026-12-01')",
            True,
        ),
        ("UPDATE school_policies SET used_at = now() WHERE kind = 'attendance'", False),
        ("DELETE FROM school_holidays", True),
    ],
)
def test_every_change_is_counted_but_a_use(processes: list[Database], change: str, counts: bool) -> None:
    here, there = processes
    with here.begin() as session:
        before = begin(session)
        session.execute(text(change))
        after = session.scalar(text("SELECT revision FROM school"))
    assert (after != before) == counts
    there.close()
