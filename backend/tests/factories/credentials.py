"""Rows of credentials: a type, and one that an older system issued."""

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from app.db.models import Credential, CredentialOrder, CredentialType, Enrollment

BATCH = UUID("11111111-1111-4111-8111-111111111111")


def prefix_of(enrollment_id: int) -> str:
    """The prefix of the type that `awarded` makes for an enrollment."""
    return "".join(chr(ord("A") + int(digit)) for digit in f"{enrollment_id:06}"[-6:])


def awarded(session: Session, enrollment: Enrollment) -> dict[str, int]:
    """A type of the program, a credential without a diploma, and a bulk issue that waits: their numbers."""
    kind = CredentialType(
        name=f"Certification {enrollment.id}",
        prefix=prefix_of(enrollment.id),
        level="Diploma",
        program_id=enrollment.program_id,
        description="Assists.",
        criteria="Completes it.",
    )
    old = Credential(
        user_id=enrollment.user_id,
        program_id=enrollment.program_id,
        credential_type="An old one",
        cert_serial=f"OLD-2024-{enrollment.id:03}",
        issued_at=date(2024, 5, 15),
    )
    session.add_all([kind, old])
    session.flush()
    session.add(CredentialOrder(batch=BATCH, type_id=kind.id, enrollment_id=enrollment.id))
    session.flush()
    return {"type_id": kind.id, "credential_type_id": kind.id, "credential_id": old.id}
