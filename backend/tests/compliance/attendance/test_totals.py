"""The totals beside the records: whatever is done to the records, they are equal to the sums."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.compliance.attendance import queries
from app.compliance.attendance import service as attendance
from app.compliance.attendance.totals import queries as totals
from app.compliance.attendance.totals import service
from app.core import clock
from app.core.kept_sums import Comparison
from app.core.permissions import Duty
from app.rules import hours
from app.rules.hours import TimeEntry
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.queries import counted as statements_of

NEW_YORK = ZoneInfo("America/New_York")
# Midnight that does not exist (Beirut in spring), that comes twice (Havana in autumn), half an hour, no change at all.
ZONES = ("America/New_York", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
# Weeks around the changes of clocks in these zones.
STARTS = (
    datetime(2026, 3, 6, tzinfo=UTC),
    datetime(2026, 3, 27, tzinfo=UTC),
    datetime(2026, 10, 30, tzinfo=UTC),
)

entry = st.tuples(
    st.integers(0, 11),  # the enrollment and the place in time: no two records overlap
    st.integers(0, 23 * 3600),  # seconds before the clock-in
    st.integers(0, 70 * 3600),  # seconds of the record
)
operation = st.one_of(
    st.tuples(st.just("in"), entry),
    st.tuples(st.just("whole"), entry),
    st.tuples(st.just("many"), st.lists(entry, max_size=4)),
    st.tuples(st.just("out"), entry),
    st.tuples(st.just("correct"), entry),
    st.tuples(st.just("move"), entry),
    st.tuples(st.just("note"), entry),
    st.tuples(st.just("delete"), entry),
    st.tuples(st.just("close all"), entry),
    st.tuples(st.just("zone"), st.sampled_from(ZONES)),
    st.tuples(st.just("delete enrollment"), entry),
    st.tuples(st.just("delete student"), entry),
)


class Clockwork:
    """Attendance written in every way that SQL has, as an operator or a room that does not exist yet would."""

    def __init__(self, session: Session, start: datetime) -> None:
        self.session, self.start = session, start
        school = School(session)
        program = school.program()
        students = [school.student(), school.student()]
        programs = [program, program, school.program(), school.program()]
        self.enrollments = [school.enrollment(students[n % 2], programs[n]) for n in range(4)]
        self.run(
            "INSERT INTO school (legal_name, short_name, time_zone) VALUES ('S', 'S', :zone)"
            " ON CONFLICT (id) DO UPDATE SET time_zone = EXCLUDED.time_zone",
            zone=NEW_YORK.key,
        )
        self.zone = NEW_YORK

    def run(self, statement: str, **values: object) -> None:
        self.session.execute(text(statement), values)

    def times(self, place: int, after: int, long: int) -> dict[str, object]:
        enrollment = self.enrollments[place % 4]
        clock_in = self.start + timedelta(days=4 * place, seconds=after)
        return {
            "user": enrollment.user_id,
            "enrollment": enrollment.id,
            "place": place,
            "clock_in": clock_in,
            "clock_out": clock_in + timedelta(seconds=long),
            "notes": str(place),
        }

    def do(self, what: str, given: object) -> None:
        if what == "zone":
            self.run("UPDATE school SET time_zone = :zone", zone=given)
            self.zone = ZoneInfo(str(given))
            return
        if what == "many":
            rows = [self.times(*one) for one in given]  # type: ignore[attr-defined]
            places = [row["place"] for row in rows]
            self.run(
                "INSERT INTO attendance (user_id, enrollment_id, clock_in, clock_out, notes)"
                " SELECT DISTINCT ON (place) u, e, i, o, place::text FROM unnest(CAST(:u AS int[]),"
                " CAST(:e AS int[]), CAST(:i AS timestamptz[]), CAST(:o AS timestamptz[]), CAST(:p AS int[]))"
                " AS r (u, e, i, o, place) WHERE EXISTS (SELECT FROM enrollments WHERE id = r.e)"
                " ON CONFLICT DO NOTHING",
                u=[row["user"] for row in rows],
                e=[row["enrollment"] for row in rows],
                i=[row["clock_in"] for row in rows],
                o=[row["clock_out"] for row in rows],
                p=places,
            )
            return
        values = self.times(*given)  # type: ignore[misc]
        insert = (
            "INSERT INTO attendance (user_id, enrollment_id, clock_in, clock_out, notes)"
            " SELECT :user, :enrollment, :clock_in, {}, :notes"
            " WHERE EXISTS (SELECT FROM enrollments WHERE id = :enrollment) ON CONFLICT DO NOTHING"
        )
        here = "WHERE notes = :notes"
        statements = {
            "in": insert.format("NULL"),
            "whole": insert.format(":clock_out"),
            "out": f"UPDATE attendance SET clock_out = greatest(clock_in, :clock_out) {here}",
            "correct": f"UPDATE attendance SET clock_in = :clock_in, clock_out = :clock_out {here}",
            "note": f"UPDATE attendance SET notes = notes {here}",
            "delete": f"DELETE FROM attendance {here}",
            "close all": "UPDATE attendance SET clock_out = clock_in, missing_clock_out = true WHERE clock_out IS NULL",
            "move": "UPDATE attendance SET enrollment_id = (SELECT max(e.id) FROM enrollments e"
            f" WHERE e.user_id = attendance.user_id) {here}",
            "delete enrollment": "DELETE FROM enrollments WHERE id = :enrollment",
            "delete student": "DELETE FROM users WHERE id = :user AND :place < 2",
        }
        try:
            with self.session.begin_nested():
                self.run(statements[what], **values)
        except (
            Exception
        ) as error:  # the clock's own constraints have the last word, and the totals follow them
            if "uq_attendance_one_open" not in str(error) and "ex_attendance_overlap" not in str(error):
                raise


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.sampled_from(STARTS), done=st.lists(operation, max_size=14))
def test_the_totals_are_the_sums_whatever_is_done(
    session: Session, start: datetime, done: list[tuple[str, object]]
) -> None:
    with session.begin_nested() as savepoint:
        world = Clockwork(session, start)
        for what, given_ in done:
            world.do(what, given_)
        assert service.compare(session) == Comparison(0, [])
        assert kept(session) == counted(session, world.zone)
        savepoint.rollback()
    session.expire_all()


def kept(session: Session) -> dict[tuple[int, date], int]:
    rows = session.execute(text("SELECT enrollment_id, day, minutes FROM attendance_days WHERE minutes <> 0"))
    return {(row[0], row[1]): row[2] for row in rows}


def counted(session: Session, zone: ZoneInfo) -> dict[tuple[int, date], int]:
    """The same by the rule in Python, from the records."""
    found: dict[tuple[int, date], int] = {}
    rows = session.execute(
        text("SELECT enrollment_id, clock_in, clock_out FROM attendance WHERE clock_out IS NOT NULL")
    )
    for enrollment_id, clock_in, clock_out in rows:
        for day, minutes in hours.minutes_by_day(TimeEntry(clock_in, clock_out), zone).items():
            found[enrollment_id, day] = found.get((enrollment_id, day), 0) + minutes
    return found


def test_the_list_of_hours_is_the_documented_query(session: Session, school: School) -> None:
    admin = subject_of(school.admin())
    program = school.program()
    students = [school.student(full_name=name) for name in ("Ann", "Bo", "Cy", "Dee")]
    for number, student in enumerate(students[:3]):
        enrollment = school.enrollment(student, program)
        for day in range(number + 1):
            at = datetime(2026, 5, 4 + day, 13, tzinfo=UTC)
            school.attendance(enrollment, at, minutes=45 + number)
    students[1].deleted_at = clock.now()
    session.flush()

    listed = list(attendance.hours_per_student(session, admin, Paging()).rows())
    documented = session.execute(
        queries.attendance_hours_per_student(current_only=True).order_by(text("total_minutes DESC"))
    ).all()
    assert [(row.user_id, row.student, row.total_minutes) for row in listed] == [
        (row.id, row.full_name, row.total_minutes) for row in documented
    ]
    assert [row.student for row in listed] == ["Cy", "Ann"]


@pytest.fixture
def damaged(session: Session, school: School) -> int:
    """An enrollment whose totals somebody has changed by hand."""
    enrollment = school.enrollment(school.student(), school.program())
    at = datetime(2026, 5, 4, 13, tzinfo=UTC)
    school.attendance(enrollment, at, minutes=45)
    for statement in (
        "UPDATE attendance_days SET minutes = 44 WHERE enrollment_id = :enrollment",
        "INSERT INTO attendance_days VALUES (:enrollment, '2026-05-09', 7)",
        "DELETE FROM attendance_students WHERE user_id = :user",
        "UPDATE attendance_school_days SET minutes = minutes + 3 WHERE day = '2026-05-04'",
    ):
        session.execute(text(statement), {"enrollment": enrollment.id, "user": enrollment.user_id})
    number: int = enrollment.id
    return number


def test_a_difference_is_named_and_put_right(session: Session, damaged: int) -> None:
    assert service.last_check(session) is None
    found = service.check(session)
    assert found.differences == 5
    assert f"Enrollment {damaged} on 2026-05-04: 44 minutes kept, 45 recorded" in found.named
    assert f"Enrollment {damaged} on 2026-05-09: 7 minutes kept, 0 recorded" in found.named
    last = service.last_check(session)
    assert last is not None
    assert (last.differences, last.named) == (5, found.named)

    assert service.rebuild(session) == 5
    assert service.compare(session).differences == 0
    assert service.rebuild(session) == 0


def test_the_school_and_the_classes_of_an_instructor(session: Session, school: School) -> None:
    """The whole school's hours for those who read all; for an instructor those of the students they teach."""
    now = clock.now()
    admin, tess = school.admin(), school.with_duty(Duty.INSTRUCTOR)
    taught, other = (school.enrollment(school.student(), school.program()) for _ in range(2))
    school.school_class(teacher=tess, students=[taught])
    for enrollment, minutes in ((taught, 30), (other, 50)):
        school.attendance(enrollment, now - timedelta(days=8), minutes=minutes)

    def minutes_seen(person: object) -> int:
        seen = attendance.school_weeks(session, subject_of(person), NEW_YORK)  # type: ignore[arg-type]
        return sum(week.minutes for week in seen)

    assert minutes_seen(admin) == 80
    assert minutes_seen(tess) == 30


def test_deleted_people_are_left_out_of_the_chart_as_of_every_list(session: Session, school: School) -> None:
    admin = subject_of(school.admin())
    student, gone = school.student(), school.student()
    for person, minutes in ((student, 30), (gone, 50)):
        school.attendance(school.enrollment(person), clock.now() - timedelta(days=8), minutes=minutes)
    gone.deleted_at = clock.now()
    session.flush()
    assert sum(week.minutes for week in attendance.school_weeks(session, admin, NEW_YORK)) == 30
    gone.deleted_at = None
    session.flush()
    assert sum(week.minutes for week in attendance.school_weeks(session, admin, NEW_YORK)) == 80


def test_a_page_reads_no_record_to_add_up(session: Session, school: School) -> None:
    admin = subject_of(school.admin())
    student = school.student()
    enrollment = school.enrollment(student, school.program())
    school.attendance(enrollment, clock.now() - timedelta(hours=30), minutes=60)
    with statements_of(session.connection()) as statements:
        attendance.school_weeks(session, admin, NEW_YORK)
        attendance.totals(session, admin, student.id, NEW_YORK)
        attendance.hours_per_student(session, admin, Paging()).page()
    assert not [one for one in statements if "FROM attendance " in one or "JOIN attendance " in one], (
        statements
    )
    assert totals.of_school(session, date(2000, 1, 1), date(2100, 1, 1))
