"""One package in many lessons: what another lesson plays becomes the content of this one, and is not sent again."""

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy, queries
from app.content.assignments.lessons import require_no_assignment
from app.content.packages.current import FileIn, make_current
from app.content.packages.upload import require_kind
from app.content.runtimes import RUNTIMES
from app.core import history
from app.core.actions import Action
from app.core.errors import FieldError, Invalid
from app.core.files import StoredFile
from app.core.permissions import Subject
from app.db.models import ContentPackage, ContentType

WRITTEN = "written"
"""A lesson that is written here asks questions of its own program, and stays in its lesson."""


def reusable(session: Session, subject: Subject, lesson_id: int) -> list[tuple[int, str]]:
    """The packages in use by other lessons that this one could play, as number and name."""
    policy.require_change(subject)
    kind = ContentType(academics.lesson_place(session, lesson_id).content_type)
    standards = [name for name, one in RUNTIMES.items() if one.lesson_kind is kind and name != WRITTEN]
    return [
        (row.id, f"{row.program} – {row.lesson}: {row.title}, version {row.version}")
        for row in queries.packages_in_use(session, standards, but=lesson_id)
    ]


def reuse(session: Session, subject: Subject, lesson_id: int, package_id: int) -> ContentPackage:
    """Make a package of another lesson the current version of this one. Its files are kept once; each lesson has
    versions and results of its own.

    Raises Forbidden, NotFound, Invalid for a package that is not offered.
    """
    policy.require_change(subject)
    place = academics.lesson_place(session, lesson_id)
    require_no_assignment(session, place)
    if package_id not in {number for number, _ in reusable(session, subject, lesson_id)}:
        sentence = "Choose one of the packages that other lessons use."
        raise Invalid(sentence, errors=[FieldError("package_id", sentence)])
    source = session.get_one(ContentPackage, package_id)
    require_kind(place.title, ContentType(place.content_type), source.standard)
    queries.lock_lesson(session, lesson_id)
    whole = FileIn(source.file_name, StoredFile(source.sha256, source.size_bytes), None)
    files = [
        FileIn(one.path, StoredFile(one.sha256, one.size_bytes), one.media_type)
        for one in queries.files_of(session, source.id)
    ]
    record = make_current(
        session,
        subject,
        lesson_id,
        whole,
        files,
        standard=source.standard,
        title=source.title,
        manifest=source.manifest,
        warnings=source.warnings,
    )
    history.record(
        session,
        subject,
        Action.CONTENT_PACKAGE_IMPORTED,
        record.id,
        lesson_id=lesson_id,
        version=record.version,
        sha256=record.sha256,
        files=len(files),
    )
    session.flush()
    return record
