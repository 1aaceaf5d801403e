"""An enrollment does not end while its student is clocked in: somebody first enters when the student left."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.attendance import service as attendance
from app.core import clock
from app.core.errors import Conflict, Problem
from app.core.permissions import Subject
from app.db.models import Attendance, AuditEntry, Enrollment, EnrollmentStatus, Withdrawal
from app.db.session import Database
from app.enrollment import service
from tests.factories.school import School, subject_of
from tests.factories.withdrawals import record, withdraw

ZONE = ZoneInfo("America/New_York")
BUTTON = {"button": ""}


def ready(school: School, **person: str) -> Enrollment:
    """An enrollment with everything done."""
    program = school.program()
    enrollment = school.enrollment(school.student(**person), program)
    school.completion(enrollment, school.lesson(school.module(program)))
    return enrollment


@pytest.mark.parametrize("since", [timedelta(hours=2), timedelta(days=3)])
def test_neither_act_ends_an_enrollment_with_an_open_clock_in(
    session: Session, school: School, admin: Subject, since: timedelta
) -> None:
    enrollment = ready(school, full_name="Maria Lopez")
    entry = school.attendance(enrollment, clock.now() - since, clock_out=None)
    with pytest.raises(
        Conflict, match="Maria Lopez has been clocked in for this enrollment since"
    ) as refused:
        withdraw(session, admin, enrollment.id)
    assert refused.value.extra["attendance_url"] == f"/attendance/{entry.id}"
    service.cancel_withdrawal(session, admin, enrollment.id)
    with pytest.raises(Conflict, match="First enter the clock-out in the attendance record"):
        service.complete(
            session, admin, enrollment.id, today=date(2026, 5, 4), zone=ZONE, exception="As agreed"
        )
    assert enrollment.status is EnrollmentStatus.ACTIVE
    session.refresh(entry)
    assert entry.clock_out is None, "nobody invented a time"


def test_a_clock_in_for_another_program_is_no_hindrance(
    session: Session, school: School, admin: Subject
) -> None:
    enrollment = ready(school)
    other = school.enrollment(session.get_one(Enrollment, enrollment.id).user, school.program())
    school.attendance(other, clock.now() - timedelta(hours=1), clock_out=None)
    service.complete(session, admin, enrollment.id, today=date(2026, 5, 4), zone=ZONE, exception="As agreed")
    assert enrollment.status is EnrollmentStatus.COMPLETED


def test_the_pages_lead_to_the_record_and_back(
    browser: Callable[[Subject], TestClient], session: Session, school: School, admin: Subject
) -> None:
    enrollment = ready(school, full_name="Maria <Lopez>")
    entry = school.attendance(enrollment, clock.now() - timedelta(hours=2), clock_out=None)
    client = browser(admin)
    for act in ("complete", "withdrawal"):
        if act == "withdrawal":
            record(session, admin, enrollment.id)
        page = client.get(f"/enrollments/{enrollment.id}/{act}").text
        assert "Still clocked in" in page
        assert "Maria &lt;Lopez&gt; has been clocked in" in page
        assert f'href="/attendance/{entry.id}"' in page
        assert 'method="post"' not in page.partition("<main")[2]
    refused = client.post(f"/enrollments/{enrollment.id}/withdrawal", data={"note": "Moved"})
    assert refused.status_code == 409
    assert f'href="/attendance/{entry.id}"' in refused.text
    assert "Moved" in refused.text, "nothing typed is lost"
    assert client.post(f"/enrollments/{enrollment.id}/withdrawal/cancel", data=BUTTON).status_code == 303
    assert client.post(f"/enrollments/{enrollment.id}/complete", data=BUTTON).status_code == 409
    answer = client.post(f"/api/v1/enrollments/{enrollment.id}/complete")
    assert (answer.status_code, answer.json()["attendance_id"]) == (409, entry.id)

    left = clock.local(clock.now(), ZONE).replace(tzinfo=None, second=0, microsecond=0)
    began = clock.local(entry.clock_in, ZONE).replace(tzinfo=None, second=0, microsecond=0)
    corrected = client.post(
        f"/attendance/{entry.id}",
        data={
            "clock_in": began.isoformat(timespec="minutes"),
            "clock_out": left.isoformat(timespec="minutes"),
            "reason": "Left without clocking out",
        },
    )
    assert corrected.status_code == 303, corrected.text
    assert "Still clocked in" in client.get(f"/enrollments/{enrollment.id}/complete").text
    colleague = browser(subject_of(school.admin()))
    assert colleague.post(corrected.headers["location"], data={"decision": "approve"}).status_code == 303
    assert "Still clocked in" not in client.get(f"/enrollments/{enrollment.id}/complete").text
    reason = {"exception": "As agreed"}
    assert client.post(f"/enrollments/{enrollment.id}/complete", data=reason).status_code == 303
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[-2:] == ["attendance.corrected", "enrollment.completed"]


def test_a_clock_out_under_way_is_waited_for(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        enrollment, admin = ready(school), subject_of(school.admin())
        student = subject_of(session.get_one(Enrollment, enrollment.id).user)
        attendance.clock_in(session, student, ZONE)
    asked = threading.Event()
    ended: list[Withdrawal | Problem] = []

    def end() -> None:
        asked.set()
        try:
            with live_database.begin() as session:
                ended.append(withdraw(session, admin, enrollment.id))
        except Problem as problem:
            ended.append(problem)

    other = threading.Thread(target=end)
    with live_database.begin() as session:
        attendance.clock_out(session, student, ZONE)
        other.start()
        assert asked.wait(30)
        other.join(0.3)
        assert ended == [], "the withdrawal waits for the clock-out to be certain"
    other.join(30)
    assert [type(one) for one in ended] == [Withdrawal]
    with live_database.begin() as session:
        assert session.scalars(select(Attendance.total_minutes)).all() == [0]


def test_clocking_in_and_withdrawing_at_once_leave_nothing_open(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        admin = subject_of(school.admin())
        pairs = [ready(school) for _ in range(4)]
        work = [(one.id, subject_of(session.get_one(Enrollment, one.id).user)) for one in pairs]
    start = threading.Barrier(2 * len(work))
    failures: list[BaseException] = []

    def run(act: Callable[[Session], object]) -> None:
        start.wait()
        try:
            with live_database.begin() as session:
                act(session)
        except Conflict:
            pass
        except BaseException as error:
            failures.append(error)

    acts: list[Callable[[Session], object]] = []
    for number, student in work:
        acts.append(lambda session, number=number: withdraw(session, admin, number))  # type: ignore[misc]
        acts.append(lambda session, student=student: attendance.clock_in(session, student, ZONE))  # type: ignore[misc]
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    with live_database.begin() as session:
        both = session.scalars(
            select(Attendance.id)
            .join(Enrollment, Attendance.enrollment_id == Enrollment.id)
            .where(Attendance.clock_out.is_(None), Enrollment.status == EnrollmentStatus.WITHDRAWN)
        ).all()
        ended = session.scalars(select(Enrollment.id).where(Enrollment.status == EnrollmentStatus.WITHDRAWN))
        entries = session.scalars(select(Attendance.id)).all()
        assert both == []
        assert len(ended.all()) + len(entries) == len(work), "of each pair exactly one came through"
