"""Which standard a package follows, and what it says of itself."""

from dataclasses import dataclass

from app.content.packages.archive import Archive
from app.content.packages.markers import is_kept
from app.content.packages.model import Manifest
from app.content.runtimes import RUNTIMES
from app.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Package:
    """An accepted package: its manifest, and for each file its path from the root -> its path in the zip."""

    manifest: Manifest
    files: dict[str, str]


def read_package(archive: Archive) -> Package:
    """Find which standard the archive follows and read its table of contents. Raises Invalid with a sentence."""
    for runtime in RUNTIMES.values():
        root = runtime.recognize(archive)
        if root is None:
            continue
        files = {
            path.removeprefix(root): path
            for path in archive.entries
            if path.startswith(root) and is_kept(path)
        }
        manifest = runtime.describe(archive, root, files)
        if manifest.standard not in RUNTIMES:
            edition = manifest.edition or "another edition"
            playable = " or ".join(known.label for known in RUNTIMES.values())
            raise Invalid(
                f"The package is SCORM {edition}, which cannot be played yet. Publish the course as {playable}."
            )
        return Package(manifest, files)
    markers = " or ".join(dict.fromkeys(runtime.marker for runtime in RUNTIMES.values()))
    raise Invalid(f"There is no {markers} in the zip, so it is not a course package that can be played.")
