"""What the clock counts outside class meetings: as the dated policy of that day says."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.attendance import service
from app.compliance.attendance.totals import service as totals
from app.core.permissions import SYSTEM
from app.db.models import Attendance, AuditEntry
from app.school.service import PolicyKind, policies
from tests.factories.school import School, subject_of

ZONE = ZoneInfo("America/New_York")
START = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
"""A Monday, 8:30 at the school. The class meets from 8:30 to 10:30 and from 11 to 13."""


def moment(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("clocked", "counted"),
    [
        ((0, 120), [(0, 120)]),
        ((-10, 125), [(0, 120)]),
        ((-10, 300), [(0, 120), (150, 270)]),
        ((60, 160), [(60, 120), (150, 160)]),
        ((121, 149), []),
        ((-100, -10), []),
    ],
)
def test_only_time_in_meetings_counts_where_the_policy_says_so(
    session: Session, school: School, clocked: tuple[int, int], counted: list[tuple[int, int]]
) -> None:
    policies.add(
        session, SYSTEM, PolicyKind.ATTENDANCE, effective_from=date(2026, 5, 4),
        values={"outside_meetings": "only_meetings"}, approved_by="Board", today=date(2026, 5, 1),
    )  # fmt: skip
    student = school.student()
    enrollment = school.enrollment(student)
    school.school_class(
        students=[enrollment], weekly=[(0, time(8, 30), time(10, 30)), (0, time(11), time(13))]
    )
    free = school.student()
    school.enrollment(free)
    for who in (student, free):
        with time_machine.travel(moment(clocked[0]), tick=False):
            service.clock_in(session, subject_of(who), ZONE)
        with time_machine.travel(moment(clocked[1]), tick=False):
            service.clock_out(session, subject_of(who), ZONE)
    rows = session.scalars(
        select(Attendance).where(Attendance.user_id == student.id).order_by(Attendance.clock_in)
    ).all()
    expected = counted or [(clocked[0], clocked[0])]
    assert [(row.clock_in, row.clock_out) for row in rows] == [(moment(a), moment(b)) for a, b in expected]
    # What the clock said stays beside what counts.
    trimmed = counted != [clocked]
    punches = (moment(clocked[0]), moment(clocked[1])) if trimmed else (None, None)
    assert {(row.punched_in, row.punched_out) for row in rows} == {punches}
    # Who sits in no class has no schedule, and all of their time counts.
    whole = session.scalars(select(Attendance.total_minutes).where(Attendance.user_id == free.id)).one()
    assert whole == clocked[1] - clocked[0]
    assert totals.compare(session).differences == 0
    ended = select(AuditEntry).where(
        AuditEntry.action == "attendance.clocked_out", AuditEntry.student_id == student.id
    )
    assert sum(entry.details["total_minutes"] for entry in session.scalars(ended)) == sum(
        b - a for a, b in counted
    )


def test_before_the_policy_all_of_it_counts(session: Session, school: School) -> None:
    policies.add(
        session, SYSTEM, PolicyKind.ATTENDANCE, effective_from=date(2026, 5, 5),
        values={"outside_meetings": "only_meetings"}, approved_by="Board", today=date(2026, 5, 1),
    )  # fmt: skip
    student = school.student()
    school.school_class(students=[school.enrollment(student)], weekly=[(0, time(8, 30), time(10, 30))])
    with time_machine.travel(moment(-60), tick=False):
        service.clock_in(session, subject_of(student), ZONE)
    with time_machine.travel(moment(180), tick=False):
        assert service.clock_out(session, subject_of(student), ZONE).total_minutes == 240
