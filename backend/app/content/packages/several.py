"""Several files at once: each becomes a lesson of a module, or none does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy, queries
from app.content.packages.recognition import Package, read_package
from app.content.packages.single_file import Source
from app.content.packages.upload import (
    Kept,
    examine_package,
    put_package,
    record_package,
    source_of,
)
from app.content.runtimes import RUNTIMES
from app.core.errors import FieldError, Invalid, Problem, TooLarge
from app.core.files import FileStore, StoredFile, quota
from app.core.files.scanner import Infected, ScannerDown
from app.core.permissions import Subject
from app.db.models import ContentPackage

_LONGEST_TITLE = 255


@dataclass(frozen=True, slots=True)
class _Recognized:
    file_name: str
    file: BinaryIO
    source: Source
    package: Package
    lesson: academics.LessonFields
    every: list[StoredFile]
    """What was uploaded, and the files in it."""


def import_several(
    session: Session,
    subject: Subject,
    store: FileStore,
    module_id: int,
    files: Sequence[tuple[str, BinaryIO]],
    *,
    max_bytes: int,
) -> list[ContentPackage]:
    """Add a lesson behind the module's others for each file, of the kind that the file is, with its title.

    `files` are names and seekable files. Raises Forbidden, NotFound, and Invalid with everything that is wrong with any
    of them, by the names of the files; Infected and ScannerDown at once. Then nothing is kept.
    """
    policy.require_change_with_lessons(subject)
    academics.read_module(session, subject, module_id)
    faults: list[FieldError] = []
    queries.allow_long_pauses(session)
    recognized: list[_Recognized] = []
    for name, file in files:
        try:
            one = _recognized(store, name, file, max_bytes)
            quota.require_room(session, one.every, package=True)
            recognized.append(one)
        # No fault of one file among others: a virus is recorded and mailed, a scanner that is away answers later.
        except (Infected, ScannerDown):
            raise
        except Problem as refused:
            faults += _of(name, refused)
    if faults:
        names = dict.fromkeys(fault.field.partition(": ")[0] for fault in faults)
        raise Invalid(
            f"{len(names)} of {len(files)} files can’t be imported, so nothing was saved.", errors=faults
        )
    kept = [put_package(store, one.file, one.source, one.package) for one in recognized]
    # Last: from the first new lesson on, students of the program wait with what they report.
    return [
        _recorded(session, subject, module_id, one, files)
        for one, files in zip(recognized, kept, strict=True)
    ]


def _recorded(
    session: Session, subject: Subject, module_id: int, one: _Recognized, kept: Kept
) -> ContentPackage:
    lesson = academics.create_lesson(session, subject, module_id, one.lesson)
    return record_package(session, subject, lesson.id, one.file_name, one.source, one.package, kept)


def _recognized(store: FileStore, name: str, file: BinaryIO, max_bytes: int) -> _Recognized:
    """The file, read and examined. Raises Problem with what is wrong with it."""
    if file.seek(0, 2) > max_bytes:
        raise TooLarge(f"The package is larger than the {max_bytes // 1024**2} MB this school accepts.")
    source = source_of(file, name)
    package = read_package(source)
    kind = RUNTIMES[package.manifest.standard].lesson_kind
    title = _line(package.manifest.title) or _line(name.rpartition(".")[0]) or _line(name)
    try:
        lesson = academics.LessonFields(title=title, content_type=kind)
    except ValidationError:
        raise Invalid("Its title cannot be used. Give the file a name in plain letters.") from None
    return _Recognized(name, file, source, package, lesson, examine_package(store, file, source, package))


def _line(title: str) -> str:
    """A title in one line, without the characters that nobody sees."""
    seen = "".join(one for one in " ".join(title.split()) if one.isprintable())
    return seen[:_LONGEST_TITLE].strip()


def _of(name: str, refused: Problem) -> list[FieldError]:
    """What is wrong with a file, each with where in it."""
    if not refused.errors:
        return [FieldError(name, refused.detail)]
    return [FieldError(f"{name}: {one.field}", one.message) for one in refused.errors]
