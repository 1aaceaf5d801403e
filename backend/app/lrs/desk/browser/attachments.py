"""The attachments of a statement: what it says of them, and the bytes of those that are kept here."""

from collections.abc import Iterator
from dataclasses import dataclass
from mimetypes import guess_extension
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from app.core import history, visibility
from app.core.actions import Action
from app.core.errors import NotFound
from app.core.files import FileMissing
from app.core.visibility import Records
from app.lrs.desk.browser import service
from app.lrs.desk.browser.presentation import Line, in_english
from app.lrs.engine.attachments.service import kept_attachments
from app.lrs.engine.http import INERT
from app.web.request import CurrentSubject, Db, FilesDep, Requires

router = APIRouter(prefix="/lrs", include_in_schema=False)
READS = [Requires(*Records.STATEMENTS.value)]
_NO_FILE = "This statement has no such attachment, or its file is not kept here."


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a statement speaks of. `size` in bytes; `is_here` when the store has its bytes."""

    name: str
    text: str
    media_type: str
    size: int
    sha2: str
    file_url: str
    is_here: bool


def attachments_of(session: Session, line: Line) -> list[Attachment]:
    """The attachments of a statement and of the SubStatement that it may be about."""
    named = [*_named(line.payload), *_named(line.payload.get("object") or {})]
    kept = kept_attachments(session, {str(one.get("sha2", "")).lower() for one in named})
    return [
        Attachment(
            name=in_english(one.get("display") or {}) or "Attachment",
            text=in_english(one.get("description") or {}),
            media_type=str(one.get("contentType", "")),
            size=int(one.get("length", 0)),
            sha2=str(one.get("sha2", "")).lower(),
            file_url=str(one.get("fileUrl", "")),
            is_here=str(one.get("sha2", "")).lower() in kept,
        )
        for one in named
    ]


def _named(part: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = part.get("attachments") or []
    return found


@router.get("/statements/{statement_id}/attachments/{sha2}", dependencies=READS)
def attachment(db: Db, subject: CurrentSubject, files: FilesDep, statement_id: str, sha2: str) -> Response:
    """The bytes of an attachment as a file to keep; no browser shows or runs it on the school's address."""
    line = service.read(db, subject, statement_id)
    found = next((one for one in attachments_of(db, line) if one.is_here and one.sha2 == sha2), None)
    if found is None:
        raise NotFound(_NO_FILE)
    stored = kept_attachments(db, {sha2})[sha2]
    try:
        pieces: Iterator[bytes] = files.read(stored.sha256)
    except FileMissing as error:
        raise NotFound(_NO_FILE) from error
    history.record(
        db,
        subject,
        Action.ATTACHMENT_DOWNLOADED,
        line.id,
        student_id=visibility.student_or_none(db, line.user_id),
        sha2=sha2,
        name=found.name,
    )
    name = found.name if Path(found.name).suffix else found.name + (guess_extension(found.media_type) or "")
    headers = {
        **INERT,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Length": str(stored.size_bytes),
    }
    return StreamingResponse(pieces, media_type="application/octet-stream", headers=headers)
