"""Pictures, films, recordings and captions that the text of a lesson shows."""

import re
import unicodedata
from typing import BinaryIO

from sqlalchemy.orm import Session

from app.content import policy, queries
from app.content.authoring import queries as text_queries
from app.content.authoring.service import writable
from app.content.packages.media import kinds
from app.content.packages.media_types import media_type_of
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import FieldError, Invalid, NotFound
from app.core.files import FileStore, claims, intake, quota
from app.core.permissions import Subject
from app.db.models import ContentFile, LessonMedia

OWNER = "content.lesson_media"
"""Who claims a lesson's files."""
SHOWN = ("picture", "film", "sound", "captions")
_UNUSUAL = re.compile(r"[^a-z0-9._-]+")


def upload(
    session: Session, subject: Subject, store: FileStore, lesson_id: int, file: BinaryIO, file_name: str
) -> LessonMedia:
    """Keep a file for the text of a lesson, known by its bytes. Raises Invalid for what no page shows, Conflict for a
    name that is taken, and what `intake` raises."""
    policy.require_change(subject)
    writable(session, lesson_id)
    file.seek(0)
    kind = kinds.kind_of(file.read(kinds.HEAD_BYTES))
    if kind is None or kind.family not in SHOWN:
        sentence = (
            "A lesson can’t show this kind of file. Upload a picture (JPEG, PNG or WebP), a video (MP4 or WebM), a "
            "recording (MP3, M4A or Ogg), or captions (WebVTT)."
        )
        raise Invalid(sentence, errors=[FieldError("file", sentence)])
    name = tidy_name(file_name, kind)
    queries.allow_long_pauses(session)
    quota.require_room(session, [intake.examine_file(store, file)])
    stored = store.put(file)
    queries.lock_lesson(session, lesson_id)
    record = LessonMedia(
        lesson_id=lesson_id,
        name=name,
        sha256=stored.sha256,
        size_bytes=stored.size,
        media_type=media_type_of(name),
        uploaded_by=subject.user_id,
        uploaded_at=clock.now(),
    )
    session.add(record)
    session.flush()
    claims.claim(session, stored, room=OWNER, row=record.id, media_type=record.media_type)
    history.record(
        session,
        subject,
        Action.CONTENT_MEDIA_ADDED,
        record.id,
        lesson_id=lesson_id,
        name=name,
        sha256=stored.sha256,
    )
    return record


def remove(session: Session, subject: Subject, lesson_id: int, name: str) -> None:
    """Take a file out of the lesson; published versions keep it. Raises NotFound."""
    policy.require_change(subject)
    queries.lock_lesson(session, lesson_id)
    record = text_queries.medium(session, lesson_id, name)
    if record is None:
        raise NotFound("The lesson has no file with this name.")
    claims.release(session, OWNER, record.id)
    history.record(
        session,
        subject,
        Action.CONTENT_MEDIA_REMOVED,
        record.id,
        lesson_id=lesson_id,
        name=record.name,
        sha256=record.sha256,
    )
    text_queries.remove_medium(session, record.id)


def opened(session: Session, subject: Subject, lesson_id: int, name: str) -> ContentFile:
    """A file of the lesson for the preview beside the editor, as one of a package. Raises NotFound."""
    policy.require_read(subject)
    record = text_queries.medium(session, lesson_id, name)
    if record is None:
        raise NotFound("The lesson has no file with this name.")
    return ContentFile(
        path=record.name,
        sha256=record.sha256,
        size_bytes=record.size_bytes,
        media_type=record.media_type,
    )


def tidy_name(file_name: str, kind: kinds.Kind) -> str:
    """The name by which the text refers to the file: lower case, without accents and spaces, with an ending that says
    what it is."""
    last = file_name.replace("\\", "/").rpartition("/")[2]
    plain = unicodedata.normalize("NFKD", last).encode("ascii", "ignore").decode().lower()
    stem, _, ending = plain.rpartition(".")
    if ending not in kind.endings:
        stem, ending = plain if not ending else stem or ending, kind.endings[0]
    stem = _UNUSUAL.sub("-", stem).strip("-.")[:100] or "file"
    return f"{stem}.{ending}"
