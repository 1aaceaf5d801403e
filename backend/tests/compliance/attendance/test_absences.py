"""Absences: reported by the student, decided by somebody else, kept as sent; rosters and the percentage follow."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.attendance import service as attendance
from app.compliance.attendance.absences import service
from app.compliance.attendance.absences.schemas import AbsenceDecision, AbsenceIn, AbsenceOut
from app.compliance.attendance.closings import service as closings
from app.compliance.attendance.closings.schemas import ClosingForm
from app.compliance.attendance.corrections.requests import Evidence
from app.compliance.attendance.roster import service as rosters
from app.compliance.attendance.standings import service as standings
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Duty
from app.db.models import AuditEntry, OutboxMessage, User
from app.projections import notices
from app.school import policies
from app.school.service import PolicyKind
from tests.compliance.attendance.deciding import registrar
from tests.compliance.attendance.test_roster import ENDS, STARTS, ZONE, Room, during
from tests.factories.school import subject_of

MONDAY = date(2026, 5, 4)
PDF = b"%PDF-1.7\nA doctor\xe2\x80\x99s note\n%%EOF"
EXCUSE = AbsenceDecision(decision="excused")
Signed = Callable[[User], TestClient]


@pytest.fixture
def room(session: Session) -> Room:
    return Room(session)


def report(
    room: Room,
    student: int,
    first: int = 0,
    last: int | None = None,
    evidence: Evidence | None = None,
    **more: Any,
) -> AbsenceOut:
    """The absence of a student, in days from the meeting."""
    given = AbsenceIn(
        enrollment_id=room.enrollments[student].id,
        starts_on=MONDAY + timedelta(days=first),
        ends_on=MONDAY + timedelta(days=first if last is None else last),
        reason="I have the flu",
        **more,
    )
    return service.report(room.session, subject_of(room.people[student]), given, ZONE, evidence)


def marks(room: Room) -> list[str | None]:
    return [line.mark for line in room.lines()]


def test_a_report_beforehand_is_decided_by_somebody_else_and_the_rosters_follow(room: Room) -> None:
    session, teacher = room.session, subject_of(room.teacher)
    with time_machine.travel(during(-3 * 24 * 60), tick=False):
        ana, bea = report(room, 0, 0, 1), report(room, 1)
        with pytest.raises(Forbidden, match="Your duties do not include"):
            service.decide(session, subject_of(room.people[0]), ana.id, EXCUSE, ZONE)
        with pytest.raises(NotFound):
            service.decide(session, subject_of(room.school.instructor()), ana.id, EXCUSE, ZONE)
        assert service.decide(session, teacher, ana.id, EXCUSE, ZONE).decided_by == "Tess Carter"
        with pytest.raises(Conflict, match="excused already"):
            service.decide(session, teacher, ana.id, EXCUSE, ZONE)
        with pytest.raises(Conflict, match="excused already"):
            service.withdraw(session, subject_of(room.people[0]), ana.id)
        lines = room.lines()
        assert [one.absence_excused for one in lines] == [True, False, False]
        assert [one.absence_id for one in lines] == [ana.id, bea.id, None]
        assert service.apply_due(session, ZONE) == 0, "the meeting is to come"
    with time_machine.travel(during(-20), tick=False):
        assert service.apply_due(session, ZONE) == 1
        assert service.apply_due(session, ZONE) == 0
        assert marks(room) == ["excused", None, None]
    with time_machine.travel(during(5), tick=False):
        assert rosters.mark_all_present(session, teacher, room.record.id, STARTS, ZONE) == 1
        assert marks(room) == ["excused", None, "present"], (
            "who has reported an absence is not marked by the button"
        )
        room.tap(1, "absent")
        room.tap(0, "none")
        assert service.apply_due(session, ZONE) == 0, "what an instructor took back stays so"
        room.tap(0, "present")
    with time_machine.travel(ENDS + timedelta(days=2), tick=False):
        room.settle()
        service.decide(
            session, registrar(session), bea.id, AbsenceDecision(decision="excused", note="Get well"), ZONE
        )
        assert marks(room) == ["present", "excused", "present"], (
            "afterwards, too; who came all the same was there"
        )
        assert [len(room.entries(one)) for one in range(3)] == [1, 0, 1], "an excused absence gives no hours"
        (found,) = standings.of_student(session, teacher, room.people[1].id, ZONE)
        assert found.measures.excused == 1
    said = session.scalars(
        select(AuditEntry.action).where(AuditEntry.target == "absence_requests").order_by(AuditEntry.id)
    ).all()
    assert said == ["absence.requested", "absence.requested", "absence.excused", "absence.excused"]
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    changed = [
        one for one in entries if one.action == "class_attendance.marked" and one.student_id == bea.user_id
    ]
    assert [one.details["mark"] for one in changed] == [[None, "absent"], ["absent", "excused"]]
    notices.SUBSCRIBER.apply(session, [one for one in entries if one.action in notices.SUBSCRIBER.actions])
    bodies = session.scalars(select(OutboxMessage.body_text).order_by(OutboxMessage.id)).all()
    assert len(bodies) == 2
    assert "is excused: May 4, 2026 to May 5, 2026" in bodies[0]
    assert "writes: Get well" in bodies[1]


def test_one_meeting_the_hours_of_a_clock_and_a_policy_that_leaves_excused_time_out(room: Room) -> None:
    session, office = room.session, registrar(room.session)
    tuesday = STARTS + timedelta(days=1)
    with time_machine.travel(during(10), tick=False):
        attendance.clock_in(session, subject_of(room.people[2]), ZONE, room.enrollments[2].id)
    with time_machine.travel(ENDS, tick=False):
        attendance.clock_out(session, subject_of(room.people[2]), ZONE)
    with time_machine.travel(STARTS + timedelta(days=2), tick=False):
        one = report(room, 0, 1, class_id=room.record.id, meeting_at=tuesday)
        clocked = report(room, 2, 0, 1)
        service.decide(session, office, one.id, EXCUSE, ZONE)
        service.decide(session, office, clocked.id, EXCUSE, ZONE)
        assert [item.said for item in service.read(session, office, one.id, ZONE).meetings] == ["Excused"]
        assert [item.said for item in service.read(session, office, clocked.id, ZONE).meetings] == [
            "Hours recorded",
            "Excused",
        ]

        def measured(student: int) -> tuple[int, str]:
            (found,) = standings.of_student(session, office, room.people[student].id, ZONE)
            return found.measures.scheduled_minutes, str(found.measures.attendance_pct)

        assert measured(2) == (before := (8640, "2.6")), "the classes of the year so far"
        assert marks(room) == [None, None, None]
        policies.add(
            session,
            subject_of(room.school.admin()),
            PolicyKind.ATTENDANCE,
            effective_from=date(2026, 5, 7),
            values={"excused_meetings": "not_scheduled"},
            approved_by="Board",
            today=date(2026, 5, 6),
        )
    with time_machine.travel(STARTS + timedelta(days=3), tick=False):
        assert measured(2) == (before[0] - 240, "2.7")
        assert measured(0) == (before[0] - 240, "0.0")


def test_what_cannot_be_reported_and_what_a_student_withdraws(room: Room) -> None:
    session, office = room.session, registrar(room.session)
    with time_machine.travel(STARTS + timedelta(days=4), tick=False):  # Friday
        for first, last, said in (
            (-20, None, "until 14 days afterwards"),
            (2, 3, "None of your classes meets on these days"),
            (1, 0, "The last day is before the first day"),
            (0, 40, "leave of absence"),
            (200, None, "Choose a day up to"),
        ):
            with pytest.raises(Invalid, match=said):
                report(room, 0, first, last)
        with pytest.raises(Invalid, match="does not meet then"):
            report(room, 0, 0, class_id=room.record.id, meeting_at=STARTS + timedelta(hours=1))
        number = uuid4()
        made = report(room, 0, 0, 1, request=number)
        assert report(room, 0, 0, 1, request=number).id == made.id, "sent twice is one"
        with pytest.raises(
            Conflict, match="already reported an absence for this time: May 4, 2026 to May 5, 2026"
        ):
            report(room, 0, 1, class_id=room.record.id, meeting_at=STARTS + timedelta(days=1))
        theirs = AbsenceIn(
            enrollment_id=room.enrollments[1].id, starts_on=MONDAY, ends_on=MONDAY, reason="Not mine"
        )
        with pytest.raises(NotFound):
            service.report(session, subject_of(room.people[0]), theirs, ZONE)
        with pytest.raises(NotFound):
            service.withdraw(session, subject_of(room.people[1]), made.id)
        service.withdraw(session, subject_of(room.people[0]), made.id)
        with pytest.raises(Conflict, match="withdrawn already"):
            service.decide(session, office, made.id, EXCUSE, ZONE)
        again = report(room, 0, 0, 1)
        with pytest.raises(Invalid, match="why the absence is not excused"):
            service.decide(session, office, again.id, AbsenceDecision(decision="not_excused"), ZONE)
        with pytest.raises(Conflict, match="1 reported absence waits for a decision"):
            closings.close(session, office, ClosingForm(through=MONDAY), ZONE)
        service.withdraw(session, subject_of(room.people[0]), again.id)
        closings.close(session, office, ClosingForm(through=MONDAY), ZONE)
        with pytest.raises(Invalid, match="Attendance of this day is closed"):
            report(room, 1)


def test_pages_queue_document_and_api(room: Room, signed_in: Signed) -> None:
    with time_machine.travel(datetime(2026, 5, 6, 16, tzinfo=STARTS.tzinfo), tick=False):
        mine, teacher = signed_in(room.people[0]), signed_in(room.teacher)
        assert 'href="/hours/absences/new"' in mine.get("/hours").text
        form = mine.get("/hours/absences/meeting").text
        assert f'value="{room.record.id}@2026-05-05T12:30:00+00:00"' in form
        request = form.partition('name="request" value="')[2].partition('"')[0]
        given = {
            "request": request,
            "enrollment_id": room.enrollments[0].id,
            "reason": "Flu <b>",
        }
        wrong = mine.post("/hours/absences/meeting", data=given | {"meeting": "?"})
        assert wrong.status_code == 422
        assert "Choose the class meeting that you miss." in wrong.text
        assert "Flu &lt;b&gt;" in wrong.text, "nothing typed is lost"
        given["meeting"] = f"{room.record.id}@2026-05-05T12:30:00+00:00"
        made = mine.post("/hours/absences/meeting", data=given, files={"file": ("note.pdf", PDF)})
        assert made.status_code == 303, made.text
        address = made.headers["location"]
        assert f'href="{address}"' in mine.get("/hours").text
        days = given | {"request": str(uuid4()), "starts_on": "2026-05-09", "ends_on": ""}
        assert "None of your classes meets on these days" in mine.post("/hours/absences/new", data=days).text
        own = mine.get(address).text
        assert f'action="{address}/withdraw"' in own
        assert "Do not excuse" not in own
        assert mine.post(address, data={"decision": "excused"}).status_code == 403
        assert address in teacher.get("/queue?kind=absences").text
        assert "Ana Alvarez" in teacher.get("/attendance/absences").text
        assert "Flu <b>" in teacher.get("/attendance/absences?format=csv").text
        shown = teacher.get(address).text
        assert f'action="{address}/withdraw"' not in shown
        assert teacher.get(f"{address}/document").content == PDF
        roster = f"/classes/{room.record.id}/attendance?meeting=2026-05-05T12:30:00Z"
        assert f'href="{address}">Reported absent' in teacher.get(roster).text
        declined = teacher.post(address, data={"decision": "not_excused", "note": ""})
        assert declined.status_code == 422
        auditor = signed_in(room.school.with_duty(Duty.AUDITOR))
        assert "Your duties do not include excusing absences." in auditor.get(address).text
        assert auditor.post(address, data={"decision": "excused"}).status_code == 403
        assert teacher.post(address, data={"decision": "excused"}).status_code == 303
        assert "Ana Alvarez" not in teacher.get("/attendance/absences").text
        assert "Ana Alvarez" in teacher.get("/attendance/absences?state=excused").text
        assert address not in teacher.get("/queue?kind=absences").text
        body = {
            "enrollment_id": room.enrollments[0].id,
            "starts_on": "2026-05-11",
            "ends_on": "2026-05-12",
            "reason": "A funeral",
        }
        sent = mine.post("/api/v1/absences", json=body)
        assert sent.status_code == 201, sent.text
        number = sent.json()["id"]
        assert [one["id"] for one in teacher.get("/api/v1/absences").json()["items"]] == [number]
        decided = teacher.post(
            f"/api/v1/absences/{number}/decision", json={"decision": "not_excused", "note": "Ask the dean"}
        )
        assert decided.json()["state"] == "not_excused"
        assert "Ask the dean" in mine.get("/hours").text
