"""Classes: their timetable, who teaches them, who sits in them, and what is double-booked."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.academics.classes import service
from app.academics.classes.schemas import ChangeForm, ClassForm, InstructorForm, WeeklyForm, WeeklyIn
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.core.permissions import Subject
from app.db.models import AuditEntry, ClassSeat, EnrollmentStatus, SchoolHoliday
from app.enrollment import service as enrollment
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.factories.withdrawals import withdraw

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 10, 28, 16, tzinfo=UTC)  # a Wednesday, four days before clocks are put back
TODAY = date(2026, 10, 28)
MORNING = (0, time(8, 30), time(13, 30))


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def school(session: Session) -> School:
    return School(session)


@pytest.fixture
def registrar(school: School) -> Subject:
    return subject_of(school.admin())


def form(program_id: int, **values: object) -> ClassForm:
    usual = {
        "code": "DA-M",
        "name": "Mornings",
        "program_id": program_id,
        "starts_on": date(2026, 10, 5),
        "ends_on": date(2026, 12, 18),
        "room": "Room 2",
    }
    return ClassForm.model_validate(usual | values)


def test_a_class_meets_by_its_timetable_its_changes_and_the_holidays(
    session: Session, school: School, registrar: Subject
) -> None:
    made = service.create(session, registrar, form(school.program().id))
    hours = WeeklyForm(weekdays=[0, 2], starts_at=time(8, 30), ends_at=time(13, 30))
    service.add_weekly(session, registrar, made.id, hours)
    service.add_weekly(session, registrar, made.id, hours)  # twice is once
    session.add(SchoolHoliday(name="Fall break", first_day=date(2026, 11, 9), last_day=date(2026, 11, 10)))
    service.add_change(session, registrar, made.id, ChangeForm(kind="cancelled", day=date(2026, 11, 4)))
    moved = ChangeForm(
        kind="moved", day=date(2026, 11, 2), new_day=date(2026, 11, 3), starts_at=time(9), ends_at=time(12), room="Lab"
    )  # fmt: skip
    service.add_change(session, registrar, made.id, moved)
    found = service.meetings(session, registrar, made.id, ZONE, date(2026, 10, 28), date(2026, 11, 11))
    assert [(one.day, one.room, one.starts.hour) for one in found] == [
        (date(2026, 10, 28), "Room 2", 12),
        (date(2026, 11, 3), "Lab", 14),  # 9:00 is another instant once clocks are back
        (date(2026, 11, 11), "Room 2", 13),
    ]
    assert [one.meeting.day for one in service.today(session, registrar, ZONE)] == [TODAY]
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.target == "classes")).all()
    assert set(actions) == {"class.created", "class.timetable_changed"}


def test_bad_values_are_refused_with_a_sentence(session: Session, school: School, registrar: Subject) -> None:
    program, other = school.program(), school.module(school.program())
    refusals: list[tuple[str, ClassForm]] = [
        ("before the first day", form(program.id, ends_on=date(2026, 10, 1))),
        ("another program", form(program.id, module_id=other.id)),
        ("program does not exist", form(2**31 - 1)),
        ("at most two years", form(program.id, ends_on=date(2030, 1, 1))),
    ]
    for sentence, values in refusals:
        with pytest.raises(Invalid, match=sentence):
            service.create(session, registrar, values)
    made = service.create(session, registrar, form(program.id))
    hours = WeeklyForm(weekdays=[1], starts_at=time(12), ends_at=time(12))
    with pytest.raises(Invalid, match="before the start"):
        service.add_weekly(session, registrar, made.id, hours)
    with pytest.raises(Invalid, match="outside the term"):
        service.add_change(session, registrar, made.id, ChangeForm(kind="cancelled", day=date(2027, 1, 4)))
    with pytest.raises(Invalid, match="begins and ends"):
        service.add_change(session, registrar, made.id, ChangeForm(kind="extra", day=TODAY))
    with pytest.raises(Invalid, match="a staff member"):
        service.add_instructor(session, registrar, made.id, InstructorForm(user_id=school.student().id))
    with pytest.raises(IntegrityError, match="uq_classes_code"), session.begin_nested():
        service.create(session, registrar, form(program.id, code="da-m"))


def test_students_come_several_at_once_and_nobody_sits_twice(
    session: Session, school: School, registrar: Subject
) -> None:
    program = school.program()
    enrollments = [school.enrollment(school.student(full_name=name), program) for name in ("Ana A", "Bea B")]
    third = school.enrollment(school.student(full_name="Cem C"), program)
    made = school.school_class(program, capacity=3)
    numbers = [one.id for one in enrollments]
    seats = service.add_students(session, registrar, made.id, numbers, ZONE)
    assert [seat.starts_on for seat in seats] == [TODAY, TODAY]
    with pytest.raises(Conflict, match="Ana A and Bea B are already in this class"):
        service.add_students(session, registrar, made.id, [*numbers, third.id], ZONE)
    names = service.roster(session, registrar, made.id, Paging(), ZONE).page().items
    assert [row.full_name for row in names] == ["Ana A", "Bea B"]
    again = text("INSERT INTO class_seats (class_id, enrollment_id, starts_on) VALUES (:c, :e, '2026-11-01')")
    with pytest.raises(IntegrityError, match="ex_class_seats_once"), session.begin_nested():
        session.execute(again, {"c": made.id, "e": numbers[0]})
    service.add_students(session, registrar, made.id, [third.id], ZONE)
    fourth = school.enrollment(school.student(), program)
    with pytest.raises(Conflict, match=r"3 seats, and no seat is free. Nobody was added"):
        service.add_students(session, registrar, made.id, [fourth.id], ZONE)
    service.remove_students(session, registrar, made.id, [seats[0].id], ZONE)
    service.add_students(session, registrar, made.id, [fourth.id], ZONE)


def test_a_seat_needs_an_active_enrollment_in_the_program(
    session: Session, school: School, registrar: Subject
) -> None:
    program = school.program()
    made = school.school_class(program)
    over = school.enrollment(school.student(), program, status=EnrollmentStatus.WITHDRAWN)
    elsewhere = school.enrollment(school.student())
    gone = school.enrollment(school.student(deleted_at=NOW), program)
    for number, sentence in (
        (over.id, "is withdrawn"),
        (elsewhere.id, "a different program"),
        (gone.id, "does not exist"),
        (2**31 - 1, "does not exist"),
    ):
        with pytest.raises(Invalid, match=sentence):
            service.add_students(session, registrar, made.id, [number], ZONE)


def test_nobody_sits_in_two_classes_that_meet_at_once(
    session: Session, school: School, registrar: Subject
) -> None:
    program = school.program()
    seated = school.enrollment(school.student(full_name="Ana A"), program)
    school.school_class(program, code="DA-1", students=[seated], weekly=[MORNING], ends_on=date(2027, 5, 1))
    later = school.school_class(program, weekly=[(0, time(13, 30), time(15))], ends_on=date(2027, 5, 1))
    clash = school.school_class(program, weekly=[(0, time(13), time(15))], ends_on=date(2027, 5, 1))
    service.add_students(session, registrar, later.id, [seated.id], ZONE)
    with pytest.raises(Conflict, match=r"Ana A is in .* meets at the same time on Nov 2, 2026, 1:00 PM EST"):
        service.add_students(session, registrar, clash.id, [seated.id], ZONE)


def test_rooms_and_instructors_that_are_booked_twice_are_named(
    session: Session, school: School, registrar: Subject
) -> None:
    teacher = school.instructor(full_name="Tess Carter")
    usual = {"weekly": [MORNING], "ends_on": date(2027, 1, 31), "room": "Room 2"}
    first = school.school_class(code="DA-1", teacher=teacher, **usual)
    school.school_class(code="DA-2", **(usual | {"room": "room 2"}))
    school.school_class(code="DA-3", teacher=teacher, **(usual | {"room": "Lab"}))
    school.school_class(code="DA-4", teacher=teacher, **(usual | {"weekly": [(0, time(13, 30), time(15))]}))
    warnings = service.read(session, registrar, first.id, ZONE).warnings
    assert warnings == [
        "Room 2 is also used by DA-2 on Jan 5, 2026, 8:30 AM EST.",
        "Tess Carter also teaches DA-3 on Jan 5, 2026, 8:30 AM EST.",
    ]
    # Each week cancelled on either side is no double booking.
    monday = date(2026, 1, 5)
    while monday <= date(2027, 1, 31):
        service.add_change(session, registrar, first.id, ChangeForm(kind="cancelled", day=monday))
        monday += timedelta(days=7)
    assert service.read(session, registrar, first.id, ZONE).warnings == []


@pytest.mark.parametrize("end", ["complete", "withdraw"])
def test_the_end_of_an_enrollment_ends_the_seat(
    session: Session, school: School, registrar: Subject, end: str
) -> None:
    program = school.program()
    student = school.student()
    ending = school.enrollment(student, program)
    made = school.school_class(program, students=[ending], teacher=school.instructor())
    if end == "complete":
        school.completion(ending, school.lesson(school.module(program)))
        enrollment.complete(session, registrar, ending.id, today=TODAY, zone=ZONE, exception="As agreed")
    else:
        withdraw(session, registrar, ending.id, NOW)
    session.expire_all()
    assert session.scalars(select(ClassSeat.ends_on).where(ClassSeat.class_id == made.id)).all() == [TODAY]
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        assert service.roster(session, registrar, made.id, Paging(), ZONE).page().items == []


def test_a_class_that_is_over_keeps_the_students_who_stayed(
    session: Session, school: School, registrar: Subject
) -> None:
    """To the end of the class or of their program: not those who withdrew or were taken out of it."""
    program = school.program()
    lesson = school.lesson(school.module(program))
    people = {name: school.student(full_name=name) for name in ("Ann", "Bo", "Cy", "Dee", "Gone")}
    seats = {name: school.enrollment(person, program) for name, person in people.items()}
    ended = date(2026, 11, 20)
    made = school.school_class(program, students=list(seats.values()), ends_on=ended)
    for name in ("Ann", "Cy", "Gone"):
        school.completion(seats[name], lesson)
    out = session.scalars(select(ClassSeat.id).where(ClassSeat.enrollment_id == seats["Cy"].id)).one()
    service.remove_students(session, registrar, made.id, [out], ZONE)
    for name in ("Ann", "Cy", "Gone"):
        enrollment.complete(session, registrar, seats[name].id, today=TODAY, zone=ZONE, exception="As agreed")
    withdraw(session, registrar, seats["Dee"].id, NOW)
    people["Gone"].deleted_at = NOW
    session.flush()

    def seen(**which: bool) -> list[str]:
        page = service.roster(session, registrar, made.id, Paging(), ZONE, **which).page()
        return [row.full_name for row in page.items]

    for day, present in ((TODAY + timedelta(days=1), ["Bo"]), (ended + timedelta(days=1), ["Ann", "Bo"])):
        with time_machine.travel(datetime(day.year, day.month, day.day, 16, tzinfo=UTC), tick=False):
            assert seen() == present
            assert seen(removable=True) == ["Bo"]
            listed = service.list_classes(session, registrar, Paging(), ZONE).page().items
            assert [row.students for row in listed] == [len(present)]


def test_a_class_with_seats_is_kept(session: Session, school: School, registrar: Subject) -> None:
    program = school.program()
    empty, full = (
        school.school_class(program),
        school.school_class(program, students=[school.enrollment(school.student(), program)]),
    )
    service.delete(session, registrar, empty.id)
    with pytest.raises(Conflict, match="its history is kept"):
        service.delete(session, registrar, full.id)
    with pytest.raises(Invalid, match="its program cannot change"):
        service.update(session, registrar, full.id, {"program_id": school.program().id})


def test_an_instructor_sees_their_own_classes_and_changes_none(session: Session, school: School) -> None:
    teacher, other = school.instructor(), school.instructor()
    own, foreign = school.school_class(teacher=teacher), school.school_class(teacher=other)
    subject = subject_of(teacher)
    listed = service.list_classes(session, subject, Paging(), ZONE).page()
    assert [row.id for row in listed.items] == [own.id]
    assert service.read(session, subject, own.id, ZONE).record.instructors == teacher.full_name
    with pytest.raises(NotFound):
        service.read(session, subject, foreign.id, ZONE)
    with pytest.raises(NotFound):
        service.roster(session, subject, foreign.id, Paging(), ZONE)
    hours = WeeklyIn(weekday=0, starts_at=time(8), ends_at=time(9))
    refused: list[object] = [
        lambda: service.update(session, subject, own.id, {"name": "Mine"}),
        lambda: service.add_students(session, subject, own.id, [1], ZONE),
        lambda: service.replace_weekly(session, subject, own.id, [hours]),
        lambda: service.add_instructor(session, subject, own.id, InstructorForm(user_id=teacher.id)),
    ]  # fmt: skip
    for act in refused:
        with pytest.raises(Forbidden):
            act()  # type: ignore[operator]
    with pytest.raises(Problem):
        service.list_classes(session, subject_of(school.student()), Paging(), ZONE)


def test_an_instructor_stops_on_the_day_that_is_given(
    session: Session, school: School, registrar: Subject
) -> None:
    teacher = school.instructor()
    made = school.school_class(teacher=teacher)
    assignment = service.read(session, registrar, made.id, ZONE).teachers[0]
    service.end_instructor(session, registrar, made.id, assignment.id, last_day=TODAY - timedelta(days=1))
    with pytest.raises(NotFound):
        service.read(session, subject_of(teacher), made.id, ZONE)
