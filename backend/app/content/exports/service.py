"""Exporting a written lesson: what would be in the package, and the package."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Literal

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy, queries
from app.content.authoring.queries import STANDARD
from app.content.bank import policy as bank_policy
from app.content.bank import service as bank
from app.content.bank.schemas import Asked
from app.content.exports import manifests
from app.content.exports.data import Json, kept_size, lesson_data, picture_name
from app.content.exports.manifests import Described
from app.content.exports.package import MOST_BYTES, Entry, write
from app.content.exports.page import data_script, page, script, style
from app.content.packages.model import Item
from app.content.packages.versions import version_of
from app.core import history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, Unavailable
from app.core.files import FileMissing, FileStore
from app.core.permissions import Subject
from app.db.models import ContentFile, ContentPackage

__all__ = ["STANDARDS", "Offer", "Standard", "export", "offer"]
Standard = Literal["scorm12", "scorm2004", "cmi5"]
STANDARDS: tuple[tuple[Standard, str], ...] = (
    ("scorm12", "SCORM 1.2"),
    ("scorm2004", "SCORM 2004, 4th edition"),
    ("cmi5", "cmi5"),
)
_MANIFESTS: dict[str, tuple[str, Callable[[Described], str]]] = {
    "scorm12": ("imsmanifest.xml", manifests.scorm12),
    "scorm2004": ("imsmanifest.xml", manifests.scorm2004),
    "cmi5": ("cmi5.xml", manifests.cmi5),
}
_KEPT = {"scorm12": 4_096, "scorm2004": 64_000, "cmi5": 1_000_000}
"""Characters that a learning system keeps for a lesson at least."""
_UNUSUAL = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Offer:
    """What an export would hold."""

    title: str
    version: int
    questions: int
    files: int
    size_bytes: int
    refused: dict[str, str]
    """Standards that this lesson cannot be exported for, with the reason."""


@dataclass(frozen=True, slots=True)
class _Lesson:
    package: ContentPackage
    item: Item
    data: Json
    asked: dict[int, Asked]
    files: list[ContentFile]


def offer(session: Session, subject: Subject, lesson_id: int, origin: str) -> Offer:
    """What an export of the published version would hold.

    Raises NotFound, Forbidden for who writes no lessons and for who may not see the right answers that go with it, and
    Conflict where nothing is published.
    """
    found = _found(session, subject, lesson_id, origin)
    size = sum(one.size_bytes for one in found.files)
    kept = kept_size(found.data)
    refused: dict[str, str] = {
        name: f"{label} keeps {most:,} characters of what a student does, and this quiz may need {kept:,}. Ask fewer "
        "questions, or allow fewer attempts."
        for name, label in STANDARDS
        if kept > (most := _KEPT[name])
    }
    if size > MOST_BYTES:
        refused = dict.fromkeys(_KEPT, "The videos in this lesson are too large for a package.")
    return Offer(
        found.item.title, found.package.version, len(found.data["questions"]), len(found.files), size, refused
    )


def export(
    session: Session,
    subject: Subject,
    store: FileStore,
    lesson_id: int,
    standard: Standard,
    *,
    origin: str,
    target: BinaryIO,
) -> str:
    """Write the published version as a package of `standard` into `target`; its file name. The same version with the
    same keys gives the same bytes. Raises what `offer` raises, and Invalid for a standard that keeps too little."""
    offered = offer(session, subject, lesson_id, origin)
    if standard in offered.refused:
        raise Invalid(offered.refused[standard], errors=[FieldError("standard", offered.refused[standard])])
    queries.allow_long_pauses(session)
    found = _found(session, subject, lesson_id, origin)
    try:
        write(target, _entries(store, found, standard))
    except FileMissing as error:
        raise Unavailable(
            "A file of this lesson is missing in the store. Ask the operator to restore it."
        ) from error
    history.record(
        session,
        subject,
        Action.CONTENT_LESSON_EXPORTED,
        found.package.id,
        lesson_id=lesson_id,
        version=found.package.version,
        standard=standard,
        questions=offered.questions,
    )
    plain = unicodedata.normalize("NFKD", found.item.title).encode("ascii", "ignore").decode().lower()
    name = _UNUSUAL.sub("-", plain).strip("-")[:60] or "lesson"
    return f"{name}-v{found.package.version}-{standard}.zip"


def _found(session: Session, subject: Subject, lesson_id: int, origin: str) -> _Lesson:
    policy.require_change(subject)
    place = academics.lesson_place(session, lesson_id)
    package = queries.current_package(session, lesson_id)
    if package is None or package.standard != STANDARD:
        raise Conflict("This lesson has no published version. Publish one first, then export it.")
    item = version_of(package).manifest.launchable()[0]
    quiz = item.details["quiz"]
    if quiz is not None and not bank_policy.may_read(session, subject, place.program_id):
        raise Forbidden(
            "The right answers go with this lesson, and you do not see those of this program. Ask somebody who teaches "
            "it."
        )
    versions = [] if quiz is None else [one for pool in quiz["pools"] for one in pool["versions"]]
    asked = bank.asked(session, versions)
    identity = f"{origin}/written-lessons/{lesson_id}"
    data = lesson_data(identity, item.title, quiz, asked)
    return _Lesson(package, item, data, asked, queries.files_of(session, package.id))


def _entries(store: FileStore, found: _Lesson, standard: Standard) -> Iterator[Entry]:
    quiz = found.data["quiz"]
    entries = [
        Entry.of("index.html", page(found.item, standard)),
        Entry.of("lesson-data.js", data_script(found.data)),
        Entry.of("lesson.js", script(standard, quiz=quiz is not None)),
        Entry.of("style.css", style()),
        *(Entry(f"files/{one.path}", one.size_bytes, partial(store.read, one.sha256)) for one in found.files),
        *_pictures(store, found),
    ]
    entries.sort(key=lambda one: one.name)
    described = Described(
        identity=found.data["id"],
        lesson_id=found.package.lesson_id,
        version=found.package.version,
        title=found.item.title,
        files=[one.name for one in entries],
        pass_percent=None if quiz is None else quiz["pass_percent"],
    )
    name, describe = _MANIFESTS[standard]
    yield Entry.of(name, describe(described))
    yield from entries


def _pictures(store: FileStore, found: _Lesson) -> Iterator[Entry]:
    seen = set()
    for question in found.asked.values():
        if question.image_sha256 is None or question.question_id in seen:
            continue
        seen.add(question.question_id)
        known = store.found(question.image_sha256)
        if known is None:
            raise FileMissing(question.image_sha256)
        yield Entry(picture_name(question), known.size, partial(store.read, question.image_sha256))
