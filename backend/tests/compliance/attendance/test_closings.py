"""Closing a period: everything settled first, then corrections by two people alone, and the database holds it."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from app.compliance.attendance.closings import service as closings
from app.compliance.attendance.closings.schemas import ClosingForm
from app.compliance.attendance.corrections import service as corrections
from app.compliance.attendance.corrections.schemas import DecisionIn, State
from app.compliance.attendance.roster import service as rosters
from app.compliance.attendance.roster.schemas import MarkForm
from app.compliance.attendance.schemas import CorrectionIn, HoursIn
from app.compliance.attendance.totals import service as totals
from app.core.errors import Conflict, Forbidden, Invalid
from app.core.permissions import Subject
from app.db.models import Attendance, AuditEntry, Enrollment, User
from tests.compliance.attendance.deciding import APPROVE, registrar
from tests.factories.school import School, subject_of

ZONE = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 5, 4, 12, tzinfo=UTC)
NOW = MONDAY + timedelta(days=2)


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def enrollment(school: School) -> Enrollment:
    return school.enrollment(school.student(full_name="Maria Lopez"))


@pytest.fixture
def student(session: Session, enrollment: Enrollment) -> Subject:
    return subject_of(session.get_one(User, enrollment.user_id))


def until(record: Attendance, minutes: int) -> CorrectionIn:
    return CorrectionIn(
        clock_in=record.clock_in,
        clock_out=record.clock_in + timedelta(minutes=minutes),
        reason="The tablet was off",
    )


def close(session: Session, school: School, day: datetime = MONDAY) -> None:
    admin = subject_of(school.admin())
    closings.close(session, admin, ClosingForm(through=day.date(), note="May, reported"), ZONE)


def test_a_period_is_closed_when_everything_in_it_is_settled(
    session: Session, school: School, enrollment: Enrollment, student: Subject
) -> None:
    admin = subject_of(school.admin())
    with pytest.raises(Invalid, match="Choose a day that is over"):
        close(session, school, NOW)
    with pytest.raises(Forbidden):
        closings.close(session, subject_of(school.instructor()), ClosingForm(through=MONDAY.date()), ZONE)
    forgotten = school.attendance(enrollment, MONDAY, clock_out=MONDAY, missing_clock_out=True)
    with pytest.raises(Conflict, match=r"1 record has no clock-out\. Nothing was closed"):
        close(session, school)
    made = corrections.request_change(session, student, forgotten.id, until(forgotten, 60), ZONE)
    forgotten.missing_clock_out = False
    session.flush()
    with pytest.raises(Conflict, match="1 request for a correction waits"):
        close(session, school)
    corrections.decide(session, admin, made.id, DecisionIn(decision="decline", note="No"), ZONE)
    close(session, school)
    with pytest.raises(Invalid, match="May 4, 2026 are closed already"):
        close(session, school)
    entries = select(AuditEntry.action).where(AuditEntry.action.like("attendance%")).order_by(AuditEntry.id)
    assert session.scalars(entries).all()[-1] == "attendance.period_closed"


def test_what_deleted_people_left_open_keeps_no_period_open(
    session: Session, school: School, enrollment: Enrollment, student: Subject
) -> None:
    forgotten = school.attendance(enrollment, MONDAY, clock_out=MONDAY, missing_clock_out=True)
    corrections.request_change(session, student, forgotten.id, until(forgotten, 60), ZONE)
    session.get_one(User, enrollment.user_id).deleted_at = NOW
    session.flush()
    close(session, school)


def test_in_a_closed_period_two_people_approve_neither_of_them_who_asked(
    session: Session, school: School, enrollment: Enrollment, student: Subject
) -> None:
    record = school.attendance(enrollment, MONDAY, minutes=120)
    close(session, school)
    made = corrections.request_change(session, student, record.id, until(record, 240), ZONE)
    first, second = registrar(session), registrar(session)
    teacher = school.instructor()
    school.school_class(teacher=teacher, students=[enrollment])
    assert corrections.count_waiting(session, subject_of(teacher)) == 0, "it is not in their queue"
    with pytest.raises(Forbidden, match="closed period"):
        corrections.decide(session, subject_of(teacher), made.id, APPROVE, ZONE)
    assert corrections.decide(session, first, made.id, APPROVE, ZONE).state is State.ENDORSED
    session.refresh(record)
    assert record.total_minutes == 120
    with pytest.raises(Forbidden, match="a second person approves it too"):
        corrections.decide(session, first, made.id, APPROVE, ZONE)
    assert (corrections.count_waiting(session, first), corrections.count_waiting(session, second)) == (0, 1)
    assert corrections.decide(session, second, made.id, APPROVE, ZONE).state is State.APPROVED
    session.refresh(record)
    assert record.total_minutes == 240
    added = HoursIn(
        enrollment_id=enrollment.id,
        clock_in=MONDAY + timedelta(hours=6),
        clock_out=MONDAY + timedelta(hours=7),
        reason="Lab",
    )
    more = corrections.request_hours(session, student, added, ZONE)
    for by in (first, second):
        corrections.decide(session, by, more.id, APPROVE, ZONE)
    minutes = select(Attendance.total_minutes).where(Attendance.user_id == student.user_id)
    assert sorted(session.scalars(minutes)) == [60, 240]
    assert totals.compare(session).differences == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attendance SET clock_out = clock_out + interval '1 minute'",
        "UPDATE attendance SET clock_in = clock_in + interval '1 day', clock_out = clock_out + interval '1 day'",
        "UPDATE attendance SET missing_clock_out = true, clock_out = clock_in",
        "DELETE FROM attendance",
        (
            "INSERT INTO attendance (user_id, enrollment_id, clock_in, clock_out)"
            " SELECT user_id, enrollment_id, clock_in - interval '1 hour', clock_in FROM attendance"
        ),
    ],
)
def test_the_database_holds_what_is_closed(
    session: Session, school: School, enrollment: Enrollment, student: Subject, statement: str
) -> None:
    record = school.attendance(enrollment, MONDAY, minutes=120)
    close(session, school)
    # One approval is not enough, and a request that waits is none.
    waiting = corrections.request_change(session, student, record.id, until(record, 121), ZONE)
    corrections.decide(session, registrar(session), waiting.id, APPROVE, ZONE)
    with pytest.raises(IntegrityError, match="closed period"), session.begin_nested():
        session.execute(text(statement))
    # Remarks are no hours, and what began later is open.
    session.execute(text("UPDATE attendance SET notes = 'Seen'"))
    school.attendance(enrollment, MONDAY + timedelta(days=1), minutes=60)


def test_the_roster_of_a_closed_period_is_final(
    session: Session, school: School, enrollment: Enrollment
) -> None:
    teacher = school.instructor()
    record = school.school_class(
        teacher=teacher, students=[enrollment], weekly=[(0, time(8), time(12)), (1, time(8), time(12))]
    )
    absent = MarkForm(enrollment_id=enrollment.id, mark="absent")
    rosters.mark(session, subject_of(teacher), record.id, MONDAY, absent, ZONE)
    close(session, school)
    present = MarkForm(enrollment_id=enrollment.id, mark="present")
    with pytest.raises(Conflict, match="in a closed period, so this roster is final"):
        rosters.mark(session, subject_of(teacher), record.id, MONDAY, present, ZONE)
    with pytest.raises(IntegrityError, match="closed period is final"), session.begin_nested():
        session.execute(text("UPDATE class_attendance SET mark = 'present'"))
    rosters.mark(session, subject_of(teacher), record.id, MONDAY + timedelta(days=1), present, ZONE)


def test_a_mark_without_hours_is_named_so_that_somebody_can_open_its_roster(
    session: Session, school: School, enrollment: Enrollment
) -> None:
    teacher = school.instructor()
    record = school.school_class(
        code="DA-M", teacher=teacher, students=[enrollment], weekly=[(0, time(8), time(12))]
    )
    present = MarkForm(enrollment_id=enrollment.id, mark="present")
    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        rosters.mark(session, subject_of(teacher), record.id, MONDAY, present, ZONE)
    with pytest.raises(
        Conflict, match=r"1 roster mark has no hours yet \(Maria Lopez in DA-M, May 4, 2026.*8:00.AM EDT\)"
    ):
        close(session, school)


def test_a_closing_is_never_taken_back(session: Session, school: School) -> None:
    close(session, school)
    for statement in (
        "DELETE FROM attendance_closings",
        "UPDATE attendance_closings SET through = '2020-01-01'",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(text(statement))
