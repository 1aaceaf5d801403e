"""The clock, corrections and totals against a real database."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.compliance.attendance import queries, service
from app.compliance.attendance.schemas import (
    AttendanceFilter,
    AttendanceOut,
    AttendanceState,
    CorrectionIn,
    HoursIn,
)
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.core.permissions import SYSTEM
from app.db.models import Attendance, AuditEntry, EnrollmentStatus, User
from app.db.session import Database
from app.web.paging import Paging
from tests.compliance.attendance.deciding import corrected, entered
from tests.factories.school import School, subject_of

ZONE = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def new_york(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZONE, fold=fold)  # type: ignore[misc,arg-type]


def test_in_and_out_make_one_record_with_its_minutes(session: Session, school: School) -> None:
    student = school.student()
    enrollment = school.enrollment(student)
    with at(MONDAY):
        began = service.clock_in(session, subject_of(student), ZONE)
    assert (began.state, began.clock_out, began.total_minutes) == (AttendanceState.OPEN, None, None)
    assert began.clock_in.isoformat() == "2026-05-04T08:00:00-04:00"
    with at(MONDAY + timedelta(hours=7, minutes=40, seconds=59)):
        ended = service.clock_out(session, subject_of(student), ZONE)
    assert (ended.id, ended.total_minutes, ended.state) == (began.id, 460, AttendanceState.COMPLETE)
    assert ended.enrollment_id == enrollment.id
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.target_id == str(ended.id))).all()
    assert sorted(actions) == ["attendance.clocked_in", "attendance.clocked_out"]


def test_a_second_clock_in_and_a_clock_out_without_one_are_refused(session: Session, school: School) -> None:
    student = subject_of(school.student())
    with pytest.raises(Conflict, match="no active enrollment"):
        service.clock_in(session, student, ZONE)
    school.enrollment(session.get_one(User, student.user_id))
    with pytest.raises(Conflict, match="not clocked in"):
        service.clock_out(session, student, ZONE)
    with at(MONDAY):
        service.clock_in(session, student, ZONE)
        with pytest.raises(Conflict, match=r"since May 4, 2026, 8:00 AM EDT"):
            service.clock_in(session, student, ZONE)
    assert (
        session.scalars(select(Attendance).where(Attendance.user_id == student.user_id)).one().clock_out
        is None
    )


def test_with_several_programs_the_student_chooses(session: Session, school: School) -> None:
    student = school.student()
    first, second = school.enrollment(student), school.enrollment(student)
    with pytest.raises(Invalid, match="several programs"):
        service.clock_in(session, subject_of(student), ZONE)
    assert service.clock_in(session, subject_of(student), ZONE, second.id).enrollment_id == second.id
    assert first.id != second.id


def test_only_the_students_own_active_enrollment_counts(session: Session, school: School) -> None:
    student, other = school.student(), school.enrollment(school.student())
    over = school.enrollment(student, status=EnrollmentStatus.WITHDRAWN)
    for unknown in (other.id, 2**31 - 1):
        with pytest.raises(NotFound):
            service.clock_in(session, subject_of(student), ZONE, unknown)
    with pytest.raises(Conflict, match="withdrawn"):
        service.clock_in(session, subject_of(student), ZONE, over.id)
    with pytest.raises(Forbidden):
        service.clock_in(session, subject_of(school.instructor()), ZONE)


def test_hours_recorded_ahead_refuse_a_clock_in(session: Session, school: School) -> None:
    student = school.student()
    school.attendance(school.enrollment(student), MONDAY, minutes=120)
    with (
        at(MONDAY + timedelta(hours=1)),
        pytest.raises(Conflict, match=r"already recorded until .*10:00 AM EDT"),
    ):
        service.clock_in(session, subject_of(student), ZONE)


def test_a_forgotten_time_entry_counts_nothing_and_makes_room_for_the_next(
    session: Session, school: School
) -> None:
    student = school.student()
    forgotten = school.attendance(school.enrollment(student), MONDAY, clock_out=None)
    with at(MONDAY + timedelta(days=1)):
        shown = service.get(session, subject_of(student), forgotten.id, ZONE)
        assert (shown.state, shown.total_minutes) == (AttendanceState.NEEDS_CORRECTION, None)
        assert not service.who_is_here(session, subject_of(school.admin()), Paging(), ZONE).total()
        began = service.clock_in(session, subject_of(student), ZONE)
        kept = service.get(session, subject_of(student), forgotten.id, ZONE)
        totals = service.totals(session, subject_of(student), student.id, ZONE)
    assert began.state is AttendanceState.OPEN
    assert (kept.state, kept.clock_out, kept.total_minutes) == (AttendanceState.NEEDS_CORRECTION, None, None)
    assert totals.total_minutes == 0


def test_clocking_out_the_next_day_does_not_invent_hours(session: Session, school: School) -> None:
    student = school.student()
    school.attendance(school.enrollment(student), MONDAY, clock_out=None)
    with at(MONDAY + timedelta(hours=16, seconds=1)):
        ended = service.clock_out(session, subject_of(student), ZONE)
    assert (ended.state, ended.total_minutes) == (AttendanceState.NEEDS_CORRECTION, None)
    action = select(AuditEntry.action).where(AuditEntry.target_id == str(ended.id))
    assert session.scalars(action).all() == ["attendance.clock_out_missing"]


@pytest.mark.parametrize(("day", "minutes"), [((2026, 3, 8), 180), ((2026, 11, 1), 300)])
def test_list_and_total_are_right_across_clock_changes(
    session: Session, school: School, day: tuple[int, int, int], minutes: int
) -> None:
    student, admin = school.student(), subject_of(school.admin())
    enrollment = school.enrollment(student)
    entry = HoursIn(
        enrollment_id=enrollment.id,
        clock_in=new_york(*day, 0, 30),
        clock_out=new_york(*day, 4, 30),
        reason="The clock was broken",
    )
    with at(new_york(2026, 12, 1).astimezone(UTC)):
        recorded = entered(session, admin, entry, ZONE)
        listed = service.list_records(
            session, admin, AttendanceFilter(first=date(*day), last=date(*day)), Paging(), ZONE
        )
        by_day = service.minutes_by_day(session, admin, student.id, date(*day), date(*day), ZONE)
        totals = service.totals(session, admin, student.id, ZONE, weeks=60)
    assert recorded.total_minutes == minutes
    assert [item.total_minutes for item in listed.page().items] == [minutes]
    assert by_day == {date(*day): minutes}
    assert totals.total_minutes == minutes
    assert sum(week.minutes for week in totals.weeks) == minutes


def test_the_days_of_a_filter_are_the_schools(session: Session, school: School) -> None:
    enrollment = school.enrollment(school.student())
    late = school.attendance(enrollment, new_york(2026, 5, 4, 23, 30), minutes=20)
    early = school.attendance(enrollment, new_york(2026, 5, 5, 0, 0), minutes=20)
    admin = subject_of(school.admin())

    def found(first: date | None, last: date | None) -> list[int]:
        wanted = AttendanceFilter(user_id=enrollment.user_id, first=first, last=last)
        return [item.id for item in service.list_records(session, admin, wanted, Paging(), ZONE).page().items]

    assert found(date(2026, 5, 4), date(2026, 5, 4)) == [late.id]
    assert found(date(2026, 5, 5), None) == [early.id]
    assert found(None, date(2026, 5, 5)) == [early.id, late.id]


def test_a_correction_keeps_reason_and_both_versions(session: Session, school: School) -> None:
    student = school.student()
    entry = school.attendance(school.enrollment(student), MONDAY, clock_out=MONDAY, missing_clock_out=True)
    admin = school.admin(full_name="Registrar R")
    values = CorrectionIn(
        clock_in=MONDAY, clock_out=MONDAY + timedelta(hours=4), reason="Left with the class"
    )
    with at(MONDAY + timedelta(days=2)):
        found = corrected(session, subject_of(admin), entry.id, values, ZONE)
    assert (found.state, found.total_minutes) == (AttendanceState.COMPLETE, 240)
    assert found.notes == "Corrected May 6, 2026, 8:00 AM EDT by Rita Registrar: Left with the class"
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "attendance.corrected")).one()
    assert entry.details["before"]["total_minutes"] == 0
    assert entry.details["after"]["total_minutes"] == 240
    assert (entry.reason, entry.student_id) == ("Left with the class", student.id)


@pytest.mark.parametrize(
    ("clock_in", "clock_out", "sentence"),
    [
        (MONDAY, MONDAY + timedelta(hours=17), "16 hours at most"),
        (MONDAY, MONDAY - timedelta(minutes=1), "before the clock-in"),
        (MONDAY + timedelta(days=9), MONDAY + timedelta(days=9, hours=1), "future"),
        (MONDAY, MONDAY + timedelta(days=9), "future"),
        (datetime(1999, 12, 31, tzinfo=UTC), MONDAY, "between 2000"),
        (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), "between 2000"),
    ],
)
def test_unbelievable_times_are_refused(
    session: Session, school: School, clock_in: datetime, clock_out: datetime, sentence: str
) -> None:
    enrollment = school.enrollment(school.student())
    admin = subject_of(school.admin())
    entry = HoursIn(enrollment_id=enrollment.id, clock_in=clock_in, clock_out=clock_out, reason="because")
    with at(MONDAY + timedelta(days=1)), pytest.raises(Invalid, match=sentence):
        entered(session, admin, entry, ZONE)


def test_overlapping_hours_are_refused_by_the_service_and_by_the_database(
    session: Session, school: School
) -> None:
    enrollment = school.enrollment(school.student())
    school.attendance(enrollment, MONDAY, minutes=60)
    entry = HoursIn(
        enrollment_id=enrollment.id,
        clock_in=MONDAY + timedelta(minutes=59),
        clock_out=MONDAY + timedelta(minutes=90),
        reason="because",
    )
    with pytest.raises(
        Conflict, match=r"overlap another .*: May 4, 2026, 8:00 AM EDT to May 4, 2026, 9:00 AM EDT"
    ):
        entered(session, subject_of(school.admin()), entry, ZONE)
    with pytest.raises(IntegrityError) as caught:
        school.attendance(enrollment, entry.clock_in, clock_out=entry.clock_out)
    assert caught.value.orig.diag.constraint_name == "ex_attendance_overlap"  # type: ignore[union-attr]


def test_students_see_only_their_own(session: Session, school: School) -> None:
    mine, theirs = school.enrollment(school.student()), school.enrollment(school.student())
    school.attendance(mine)
    other = school.attendance(theirs)
    me = subject_of(session.get_one(User, mine.user_id))
    with pytest.raises(NotFound):
        service.get(session, me, other.id, ZONE)
    with pytest.raises(NotFound):
        service.list_records(session, me, AttendanceFilter(user_id=theirs.user_id), Paging(), ZONE)
    with pytest.raises(NotFound):
        service.totals(session, me, theirs.user_id, ZONE)
    listed = service.list_records(session, me, AttendanceFilter(), Paging(), ZONE).page()
    assert {item.user_id for item in listed.items} == {mine.user_id}
    with pytest.raises(NotFound):
        corrected(session, me, other.id, CorrectionIn(clock_in=MONDAY, clock_out=MONDAY, reason="mine"), ZONE)


def test_totals_project_a_date_and_say_why(session: Session, school: School) -> None:
    student = school.student()
    enrollment = school.enrollment(student, school.program(clock_hours=100))
    for day in range(20):
        school.attendance(enrollment, MONDAY + timedelta(days=day), minutes=180)
    with at(MONDAY + timedelta(days=20)):
        found = service.totals(session, subject_of(student), student.id, ZONE).enrollments[0]
    assert (found.done_minutes, found.required_minutes, found.percent) == (3600, 6000, 60)
    assert found.finish_on == date(2026, 6, 12)
    assert "40\u00a0h of 100\u00a0h remain" in found.explanation


DOCUMENTED = """
SELECT u.full_name, SUM(a.total_minutes) / 60.0 AS total_hours
FROM attendance a
JOIN users u ON a.user_id = u.id
GROUP BY u.id, u.full_name
ORDER BY total_hours DESC;
"""


def test_hours_per_student_gives_what_the_documented_query_gives(session: Session, school: School) -> None:
    for count in (1, 3, 2):
        enrollment = school.enrollment(school.student())
        for day in range(count):
            school.attendance(enrollment, MONDAY + timedelta(days=day), minutes=100)
    school.attendance(school.enrollment(school.student()), MONDAY, clock_out=None)
    documented = [(row.full_name, row.total_hours) for row in session.execute(text(DOCUMENTED))]
    ours = [
        (row.full_name, row.total_hours) for row in session.execute(queries.attendance_hours_per_student())
    ]
    key = lambda row: (row[0], row[1] or Decimal(-1))  # noqa: E731
    assert sorted(ours, key=key) == sorted(documented, key=key)
    page = service.hours_per_student(session, SYSTEM, Paging()).page()
    # A period is of the same sums by day: one that holds every day gives the same, and its parts add up.
    days = [date(2000, 1, 1), date(2026, 5, 4), date(2026, 5, 5), date(2100, 1, 1)]
    parts = [
        {
            item.user_id: item.total_minutes
            for item in service.hours_per_student(session, SYSTEM, Paging(), *span).rows()
        }
        for span in ((days[0], days[1]), (days[2], days[3]), (days[0], None))
    ]
    whole = {item.user_id: item.total_minutes for item in page.items if item.total_minutes}
    assert parts[2] == whole
    assert {who: sum(part.get(who, 0) for part in parts[:2]) for who in whole} == whole
    assert [item.total_minutes for item in page.items] == [300, 200, 100, 0]


@pytest.mark.parametrize("forgotten", [False, True])
def test_two_clock_ins_at_once_make_one_record(live_database: Database, forgotten: bool) -> None:
    with live_database.begin() as session:
        school = School(session)
        user = school.student()
        enrollment = school.enrollment(user)
        if forgotten:
            school.attendance(enrollment, MONDAY, clock_out=None)
        student = subject_of(user)
    start = threading.Barrier(6)
    answers: list[AttendanceOut | Problem] = []

    def tap() -> None:
        start.wait()
        try:
            with live_database.begin() as session:
                answers.append(service.clock_in(session, student, ZONE))
        except Problem as problem:
            answers.append(problem)

    threads = [threading.Thread(target=tap) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    refused = [answer for answer in answers if isinstance(answer, Conflict)]
    assert len(answers) == 6
    assert len(refused) == 5
    assert all("clocked in since" in answer.detail for answer in refused)
    with live_database.begin() as session:
        entries = session.scalars(select(Attendance)).all()
    assert len([entry for entry in entries if entry.clock_out is None]) == 1
    assert len(entries) == (2 if forgotten else 1)


def test_a_clock_in_comes_before_or_after_a_deletion_and_never_between(live_database: Database) -> None:
    with live_database.begin() as session:
        user = School(session).student()
        School(session).enrollment(user)
        student = subject_of(user)
    answers: list[AttendanceOut | Problem] = []

    def tap() -> None:
        try:
            with live_database.begin() as session:
                answers.append(service.clock_in(session, student, ZONE))
        except Problem as problem:
            answers.append(problem)

    waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    thread = threading.Thread(target=tap)
    with live_database.begin() as deleting:
        deleting.get_one(User, student.user_id).deleted_at = MONDAY
        deleting.flush()
        thread.start()
        waiting = False
        while thread.is_alive() and not waiting:
            # What a transaction has once seen of the others' waiting it sees until its end.
            with live_database.begin() as watching:
                waiting = bool(watching.scalar(waits))
    thread.join(30)
    assert [type(answer) for answer in answers] == [NotFound]
    with live_database.begin() as session:
        assert session.scalars(select(Attendance)).all() == []


def test_two_clock_outs_at_once_end_it_once(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        user = school.student()
        school.enrollment(user)
        student = subject_of(user)
        service.clock_in(session, student, ZONE)
    start = threading.Barrier(4)
    answers: list[AttendanceOut | Problem] = []

    def tap() -> None:
        start.wait()
        try:
            with live_database.begin() as session:
                answers.append(service.clock_out(session, student, ZONE))
        except Problem as problem:
            answers.append(problem)

    threads = [threading.Thread(target=tap) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(type(answer).__name__ for answer in answers) == [
        "AttendanceOut",
        "Conflict",
        "Conflict",
        "Conflict",
    ]
