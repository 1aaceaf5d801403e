"""Leaves of absence: asked for once however often sent, decided, extended within the limit, ended by the return; what
the days do to attendance and the clock; mails, the queue, the pages."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.compliance.attendance import service as attendance
from app.compliance.attendance.standings import service as standings
from app.core import clock
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.core.permissions import Subject
from app.db.models import AuditEntry, Enrollment, LeaveOfAbsence, OutboxMessage, User
from app.db.session import Database
from app.enrollment.leaves import notices, service
from app.enrollment.leaves.schemas import LeaveForm
from app.projections import notices as notices_of_history
from app.settings import Settings
from tests.factories.leaves import away
from tests.factories.school import School, subject_of
from tests.factories.withdrawals import ZONE, record, withdraw

NOW = datetime(2026, 5, 20, 16, tzinfo=UTC)
DAY = date(2026, 5, 20)


@pytest.fixture
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield DAY


def days(first: int, back: int) -> LeaveForm:
    """A leave, counted from today."""
    return LeaveForm(
        request=uuid4(),
        reason="Surgery",
        starts_on=DAY + timedelta(days=first),
        return_on=DAY + timedelta(days=back),
    )


def owner(session: Session, enrollment: Enrollment) -> Subject:
    return subject_of(session.get_one(User, enrollment.user_id))


def test_a_request_is_decided_once_and_ends_with_the_return(
    session: Session, school: School, admin: Subject, today: date
) -> None:
    enrollment = school.enrollment(school.student())
    student, stranger = owner(session, enrollment), subject_of(school.student())
    given = days(3, 33)
    leave = service.ask(session, student, enrollment.id, given, ZONE)
    assert service.ask(session, student, enrollment.id, given, ZONE).id == leave.id, "sent twice is one"
    for refused in (student, stranger):
        with pytest.raises((Forbidden, NotFound)):
            service.decide(session, refused, leave.id, approve=True, note=None, zone=ZONE)
    with pytest.raises(NotFound):
        service.read(session, stranger, leave.id, ZONE)
    with pytest.raises(NotFound):
        service.ask(session, stranger, enrollment.id, days(100, 110), ZONE)
    service.decide(session, admin, leave.id, approve=True, note="Get well", zone=ZONE)
    with pytest.raises(Conflict):
        service.decide(session, admin, leave.id, approve=False, note="No", zone=ZONE)
    with pytest.raises(Invalid, match="cannot be before the first day"):
        service.note_return(session, admin, leave.id, returned_on=DAY, zone=ZONE)
    with time_machine.travel(NOW + timedelta(days=40), tick=False):
        assert service.read(session, admin, leave.id, ZONE).overdue
        with pytest.raises(Conflict, match="has begun"):
            service.cancel(session, student, leave.id, zone=ZONE)
        with pytest.raises(Invalid, match="future"):
            service.note_return(session, admin, leave.id, returned_on=DAY + timedelta(days=41), zone=ZONE)
        service.note_return(session, admin, leave.id, returned_on=DAY + timedelta(days=35), zone=ZONE)
        seen = service.read(session, student, leave.id, ZONE)
    assert (seen.state, seen.days, seen.overdue) == ("returned", 30, False)
    said = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("leave.%"))).all()
    assert sorted(said) == ["leave.approved", "leave.requested", "leave.returned"]


def test_days_that_no_leave_may_have_are_refused_with_a_sentence(
    session: Session, school: School, admin: Subject, today: date
) -> None:
    enrollment = school.enrollment(school.student())
    enrollment.enrolled_at = DAY - timedelta(days=60)
    school.attendance(enrollment, NOW - timedelta(days=4), minutes=240)
    student = owner(session, enrollment)
    with pytest.raises(Invalid, match="Choose today or a later day"):
        service.ask(session, student, enrollment.id, days(-1, 5), ZONE)
    for first, back, sentence in (
        (5, 5, "must be after the first day"),
        (5, 186, "allows 180 days"),
        (-70, -65, "before the enrollment"),
        (-6, 5, "attended on May 16"),
    ):
        with pytest.raises(Invalid, match=sentence):
            service.record(session, admin, enrollment.id, days(first, back), ZONE)
    first = service.record(session, admin, enrollment.id, days(-3, 97), ZONE)  # 100 days
    with pytest.raises(Invalid, match="covers some of these days"):
        service.ask(session, student, enrollment.id, days(96, 110), ZONE)
    second = service.ask(session, student, enrollment.id, days(110, 190), ZONE)  # and 80: the limit
    with pytest.raises(Invalid, match="would make 181 days within 12 months"):
        service.extend(session, admin, first.id, return_on=DAY + timedelta(days=98), note="Longer", zone=ZONE)
    service.cancel(session, student, second.id, zone=ZONE)
    longer = DAY + timedelta(days=177)
    service.extend(session, admin, first.id, return_on=longer, note="Longer", zone=ZONE)
    with pytest.raises(Invalid, match="after the expected return"):
        service.extend(session, admin, first.id, return_on=longer, note="Longer", zone=ZONE)
    # The database itself refuses what a fault in the code would let through.
    with pytest.raises(IntegrityError, match="ex_leaves_of_absence_days"), session.begin_nested():
        session.execute(
            text(
                "INSERT INTO leaves_of_absence (request, enrollment_id, user_id, state, reason, starts_on, return_on,"
                " requested_at) SELECT gen_random_uuid(), enrollment_id, user_id, 'requested', 'x', return_on - 1,"
                " return_on + 9, now() FROM leaves_of_absence WHERE id = :id"
            ),
            {"id": first.id},
        )


def test_a_leave_takes_its_days_out_of_attendance_and_stops_the_clock(
    session: Session, school: School, admin: Subject, today: date
) -> None:
    program = school.program(name="Dental Assistant")
    enrollment = school.enrollment(school.student(), program)
    enrollment.enrolled_at = date(2026, 5, 1)
    student = owner(session, enrollment)
    school.school_class(
        program,
        students=[enrollment],
        weekly=[(day, time(8, 30), time(12, 30)) for day in range(5)],
        starts_on=date(2026, 5, 4),
    )
    for day in (4, 5, 6, 7, 8):
        school.attendance(enrollment, datetime(2026, 5, day, 12, 30, tzinfo=UTC), minutes=240)

    def measured() -> Any:
        (found,) = standings.of_student(session, student, student.user_id, ZONE)
        return found.measures

    before = measured()
    assert before.consecutive_absences >= 7
    assert before.reasons
    leave = service.record(session, admin, enrollment.id, days(-9, 5), ZONE)  # from May 11
    after = measured()
    assert (after.consecutive_absences, after.absences, after.reasons) == (0, 0, ())
    assert after.attendance_pct == 100
    with pytest.raises(Conflict, match="on a leave of absence from Dental Assistant until your return on"):
        attendance.clock_in(session, student, ZONE)
    service.note_return(session, admin, leave.id, returned_on=DAY, zone=ZONE)
    assert attendance.clock_in(session, student, ZONE).enrollment_id == enrollment.id


def test_the_end_of_the_enrollment_ends_the_leave_and_a_pending_withdrawal_allows_none(
    session: Session, school: School, admin: Subject, today: date
) -> None:
    enrollment = school.enrollment(school.student())
    program = enrollment.program
    weekly = [(day, time(8, 30), time(12, 30)) for day in range(5)]
    school.school_class(program, students=[enrollment], weekly=weekly, starts_on=date(2026, 5, 4))
    school.attendance(enrollment, datetime(2026, 5, 8, 12, 30, tzinfo=UTC), minutes=240)
    leave = service.record(session, admin, enrollment.id, days(-9, 20), ZONE)
    asked = service.ask(session, owner(session, enrollment), enrollment.id, days(30, 40), ZONE)

    def measured() -> Any:
        (found,) = standings.of_student(session, admin, enrollment.user_id, ZONE)
        return found.measures

    before = measured()
    assert before.absences == 4, "of May 4 to May 7, and none of the leave"
    record(session, admin, enrollment.id)
    with pytest.raises(Conflict, match="if the student asked for it, have them cancel it"):
        service.record(session, admin, enrollment.id, days(50, 60), ZONE)
    with pytest.raises(Conflict, match="Your withdrawal from this program is waiting"):
        service.ask(session, owner(session, enrollment), enrollment.id, days(50, 60), ZONE)
    withdraw(session, admin, enrollment.id)
    session.expire_all()
    assert {session.get_one(LeaveOfAbsence, one.id).state for one in (leave, asked)} == {"withdrawn"}
    assert measured() == before, "days of leave stay days of leave"
    with pytest.raises(Conflict, match="withdrawn"):
        service.record(session, admin, enrollment.id, days(30, 40), ZONE)


def test_the_student_is_reminded_once_of_each_return_day(
    session: Session, school: School, admin: Subject, settings: Settings, today: date
) -> None:
    leave = service.record(session, admin, school.enrollment(school.student()).id, days(1, 20), ZONE)

    def sent(on: int) -> int:
        return notices.remind(session, settings, DAY + timedelta(days=on))

    assert [sent(12), sent(13), sent(14), sent(20)] == [0, 1, 0, 0]
    service.extend(session, admin, leave.id, return_on=DAY + timedelta(days=25), note="More", zone=ZONE)
    assert [sent(17), sent(18), sent(19)] == [0, 1, 0]
    subjects = session.scalars(select(OutboxMessage.subject)).all()
    assert sum("expected back" in one for one in subjects) == 2


def test_each_email_says_what_happened_whatever_happened_since(
    session: Session, school: School, admin: Subject, today: date
) -> None:
    """The subscriber runs late: by then the leave was extended twice, and another one was taken back."""
    enrollment = school.enrollment(school.student())
    student = owner(session, enrollment)
    leave = service.ask(session, student, enrollment.id, days(1, 20), ZONE)
    service.decide(session, admin, leave.id, approve=True, note="Get well", zone=ZONE)
    for back in (25, 30):
        service.extend(
            session, admin, leave.id, return_on=DAY + timedelta(days=back), note="The office’s own", zone=ZONE
        )
    other = service.ask(session, student, enrollment.id, days(40, 44), ZONE)
    service.cancel(session, student, other.id, zone=ZONE)
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    notices_of_history.SUBSCRIBER.apply(
        session, [one for one in entries if one.action in notices_of_history.SUBSCRIBER.actions]
    )
    said = session.scalars(select(OutboxMessage.body_text).order_by(OutboxMessage.id)).all()
    for body, sentence, back in zip(
        said,
        (
            "has received your request for a leave of absence",
            "is approved: it begins on May 21, 2026",
            "is extended: you are now expected back on",
            "is extended: you are now expected back on",
            "has received your request for a leave of absence",
            "is canceled",
        ),
        ("Jun 9", "Jun 9", "Jun 14", "Jun 19", "Jul 3", ""),
        strict=True,
    ):
        assert sentence in body
        assert back in body
        assert ("Get well" in body) == ("is approved" in body)
        assert "The office’s own" not in body, "a note of the office to itself"


def test_pages_of_the_student_and_the_office(
    session: Session,
    school: School,
    admin: Subject,
    browser: Callable[[Subject], TestClient],
    today: date,
) -> None:
    enrollment = school.enrollment(school.student(full_name="Maria Lopez"))
    student = owner(session, enrollment)
    mine, office = browser(student), browser(admin)
    page = f"/enrollments/{enrollment.id}/leaves"
    assert page in mine.get(f"/enrollments/{enrollment.id}").text
    assert "Ask for a leave of absence" in mine.get(page).text
    form = {
        "request": str(uuid4()),
        "reason": "My knee",
        "starts_on": str(DAY),
        "return_on": str(DAY + timedelta(days=300)),
    }
    refused = mine.post(page, data=form)
    assert refused.status_code == 422
    assert "allows 180 days in 12 months" in refused.text
    form["return_on"] = str(DAY + timedelta(days=10))
    one = mine.post(page, data=form).headers["location"]
    assert mine.post(page, data=form).headers["location"] == one
    assert "The office has not decided yet" in mine.get(one).text
    assert one in office.get("/queue?kind=leave_requests").text
    assert "Maria Lopez" in office.get("/enrollments/leaves?state=requested").text
    past = school.enrollment(school.student(full_name="Paul Past"))
    service.cancel(session, admin, service.record(session, admin, past.id, days(2, 4), ZONE).id, zone=ZONE)
    assert "Paul Past" not in office.get("/enrollments/leaves").text, "what is asked for or under way"
    for state in ("all", "canceled"):
        shown = office.get(f"/enrollments/leaves?state={state}").text
        assert "Paul Past" in shown
        assert ("Maria Lopez" in shown) == (state == "all")
    declined = office.post(f"{one}/decide", data={"decision": "decline", "note": ""})
    assert declined.status_code == 422
    assert "the student reads it" in declined.text
    assert office.post(f"{one}/decide", data={"decision": "approve", "note": ""}).status_code == 303
    with time_machine.travel(NOW + timedelta(days=12), tick=False):
        office = browser(admin)  # the session of before is over
        assert one in office.get("/queue?kind=leaves_overdue").text
        assert "Return day passed,My knee" in office.get("/enrollments/leaves?format=csv").text
        assert ">Return day passed</span>" in office.get("/enrollments/leaves").text
        everybody = office.get("/enrollments/leaves?state=all").text
        assert everybody.index("Maria Lopez") < everybody.index("Paul Past"), "overdue ones first"
        late = office.get(one).text
        assert "The return day has passed" in late
        withdrawal = f"/enrollments/{enrollment.id}/withdraw?leave_id={one.rpartition('/')[2]}"
        assert withdrawal in late
        assert "Did not return from a leave of absence on" in office.get(withdrawal).text
        api = office.get(f"/api/v1{page}").json()
        assert [(row["state"], row["overdue"], row["days"]) for row in api] == [("approved", True, 10)]
        back = {"returned_on": str(DAY + timedelta(days=11))}
        assert office.post(f"{one}/return", data=back).status_code == 303
        assert office.post(f"{one}/return", data=back).status_code == 409
    teacher = browser(subject_of(school.instructor()))
    assert teacher.get(one).status_code == 404
    assert teacher.get("/enrollments/leaves").status_code == 403


def test_acts_at_once_count_once(live_database: Database) -> None:
    """The same request four times at once is one leave; of two that overlap one is kept; two registrars decide once."""
    with live_database.begin() as session:
        school = School(session)
        enrollment = school.enrollment(school.student())
        student = owner(session, enrollment)
        staff = [subject_of(school.admin()) for _ in range(2)]
        begin = clock.today(ZONE) + timedelta(days=10)
        number = away(session, enrollment, begin + timedelta(days=60))["leave_id"]

    def at_once(acts: list[Callable[[Session], object]]) -> list[object]:
        results: list[object] = []
        start = threading.Barrier(len(acts))

        def run(act: Callable[[Session], object]) -> None:
            start.wait()
            try:
                with live_database.begin() as session:
                    results.append(act(session))
            except Problem as problem:
                results.append(problem)

        threads = [threading.Thread(target=run, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return results

    def ask(session: Session, sent: UUID, back: int) -> int:
        given = LeaveForm(
            request=sent, reason="Surgery", starts_on=begin, return_on=begin + timedelta(days=back)
        )
        return service.ask(session, student, enrollment.id, given, ZONE).id

    def decide(session: Session, who: Subject) -> int:
        return service.decide(session, who, number, approve=True, note=None, zone=ZONE).id

    sent = uuid4()
    same = at_once([lambda session: ask(session, sent, 20)] * 4)
    assert len(same) == 4
    assert len(set(same)) == 1
    others = at_once([lambda session, back=back: ask(session, uuid4(), back) for back in (5, 9)])  # type: ignore[misc]
    assert {type(one).__name__ for one in others} == {"Invalid"}
    decided = at_once([lambda session, who=who: decide(session, who) for who in staff])  # type: ignore[misc]
    assert sorted(type(one).__name__ for one in decided) == ["Conflict", "int"]
    with live_database.begin() as session:
        assert session.scalar(select(func.count()).select_from(LeaveOfAbsence)) == 2
