"""An agreement that waits for its student, and a fee, as the walk of the routes needs them."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.db.models import Enrollment, EnrollmentAgreement, IssuedDocument, ProgramFee, SchoolPolicy

TERMS = {
    "student": "Zebulona Quistgaard",
    "student_number": 1,
    "birth_date": None,
    "email": "zebulona@example.org",
    "program": "Dental Assistant",
    "clock_hours": 480,
    "weeks": None,
    "starts_on": "2026-06-01",
    "ends_on": "2026-12-18",
    "schedule": "Mornings",
    "payment": "Installments",
    "tuition_cents": 504_000,
    "fees": [],
    "total_cents": 504_000,
    "application_fee_cents": 0,
    "application_fee_disclosed": False,
    "items": [],
    "segments": [{"name": "Dental Assistant", "total_minutes": 28_800, "charge_cents": 504_000}],
    "refund_policy": {"name": "gnpec-current", "title": "Pro rata", "clause": "Prorated."},
    "disclosures": [["Placement", "Not guaranteed."]],
    "cosigner": None,
}


def agreed(session: Session, enrollment: Enrollment, serial: int) -> dict[str, int]:
    """Numbers by the names of parameters; the file of the agreement is in no store."""
    document = IssuedDocument(
        kind="enrollment_agreement",
        year=2026,
        serial=serial,
        number=f"EA-2026-{serial:06}",
        student_id=enrollment.user_id,
        enrollment_id=enrollment.id,
        request=UUID(int=7_000 + serial),
    )
    fee = ProgramFee(
        program_id=enrollment.program_id,
        kind="kit",
        name="Kit",
        amount_cents=100,
        refundable=True,
        disclosed=False,
    )
    session.add_all([document, fee])
    session.flush()
    policy = session.scalars(select(SchoolPolicy.id).where(SchoolPolicy.kind == "agreement")).first()
    row = EnrollmentAgreement(
        document_id=document.id,
        enrollment_id=enrollment.id,
        student_id=enrollment.user_id,
        terms=TERMS,
        terms_sha256="a" * 64,
        policy_id=policy,
        refund_policy="gnpec-current",
        shown_sha256="b" * 64,
        file_sha256="b" * 64,
        expires_at=clock.now() + timedelta(days=14),
    )
    session.add(row)
    session.flush()
    return {"agreement_id": row.id, "fee_id": fee.id}
