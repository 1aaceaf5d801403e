"""Who decides an absence and reads its reason; and what the job marks when a part of it cannot be marked."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.compliance.attendance.absences import service
from app.compliance.attendance.absences.schemas import AbsenceIn
from app.compliance.attendance.closings import queries as closing_queries
from app.compliance.attendance.closings import service as closings
from app.compliance.attendance.closings.schemas import ClosingForm
from app.compliance.attendance.roster import excused
from app.compliance.attendance.roster import service as rosters
from app.compliance.attendance.roster.schemas import MarkForm
from app.compliance.attendance.standings import service as standings
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.files import open_store
from app.core.permissions import Duty
from app.db.models import ClassSeat, User
from app.db.session import Database
from app.school import policies
from app.school.service import PolicyKind
from app.settings import Settings
from tests.compliance.attendance.deciding import registrar
from tests.compliance.attendance.test_absences import EXCUSE, MONDAY, PDF, report
from tests.compliance.attendance.test_roster import STARTS, ZONE, Room, during
from tests.factories.school import subject_of

Signed = Callable[[User], TestClient]
SECOND = datetime(2026, 5, 4, 17, tzinfo=STARTS.tzinfo)
"""1 p.m. of the same Monday."""


class TwoClasses(Room):
    """The class of the roster, and another one of another instructor's on Monday afternoons for the first two."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.other_teacher = self.school.instructor(full_name="Otis Other")
        self.other = self.school.school_class(
            self.enrollments[0].program,
            code="DA-X",
            teacher=self.other_teacher,
            students=self.enrollments[:2],
            weekly=[(0, time(13), time(17))],
        )


@pytest.fixture
def room(session: Session) -> TwoClasses:
    return TwoClasses(session)


def test_an_instructor_decides_for_their_own_classes_alone(room: TwoClasses, signed_in: Signed) -> None:
    session, teacher, other = room.session, subject_of(room.teacher), subject_of(room.other_teacher)
    with time_machine.travel(during(-24 * 60), tick=False):
        both = report(room, 0)
        tuesday = report(room, 1, 1)
        meeting = report(room, 1, 0, class_id=room.other.id, meeting_at=SECOND)
        for subject, made in ((teacher, both), (other, both), (other, tuesday), (teacher, meeting)):
            with pytest.raises(Forbidden, match="class meetings of other instructors, so the office decides"):
                service.decide(session, subject, made.id, EXCUSE, ZONE)
        page = signed_in(room.teacher)
        shown = page.get(f"/attendance/absences/{both.id}").text
        assert "class meetings of other instructors, so the office decides" in shown
        assert "Do not excuse" not in shown
        waiting = page.get("/queue?kind=absences").text
        assert [f"/attendance/absences/{one.id}" in waiting for one in (both, tuesday, meeting)] == [
            False,
            True,
            False,
        ], "what somebody else decides is not in the queue"
        assert service.decide(session, teacher, tuesday.id, EXCUSE, ZONE).decided_by == "Tess Carter"
        assert service.decide(session, other, meeting.id, EXCUSE, ZONE).decided_by == "Otis Other"
        assert service.decide(session, registrar(session), both.id, EXCUSE, ZONE).state == "excused"


def test_the_reason_is_for_the_student_and_for_those_who_decide_or_read_withdrawals(
    room: TwoClasses, signed_in: Signed, settings: Settings
) -> None:
    session, store = room.session, open_store(settings)
    school = room.school
    evaluator = school.with_duty(Duty.EVALUATOR)
    school.teach(room.record, evaluator)
    with time_machine.travel(during(-24 * 60), tick=False):
        made = report(room, 0, 1, evidence=(store, PDF))  # Tuesday: of the first instructor's class alone
        readers = (room.people[0], room.teacher, school.with_duty(Duty.REGISTRAR), school.admin())
        readers += (school.with_duty(Duty.BURSAR), school.with_duty(Duty.AUDITOR))
        for person in readers:
            browser = signed_in(person)
            assert "I have the flu" in browser.get(f"/attendance/absences/{made.id}").text, person.email
            assert browser.get(f"/attendance/absences/{made.id}/document").content == PDF, person.email
        for person in (room.other_teacher, evaluator):
            browser = signed_in(person)
            answers = [browser.get(f"/attendance/absences/{made.id}")]
            answers += [browser.get(f"/attendance/absences?format={kind}") for kind in ("csv", "json")]
            answers.append(browser.get(f"/api/v1/absences/{made.id}"))
            for answer in answers:
                assert (answer.status_code == 200) is (person is not evaluator), answer.url
                assert "I have the flu" not in answer.text, person.email
            assert browser.get(f"/attendance/absences/{made.id}/document").status_code == 404
        (listed,) = signed_in(room.other_teacher).get("/api/v1/absences").json()["items"]
        assert (listed["id"], listed["reason"], listed["has_document"]) == (made.id, None, None)
        student = signed_in(room.people[1])
        assert student.get(f"/attendance/absences/{made.id}/document").status_code == 404
        with pytest.raises(NotFound):
            service.read_document(session, subject_of(room.other_teacher), store, made.id, ZONE)
        queue = signed_in(room.teacher).get("/queue?kind=absences").text
        assert "I have the flu" not in queue
        assert room.enrollments[0].program.name in queue


def test_one_meeting_that_cannot_be_marked_leaves_the_others_alone(
    room: TwoClasses, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, office = room.session, registrar(room.session)
    excuse = excused.excuse
    with time_machine.travel(during(-3 * 24 * 60), tick=False):
        for student in (0, 1):
            made = report(room, student, 0, 1)
            service.decide(session, office, made.id, EXCUSE, ZONE)
    tuesday = STARTS + timedelta(days=1)

    def refused(*given: object, **more: object) -> int:
        (held,) = given[3]  # type: ignore[misc]
        if held[0].id == room.other.id:
            raise Invalid("Not this one")
        return excuse(*given, **more)  # type: ignore[arg-type]

    with time_machine.travel(tuesday - timedelta(minutes=20), tick=False):
        monkeypatch.setattr(excused, "excuse", refused)
        assert service.apply_due(session, ZONE) == 4, "Monday morning and Tuesday of both"
        monkeypatch.undo()
        closings.close(session, office, ClosingForm(through=MONDAY), ZONE)
        assert service.apply_due(session, ZONE) == 0, "the afternoon is closed"


def test_a_closed_day_keeps_no_later_one_from_being_marked(room: TwoClasses) -> None:
    session, office = room.session, registrar(room.session)
    with time_machine.travel(during(-3 * 24 * 60), tick=False):
        service.decide(session, office, report(room, 0, 0, 1).id, EXCUSE, ZONE)
    with time_machine.travel(STARTS + timedelta(days=1, minutes=-20), tick=False):
        closings.close(session, office, ClosingForm(through=MONDAY), ZONE)
        assert service.apply_due(session, ZONE) == 1


def test_a_report_and_a_closing_wait_for_each_other(live_database: Database) -> None:
    with live_database.begin() as session, time_machine.travel(during(0), tick=False):
        room = Room(session)
        student, number = subject_of(room.people[0]), room.enrollments[0].id
    given = AbsenceIn(enrollment_id=number, starts_on=MONDAY, ends_on=MONDAY, reason="I have the flu")
    impatient = text("SET LOCAL lock_timeout = '300ms'")
    with time_machine.travel(STARTS + timedelta(days=1), tick=False):
        with live_database.begin() as closing:
            closing_queries.lock_attendance(closing)
            with live_database.begin() as session:
                session.execute(impatient)
                with pytest.raises(OperationalError, match="lock timeout"):
                    service.report(session, student, given, ZONE)
                session.rollback()
        with live_database.begin() as session:
            service.report(session, student, given, ZONE)
            with live_database.begin() as closing:
                closing.execute(impatient)
                with pytest.raises(OperationalError, match="lock timeout"):
                    closing_queries.lock_attendance(closing)
                closing.rollback()


@pytest.mark.parametrize("was_there", [False, True])
def test_each_meeting_is_excused_by_itself(room: TwoClasses, *, was_there: bool) -> None:
    """Two meetings on a day, one of them excused: the other is an absence, and its time stays scheduled."""
    session, teacher = room.session, subject_of(room.teacher)
    enrollment = room.enrollments[0]
    values = MarkForm(enrollment_id=enrollment.id, mark="excused")
    session.execute(
        update(ClassSeat).where(ClassSeat.enrollment_id == enrollment.id).values(starts_on=MONDAY)
    )
    with time_machine.travel(during(30), tick=False):
        policies.add(
            session,
            subject_of(room.school.admin()),
            PolicyKind.ATTENDANCE,
            effective_from=date(2026, 5, 4),
            values={"excused_meetings": "not_scheduled"},
            approved_by="Board",
            today=date(2026, 5, 3),
        )
        rosters.mark(session, teacher, room.record.id, STARTS, values, ZONE)
    if was_there:
        room.school.attendance(enrollment, SECOND)
    with time_machine.travel(SECOND + timedelta(hours=5), tick=False):
        (found,) = standings.of_student(session, teacher, enrollment.user_id, ZONE)
    measures = found.measures
    assert measures.scheduled_minutes == 240, "the afternoon alone"
    assert (measures.attended_minutes, measures.absences, measures.excused) == (
        (240, 0, 0) if was_there else (0, 1, 0)
    )
