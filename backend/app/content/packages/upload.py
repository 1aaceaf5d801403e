"""Taking in a package: checked whole, then stored, then recorded with a claim on its files. Refused: no row is left."""

from collections.abc import Iterator
from io import RawIOBase
from typing import BinaryIO, cast

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy, queries
from app.content.packages.archive import Archive
from app.content.packages.media_types import media_type_of
from app.content.packages.recognition import Package, read_package
from app.content.packages.single_file import SingleFile, Source
from app.content.runtimes.cmi5 import course_structure
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Invalid, TooLarge
from app.core.files import FileStore, StoredFile, claims, intake, quota
from app.core.permissions import Subject
from app.db.models import ContentPackage, ContentType

# A gigabyte that goes to a bucket takes its minutes.
_LONGEST_PAUSE_SECONDS = 30 * 60
OWNER = "content.packages"
"""Who claims a package's files; the database releases them with the package's row."""


def import_package(
    session: Session,
    subject: Subject,
    store: FileStore,
    lesson_id: int,
    file: BinaryIO,
    *,
    file_name: str,
    max_bytes: int,
    plain_pages: bool = False,
) -> ContentPackage:
    """Make the uploaded zip the current version of the lesson's package; earlier versions stay with their records.

    `file` is seekable; `plain_pages`: it may be web pages that follow no standard. Raises Invalid with a sentence
    naming what is wrong with the package, TooLarge, NotFound.
    """
    policy.require_change(subject)
    place = academics.lesson_place(session, lesson_id)
    if place.content_type != ContentType.SCORM:
        raise Invalid(
            f"“{place.title}” is a {place.content_type} lesson. Change its kind to course package "
            "before uploading one."
        )
    if file.seek(0, 2) > max_bytes:
        raise TooLarge(f"The package is larger than the {max_bytes // 1024**2} MB this school accepts.")
    queries.allow_long_pauses(session, _LONGEST_PAUSE_SECONDS)
    # Reading everything once finds every lie and every virus before the first file is stored. The scanner gets each
    # file too, not only the zip: what is packed may be larger than it unpacks by itself.
    archive = source_of(file, file_name)
    package = read_package(archive, plain_pages=plain_pages)
    every = [intake.examine_file(store, file)]
    every += [intake.examine(store, archive.stream(inside)) for inside in package.files.values()]
    quota.require_room(session, every, package=True)
    queries.lock_lesson(session, lesson_id)
    return _store(session, subject, store, lesson_id, file, file_name, archive, package)


def source_of(file: BinaryIO, file_name: str) -> Source:
    """The upload as its standard reads it: a zip, or a course structure that was uploaded by itself."""
    file.seek(0)
    if file.read(4) != b"PK\x03\x04" and file_name.lower().endswith(".xml"):
        # The one file that is a package by itself (cmi5 14.2).
        return SingleFile(file, course_structure.NAME)
    return Archive(file)


def _store(
    session: Session,
    subject: Subject,
    store: FileStore,
    lesson_id: int,
    file: BinaryIO,
    file_name: str,
    archive: Source,
    package: Package,
) -> ContentPackage:
    file.seek(0)
    whole = store.put(file)
    queries.replace_current(session, lesson_id, clock.now())
    record = ContentPackage(
        lesson_id=lesson_id,
        version=queries.last_version(session, lesson_id) + 1,
        standard=package.manifest.standard,
        title=package.manifest.title,
        file_name=_plain_name(file_name),
        sha256=whole.sha256,
        size_bytes=whole.size,
        manifest=package.manifest.to_json(),
        warnings=list(package.manifest.warnings),
        uploaded_by=subject.user_id,
    )
    session.add(record)
    session.flush()
    whole_type = "application/xml" if isinstance(archive, SingleFile) else "application/zip"
    kept: list[tuple[StoredFile, str | None]] = [(whole, whole_type)]
    rows: list[dict[str, object]] = []
    for path, inside in package.files.items():
        stored = store.put(cast(BinaryIO, _Stream(archive.stream(inside))))
        kept.append((stored, media_type_of(path)))
        rows.append(
            {
                "package_id": record.id,
                "path": path,
                "sha256": stored.sha256,
                "size_bytes": stored.size,
                "media_type": media_type_of(path),
            }
        )
    queries.add_files(session, rows)
    # At the end: who puts the same content waits for this transaction from here on.
    claims.claim_all(session, kept, room=OWNER, row=record.id)
    history.record(
        session,
        subject,
        Action.CONTENT_PACKAGE_IMPORTED,
        record.id,
        lesson_id=lesson_id,
        version=record.version,
        sha256=whole.sha256,
        files=len(rows),
    )
    session.flush()
    return record


class _Stream(RawIOBase):
    """An iterator of bytes as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            self._rest = next((piece for piece in self._pieces if piece), b"")
        if size < 0:
            whole = self._rest + b"".join(self._pieces)
            self._rest = b""
            return whole
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def _plain_name(name: str) -> str:
    """The last part of an uploaded file's name, printable, for showing."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return (
        "".join(c for c in last if c.isprintable() and not "\ud800" <= c <= "\udfff")[:255] or "package.zip"
    )
