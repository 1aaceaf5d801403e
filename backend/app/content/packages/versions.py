"""A version of a lesson's package, whose manifest never changes and is therefore read and checked once."""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy.orm import Session

from app.content import queries
from app.content.packages.model import Manifest
from app.core.errors import NotFound
from app.db.models import ContentPackage

_MOST = 200
_known: OrderedDict[tuple[int, str], Manifest] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Version:
    """What playing and judging need of a version."""

    id: int
    lesson_id: int
    standard: str
    manifest: Manifest


def version_of(package: ContentPackage) -> Version:
    """The version of a row that is at hand."""
    manifest = _remembered(package.id, package.sha256) or _remember(
        package.id, package.sha256, package.manifest
    )
    return Version(package.id, package.lesson_id, package.standard, manifest)


def find_version(session: Session, package_id: int) -> Version:
    """The version with this number; the manifest is read from the database only when it is not remembered.

    Raises NotFound.
    """
    head = queries.package_head(session, package_id)
    if head is None:
        raise NotFound("The package for this lesson no longer exists.")
    lesson_id, standard, sha256 = head
    manifest = _remembered(package_id, sha256)
    if manifest is None:
        manifest = _remember(package_id, sha256, queries.manifest(session, package_id))
    return Version(package_id, lesson_id, standard, manifest)


def _remembered(package_id: int, sha256: str) -> Manifest | None:
    with _lock:
        manifest = _known.get((package_id, sha256))
        if manifest is not None:
            _known.move_to_end((package_id, sha256))
        return manifest


def _remember(package_id: int, sha256: str, value: dict[str, Any]) -> Manifest:
    manifest = Manifest.from_json(value)
    with _lock:
        _known[package_id, sha256] = manifest
        while len(_known) > _MOST:
            _known.popitem(last=False)
    return manifest
