"""A student's consent and open requests, by what addresses call their numbers."""

from datetime import date

from sqlalchemy.orm import Session

from app.db.models import AccessRequest, AmendmentRequest, Consent, InspectedStudent, InspectionPacket


def asked(session: Session, user_id: int) -> dict[str, int]:
    """One of each for a student."""
    consent = Consent(
        student_id=user_id,
        records="Transcript",
        purpose="A job",
        recipient="Peachtree Dental",
        method="electronic",
        signed_name="Zeb",
        signed_on=date(2026, 1, 5),
    )
    access = AccessRequest(
        student_id=user_id,
        records="Everything",
        received_on=date(2026, 5, 1),
        due_on=date(2026, 6, 15),
        entered_by=user_id,
    )
    amendment = AmendmentRequest(
        student_id=user_id, record="Attendance", wanted="I was there.", asked_by=user_id
    )
    inspection = InspectionPacket(inspector="Ida Inspector", agency="GNPEC", made_on=date(2026, 5, 1))
    session.add_all([consent, access, amendment, inspection])
    session.flush()
    session.add(InspectedStudent(inspection_id=inspection.id, student_id=user_id, place=1))
    session.flush()
    return {
        "consent_id": consent.id,
        "access_request_id": access.id,
        "amendment_id": amendment.id,
        "inspection_id": inspection.id,
    }
