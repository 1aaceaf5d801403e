"""The roster of a class meeting: one tap each, hours when the meeting is over, nothing counted twice."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.attendance import queries
from app.compliance.attendance import service as attendance
from app.compliance.attendance.roster import service
from app.compliance.attendance.roster.schemas import MarkForm, RosterLine
from app.compliance.attendance.schemas import CorrectionIn
from app.compliance.attendance.totals import service as totals
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.core.permissions import Duty, Subject
from app.db.models import Attendance, AuditEntry, ClassAttendance, Enrollment
from app.db.session import Database
from app.rules.roster import Mark
from tests.compliance.attendance.deciding import corrected, registrar
from tests.factories.school import School, subject_of

ZONE = ZoneInfo("America/New_York")
STARTS = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
"""A Monday, 8:30 at the school; the class meets until 12:30."""
ENDS = STARTS + timedelta(hours=4)


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def during(minutes: int) -> datetime:
    return STARTS + timedelta(minutes=minutes)


class Room:
    """A class of three with their instructor."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.school = school = School(session)
        self.teacher = school.instructor(full_name="Tess Carter")
        program = school.program()
        self.people = [
            school.student(full_name=name) for name in ("Ana Alvarez", "Bea Brown", "Cem Castillo")
        ]
        self.enrollments: list[Enrollment] = [school.enrollment(one, program) for one in self.people]
        self.record = school.school_class(
            program,
            code="DA-M",
            teacher=self.teacher,
            students=self.enrollments,
            weekly=[(0, time(8, 30), time(12, 30)), (1, time(8, 30), time(12, 30))],
        )

    def tap(
        self, student: int, mark: str, *, typed: time | None = None, by: Subject | None = None, **more: str
    ) -> None:
        values = MarkForm(
            enrollment_id=self.enrollments[student].id,
            mark=mark,
            at=typed,
            **more,  # type: ignore[arg-type]
        )
        service.mark(self.session, by or subject_of(self.teacher), self.record.id, STARTS, values, ZONE)

    def lines(self) -> list[RosterLine]:
        return service.read(self.session, subject_of(self.teacher), self.record.id, ZONE, STARTS).lines

    def entries(self, student: int) -> list[tuple[datetime, datetime | None, int | None, str]]:
        rows = self.session.scalars(
            select(Attendance).where(Attendance.user_id == self.people[student].id).order_by(Attendance.id)
        )
        return [(row.clock_in, row.clock_out, row.total_minutes, row.source) for row in rows]

    def settle(self) -> int:
        return service.settle_due(self.session, ZONE)


@pytest.fixture
def room(session: Session) -> Room:
    return Room(session)


def test_marks_become_hours_when_the_meeting_is_over_and_agree_with_the_documented_query(room: Room) -> None:
    with at(during(0)):
        room.tap(0, "present")
        room.tap(2, "absent")
    with at(during(20)):
        room.tap(1, "late")
    with at(during(100)):
        assert room.settle() == 0
        room.tap(1, "left_early")
    # Who left has their hours at once; for the others the meeting goes on.
    assert room.entries(0) == []
    assert room.entries(1) == [(during(20), during(100), 80, "roster")]
    with at(ENDS):
        assert (room.settle(), room.settle()) == (1, 0)
        assert room.entries(0) == [(STARTS, ENDS, 240, "roster")]
        assert room.entries(2) == []
        assert [(line.mark, line.minutes) for line in room.lines()] == [
            (Mark.PRESENT, 240),
            (Mark.LEFT_EARLY, 80),
            (Mark.ABSENT, None),
        ]
    hours = {
        row.full_name: row.total_minutes
        for row in room.session.execute(queries.attendance_hours_per_student())
    }
    assert (hours["Ana Alvarez"], hours["Bea Brown"]) == (240, 80)
    assert totals.compare(room.session).differences == 0
    marked = room.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "class_attendance.marked").order_by(AuditEntry.id)
    ).all()
    assert [entry.details["mark"] for entry in marked] == [
        [None, "present"], [None, "absent"], [None, "late"], ["late", "left_early"],
    ]  # fmt: skip
    assert {entry.student_id for entry in marked} == {one.id for one in room.people}


def test_after_the_meeting_a_mark_counts_at_once_and_undo_takes_its_hours_back(room: Room) -> None:
    with at(ENDS + timedelta(hours=1)):
        room.tap(0, "present")
        with pytest.raises(Invalid, match=r"is over. Enter the time at which they arrived"):
            room.tap(0, "late")
        room.tap(0, "late", typed=time(9, 0))
        assert room.entries(0) == [(during(30), ENDS, 210, "roster")]
        room.tap(0, "none")
        assert room.entries(0) == [(during(30), during(30), 0, "roster")]
        room.tap(0, "present")
        # One entry, whatever was tapped in between; the history has each step.
        assert room.entries(0) == [(STARTS, ENDS, 240, "roster")]
        room.tap(0, "present")
        room.tap(0, "excused", note="Dentist")
        room.tap(0, "excused")
        assert room.lines()[0].note == "Dentist"
        assert room.entries(0)[0][2] == 0
    count = select(AuditEntry).where(AuditEntry.action == "class_attendance.marked")
    assert len(room.session.scalars(count).all()) == 5


@pytest.mark.parametrize("minutes", [0, 60])
def test_another_mark_does_not_take_back_an_approved_correction(room: Room, minutes: int) -> None:
    with at(ENDS + timedelta(hours=1)):
        room.tap(0, "present")
        record = room.session.scalars(select(Attendance)).one()
        values = CorrectionIn(clock_in=STARTS, clock_out=during(minutes), reason="Was at the dentist")
        corrected(room.session, subject_of(room.teacher), record.id, values, ZONE)
        for mark in ("absent", "present"):
            room.tap(0, mark)
            assert room.entries(0) == [(STARTS, during(minutes), minutes, "staff")]
            assert room.lines()[0].minutes == minutes


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (time(8, 29), "outside the meeting, 8:30 AM to 12:30 PM"),
        (time(12, 31), "outside the meeting"),
        (time(10, 31), "in the future; it is 10:30 AM now"),
    ],
)
def test_a_time_outside_the_meeting_or_in_the_future_is_refused(
    room: Room, typed: time, sentence: str
) -> None:
    with at(during(120)), pytest.raises(Invalid, match=sentence):
        room.tap(0, "late", typed=typed)
    with at(during(120)):
        room.tap(0, "late", typed=time(9, 30))
        with pytest.raises(Invalid, match="arrived only at 9:30 AM"):
            room.tap(0, "left_early", typed=time(9, 0))
    assert room.session.scalars(select(ClassAttendance)).one().mark == "late"


def test_who_clocked_themself_is_shown_and_not_counted_twice(room: Room) -> None:
    ana, bea, cem = (subject_of(one) for one in room.people)
    with at(during(-10)):
        attendance.clock_in(room.session, ana, ZONE)
        attendance.clock_in(room.session, cem, ZONE)
    with at(during(5)):
        attendance.clock_in(room.session, bea, ZONE)
        service.mark_all_present(room.session, subject_of(room.teacher), room.record.id, STARTS, ZONE)
    with at(during(240 + 15)):
        attendance.clock_out(room.session, ana, ZONE)
        # Bea is still clocked in, so nobody knows yet how long for.
        assert room.settle() == 1
        first, second, _ = room.lines()
        assert (first.minutes, second.minutes) == (265, None)
        assert first.clocked is not None
        assert first.clocked.by_clock
    with at(during(240 + 30)):
        attendance.clock_out(room.session, bea, ZONE)
        assert room.settle() == 1
    assert [row[2:] for row in room.entries(0) + room.entries(1)] == [(265, "clock"), (265, "clock")]
    # Cem forgot the clock: it counts nothing, and the instructor saw them.
    with at(during(24 * 60)):
        attendance.clock_in(room.session, cem, ZONE)
        assert room.settle() == 1
    assert [row[2:] for row in room.entries(2)] == [(0, "clock"), (None, "clock"), (240, "roster")]


def test_who_left_and_came_back_by_the_clock_keeps_both_until_the_mark_says_absent(room: Room) -> None:
    ana = subject_of(room.people[0])
    with at(during(100)):
        room.tap(0, "left_early")
    with at(during(110)):
        attendance.clock_in(room.session, ana, ZONE)
    with at(ENDS):
        attendance.clock_out(room.session, ana, ZONE)
    with at(ENDS + timedelta(hours=1)):
        room.tap(0, "present")
        assert [row[2:] for row in room.entries(0)] == [(100, "roster"), (130, "clock")]
        room.tap(0, "absent")
        assert [row[2:] for row in room.entries(0)] == [(0, "roster"), (130, "clock")]


def test_all_present_leaves_marks_that_stand(room: Room) -> None:
    with at(during(1)):
        room.tap(1, "absent")
        teacher = subject_of(room.teacher)
        assert service.mark_all_present(room.session, teacher, room.record.id, STARTS, ZONE) == 2
        assert service.mark_all_present(room.session, teacher, room.record.id, STARTS, ZONE) == 0
        view = service.read(room.session, teacher, room.record.id, ZONE)
    assert {name: count for name, count in view.counts.items() if count} == {"present": 2, "absent": 1}
    assert view.counts.keys() == {"none", "away", "reported", *Mark}


def test_only_an_instructor_of_the_class_and_who_corrects_everybodys_hours_mark(room: Room) -> None:
    stranger, auditor = subject_of(room.school.instructor()), registrar(room.session)
    auditor = replace(auditor, duties=frozenset({Duty.AUDITOR}))
    with at(during(1)):
        with pytest.raises(NotFound):
            room.tap(0, "present", by=stranger)
        with pytest.raises(Forbidden):
            room.tap(0, "present", by=auditor)
        with pytest.raises(Forbidden):
            room.tap(0, "present", by=subject_of(room.people[0]))
        room.tap(0, "present", by=registrar(room.session))
        other = room.school.enrollment(room.school.student())
        room.enrollments.append(other)
        with pytest.raises(NotFound, match="not in the class that day"):
            room.tap(3, "present")


def test_a_roster_opens_shortly_before_and_closes_after_the_policys_days(room: Room) -> None:
    with at(during(-31)), pytest.raises(Conflict, match="opens 30 minutes before"):
        room.tap(0, "present")
    with at(during(-30)):
        room.tap(0, "present")
        with pytest.raises(Invalid, match="has not begun"):
            room.tap(1, "late")
    with at(ENDS + timedelta(days=7)):
        room.tap(1, "present")
    with at(ENDS + timedelta(days=7, seconds=1)), pytest.raises(Conflict, match="open for 7 days"):
        room.tap(2, "present")
    elsewhere = MarkForm(enrollment_id=room.enrollments[0].id, mark="present")
    with at(ENDS), pytest.raises(NotFound, match="no meeting at that time"):
        service.mark(room.session, subject_of(room.teacher), room.record.id, during(1), elsewhere, ZONE)


def test_hours_outside_the_enrollment_are_refused_and_nothing_is_half_written(room: Room) -> None:
    room.enrollments[0].enrolled_at = STARTS.date() + timedelta(days=1)
    room.session.flush()
    with at(ENDS), pytest.raises(Invalid), room.session.begin_nested():
        room.tap(0, "present")
    everybody = (room.session, subject_of(room.teacher), room.record.id, STARTS, ZONE)
    with at(ENDS), pytest.raises(Invalid, match="Ana Alvarez: "), room.session.begin_nested():
        service.mark_all_present(*everybody)
    assert room.session.scalars(select(ClassAttendance)).all() == []
    with at(during(1)):
        # Marked while it goes on: the job leaves that one alone and works out the others.
        service.mark_all_present(*everybody)
    with at(ENDS):
        assert room.settle() == 2
        assert not any(line.refused for line in room.lines())
    with at(ENDS + timedelta(minutes=16)):
        assert [line.refused for line in room.lines()] == [True, False, False]


def test_two_taps_at_once_make_one_time_entry(live_database: Database) -> None:
    with live_database.begin() as session, at(ENDS):
        room = Room(session)
        teacher, class_id = subject_of(room.teacher), room.record.id
        number, user_id = room.enrollments[0].id, room.people[0].id
    together = threading.Barrier(4)
    refused: list[Problem] = []

    def tap(mark: str) -> None:
        together.wait()
        try:
            with live_database.begin() as session:
                values = MarkForm(
                    enrollment_id=number, mark=mark, at=time(10, 0) if mark != "present" else None
                )  # type: ignore[arg-type]
                service.mark(session, teacher, class_id, STARTS, values, ZONE)
        except Problem as problem:
            refused.append(problem)

    with at(ENDS):
        threads = [
            threading.Thread(target=tap, args=(one,)) for one in ("present", "late", "present", "left_early")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert refused == []
    with live_database.begin() as session:
        entry = session.scalars(select(Attendance).where(Attendance.user_id == user_id)).one()
        row = session.scalars(select(ClassAttendance)).one()
        minutes = {"present": 240, "late": 150, "left_early": 90}
        assert entry.total_minutes in (minutes[row.mark or ""], 0)
        assert row.attendance_id == entry.id
        assert totals.compare(session).differences == 0
