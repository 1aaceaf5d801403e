"""Which standard a package follows, and what it says of itself."""

from dataclasses import dataclass, replace

from app.content.packages import outside_hosts
from app.content.packages.manifest_links import folded
from app.content.packages.model import Manifest
from app.content.packages.package_root import is_kept
from app.content.packages.single_file import Source
from app.content.runtimes import RUNTIMES
from app.core.errors import Invalid

# How the names of the files end that mark packages of other standards. AICC: CMI Guidelines 6.1, course structure.
_OTHERS = (
    ("tincan.xml", "an xAPI package (tincan.xml)"),
    ("h5p.json", "an H5P package"),
    (".crs", "an AICC package"),
)


@dataclass(frozen=True, slots=True)
class Package:
    """An accepted package: its manifest, and for each file its path from the root -> its path in the zip."""

    manifest: Manifest
    files: dict[str, str]


def read_package(archive: Source) -> Package:
    """Find which standard the archive follows and read its table of contents. Raises Invalid with a sentence."""
    playable = " or ".join(known.label for known in RUNTIMES.values())
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
            raise Invalid(
                f"This is a SCORM {edition} package, which cannot be played yet. Publish the course as {playable}."
            )
        outside = outside_hosts.used_by(archive, files)
        warnings = (*manifest.warnings, *outside_hosts.remarks(outside))
        return Package(replace(manifest, warnings=warnings, outside=outside), files)
    other = _other_standard(archive)
    if other is not None:
        raise Invalid(f"This is {other}, which cannot be played yet. Publish the course as {playable}.")
    markers = " or ".join(dict.fromkeys(runtime.marker for runtime in RUNTIMES.values()))
    raise Invalid(f"There is no {markers} in the zip, so it is not a course package that can be played.")


def _other_standard(archive: Source) -> str | None:
    """What the package is, by the file that marks it, if it is of a standard that is known and not played."""
    names = [folded(path.rpartition("/")[2]) for path in archive.entries if is_kept(path)]
    return next((said for marker, said in _OTHERS if any(name.endswith(marker) for name in names)), None)
