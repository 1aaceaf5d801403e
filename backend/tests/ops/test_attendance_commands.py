"""`aada attendance`, as typed, and what Operations says."""

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.compliance.attendance.totals import service as totals
from app.db.session import Database
from tests.factories.school import School
from tests.ops.conftest import Aada

SPOIL = text("UPDATE attendance_days SET minutes = minutes + 5")


def test_check_names_a_difference_and_rebuild_puts_it_right(aada: Aada, live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        school.attendance(
            school.enrollment(school.student()), datetime(2026, 5, 4, 13, tzinfo=UTC), minutes=45
        )
    assert aada("attendance", "check") == (0, "The totals agree with the attendance records.\n")
    with live_database.begin() as session:
        session.execute(SPOIL)
    status, shown = aada("attendance", "check")
    assert status == 1
    assert "on 2026-05-04: 50 minutes kept, 45 recorded" in shown
    assert aada("attendance", "rebuild") == (0, "1 wrong total put right.\n")
    assert aada("attendance", "rebuild") == (0, "Every total was right.\n")
    assert aada("attendance", "check")[0] == 0


@pytest.fixture
def admin(session: Session, signed_in: object) -> TestClient:
    return signed_in(School(session).admin())  # type: ignore[operator,no-any-return]


def test_operations_names_a_difference_until_the_totals_are_rebuilt(
    session: Session, admin: TestClient
) -> None:
    school = School(session)
    school.attendance(school.enrollment(school.student()), datetime(2026, 5, 4, 13, tzinfo=UTC), minutes=45)
    sentence = "Attendance totals differ from the records"
    totals.check(session)
    assert sentence not in admin.get("/operations").text
    session.execute(SPOIL)
    totals.check(session)
    page = admin.get("/operations").text
    assert sentence in page
    assert "50 minutes kept, 45 recorded" in page
    totals.rebuild(session)
    assert sentence not in admin.get("/operations").text
