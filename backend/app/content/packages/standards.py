"""The standards this school can play, each in one entry.

A further standard is a module that knows its marker file and returns a `Manifest`, and an entry here; the
player's page and the run-time data of the new standard join in `app.content.player`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.content.packages import manifest as imsmanifest
from app.content.packages.archive import Archive
from app.content.packages.links import folded
from app.content.packages.model import Manifest
from app.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Standard:
    """How to recognise and read the packages of one standard.

    `marker` is the file that makes a zip such a package; the folder it is in is the root of the package.
    """

    name: str
    label: str
    marker: str
    marker_bytes: int
    parse: Callable[[bytes, Iterable[str]], Manifest]


SCORM12 = Standard("scorm12", "SCORM 1.2", imsmanifest.NAME, imsmanifest.MAX_BYTES, imsmanifest.parse)

STANDARDS: dict[str, Standard] = {standard.name: standard for standard in (SCORM12,)}


@dataclass(frozen=True, slots=True)
class Package:
    """An accepted package: its manifest, and for each file its path from the root -> its path in the zip."""

    manifest: Manifest
    files: dict[str, str]


def read_package(archive: Archive) -> Package:
    """Find which standard the archive follows and read its table of contents. Raises `Invalid` with a
    sentence.
    """
    for standard in STANDARDS.values():
        root = _root_of(archive, standard.marker)
        if root is None:
            continue
        files = {
            path.removeprefix(root): path for path in archive.entries if path.startswith(root) and _kept(path)
        }
        marker = next(path for path in files.values() if folded(path) == folded(root + standard.marker))
        manifest = standard.parse(archive.read(marker, standard.marker_bytes), files)
        if manifest.standard not in STANDARDS:
            edition = manifest.edition or "another edition"
            playable = " or ".join(s.label for s in STANDARDS.values())
            raise Invalid(
                f"The package is SCORM {edition}, which cannot be played yet. Publish the "
                f"course as {playable}."
            )
        return Package(manifest, files)
    markers = " or ".join(dict.fromkeys(s.marker for s in STANDARDS.values()))
    raise Invalid(f"There is no {markers} in the zip, so it is not a course package that can be played.")


def _root_of(archive: Archive, marker: str) -> str | None:
    """The folder of the shallowest marker file, `""` for the top: packages are often zipped with their
    folder.
    """
    found = [p for p in archive.entries if folded(p.rpartition("/")[2]) == marker and _kept(p)]
    if not found:
        return None
    depth = min(path.count("/") for path in found)
    shallowest = [path for path in found if path.count("/") == depth]
    if len(shallowest) > 1:
        raise Invalid(
            f"The zip has {len(shallowest)} packages in it ({marker} side by side); upload them one by one."
        )
    folder, slash, _ = shallowest[0].rpartition("/")
    return folder + slash


def _kept(path: str) -> bool:
    """False for what operating systems leave in zips."""
    name = path.rpartition("/")[2]
    return not path.startswith("__MACOSX/") and name not in (".DS_Store", "Thumbs.db", "desktop.ini")
