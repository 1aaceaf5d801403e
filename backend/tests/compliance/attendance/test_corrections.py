"""Corrections: asked for by one person with a reason, decided by another, and what was stays beside what is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from app.compliance.attendance import queries, service
from app.compliance.attendance.corrections import service as corrections
from app.compliance.attendance.corrections.schemas import CorrectionOut, DecisionIn, State, TransferIn
from app.compliance.attendance.schemas import CorrectionIn, HoursIn
from app.compliance.attendance.totals import service as totals
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.files import open_store
from app.core.permissions import Duty, Subject
from app.db.models import Attendance, AttendanceCorrection, AuditEntry, Enrollment, OutboxMessage, User
from app.settings import Settings
from tests.compliance.attendance.deciding import APPROVE, approved, registrar
from tests.factories.school import School, subject_of

SignedIn = Callable[[User], TestClient]
ZONE = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 5, 4, 12, tzinfo=UTC)
NOW = MONDAY + timedelta(days=2)
PDF = b"%PDF-1.7\nA transcript of another school\n%%EOF"


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def enrollment(school: School) -> Enrollment:
    student = school.student(full_name="Maria Lopez")
    return school.enrollment(student, school.program(clock_hours=480, name="Dental Assistant"))


@pytest.fixture
def student(session: Session, enrollment: Enrollment) -> Subject:
    return subject_of(session.get_one(User, enrollment.user_id))


def until(record: Attendance, minutes: int) -> CorrectionIn:
    return CorrectionIn(
        clock_in=record.clock_in,
        clock_out=record.clock_in + timedelta(minutes=minutes),
        reason="The tablet was off",
    )


def actions(session: Session) -> list[str]:
    entries = select(AuditEntry.action).where(AuditEntry.action.like("attendance%")).order_by(AuditEntry.id)
    return list(session.scalars(entries))


def test_a_student_asks_somebody_else_decides_and_both_versions_stay(
    session: Session, school: School, enrollment: Enrollment, student: Subject
) -> None:
    record = school.attendance(enrollment, MONDAY, minutes=120)
    made = corrections.request_change(session, student, record.id, until(record, 240), ZONE)
    assert (made.state, made.minutes, record.total_minutes) == (State.WAITING, 240, 120)
    by = registrar(session)
    view = corrections.read(session, by, made.id, ZONE)
    assert view.effect is not None
    assert (view.refusal, view.effect.before, view.effect.after) == (None, 120, 240)
    assert view.effect.days == [(MONDAY.date(), 120, 240)]
    assert corrections.count_waiting(session, by) == 1
    # Nobody decides their own hours or what they asked for.
    with pytest.raises(Forbidden):
        corrections.decide(session, student, made.id, APPROVE, ZONE)
    found = approved(session, made, ZONE, by)
    assert (found.total_minutes, found.source) == (240, "staff")
    kept = corrections.of_record(session, student, record.id)
    assert [(one.state, one.old_clock_out, one.clock_out) for one in kept] == [
        (State.APPROVED, MONDAY + timedelta(hours=2), MONDAY + timedelta(hours=4))
    ]
    assert actions(session) == [
        "attendance_correction.requested", "attendance_correction.approved", "attendance.corrected",
    ]  # fmt: skip
    hours = dict(session.execute(queries.attendance_hours_per_student()).all()[0]._mapping)
    assert hours["total_minutes"] == 240
    assert totals.compare(session).differences == 0
    assert corrections.count_waiting(session, by) == 0
    with pytest.raises(Conflict, match="approved already"):
        corrections.decide(session, registrar(session), made.id, APPROVE, ZONE)


def test_the_database_keeps_two_people_apart_and_what_was_decided(
    session: Session, school: School, enrollment: Enrollment, student: Subject
) -> None:
    record = school.attendance(enrollment, MONDAY, minutes=120)
    made = corrections.request_change(session, student, record.id, until(record, 240), ZONE)
    decide = text(
        "UPDATE attendance_corrections SET decided_by = :who, decided_at = now(), outcome = 'approved'"
    )
    with pytest.raises(IntegrityError, match="two_people"), session.begin_nested():
        session.execute(decide, {"who": student.user_id})
    again = until(record, 180)
    with pytest.raises(IntegrityError, match="uq_attendance_corrections_open"), session.begin_nested():
        corrections.request_change(session, student, record.id, again, ZONE)
    corrections.decide(session, registrar(session), made.id, APPROVE, ZONE)
    change = text("UPDATE attendance_corrections SET reason = 'Other'")
    with pytest.raises(IntegrityError, match="decided is not changed"), session.begin_nested():
        session.execute(change)
    with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
        session.execute(text("DELETE FROM attendance_corrections"))


def test_a_declined_request_says_why_and_changes_nothing(
    session: Session, school: School, enrollment: Enrollment, student: Subject
) -> None:
    record = school.attendance(enrollment, MONDAY, minutes=120)
    made = corrections.request_change(session, student, record.id, until(record, 240), ZONE)
    with pytest.raises(Invalid, match="why it is declined"):
        corrections.decide(session, registrar(session), made.id, DecisionIn(decision="decline"), ZONE)
    no = DecisionIn(decision="decline", note="The class ended at 10")
    found = corrections.decide(session, registrar(session), made.id, no, ZONE)
    session.refresh(record)
    assert (found.state, record.total_minutes) == (State.DECLINED, 120)


def test_the_student_and_who_asked_are_mailed(
    session: Session, school: School, enrollment: Enrollment, student: Subject
) -> None:
    teacher = school.instructor(full_name="Tess Carter", email="tess@example.org")
    school.school_class(teacher=teacher, students=[enrollment])
    record = school.attendance(enrollment, MONDAY, minutes=120)
    made = corrections.request_change(session, subject_of(teacher), record.id, until(record, 240), ZONE)
    corrections.decide(session, registrar(session), made.id, APPROVE, ZONE)
    corrections.send_decision(session, made.id)
    mails = session.scalars(select(OutboxMessage).order_by(OutboxMessage.to_address)).all()
    assert sorted(one.to_address for one in mails) == sorted([student.email, "tess@example.org"])
    assert all("request about hours was approved" in one.subject for one in mails)


def test_an_instructor_decides_for_their_own_students_alone(
    session: Session, school: School, enrollment: Enrollment, student: Subject
) -> None:
    record = school.attendance(enrollment, MONDAY, minutes=120)
    made = corrections.request_change(session, student, record.id, until(record, 240), ZONE)
    stranger, teacher = subject_of(school.instructor()), school.instructor()
    with pytest.raises(NotFound):
        corrections.decide(session, stranger, made.id, APPROVE, ZONE)
    assert corrections.count_waiting(session, stranger) == 0
    school.school_class(teacher=teacher, students=[enrollment])
    auditor = replace(registrar(session), duties=frozenset({Duty.AUDITOR}))
    assert corrections.read(session, auditor, made.id, ZONE).refusal == (
        "Your duties do not include deciding corrections of hours."
    )
    with pytest.raises(Forbidden):
        corrections.decide(session, auditor, made.id, APPROVE, ZONE)
    assert corrections.decide(session, subject_of(teacher), made.id, APPROVE, ZONE).state is State.APPROVED


def test_a_record_that_changed_since_is_not_overwritten(
    session: Session, school: School, enrollment: Enrollment, student: Subject
) -> None:
    record = school.attendance(enrollment, NOW - timedelta(hours=1), clock_out=None)
    made = corrections.request_change(
        session,
        student,
        record.id,
        CorrectionIn(clock_in=record.clock_in, clock_out=NOW - timedelta(minutes=10), reason="Left before"),
        ZONE,
    )
    service.clock_out(session, student, ZONE)
    with pytest.raises(
        Conflict, match=r"has changed since this was requested; it is May 6, 2026, 7:00 AM EDT to"
    ):
        corrections.decide(session, registrar(session), made.id, APPROVE, ZONE)
    assert session.get_one(AttendanceCorrection, made.id).decided_at is None


@pytest.mark.parametrize(
    ("start", "length", "sentence"),
    [
        (0, -60, "before the clock-in"),
        (0, 0, "no hours"),
        (60 * 48 + 1, 10, "in the future"),
        (0, 60 * 17, "16 hours at most"),
        (30, 60, "overlap another attendance record"),
        (-60 * 24 * 365, 60, "began on January 5, 2026"),
    ],
)
def test_hours_that_cannot_be_are_refused_when_they_are_asked_for(
    session: Session,
    school: School,
    enrollment: Enrollment,
    student: Subject,
    start: int,
    length: int,
    sentence: str,
) -> None:
    school.attendance(enrollment, MONDAY, minutes=60)
    begins = MONDAY + timedelta(minutes=start) if length != 0 else MONDAY - timedelta(hours=9)
    values = HoursIn(
        enrollment_id=enrollment.id,
        clock_in=begins,
        clock_out=begins + timedelta(minutes=length),
        reason="The clock was off",
    )
    with pytest.raises((Invalid, Conflict), match=sentence):
        corrections.request_hours(session, student, values, ZONE)
    assert session.scalars(select(AttendanceCorrection)).all() == []
    theirs = values.model_copy(update={"enrollment_id": school.enrollment(school.student()).id})
    with pytest.raises(NotFound):
        corrections.request_hours(session, student, theirs, ZONE)


def test_hours_are_asked_for_once(
    session: Session, school: School, enrollment: Enrollment, student: Subject
) -> None:
    values = HoursIn(
        enrollment_id=enrollment.id,
        clock_in=MONDAY,
        clock_out=MONDAY + timedelta(hours=4),
        reason="The tablet was off",
    )
    made = corrections.request_hours(session, student, values, ZONE)
    later = {"clock_in": MONDAY + timedelta(hours=3), "clock_out": MONDAY + timedelta(hours=6)}
    for again in (values, values.model_copy(update=later)):
        with pytest.raises(Conflict, match=r"is waiting for a decision: .*Nothing was saved"):
            corrections.request_hours(session, student, again, ZONE)
    after = {"clock_in": values.clock_out, "clock_out": MONDAY + timedelta(hours=6)}
    corrections.request_hours(session, student, values.model_copy(update=after), ZONE)
    decline = DecisionIn(decision="decline", note="The room was closed")
    corrections.decide(session, registrar(session), made.id, decline, ZONE)
    assert corrections.request_hours(session, student, values, ZONE).state is State.WAITING


def test_make_up_hours_are_records_of_their_own_kind(
    session: Session, school: School, settings: Settings, enrollment: Enrollment
) -> None:
    staff = subject_of(school.admin())
    values = HoursIn(
        enrollment_id=enrollment.id,
        clock_in=MONDAY,
        clock_out=MONDAY + timedelta(hours=2),
        reason="Lab on Saturday",
    )
    store = open_store(settings)
    made = corrections.request_hours(session, staff, values, ZONE, (store, PDF), kind="make_up")
    found = approved(session, made, ZONE)
    assert (found.source, found.total_minutes) == ("make_up", 120)
    assert (found.notes or "").startswith("Make-up hours May 6, 2026")
    content, media_type = corrections.read_document(session, registrar(session), store, made.id)
    assert (content, media_type) == (PDF, "application/pdf")


def test_transferred_hours_count_toward_the_program_and_are_no_attendance(
    session: Session, school: School, settings: Settings, enrollment: Enrollment, student: Subject
) -> None:
    staff = subject_of(school.admin())
    evidence = (open_store(settings), PDF)

    def ask(hours: str, proof: object = evidence) -> CorrectionOut:
        values = TransferIn(
            enrollment_id=enrollment.id, hours=Decimal(hours), origin="Atlanta Tech", reason="First term"
        )
        return corrections.request_transfer(session, staff, values, proof)  # type: ignore[arg-type]

    for hours, sentence in (
        ("0", "how many hours"),
        ("481", "more than the 480 hours"),
        ("-1", "no more can be"),
    ):
        with pytest.raises(Invalid, match=sentence):
            ask(hours)
    with pytest.raises(Invalid, match="Choose the document"):
        ask("10", None)
    made = ask("40.5")
    corrections.decide(session, registrar(session), made.id, APPROVE, ZONE)
    school.attendance(enrollment, MONDAY, minutes=60)
    (found,) = service.totals(session, student, student.user_id, ZONE).enrollments
    assert (found.done_minutes, found.transferred_minutes) == (2490, 2430)
    documented = session.execute(queries.attendance_hours_per_student()).one()
    assert documented.total_minutes == 60
    back = ask("-40.5")
    corrections.decide(session, registrar(session), back.id, APPROVE, ZONE)
    (found,) = service.totals(session, student, student.user_id, ZONE).enrollments
    assert (found.done_minutes, found.transferred_minutes) == (60, 0)


# Pages


def test_a_student_asks_from_their_hours_and_sees_the_answer(
    session: Session, school: School, enrollment: Enrollment, signed_in: SignedIn
) -> None:
    record = school.attendance(enrollment, MONDAY, minutes=120)
    client = signed_in(session.get_one(User, enrollment.user_id))
    assert f"/hours/requests/new?record_id={record.id}" in client.get("/hours").text
    form = client.get(f"/hours/requests/new?record_id={record.id}")
    assert 'value="2026-05-04T08:00:00"' in form.text
    typed = {"clock_in": "2026-05-04T08:00", "clock_out": "2026-05-04T07:00", "reason": "Stayed"}
    wrong = client.post(f"/hours/requests/{record.id}", data=typed)
    assert (wrong.status_code, "before the clock-in" in wrong.text) == (422, True)
    asked = client.post(f"/hours/requests/{record.id}", data=typed | {"clock_out": "2026-05-04T12:00"})
    assert (asked.status_code, asked.headers["location"]) == (303, "/hours#requests")
    twice = client.post(f"/hours/requests/{record.id}", data=typed | {"clock_out": "2026-05-04T12:00"})
    assert (twice.status_code, "waits for a decision already" in twice.text) == (409, True)
    assert "Waiting" in client.get("/hours").text
    theirs = school.attendance(school.enrollment(school.student()), MONDAY)
    assert client.get(f"/hours/requests/new?record_id={theirs.id}").status_code == 404
    assert client.post(f"/hours/requests/{theirs.id}", data=typed).status_code == 404
    office = signed_in(school.admin())
    assert "Corrections of hours to decide" in office.get("/").text
    page = office.get("/attendance/corrections").text
    assert "Maria Lopez" in page
    (made,) = session.scalars(select(AttendanceCorrection.id)).all()
    preview = office.get(f"/attendance/corrections/{made}").text
    assert "What an approval changes" in preview
    assert office.post(f"/attendance/corrections/{made}", data={"decision": "maybe"}).status_code == 422
    assert office.post(f"/attendance/corrections/{made}", data={"decision": "approve"}).status_code == 303
    assert "Approved" in client.get("/hours").text
    rows = office.get("/attendance/corrections?state=all&format=csv").text
    assert "The tablet" not in rows
    assert "Stayed" in rows
    closed = office.post("/attendance/closings", data={"through": "2026-05-05"})
    assert closed.status_code == 303
    assert "May 5, 2026" in office.get("/attendance/closings").text
