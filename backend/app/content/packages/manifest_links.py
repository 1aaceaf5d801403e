"""From an `href` of a manifest to a file of the package."""

import posixpath
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from app.core.errors import Invalid

_SCHEME = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*:")
_WEB = ("http", "https")


@dataclass(frozen=True, slots=True)
class Link:
    """Where an item leads: `path` inside the package, or `external`, or neither if the file is missing."""

    path: str | None = None
    query: str = ""
    fragment: str = ""
    external: str | None = None


def joined(bases: Iterable[str], href: str) -> str:
    """`href` behind the `xml:base` of its ancestors, outermost first (IMS CP: relative, ending in a
    slash).
    """
    address = ""
    for base in bases:
        clean = _slashed(base)
        if clean:
            address = _behind(address, clean if clean.endswith("/") else clean + "/")
    return _behind(address, _slashed(href))


def _slashed(address: str) -> str:
    return address.strip().replace("\\", "/")


def _behind(base: str, address: str) -> str:
    return address if _SCHEME.match(address) or address.startswith("/") else base + address


def folded(path: str) -> str:
    """The key under which names that differ only in case or Unicode form are the same file."""
    return unicodedata.normalize("NFKC", path).casefold()


def kept_form(path: str) -> str:
    """A path that a page asks for, in the form in which packages are kept: NFC, and without the empty and `.` parts
    that a careless author leaves in it.
    """
    parts = unicodedata.normalize("NFC", path).split("/")
    return "/".join(part for part in parts if part not in ("", "."))


def with_parameters(query: str, fragment: str, parameters: str) -> tuple[str, str]:
    """Add an item's `parameters` to an address's query and fragment.

    The algorithm of SCORM 2004 CAM 3.4.1.1.2, which 1.2 content relies on too: leading `?` and `&` go; a
    `#` part is used only if the address has none.
    """
    parameters = parameters.lstrip("?&")
    if not parameters:
        return query, fragment
    if parameters.startswith("#"):
        return query, fragment or parameters[1:]
    added, _, added_fragment = parameters.partition("#")
    return (f"{query}&{added}" if query else added), fragment or added_fragment


class Files:
    """The names in a package, found exactly, else as a careless author on Windows would have found them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._exact = set(paths)
        self._folded = {folded(path): path for path in self._exact}

    def find(self, path: str) -> str | None:
        """The exact name of the file meant by `path`, or None."""
        if path in self._exact:
            return path
        return self._folded.get(folded(path))

    def resolve(self, address: str, parameters: str) -> Link:
        """Where `address` (already joined with its bases) leads. Raises `Invalid` if it leads out of the
        package.
        """
        address = address.strip()
        scheme = _SCHEME.match(address)
        if scheme or address.startswith("//"):
            if scheme and scheme.group()[:-1].lower() not in _WEB:
                raise Invalid(f"The manifest has an address that is not accepted: “{address[:80]}”.")
            return Link(external=address)
        rest, _, fragment = address.partition("#")
        raw, _, query = rest.partition("?")
        query, fragment = with_parameters(query, fragment, parameters)
        # A name may really contain %20: tried as written after the decoded form.
        for candidate in (unquote(raw), raw):
            found = self.find(_inside(candidate))
            if found is not None:
                return Link(path=found, query=query, fragment=fragment)
        return Link(query=query, fragment=fragment)


def _inside(path: str) -> str:
    """`path` without `.` and `..`; a leading `/` means the root of the package, as authors mean it."""
    clean = posixpath.normpath(path.replace("\\", "/").lstrip("/"))
    if clean == ".." or clean.startswith("../"):
        raise Invalid(f"The manifest has an address that leads out of the package: “{path[:80]}”.")
    return clean
