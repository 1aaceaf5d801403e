"""Taking in a package: checked whole, then stored, then recorded with a claim on its files. Refused: no row is left."""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import RawIOBase
from typing import BinaryIO, cast

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy, queries
from app.content.assignments.lessons import require_no_assignment
from app.content.packages.archive import Archive
from app.content.packages.current import FileIn, make_current
from app.content.packages.media import kinds
from app.content.packages.media_types import media_type_of
from app.content.packages.recognition import Package, read_package
from app.content.packages.single_file import LooseFiles, SingleFile, Source
from app.content.runtimes import RUNTIMES
from app.content.runtimes.cmi5 import course_structure
from app.core import history
from app.core.actions import Action
from app.core.errors import Invalid, TooLarge
from app.core.files import FileStore, StoredFile, intake, quota
from app.core.permissions import Subject, internal
from app.db.models import ContentPackage, ContentType

# A gigabyte that goes to a bucket takes its minutes.


def import_package(
    session: Session,
    subject: Subject,
    store: FileStore,
    lesson_id: int,
    file: BinaryIO,
    *,
    file_name: str,
    max_bytes: int,
    beside: Sequence[tuple[str, BinaryIO]] = (),
    plain_pages: bool = False,
) -> ContentPackage:
    """Make what was uploaded the current version of the lesson's content; earlier versions stay with their
    records.

    `file` is a zip, a film, a recording or a document, `beside` are the names and files of captions, chapters and
    poster; all are seekable. Raises Invalid with a sentence naming what is wrong, and all faults with their files,
    TooLarge, NotFound. `plain_pages`: the zip may be web pages that follow no standard.
    """
    policy.require_change(subject)
    place = academics.lesson_place(session, lesson_id)
    require_no_assignment(session, place)
    if sum(one.seek(0, 2) for one in (file, *(other for _, other in beside))) > max_bytes:
        raise TooLarge(f"The package is larger than the {max_bytes // 1024**2} MB this school accepts.")
    queries.allow_long_pauses(session)
    # Reading everything once finds every lie and every virus before the first file is stored. The scanner gets each
    # file too, not only the zip: what is packed may be larger than it unpacks by itself.
    archive = source_of(file, file_name, beside)
    package = read_package(archive, plain_pages=plain_pages)
    require_kind(place.title, ContentType(place.content_type), package.manifest.standard)
    quota.require_room(session, examine_package(store, file, archive, package), package=True)
    queries.lock_lesson(session, lesson_id)
    return store_package(session, subject, store, lesson_id, file, file_name, archive, package)


@internal("a step of an upload")
def examine_package(store: FileStore, file: BinaryIO, archive: Source, package: Package) -> list[StoredFile]:
    """What was uploaded, if it is a zip, and the files in it, scanned. Raises Invalid for what the scanner refuses."""
    every = [intake.examine_file(store, file)] if isinstance(archive, Archive) else []
    return every + [intake.examine(store, archive.stream(inside)) for inside in package.files.values()]


@internal("a step of an upload, or of taking over what another lesson plays")
def require_kind(title: str, kind: ContentType, standard: str) -> None:
    """Students and reports go by the lesson's kind, so what it plays is of that kind. Raises Invalid."""
    found = RUNTIMES[standard].lesson_kind
    if kind is not found:
        article = "an" if kind is ContentType.H5P else "a"
        raise Invalid(
            f"“{title}” is {article} {_KINDS[kind]} lesson. Change its kind to {_KINDS[found]} before uploading one."
        )


_KINDS = {
    ContentType.SCORM: "course package",
    ContentType.H5P: "H5P",
    ContentType.VIDEO: "video",
    ContentType.DOCUMENT: "document",
}


def source_of(file: BinaryIO, file_name: str, beside: Sequence[tuple[str, BinaryIO]] = ()) -> Source:
    """The upload as its standard reads it: a zip, a film with its captions, or a course structure by itself."""
    file.seek(0)
    head = file.read(kinds.HEAD_BYTES)
    name = _plain_name(file_name)
    if head[:4] == b"PK\x03\x04":
        if beside:
            raise Invalid(
                "Captions, chapters and a poster come inside the zip, or beside a video that is not zipped."
            )
        return Archive(file)
    if name.lower().endswith(".xml"):
        # The one file that is a package by itself (cmi5 14.2).
        return SingleFile(file, course_structure.NAME)
    if beside or any(
        kind is not None and kind.family in kinds.PLAYED for kind in (kinds.kind_of(head), kinds.named(name))
    ):
        files: dict[str, BinaryIO] = {name: file}
        for other_name, other in beside:
            files[_free(_plain_name(other_name), files)] = other
        return LooseFiles(files)
    return Archive(file)


def _free(name: str, taken: Mapping[str, object]) -> str:
    """The name, or one like it that is not taken."""
    number = 2
    free = name
    while free.lower() in {one.lower() for one in taken}:
        free, number = f"{number}-{name}", number + 1
    return free


@internal("a step of an upload, or of a film by its link")
def store_package(
    session: Session,
    subject: Subject,
    store: FileStore,
    lesson_id: int,
    file: BinaryIO,
    file_name: str,
    archive: Source,
    package: Package,
) -> ContentPackage:
    """Store an accepted package with its files as the lesson's current version."""
    kept = put_package(store, file, archive, package)
    return record_package(session, subject, lesson_id, file_name, archive, package, kept)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was uploaded, and the files in it by their paths, as they lie in the store."""

    whole: StoredFile
    files: dict[str, StoredFile]


@internal("a step of an upload")
def put_package(store: FileStore, file: BinaryIO, archive: Source, package: Package) -> Kept:
    """Store an accepted package with its files; no row is written, and no claim."""
    file.seek(0)
    whole = store.put(file)
    main = _main(archive)
    return Kept(
        whole,
        {
            path: whole if inside == main else store.put(cast(BinaryIO, _Stream(archive.stream(inside))))
            for path, inside in package.files.items()
        },
    )


def _main(archive: Source) -> str | None:
    """The file that was uploaded by itself; None for a zip."""
    return None if isinstance(archive, Archive) else next(iter(archive.entries))


@internal("a step of an upload")
def record_package(
    session: Session,
    subject: Subject,
    lesson_id: int,
    file_name: str,
    archive: Source,
    package: Package,
    kept: Kept,
) -> ContentPackage:
    """Write down a package that lies in the store as the lesson's current version, and claim its files."""
    main = _main(archive)
    whole = FileIn(
        _plain_name(file_name), kept.whole, "application/zip" if main is None else media_type_of(main)
    )
    record = make_current(
        session,
        subject,
        lesson_id,
        whole,
        [FileIn(path, stored, media_type_of(path)) for path, stored in kept.files.items()],
        standard=package.manifest.standard,
        title=package.manifest.title,
        manifest=package.manifest.to_json(),
        warnings=package.manifest.warnings,
    )
    history.record(
        session,
        subject,
        Action.CONTENT_PACKAGE_IMPORTED,
        record.id,
        lesson_id=lesson_id,
        version=record.version,
        sha256=record.sha256,
        files=len(kept.files),
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
    """The last part of an uploaded file's name, printable, in the form in which files are asked for: macOS sends
    accents apart from their letters."""
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    return (
        "".join(c for c in last if c.isprintable() and not "\ud800" <= c <= "\udfff")[:255] or "package.zip"
    )
