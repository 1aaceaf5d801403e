"""Several files at once: each becomes a lesson of a module, or none does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy
from app.content.packages.recognition import read_package
from app.content.packages.upload import import_package, source_of
from app.content.runtimes import RUNTIMES
from app.core.errors import FieldError, Invalid, Problem
from app.core.files import FileStore
from app.core.permissions import Subject
from app.db.models import ContentPackage, ContentType

_LONGEST_TITLE = 255


@dataclass(frozen=True, slots=True)
class _Recognized:
    file_name: str
    file: BinaryIO
    title: str
    kind: ContentType


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
    of them, by the names of the files; then nothing is kept.
    """
    policy.require_change_with_lessons(subject)
    academics.read_module(session, subject, module_id)
    faults: list[FieldError] = []
    recognized = [one for one in (_recognized(name, file, faults) for name, file in files) if one is not None]
    if not faults:
        imported = []
        for one in recognized:
            lesson = academics.create_lesson(
                session, subject, module_id, academics.LessonFields(title=one.title, content_type=one.kind)
            )
            try:
                imported.append(
                    import_package(
                        session,
                        subject,
                        store,
                        lesson.id,
                        one.file,
                        file_name=one.file_name,
                        max_bytes=max_bytes,
                    )
                )
            except Problem as refused:
                faults += _of(one.file_name, refused)
        if not faults:
            return imported
    names = dict.fromkeys(fault.field.partition(": ")[0] for fault in faults)
    raise Invalid(f"{len(names)} of {len(files)} files cannot be taken, so nothing was saved.", errors=faults)


def _recognized(name: str, file: BinaryIO, faults: list[FieldError]) -> _Recognized | None:
    try:
        package = read_package(source_of(file, name))
    except Problem as refused:
        faults += _of(name, refused)
        return None
    title = package.manifest.title.strip() or name.rpartition(".")[0] or name
    return _Recognized(name, file, title[:_LONGEST_TITLE], RUNTIMES[package.manifest.standard].lesson_kind)


def _of(name: str, refused: Problem) -> list[FieldError]:
    """What is wrong with a file, each with where in it."""
    if not refused.errors:
        return [FieldError(name, refused.detail)]
    return [FieldError(f"{name}: {one.field}", one.message) for one in refused.errors]
