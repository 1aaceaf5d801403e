"""What a package says of itself, as the rest of the room sees it. Kept as JSON in
`content_packages.manifest`.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the table of contents: a heading, or something that can be opened.

    `path` is the exact name of a file of the package (None for a heading), `query` and `fragment` are what
    the
    address gets behind it, without `?` and `#`. `external_url` is set instead when the page lives elsewhere.
    """

    id: str
    title: str
    visible: bool = True
    path: str | None = None
    query: str = ""
    fragment: str = ""
    external_url: str | None = None
    is_sco: bool = False
    """True if the page talks to the run-time; False for a plain page ("asset")."""
    mastery_score: float | None = None
    max_time_allowed: str = ""
    time_limit_action: str = ""
    data_from_lms: str = ""
    prerequisites: str = ""
    plays_outside: bool = False
    """Whether the page at `external_url` is part of the lesson: the standard lets it run on its own server."""
    details: dict[str, Any] = field(default_factory=dict)
    """What the standard alone knows of it."""
    children: tuple["Item", ...] = ()

    @property
    def opens(self) -> bool:
        """Whether the player can open this line."""
        return self.path is not None or (self.plays_outside and self.external_url is not None)

    def walk(self) -> Iterator["Item"]:
        """This line and all below it, in the order of the table of contents."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Manifest:
    """A package's table of contents with everything needed to launch each part."""

    standard: str
    """Name in the registry of standards: `scorm12`."""
    edition: str
    """As the package words it: `1.2`, `2004 3rd Edition`, `CAM 1.3`; empty if it says nothing."""
    identifier: str
    title: str
    items: tuple[Item, ...]
    warnings: tuple[str, ...] = ()
    """Sentences for the author: nothing that stops the package, but something may be missing on the page."""
    details: dict[str, Any] = field(default_factory=dict)
    """What the standard alone knows of the whole."""
    outside: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Other hosts that the pages load from, each with those pages."""

    def walk(self) -> Iterator[Item]:
        """Every line of the table of contents, top to bottom."""
        for item in self.items:
            yield from item.walk()

    def launchable(self) -> list[Item]:
        """What can be opened, in order. Never empty in an accepted package."""
        return [item for item in self.walk() if item.opens]

    def item(self, item_id: str) -> Item | None:
        """The openable line with this identifier."""
        return next((item for item in self.launchable() if item.id == item_id), None)

    def to_json(self) -> dict[str, Any]:
        """For the `manifest` column; `from_json` is the way back."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Manifest":
        """The inverse of `to_json`."""
        return _ADAPTER.validate_python(value)


_ADAPTER: TypeAdapter[Manifest] = TypeAdapter(Manifest)
