"""h5p.json, content/content.json and the libraries: whether everything is there that the content is played with.

Source: https://h5p.org/documentation/developers/h5p-specification, "The .h5p file format" and "library.json". Authors
are given all that is missing at once: what an export leaves out is otherwise an empty page for the student.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from app.content.packages.manifest_links import Files
from app.content.packages.model import Item, Manifest
from app.content.packages.outside_hosts import hosts_in
from app.content.packages.single_file import Source
from app.core.errors import FieldError, Invalid

NAME = "h5p.json"
CONTENT = "content/content.json"
ITEM = "h5p"
_MAX_BYTES = 1024**2
_MAX_CONTENT = 20 * 1024**2
_MAX_LIBRARIES = 500
_MOST_FAULTS = 100
_LONGEST_TITLE = 255
_MACHINE_NAME = re.compile(r"[A-Za-z][\w.-]{0,254}", re.ASCII)
_USED = re.compile(r"([A-Za-z][\w.-]{0,254}) (\d{1,5}\.\d{1,5})", re.ASCII)
_GET_WHOLE = (
    "Download the content again where it was made, as an .h5p file with its libraries: Lumi and H5P’s plugins for "
    "Moodle, Drupal and WordPress put them in, h5p.org leaves them out."
)


@dataclass(frozen=True, slots=True, order=True)
class Library:
    """A library by its name and version, as `H5P.TrueFalse 1.6`."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def folder(self, *, versioned: bool) -> str:
        return f"{self.name}-{self.version}" if versioned else self.name


def manifest_of(source: Source, files: Mapping[str, str]) -> Manifest:
    """The one item that the content is. Raises Invalid with everything that is wrong or missing, each with its file."""
    return _Reader(source, files).manifest()


@dataclass(slots=True)
class _Reader:
    source: Source
    files: Mapping[str, str]
    faults: list[FieldError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    found: dict[Library, tuple[Library, ...]] = field(default_factory=dict)
    names: Files = field(init=False)

    def __post_init__(self) -> None:
        self.names = Files(self.files)

    def add(self, name: str, sentence: str) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(FieldError(name, sentence))

    def manifest(self) -> Manifest:
        head = self._json(NAME, _MAX_BYTES)
        content = self._json(CONTENT, _MAX_CONTENT)
        title, main = "", ""
        if head is not None:
            title, main = _line(head.get("title")), _text(head.get("mainLibrary"))
            self._libraries(self._asked_by(head, NAME), main)
        outside = self._outside(content)
        if self.faults:
            number = len(self.faults)
            first = self.faults[0]
            raise Invalid(
                f"{first.field}: {first.message}"
                if number == 1
                else f"There are {number} faults in the H5P content.",
                errors=self.faults,
            )
        title = title or main
        item = Item(ITEM, title, path=CONTENT, details={"library": main})
        return Manifest("h5p", main, main, title, (item,), tuple(self.warnings), outside=outside)

    def _json(self, name: str, at_most: int) -> dict[str, Any] | None:
        """One file as an object; None, with the fault, if it is none."""
        path = self.names.find(name)
        if path is None:
            self.add(name, f"The file is missing. {_GET_WHOLE}")
            return None
        inside = self.files[path]
        if self.source.entries[inside].size > at_most:
            self.add(name, f"The file is larger than {at_most // 1024**2} MB.")
            return None
        try:
            value = json.loads(self.source.read(inside, at_most).decode("utf-8-sig"))
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            self.add(name, "The file is not a JSON object. Export the content again.")
            return None
        return value

    def _asked_by(self, document: Mapping[str, Any], name: str) -> tuple[Library, ...]:
        """What a file’s `preloadedDependencies` ask for."""
        value = document.get("preloadedDependencies") or []
        if not isinstance(value, list) or len(value) > _MAX_LIBRARIES:
            self.add(name, f"“preloadedDependencies” is not a list of at most {_MAX_LIBRARIES} libraries.")
            return ()
        asked = [_library(one) for one in value]
        if None in asked:
            self.add(name, "“preloadedDependencies” names a library without a name or version.")
        return tuple(one for one in asked if one is not None)

    def _libraries(self, asked: tuple[Library, ...], main: str) -> None:
        """Everything that is asked for, and what that asks for in turn."""
        if main not in {one.name for one in asked}:
            if not any(fault.field == NAME for fault in self.faults):
                self.add(
                    NAME,
                    "The content’s own library (“mainLibrary”) is not among its “preloadedDependencies”.",
                )
            return
        # As the player decides: all folders are named with the version, or none.
        versioned = self.names.find(f"{asked[0].folder(versioned=True)}/library.json") is not None
        if not versioned and self.names.find(f"{asked[0].name}/library.json") is None:
            versioned = any(re.search(r"-\d+\.\d+/library\.json$", path) for path in self.files)
        left, wanted_by = list(asked), dict.fromkeys(asked, NAME)
        while left and len(self.found) <= _MAX_LIBRARIES:
            library = left.pop(0)
            if library in self.found:
                continue
            self.found[library] = self._one(library, wanted_by[library], versioned=versioned)
            for other in self.found[library]:
                wanted_by.setdefault(other, str(library))
                left.append(other)
        if len(self.found) > _MAX_LIBRARIES:
            self.add(NAME, f"The content needs more than {_MAX_LIBRARIES} libraries.")
        circle = _circle(self.found)
        if circle is not None:
            self.add(NAME, f"The library {circle} needs itself in a circle, so none of it can be loaded.")

    def _one(self, library: Library, wanted_by: str, *, versioned: bool) -> tuple[Library, ...]:
        folder = library.folder(versioned=versioned)
        name = f"{folder}/library.json"
        if self.names.find(name) is None:
            self.add(folder, f"The library {library} is missing; {wanted_by} needs it. {_GET_WHOLE}")
            return ()
        described = self._json(name, _MAX_BYTES)
        if described is None:
            return ()
        if _library(described) != library:
            self.add(name, f"The file describes another library than {library}. Export the content again.")
            return ()
        for kind in ("preloadedJs", "preloadedCss"):
            self._scripts(described.get(kind) or [], folder, name)
        return self._asked_by(described, name)

    def _scripts(self, listed: Any, folder: str, name: str) -> None:
        for one in listed if isinstance(listed, list) else [None]:
            path = _text(one.get("path")) if isinstance(one, dict) else ""
            if not path or path.startswith("/") or ".." in path.split("/") or "\\" in path or ":" in path:
                self.add(name, f"“{path[:120]}” is not a file inside the library’s own folder.")
            elif self.names.find(f"{folder}/{path.split('?', 1)[0]}") is None:
                self.add(f"{folder}/{path}", f"The file is missing. {_GET_WHOLE}")

    def _outside(self, content: dict[str, Any] | None) -> dict[str, tuple[str, ...]]:
        """The servers that the content itself loads from; and a note for libraries that it uses without naming."""
        hosts: set[str] = set()
        used: set[Library] = set()
        for key, text in _texts(content):
            named = _USED.fullmatch(text) if key == "library" else None
            if named is not None:
                used.add(Library(named[1], named[2]))
            elif key == "path" and text.lower().startswith(("https://", "http://", "//")):
                hosts |= _host_of(text)
            elif "<" in text:
                hosts |= hosts_in(text)
        missing = sorted(str(one) for one in used - set(self.found)) if self.found else []
        if missing:
            self.warnings.append(
                f"The content uses {', '.join(missing[:10])}, which h5p.json does not name: that piece stays empty. "
                "Open the content in its editor, save it, and export it again."
            )
        return dict.fromkeys(sorted(hosts), (CONTENT,))


def _library(value: Any) -> Library | None:
    """A library as `machineName`, `majorVersion` and `minorVersion` name it; the versions are numbers or digits."""
    if not isinstance(value, dict):
        return None
    name = value.get("machineName")
    parts = [value.get("majorVersion"), value.get("minorVersion")]
    if not isinstance(name, str) or _MACHINE_NAME.fullmatch(name) is None or ".." in name:
        return None
    numbers = [str(one) for one in parts if isinstance(one, int | str) and not isinstance(one, bool)]
    if len(numbers) != 2 or any(re.fullmatch(r"\d{1,5}", one, re.ASCII) is None for one in numbers):
        return None
    return Library(name, ".".join(numbers))


def _circle(needs: Mapping[Library, tuple[Library, ...]]) -> Library | None:
    """A library that needs itself, directly or through others."""
    free = {one: {other for other in others if other in needs} for one, others in needs.items()}
    while ready := [one for one, others in free.items() if not others]:
        for one in ready:
            del free[one]
        for others in free.values():
            others.difference_update(ready)
    return min(free) if free else None


def _texts(value: Any) -> list[tuple[str, str]]:
    """Every text in a JSON value with the name it stands under."""
    found: list[tuple[str, str]] = []
    left: list[tuple[str, Any]] = [("", value)]
    while left:
        key, one = left.pop()
        if isinstance(one, str):
            found.append((key, one))
        elif isinstance(one, dict):
            left += one.items()
        elif isinstance(one, list):
            left += [(key, other) for other in one]
    return found


def _host_of(address: str) -> set[str]:
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return set()
    return {host.lower()} if host and "." in host and len(host) <= 250 else set()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _line(value: Any) -> str:
    """A title in one line."""
    return "".join(one for one in " ".join(_text(value).split()) if one.isprintable())[:_LONGEST_TITLE]
