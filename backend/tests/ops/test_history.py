"""The school's past is told to the record store once, whatever had been told of it before."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.compliance.attendance import service as attendance
from app.compliance.attendance.schemas import CorrectionIn
from app.db.models import Attendance, EnrollmentStatus, LessonCompletion
from app.db.session import Database
from app.enrollment import service as enrollment
from app.ops.telling import tell_history
from tests.factories.school import School, subject_of

ZONE = ZoneInfo("America/New_York")
AT = datetime(2026, 5, 4, 12, tzinfo=UTC)


def _told(session: Session) -> list[tuple[str, datetime, str | None, bool]]:
    rows = session.execute(
        text("SELECT verb, timestamp, result ->> 'duration', is_voided FROM xapi_statements ORDER BY id")
    )
    return [(verb.rpartition("/")[2], moment, duration, voided) for verb, moment, duration, voided in rows]


def test_what_was_never_told_is_told_once_at_its_own_moment(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        program = school.program()
        lesson = school.lesson(school.module(program))
        record = school.enrollment(
            school.student(), program, enrolled_at=date(2026, 5, 1), status=EnrollmentStatus.WITHDRAWN
        )
        school.attendance(record, AT, clock_out=AT + timedelta(hours=3))
        school.attendance(
            record, AT + timedelta(days=1), clock_out=AT + timedelta(days=1), missing_clock_out=True
        )
        school.attendance(record, AT + timedelta(days=2), clock_out=AT + timedelta(days=2))
        session.add(
            LessonCompletion(
                enrollment_id=record.id, lesson_id=lesson.id, completed_at=AT, source="staff", score_pct=80
            )
        )
    heard: list[tuple[int, int]] = []
    assert tell_history(live_database, ZONE, lambda done, of: heard.append((done, of))) == 4
    assert heard == [(1, 1)]
    assert tell_history(live_database, ZONE) == 0
    with live_database.begin() as session:
        assert _told(session) == [
            ("registered", datetime(2026, 5, 1, 4, tzinfo=UTC), None, False),
            ("completed", AT, None, False),
            ("progressed", AT, None, False),
            ("attended", AT + timedelta(hours=3), "PT3H", False),
            ("abandoned", AT + timedelta(days=1), None, False),
        ]


def test_what_was_told_as_it_happened_is_not_told_again_and_can_be_voided(live_database: Database) -> None:
    with live_database.begin() as session:
        school = School(session)
        program, admin, student = school.program(), school.admin(), school.student()
        lesson = school.lesson(school.module(program))
        record = enrollment.enroll(
            session,
            subject_of(admin),
            user_id=student.id,
            program_id=program.id,
            today=date(2026, 5, 1),
        )
        enrollment.record_lesson_completion(
            session, enrollment_id=record.id, lesson_id=lesson.id, source="staff", score_pct=80, at=AT
        )
        attendance.clock_in(session, subject_of(student), ZONE)
        entry = attendance.clock_out(session, subject_of(student), ZONE)
        # As it was before stays kept the statement that tells of them.
        session.execute(text("UPDATE attendance SET statement_id = NULL"))
    assert tell_history(live_database, ZONE) == 0
    with live_database.begin() as session:
        kept = session.get(Attendance, entry.id)
        assert kept is not None
        assert kept.statement_id is not None
        half = CorrectionIn(
            clock_in=kept.clock_in - timedelta(hours=1), clock_out=kept.clock_in, reason="the clock was late"
        )
        attendance.correct(session, subject_of(admin), kept.id, half, ZONE)
    with live_database.begin() as session:
        hours = [(verb, voided) for verb, _, _, voided in _told(session) if verb in ("attended", "voided")]
        assert hours == [("attended", True), ("voided", False), ("attended", False)]
