"""The document that may come with a request, and where the person goes who has asked."""

from starlette.datastructures import UploadFile

from app.core.permissions import Subject
from app.web import scans
from app.web.request import FilesDep


def asked_page(subject: Subject, correction_id: int) -> str:
    """Where the person sees what they have asked for."""
    return "/hours#requests" if subject.is_student else f"/attendance/corrections/{correction_id}"


def evidence_of(store: FilesDep, file: UploadFile | None) -> tuple[FilesDep, bytes] | None:
    """What was uploaded, and the store that takes it."""
    return None if file is None else (store, file.file.read(scans.LARGEST_BYTES + 1))
