"""How students stand in attendance, for one when somebody looks and for everybody every hour."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.attendance.roster import service as rosters
from app.compliance.attendance.roster.schemas import MarkForm
from app.compliance.attendance.standings import service
from app.core.errors import NotFound
from app.db.models import AttendanceStanding, Enrollment, EnrollmentStatus, User
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.queries import counted

SignedIn = Callable[[User], TestClient]
ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 5, 29, 22, tzinfo=UTC)
"""A Friday. The class meets on weekdays from May 4 on, from 8:30 to 12:30: on 20 days so far."""
FIRST = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


class Room:
    """A class of four: one who attends, one who stays away, one who comes late, one who has left the program."""

    def __init__(self, school: School) -> None:
        self.school = school
        self.teacher = school.instructor()
        program = school.program(name="Dental Assistant")
        names = ("Ana Always", "Bea Absent", "Cem Late", "Dia Done")
        self.enrollments: list[Enrollment] = [
            school.enrollment(school.student(full_name=name), program) for name in names
        ]
        self.record = school.school_class(
            program,
            teacher=self.teacher,
            students=self.enrollments,
            weekly=[(day, time(8, 30), time(12, 30)) for day in range(5)],
            starts_on=date(2026, 5, 4),
        )
        for number in range(26):
            start = FIRST + timedelta(days=number)
            if start.weekday() > 4:
                continue
            school.attendance(self.enrollments[0], start, minutes=240)
            if number < 18:
                school.attendance(self.enrollments[1], start, minutes=240)
            late = 10 if number >= 21 else 0
            school.attendance(self.enrollments[2], start + timedelta(minutes=late), minutes=240 - late)
        self.enrollments[3].status = EnrollmentStatus.WITHDRAWN
        school.session.flush()


@pytest.fixture
def room(school: School) -> Room:
    return Room(school)


def test_everybody_is_measured_and_the_list_says_by_which_rule(session: Session, room: Room) -> None:
    assert service.refresh(session, ZONE) == 3
    rows = {
        row.full_name: row[0]
        for row in service.list_standings(session, subject_of(room.teacher), Paging(), at_risk=False)
        .page()
        .items
    }
    assert set(rows) == {"Ana Always", "Bea Absent", "Cem Late"}
    ana, bea, cem = (rows[name] for name in ("Ana Always", "Bea Absent", "Cem Late"))
    assert (ana.attendance_pct, ana.last_attended_on, ana.reasons) == (
        Decimal("100.0"),
        date(2026, 5, 29),
        [],
    )
    assert (bea.attendance_pct, bea.last_attended_on) == (Decimal("70.0"), date(2026, 5, 21))
    assert (bea.scheduled_minutes, bea.attended_minutes) == (20 * 240, 14 * 240)
    assert (bea.consecutive_absences, bea.absences) == (6, 6)
    assert bea.reasons == [
        "6 scheduled days in a row without attendance (the policy’s limit is 3)",
        "70.0% of the scheduled hours attended (the policy asks for 80%)",
    ]
    assert (cem.tardies, cem.reasons) == (5, ["5 late arrivals in 30 days (the policy’s limit is 5)"])
    assert service.count_at_risk(session, subject_of(room.teacher)) == 2
    assert service.count_at_risk(session, subject_of(room.school.instructor())) == 0


def test_what_is_worked_out_for_one_is_what_the_list_has(session: Session, room: Room) -> None:
    service.refresh(session, ZONE)
    kept = {row.enrollment_id: row for row in session.scalars(select(AttendanceStanding))}
    for enrollment in room.enrollments[:3]:
        student = subject_of(session.get_one(User, enrollment.user_id))
        (found,) = service.of_student(session, student, student.user_id, ZONE)
        row = kept[enrollment.id]
        assert (found.measures.attendance_pct, list(found.measures.reasons)) == (
            row.attendance_pct,
            row.reasons,
        )
        with pytest.raises(NotFound):
            service.of_student(session, student, room.enrollments[3].user_id, ZONE)


def test_an_excused_day_is_no_absence_and_a_mark_late_is_a_late_arrival(session: Session, room: Room) -> None:
    teacher, bea = subject_of(room.teacher), room.enrollments[1]
    for back, mark in ((1, "excused"), (2, "excused"), (3, "excused"), (0, "late")):
        day = FIRST + timedelta(days=25 - back)
        typed = time(9, 0) if mark == "late" else None
        values = MarkForm(enrollment_id=bea.id, mark=mark, at=typed)  # type: ignore[arg-type]
        rosters.mark(session, teacher, room.record.id, day, values, ZONE)
    (found,) = service.of_student(session, teacher, bea.user_id, ZONE)
    measures = found.measures
    assert (measures.excused, measures.absences, measures.consecutive_absences) == (3, 2, 0)
    assert (measures.tardies, measures.last_attended_on) == (1, date(2026, 5, 29))


def test_who_is_over_is_forgotten_and_the_page_costs_the_same_for_many(session: Session, room: Room) -> None:
    service.refresh(session, ZONE)
    room.enrollments[0].status = EnrollmentStatus.COMPLETED
    session.flush()
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        assert service.refresh(session, ZONE) == 2
    assert len(session.scalars(select(AttendanceStanding)).all()) == 2
    teacher = subject_of(room.teacher)
    with counted(session.connection()) as few:
        service.of_student(session, teacher, room.enrollments[1].user_id, ZONE)
    for _ in range(3):
        room.school.seat(
            room.record, room.school.enrollment(session.get_one(User, room.enrollments[1].user_id))
        )
    with counted(session.connection()) as many:
        service.of_student(session, teacher, room.enrollments[1].user_id, ZONE)
    assert len(many) == len(few)


def test_the_pages_and_files(session: Session, room: Room, signed_in: SignedIn) -> None:
    office = signed_in(room.school.admin())
    assert "No student is at risk" in office.get("/attendance/at-risk").text
    service.refresh(session, ZONE)
    page = office.get("/attendance/at-risk").text
    assert ("Bea Absent" in page, "Cem Late" in page, "Ana Always" in page) == (True, True, False)
    assert "Ana Always" in office.get("/attendance/at-risk?students=all").text
    file = office.get("/attendance/at-risk?format=csv").text
    assert "70.0% of the scheduled hours attended" in file
    for kind in ("xlsx", "json"):
        assert office.get(f"/attendance/at-risk?format={kind}").status_code == 200
    assert office.get("/attendance/at-risk?students=some").status_code == 422
    bea = room.enrollments[1].user_id
    assert "6 scheduled days in a row" in office.get(f"/people/{bea}/attendance").text
    assert office.get("/people/2147483647/attendance").status_code == 404
    own = signed_in(session.get_one(User, bea))
    assert "70.0%" in own.get("/hours/standing").text
    assert own.get(f"/people/{bea}/attendance").status_code == 403
    assert office.get("/hours/standing").status_code == 404
