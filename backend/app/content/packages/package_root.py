"""Which folder of a zip is the root of a package."""

from app.content.packages.manifest_links import folded
from app.content.packages.single_file import Source
from app.core.errors import Invalid


def root_of(archive: Source, marker: str) -> str | None:
    """The folder of the shallowest marker file, `""` for the top: packages are often zipped with their
    folder.
    """
    found = [p for p in archive.entries if folded(p.rpartition("/")[2]) == marker and is_kept(p)]
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


def is_kept(path: str) -> bool:
    """False for what operating systems leave in zips."""
    name = path.rpartition("/")[2]
    return not path.startswith("__MACOSX/") and name not in (".DS_Store", "Thumbs.db", "desktop.ini")
