"""The roster as a page: one tap each, and a sentence for what cannot be."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import ClassAttendance, User
from tests.factories.school import School

SignedIn = Callable[[User], TestClient]
STARTS = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "status", "sentence"),
    [
        ({"mark": "late", "at": "09:00"}, 303, ""),
        ({"mark": "late", "at": "08:29"}, 422, "outside the meeting"),
        ({"mark": "late", "at": "tomorrow"}, 422, "Nothing was saved"),
        ({"mark": "asleep"}, 422, "Nothing was saved"),
        ({}, 422, "Nothing was saved"),
        ({"mark": "present", "enrollment_id": "2147483647"}, 404, ""),
        ({"mark": "present", "note": "x" * 201}, 422, "Nothing was saved"),
    ],
)
def test_one_tap(
    session: Session, school: School, signed_in: SignedIn, given: dict[str, str], status: int, sentence: str
) -> None:
    teacher = school.instructor()
    enrollment = school.enrollment(school.student(full_name="Ana Alvarez"))
    record = school.school_class(
        teacher=teacher, students=[enrollment], weekly=[(0, time(8, 30), time(12, 30))]
    )
    other = school.school_class(students=[enrollment], weekly=[(1, time(8, 30), time(12, 30))])
    address = f"/classes/{record.id}/attendance"
    meeting = f"{address}?meeting=2026-05-04T12:30:00Z"
    with time_machine.travel(STARTS + timedelta(hours=1), tick=False):
        client = signed_in(teacher)
        page = client.get(address).text
        assert ("Ana Alvarez" in page, "Mark 1 present" in page) == (True, True)
        answer = client.post(meeting, data={"enrollment_id": enrollment.id, **given})
        assert (answer.status_code, sentence in answer.text) == (status, True)
        assert bool(session.scalars(select(ClassAttendance)).all()) == (status == 303)
        for wrong in (
            f"/classes/{other.id}/attendance",
            f"{address}?meeting=2026-05-04T12:31:00Z",
            "/classes/2147483647/attendance",
        ):
            assert client.get(wrong).status_code == 404, wrong
        for odd in ("soon", "9999-12-31T23:59:59Z", "2026-05-04T08:30"):
            assert client.get(f"{address}?meeting={odd}").status_code == 422, odd
        assert (
            client.post(address, data={"enrollment_id": enrollment.id, "mark": "present"}).status_code == 422
        )
        assert (
            client.post(f"{address}/all-present?meeting=2026-05-04T12:30:00Z", data={"b": ""}).status_code
            == 303
        )
        student = signed_in(session.get_one(User, enrollment.user_id))
        assert student.get(address).status_code == 403
        assert (
            student.post(meeting, data={"enrollment_id": enrollment.id, "mark": "present"}).status_code == 403
        )
        assert student.post(address, data={"b": ""}).status_code == 403
