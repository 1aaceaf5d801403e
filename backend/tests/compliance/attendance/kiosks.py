"""A school with one kiosk, its students, and what it recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import Attendance, KioskPunch, User
from app.db.session import Database
from app.settings import Settings
from tests.factories.kiosk import Tablet, give_pin, tablet
from tests.factories.school import School, subject_of

ZONE = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
EVENING = MONDAY + timedelta(hours=10)


def after(**parts: int) -> datetime:
    return MONDAY + timedelta(**parts)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with time_machine.travel(moment, tick=False):
        yield


@pytest.fixture
def database(app: FastAPI) -> Database:
    """The program's database: each of its transactions is a savepoint of the test's."""
    found: Database = app.state.database
    return found


@pytest.fixture
def device(session: Session, settings: Settings, school: School) -> Tablet:
    with at(MONDAY - timedelta(hours=1)):
        made = tablet(session, settings, subject_of(school.admin()))
    session.commit()
    return made


def students(session: Session, settings: Settings, school: School, count: int) -> list[tuple[User, str]]:
    people = []
    with at(MONDAY - timedelta(hours=1)):
        for _ in range(count):
            user = school.student(full_name="Amira Khan")
            school.enrollment(user)
            people.append((user, give_pin(session, settings, user)))
    session.commit()
    return people


def hours(session: Session) -> list[tuple[int, datetime, datetime | None, int | None, str]]:
    columns = Attendance.user_id, Attendance.clock_in, Attendance.clock_out, Attendance.total_minutes
    rows = session.execute(
        select(*columns, Attendance.source).order_by(Attendance.user_id, Attendance.clock_in)
    )
    return [tuple(row) for row in rows]


def punches(session: Session) -> list[KioskPunch]:
    session.expire_all()
    return list(session.scalars(select(KioskPunch).order_by(KioskPunch.id)))
