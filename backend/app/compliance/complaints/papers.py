"""Papers that belong to a complaint."""

from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from app.compliance.complaints import policy, queries
from app.compliance.complaints.steps import find, record
from app.core import views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.files import FileMissing, FileStore, StoredFile, claims
from app.core.files.claims import Retention
from app.core.permissions import Subject, internal
from app.core.views import Part
from app.db.models import Complaint, ComplaintFile
from app.web import scans

_ROOM = "compliance.complaints"
MOST = 20
"""Papers of one complaint."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper's bytes and what they are."""

    id: int
    student_id: int
    content: bytes
    media_type: str


@internal("a step of filing, before anything is locked")
def take_in(store: FileStore, content: bytes) -> tuple[StoredFile, str]:
    """Look at an uploaded paper and keep it. Raises Invalid at `file`."""
    return scans.take_in(store, content, "file")


def paper_of(store: FileStore, file: UploadFile | None) -> tuple[FileStore, bytes] | None:
    """What was uploaded, and the store that takes it."""
    return None if file is None else (store, file.file.read(scans.LARGEST_BYTES + 1))


def add_paper(
    session: Session, subject: Subject, complaint_id: int, paper: tuple[FileStore, bytes] | None
) -> ComplaintFile:
    """Add a paper. Raises Invalid for none, NotFound; Conflict for a complaint that is closed, and beyond 20 papers."""
    row = find(session, subject, complaint_id)
    policy.require_own_or_work(subject, row)
    if paper is None:
        sentence = "Choose a photo or document."
        raise Invalid(sentence, errors=[FieldError("file", sentence)])
    stored, media_type = take_in(*paper)
    row = find(session, subject, complaint_id, lock=True)
    if row.state in ("closed", "referred"):
        raise Conflict("This complaint is closed, so no paper can be added. Nothing was saved.")
    if len(queries.files(session, complaint_id)) >= MOST:
        raise Conflict(
            f"A complaint has {MOST} papers at most. Nothing was saved; send the rest to the office."
        )
    return keep(session, subject, row, stored, media_type)


@internal("a step of filing, and of adding a paper")
def keep(
    session: Session, subject: Subject, row: Complaint, stored: StoredFile, media_type: str
) -> ComplaintFile:
    """Keep a paper that was taken in with its complaint."""
    made = ComplaintFile(
        complaint_id=row.id, sha256=stored.sha256, media_type=media_type, added_by=subject.user_id
    )
    queries.add(session, made)
    claims.claim(
        session, stored, room=_ROOM, row=made.id, retention=Retention.PERMANENT, media_type=media_type
    )
    record(session, subject, Action.COMPLAINT_FILE_ADDED, row)
    return made


# Without the paper, as in `service.read`.
@views.opens(Part.PRIVACY, student=lambda found, _given: found.student_id)
def read_file(session: Session, subject: Subject, store: FileStore, complaint_file_id: int) -> Paper:
    """One paper. Raises NotFound."""
    row = queries.file(session, complaint_file_id)
    if row is None:
        raise NotFound(policy.NO_COMPLAINT)
    complaint = find(session, subject, row.complaint_id)
    try:
        content = store.read_bytes(row.sha256)
    except FileMissing:
        raise NotFound("This document is not in the file store. Ask the operator to restore it.") from None
    return Paper(row.id, complaint.student_id, content, row.media_type)
