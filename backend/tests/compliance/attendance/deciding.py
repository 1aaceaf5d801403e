"""Hours that one person asks for and another approves, in one call."""

from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.attendance import service
from app.compliance.attendance.corrections import service as corrections
from app.compliance.attendance.corrections.schemas import CorrectionOut, DecisionIn
from app.compliance.attendance.schemas import AttendanceOut, CorrectionIn, HoursIn
from app.core.permissions import Duty, Subject
from tests.factories.school import School

APPROVE = DecisionIn(decision="approve")


def registrar(session: Session) -> Subject:
    """Another registrar each time."""
    user = School(session).with_duty(Duty.REGISTRAR, full_name="Rita Registrar")
    return Subject(user.id, user.email, user.full_name, user.role, duties=frozenset({Duty.REGISTRAR}))


def approved(
    session: Session, made: CorrectionOut, zone: ZoneInfo, by: Subject | None = None
) -> AttendanceOut:
    """The record after somebody else has approved the request."""
    by = by or registrar(session)
    found = corrections.decide(session, by, made.id, APPROVE, zone)
    assert found.record_id is not None
    return service.get(session, by, found.record_id, zone)


def entered(
    session: Session, staff: Subject, values: HoursIn, zone: ZoneInfo, by: Subject | None = None
) -> AttendanceOut:
    """Hours that no record had."""
    return approved(session, corrections.request_hours(session, staff, values, zone), zone, by)


def corrected(
    session: Session,
    staff: Subject,
    record_id: int,
    values: CorrectionIn,
    zone: ZoneInfo,
    by: Subject | None = None,
) -> AttendanceOut:
    """A record with other times."""
    return approved(session, corrections.request_change(session, staff, record_id, values, zone), zone, by)
