"""Hours lie within the enrollment they count for, and are never entered by the person they belong to."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.compliance.attendance import service
from app.compliance.attendance.schemas import CorrectionIn, HoursIn
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.permissions import Role
from app.db.models import Attendance, Enrollment, EnrollmentStatus, User, Withdrawal
from tests.compliance.attendance.deciding import corrected, entered
from tests.factories.school import School, subject_of

SignedIn = Callable[[User], TestClient]
ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 6, 1, 16, tzinfo=UTC)
BEGINS, ENDS = date(2026, 2, 2), date(2026, 5, 15)


def at_school(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE)


def hours_on(enrollment: Enrollment, day: date, start: int = 9, hours: int = 3) -> HoursIn:
    begins = at_school(day, start)
    return HoursIn(
        enrollment_id=enrollment.id,
        clock_in=begins,
        clock_out=begins + timedelta(hours=hours),
        reason="From the class list",
    )


def withdrawn(session: Session, school: School) -> Enrollment:
    enrollment = school.enrollment(school.student(), enrolled_at=BEGINS, status=EnrollmentStatus.WITHDRAWN)
    session.add(
        Withdrawal(user_id=enrollment.user_id, enrollment_id=enrollment.id, requested_at=at_school(ENDS, 10))
    )
    session.flush()
    return enrollment


def completed(_session: Session, school: School) -> Enrollment:
    return school.enrollment(
        school.student(), enrolled_at=BEGINS, status=EnrollmentStatus.COMPLETED, completed_at=ENDS
    )


@pytest.mark.parametrize("make", [withdrawn, completed])
@time_machine.travel(NOW, tick=False)
def test_after_its_end_hours_count_within_the_enrollment_alone(
    session: Session, school: School, make: Callable[[Session, School], Enrollment]
) -> None:
    enrollment, staff = make(session, school), subject_of(school.admin())
    for day in (BEGINS, date(2026, 4, 1)):
        assert entered(session, staff, hours_on(enrollment, day), ZONE).total_minutes == 180
    # The last day is a whole day: until midnight at the school.
    entered(session, staff, hours_on(enrollment, ENDS, start=21), ZONE)
    with pytest.raises(Invalid, match=r"began on February 2, 2026; hours before that day do not count"):
        entered(session, staff, hours_on(enrollment, BEGINS - timedelta(days=1)), ZONE)
    for day, start in ((ENDS, 22), (ENDS + timedelta(days=1), 0), (date(2026, 5, 20), 9)):
        with pytest.raises(Invalid, match=r"on May 15, 2026; hours after that day do not count") as refused:
            entered(session, staff, hours_on(enrollment, day, start=start), ZONE)
        assert refused.value.errors[0].field == "clock_out"


@time_machine.travel(NOW, tick=False)
def test_an_active_enrollment_has_no_hours_before_it(school: School, signed_in: SignedIn) -> None:
    enrollment = school.enrollment(school.student(), enrolled_at=BEGINS)
    client = signed_in(school.admin())
    early = hours_on(enrollment, date(2026, 1, 30))
    answer = client.post("/api/v1/attendance", json=early.model_dump(mode="json"))
    assert answer.status_code == 422
    assert "began on February 2, 2026" in answer.json()["detail"]
    typed = {
        "enrollment_id": enrollment.id,
        "clock_in": "2026-01-30T09:00",
        "clock_out": "2026-01-30T12:00",
        "reason": "From the class list",
    }
    page = client.post("/attendance/new", data=typed)
    assert (page.status_code, "began on February 2, 2026" in page.text) == (422, True)


@time_machine.travel(NOW, tick=False)
def test_a_correction_cannot_move_hours_out_of_the_enrollment_but_takes_them_away(
    session: Session, school: School
) -> None:
    enrollment, staff = withdrawn(session, school), subject_of(school.admin())
    stray = school.attendance(enrollment, at_school(date(2026, 5, 20), 9))
    later = CorrectionIn(
        clock_in=stray.clock_in, clock_out=at_school(date(2026, 5, 20), 10), reason="Left early"
    )
    with pytest.raises(Invalid, match="after that day"):
        corrected(session, staff, stray.id, later, ZONE)
    none = CorrectionIn(clock_in=stray.clock_in, clock_out=stray.clock_in, reason="Had withdrawn")
    assert corrected(session, staff, stray.id, none, ZONE).total_minutes == 0


@time_machine.travel(NOW, tick=False)
def test_an_end_without_a_date_takes_no_more_hours(session: Session, school: School) -> None:
    old = school.enrollment(school.student(), enrolled_at=BEGINS, status=EnrollmentStatus.WITHDRAWN)
    with pytest.raises(Invalid, match="last day is not on record"):
        entered(session, subject_of(school.admin()), hours_on(old, date(2026, 3, 2)), ZONE)


@time_machine.travel(NOW, tick=False)
def test_a_deleted_student_gets_no_hours(session: Session, school: School, signed_in: SignedIn) -> None:
    student = school.student(full_name="Gwen Gone", deleted_at=NOW)
    enrollment = school.enrollment(student, enrolled_at=BEGINS)
    entry = hours_on(enrollment, date(2026, 3, 2))
    with pytest.raises(Conflict, match="account of Gwen Gone is deleted"):
        entered(session, subject_of(school.admin()), entry, ZONE)
    answer = signed_in(school.admin()).post("/api/v1/attendance", json=entry.model_dump(mode="json"))
    assert answer.status_code == 409
    assert session.scalar(select(func.count()).where(Attendance.user_id == student.id)) == 0


@pytest.mark.parametrize("role", [Role.INSTRUCTOR, Role.ADMIN])
@time_machine.travel(NOW, tick=False)
def test_a_former_student_does_not_touch_their_own_hours(
    session: Session, school: School, signed_in: SignedIn, role: Role
) -> None:
    person = school.user(role)
    enrollment = school.enrollment(
        person, enrolled_at=BEGINS, status=EnrollmentStatus.COMPLETED, completed_at=ENDS
    )
    record = school.attendance(enrollment, at_school(date(2026, 3, 2), 9))
    with pytest.raises(Forbidden, match="You cannot change your own hours"):
        entered(session, subject_of(person), hours_on(enrollment, date(2026, 3, 3)), ZONE)
    longer = {
        "clock_in": record.clock_in.isoformat(),
        "clock_out": (record.clock_in + timedelta(hours=8)).isoformat(),
        "reason": "I stayed longer",
    }
    answer = signed_in(person).put(f"/api/v1/attendance/{record.id}", json=longer)
    assert answer.status_code == 403
    assert "You cannot change your own hours" in answer.json()["detail"]


@pytest.mark.parametrize("status", [EnrollmentStatus.WITHDRAWN, EnrollmentStatus.COMPLETED])
@time_machine.travel(NOW, tick=False)
def test_an_ended_enrollment_projects_no_date(
    session: Session, school: School, status: EnrollmentStatus
) -> None:
    student = school.student()
    enrollment = school.enrollment(
        student, school.program(clock_hours=480), enrolled_at=BEGINS, status=status
    )
    for back in range(1, 15):
        school.attendance(enrollment, NOW - timedelta(days=back, hours=4))
    found = service.totals(session, subject_of(student), student.id, ZONE).enrollments[0]
    assert found.finish_on is None
    assert "has ended" in found.explanation
