"""Rows of one student that routes are asked for, by what addresses call their numbers."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.permissions import Duty
from app.core.sealing import box
from app.db.models import (
    AdmissionDocument,
    AdmissionKind,
    Application,
    EmergencyContact,
    FormerName,
    NameRequest,
    StudentAddress,
    StudentField,
    StudentIdentifier,
    StudentNote,
    StudentPhone,
)


def admission_rows(session: Session, user_id: int, program_id: int) -> dict[str, int]:
    """What somebody applied for and brought, and a note about them for everybody's duties."""
    kind = session.scalars(select(AdmissionKind.id).order_by(AdmissionKind.id).limit(1)).one()
    paper = AdmissionDocument(
        user_id=user_id, kind_id=kind, sha256="4" * 64, media_type="application/pdf", size_bytes=1
    )
    applied = Application(user_id=user_id, program_id=program_id)
    note = StudentNote(
        user_id=user_id, author_name="Ada Office", audience=[duty.value for duty in Duty], body="Called"
    )
    session.add_all([paper, applied, note])
    session.flush()
    return {"kind_id": kind, "paper_id": paper.id, "application_id": applied.id, "note_id": note.id}


def file_rows(session: Session, user_id: int, contact: int) -> dict[str, int]:
    """Rows of one student's file, by what addresses call their numbers. Contacts of all kinds have one number."""
    day, paper = date(2026, 1, 5), {"document_sha256": "2" * 64, "document_type": "application/pdf"}
    former = FormerName(user_id=user_id, full_name="Zeb", used_until=day, reason="Marriage", **paper)
    asked = NameRequest(user_id=user_id, last_name="Q", counts_from=day, reason="Divorce", **paper)
    number = StudentIdentifier(
        user_id=user_id,
        kind="ssn",
        sealed_value=box(session.info["settings"], "student identifier").seal("123-45-6789"),
        last_four="6789",
        blind_index=f"{contact:064}",
    )
    size = StudentField(name=f"Shirt size {contact}", type="text")
    session.add_all(
        [
            StudentAddress(
                id=contact, user_id=user_id, kind="home", line1="1 Peachtree", city="Atlanta", starts_on=day
            ),
            StudentPhone(
                id=contact,
                user_id=user_id,
                kind="home",
                number="4045550134",
                digits="14045550134",
                starts_on=day,
            ),
            EmergencyContact(
                id=contact, user_id=user_id, name="Rosa", relationship="Mother", phone="1", starts_on=day
            ),
            former,
            asked,
            number,
            size,
        ]
    )
    session.flush()
    return {
        "contact_id": contact,
        "former_name_id": former.id,
        "name_request_id": asked.id,
        "request_id": asked.id,
        "identifier_id": number.id,
        "field_id": size.id,
    }
