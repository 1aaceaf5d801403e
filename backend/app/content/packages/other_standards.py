"""Packages of standards and formats that are known and not played, by the files that mark them."""

from app.content.packages.manifest_links import folded
from app.content.packages.package_root import is_kept
from app.content.packages.single_file import Source

# How the names of the files end. AICC: CMI Guidelines 6.1, course structure.
_MARKERS = (
    (".crs", "an AICC package"),
    (".au", "an AICC package"),
    ("moodle_backup.xml", "a backup of a Moodle course"),
    ("[content_types].xml", "an Office document"),
    ("container.xml", "an EPUB book"),
)


def other_standard(archive: Source) -> str | None:
    """What the zip is, with its article, if that is known and not played."""
    names = [folded(path.rpartition("/")[2]) for path in archive.entries if is_kept(path)]
    return next((said for marker, said in _MARKERS if any(name.endswith(marker) for name in names)), None)
