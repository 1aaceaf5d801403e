"""Days of a leave of absence have no hours, whichever way they would come: the roster, a correction, made-up hours."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.compliance.attendance import service as attendance
from app.compliance.attendance.closings import service as closings
from app.compliance.attendance.closings.schemas import ClosingForm
from app.compliance.attendance.corrections import requests
from app.compliance.attendance.roster import service
from app.compliance.attendance.schemas import AttendanceState, CorrectionIn, HoursIn
from app.core.errors import Conflict, Invalid
from app.db.models import LeaveOfAbsence, User
from app.enrollment.leaves import service as leaves
from app.enrollment.leaves.schemas import LeaveForm
from tests.compliance.attendance.deciding import approved, registrar
from tests.compliance.attendance.test_roster import ENDS, STARTS, ZONE, Room, during
from tests.factories.school import subject_of

NEXT_DAY = STARTS + timedelta(days=1)


def away(room: Room, student: int, first: int, back: int) -> LeaveOfAbsence:
    """A leave that the office records, in days from the meeting."""
    given = LeaveForm(
        request=uuid4(),
        reason="Surgery",
        starts_on=date(2026, 5, 4) + timedelta(days=first),
        return_on=date(2026, 5, 4) + timedelta(days=back),
    )
    office = subject_of(room.school.admin())
    return leaves.record(room.session, office, room.enrollments[student].id, given, ZONE)


@pytest.fixture
def room(session: Session) -> Room:
    return Room(session)


def test_the_roster_marks_nobody_on_leave(room: Room, signed_in: Callable[[User], TestClient]) -> None:
    address = f"/classes/{room.record.id}/attendance?meeting=2026-05-04T12:30:00Z"
    with time_machine.travel(during(-20), tick=False):
        room.tap(1, "present")
        away(room, 0, 0, 3)
        away(room, 1, 0, 3)
        away(room, 2, 1, 3)  # from tomorrow
    with time_machine.travel(during(10), tick=False):
        for mark in ("present", "absent"):
            with pytest.raises(Conflict, match="Ana Alvarez is on a leave of absence on that day"):
                room.tap(0, mark)
        teacher = signed_in(room.teacher)
        page = teacher.get(address).text
        assert "Mark 1 present" in page
        assert page.count("On leave") == 3, "two students, and how many of them have no mark"
        assert "Present: Ana Alvarez" not in page
        assert "Present: Bea Brown" not in page
        assert "Undo the mark of Bea Brown" in page
        assert (
            service.mark_all_present(room.session, subject_of(room.teacher), room.record.id, STARTS, ZONE)
            == 1
        )
    with time_machine.travel(ENDS, tick=False):
        room.settle()
        assert [len(room.entries(one)) for one in range(3)] == [0, 0, 1], (
            "a mark of before the leave makes no hours"
        )
        assert not any(line.refused for line in room.lines())
    with time_machine.travel(NEXT_DAY, tick=False):
        closings.close(room.session, registrar(room.session), ClosingForm(through=date(2026, 5, 4)), ZONE)


def test_no_request_adds_hours_on_a_day_of_leave(room: Room) -> None:
    session, office = room.session, registrar(room.session)
    enrollment = room.enrollments[0]

    def asked(day: int, hours: int = 2) -> HoursIn:
        begins = STARTS + timedelta(days=day)
        return HoursIn(
            enrollment_id=enrollment.id,
            clock_in=begins,
            clock_out=begins + timedelta(hours=hours),
            reason="Lab",
        )

    with time_machine.travel(STARTS + timedelta(days=9), tick=False):
        overnight = room.school.attendance(enrollment, STARTS - timedelta(days=4), minutes=60)
        waiting = requests.request_hours(session, office, asked(2), ZONE)
        leave = away(room, 0, -3, 5)  # May 1 to May 8
        for kind in ("add", "make_up"):
            with pytest.raises(
                Invalid, match=r"Ana Alvarez was on a leave of absence on May 5, 2026, until the return"
            ):
                requests.request_hours(session, office, asked(1), ZONE, kind=kind)  # type: ignore[arg-type]
        with pytest.raises(Invalid, match="on a leave of absence on May 6, 2026"):
            approved(session, waiting, ZONE)
        # A record of the evening before may not reach into the first day, and may end as it begins.
        midnight = datetime(2026, 5, 1, 4, tzinfo=STARTS.tzinfo)
        for end, allowed in ((midnight + timedelta(minutes=1), False), (midnight, True)):
            values = CorrectionIn(clock_in=midnight - timedelta(hours=3), clock_out=end, reason="Stayed on")
            if allowed:
                requests.request_change(session, office, overnight.id, values, ZONE)
            else:
                with pytest.raises(Invalid, match="on May 1, 2026"):
                    requests.request_change(session, office, overnight.id, values, ZONE)
        leaves.note_return(
            session, subject_of(room.school.admin()), leave.id, returned_on=date(2026, 5, 6), zone=ZONE
        )
        assert approved(session, waiting, ZONE).total_minutes == 120, "the student was back on that day"


def test_no_leave_begins_on_a_day_that_a_student_is_clocked_in(room: Room) -> None:
    student = subject_of(room.people[0])
    enrollment = room.enrollments[0]
    office = subject_of(room.school.admin())
    with time_machine.travel(during(30), tick=False):
        attendance.clock_in(room.session, student, ZONE, enrollment.id)
        for first in (-5, 0):
            with pytest.raises(Invalid, match="has been clocked in since"):
                away(room, 0, first, 9)
        given = LeaveForm(reason="Surgery", starts_on=date(2026, 5, 4), return_on=date(2026, 5, 9))
        with pytest.raises(Invalid, match="begin the leave on a later day"):
            leaves.ask(room.session, student, enrollment.id, given, ZONE)
        before = away(room, 0, -5, 0)
        assert before.state == "approved", "a leave that is over by today has nothing to do with it"
        later = away(room, 0, 1, 9)
    with time_machine.travel(during(26 * 60), tick=False), pytest.raises(Invalid, match="clocked in since"):
        leaves.extend(room.session, office, later.id, return_on=date(2026, 5, 20), note="Longer", zone=ZONE)


def test_a_clock_that_ran_into_a_leave_is_flagged_and_counts_nothing(room: Room) -> None:
    """Two who forgot it the day before: one whose leave begins then, and one without."""
    session, zone = room.session, ZONE
    subjects = [subject_of(one) for one in room.people[:2]]
    evening = STARTS + timedelta(hours=8)
    with time_machine.travel(evening, tick=False):
        for subject, enrollment in zip(subjects, room.enrollments, strict=False):
            attendance.clock_in(session, subject, zone, enrollment.id)
        away(room, 0, 1, 9)
    with time_machine.travel(evening + timedelta(hours=8), tick=False):  # half past midnight
        found = [attendance.clock_out(session, subject, zone) for subject in subjects]
    assert [one.state for one in found] == [AttendanceState.NEEDS_CORRECTION, AttendanceState.COMPLETE]
    assert [one.total_minutes for one in found] == [None, 480]
