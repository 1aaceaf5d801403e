"""The file of an agreement, never given out or signed when it is not what it was."""

import hashlib
from datetime import timedelta

from app.core import history
from app.core.actions import Action
from app.core.errors import Conflict, Unavailable
from app.core.files import FileMissing, FileStore
from app.core.permissions import Actor
from app.db.models import EnrollmentAgreement
from app.db.session import Database

ROOM = "finance.agreements"
"""Whose files they are."""


def fetch(
    database: Database, files: FileStore, subject: Actor | None, row: EnrollmentAgreement, number: str
) -> bytes:
    """The file with the signatures so far. Conflict for one that was changed, which the history notes; Unavailable."""
    try:
        pdf = files.read_bytes(row.file_sha256)
    except FileMissing:
        raise Unavailable(
            f"The file of agreement {number} is missing from the store. Nothing was changed. Ask the operator to bring "
            "it back from a backup; the record has its SHA-256."
        ) from None
    found = hashlib.sha256(pdf).hexdigest()
    if found == row.file_sha256:
        return pdf
    # In a transaction of its own: what follows is refused.
    with database.begin() as session:
        history.record_once(
            session,
            subject,
            Action.AGREEMENT_FILE_CHANGED,
            row.id,
            key=f"agreement {row.id} is {found}",
            within=timedelta(hours=1),
            student_id=row.student_id,
            enrollment_id=row.enrollment_id,
            number=number,
            expected=row.file_sha256,
            found=found,
        )
    raise Conflict(
        f"The file of agreement {number} was changed after it was made, so it is neither shown nor signed. This was "
        "noted in the history. Ask the operator to bring the file back from a backup."
    )
