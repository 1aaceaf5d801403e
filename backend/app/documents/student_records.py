"""What of documents is in a student's whole file."""

from app.core import student_records as records
from app.core.student_records import StoredPaper
from app.db.models import IssuedDocument
from app.documents import kinds

records.export(
    IssuedDocument,
    "documents",
    "Documents that the school issued",
    records.owned(IssuedDocument.student_id),
    papers=(StoredPaper("sha256"),),
    readable=kinds.visible,
    limited="Nobody finds letters about themselves in other people’s files.",
)
