"""The kinds of documents: each room registers its own, and where one is made for a student."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.core.permissions import Subject, internal
from app.db.models import IssuedDocument


@dataclass(frozen=True, slots=True)
class Offer:
    """A document that can be made for a student now: what the link says, and where it leads."""

    label: str
    href: str


Offers = Callable[[Session, Subject, int], Sequence[Offer]]


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of document.

    `prefix` begins its numbers, such as `EV`. `layout` is the file that draws it. `sample` are facts to try a layout
    with. `offers` says for a student's number what can be made; it is asked only for people who may have it made.
    `again` is the address where a document like a given one is issued again, to replace it.
    """

    name: str
    prefix: str
    title: str
    layout: str
    sample: Mapping[str, Any]
    offers: Offers
    again: Callable[[IssuedDocument], str]

    def number(self, year: int, serial: int) -> str:
        """The number as printed."""
        return f"{self.prefix}-{year}-{serial:06d}"


_kinds: dict[str, DocumentKind] = {}


@internal("wiring at the start")
def register(kind: DocumentKind) -> None:
    """Add a kind of document."""
    _kinds[kind.name] = kind


def get(name: str) -> DocumentKind:
    """Raises KeyError for a kind that no room has registered."""
    return _kinds[name]


def title(name: str) -> str:
    """What people call it; of a kind whose room is gone, its name."""
    return _kinds[name].title if name in _kinds else name.replace("_", " ").capitalize()


def replace_href(document: IssuedDocument) -> str | None:
    """Where a document is replaced by a new one; None for a kind whose room is gone."""
    kind = _kinds.get(document.kind)
    return f"{kind.again(document)}?replaces={document.id}" if kind else None


def every() -> list[DocumentKind]:
    """All kinds, by title."""
    return sorted(_kinds.values(), key=lambda kind: kind.title)
