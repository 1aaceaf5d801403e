"""Which standard a package follows, and what it says of itself."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.content.packages import outside_hosts
from app.content.packages.model import Manifest
from app.content.packages.other_standards import other_standard
from app.content.packages.package_root import is_kept
from app.content.packages.single_file import Source
from app.content.runtimes import RUNTIMES
from app.content.runtimes.protocol import Runtime
from app.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Package:
    """An accepted package: its manifest, and for each file its path from the root -> its path in the zip."""

    manifest: Manifest
    files: dict[str, str]


def read_package(archive: Source, *, plain_pages: bool = False) -> Package:
    """Find which standard the archive follows and read its table of contents; `plain_pages`: it may follow none.

    Raises Invalid with a sentence.
    """
    for runtime in RUNTIMES.values():
        root = runtime.recognize(archive) if runtime.reports else None
        if root is not None:
            return _read(archive, runtime, root)
    other = other_standard(archive)
    if other is not None:
        raise Invalid(f"This is {other}, which cannot be played yet. Publish the course as {_playable()}.")
    pages = [(one, one.recognize(archive)) for one in RUNTIMES.values() if not one.reports]
    for runtime, root in pages:
        if root is not None and plain_pages:
            return _read(archive, runtime, root)
    markers = _any_of(runtime.marker for runtime in RUNTIMES.values() if runtime.reports and runtime.marker)
    sentence = f"There is no {markers} in the zip, so it is not a course package that can be played."
    if plain_pages:
        sentence = f"There is no {_any_of(runtime.marker for runtime, _ in pages)} in the zip to begin with."
    elif any(root is not None for _, root in pages):
        sentence += (
            " If it is plain web pages, which report nothing, check “Plain web pages” and upload it again."
        )
    raise Invalid(sentence)


def _read(archive: Source, runtime: Runtime, root: str) -> Package:
    files = {
        path.removeprefix(root): path for path in archive.entries if path.startswith(root) and is_kept(path)
    }
    manifest = runtime.describe(archive, root, files)
    if manifest.standard not in RUNTIMES:
        edition = manifest.edition or "another edition"
        raise Invalid(
            f"This is a SCORM {edition} package, which cannot be played yet. Publish the course as {_playable()}."
        )
    outside = outside_hosts.together(manifest.outside, outside_hosts.used_by(archive, files))
    warnings = (*manifest.warnings, *outside_hosts.remarks(outside))
    return Package(replace(manifest, warnings=warnings, outside=outside), files)


def _playable() -> str:
    return _any_of(runtime.label for runtime in RUNTIMES.values() if runtime.reports and runtime.marker)


def _any_of(names: Iterable[str]) -> str:
    *others, last = dict.fromkeys(names)
    return f"{', '.join(others)} or {last}" if others else last
