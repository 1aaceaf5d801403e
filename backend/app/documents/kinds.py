"""The kinds of documents: each room registers its own, and where one is made for a student."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, true
from sqlalchemy.orm import Session

from app.core.permissions import Actor, Permission, Subject, internal
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

    `prefix` begins its numbers, such as `EV`, and `digits` is how many follow the year at least. A kind whose numbers
    are counted in several series is issued under names such as `credential/DAC`: the series stands in the prefix's
    place. `layout` is the file that draws it. `sample` are facts to try a layout with. `offers` says for a student's
    number what can be made; it is asked only for people who may have it made. `again` is the address where a document
    like a given one is issued again, to replace it; None for a kind that is not replaced so. `ended` hears of a
    document that is made void, in the transaction that does it. `keepers` have a permission to issue, read and make
    void this kind beside the registrar, who may all: receipts are the bursar's. A number of a kind that `waits` is not
    given up when its document is not there within the hour: its room ends it. `hidden` is the condition that somebody
    must not find a document of the kind, whatever their duties: a letter about themselves, say. `names` are the
    students whom a payer's document names: opening and fetching it leaves each of them a row in the history.
    """

    name: str
    prefix: str
    title: str
    layout: str
    sample: Mapping[str, Any]
    offers: Offers
    again: Callable[[IssuedDocument], str] | None
    digits: int = 6
    ended: Callable[[Session, Actor, IssuedDocument, str], None] | None = None
    keepers: Permission | None = None
    waits: bool = False
    """Whether a number may stay reserved for days, because people sign one after another."""
    hidden: Callable[[Actor], ColumnElement[bool]] | None = None
    names: Callable[[Session, IssuedDocument], Collection[int]] | None = None


_kinds: dict[str, DocumentKind] = {}


@internal("wiring at the start")
def register(kind: DocumentKind) -> None:
    """Add a kind of document."""
    _kinds[kind.name] = kind


def get(name: str) -> DocumentKind:
    """The kind of a name, whatever its series. Raises KeyError for a kind that no room has registered."""
    return _kinds[_family(name)]


def number(name: str, year: int, serial: int) -> str:
    """The number as printed: `EV-2026-000012`, or `DAC-2026-001` in the series `DAC`."""
    kind, (_, _, series) = get(name), name.partition("/")
    return f"{series or kind.prefix}-{year}-{serial:0{kind.digits}d}"


@internal("whose trace an opening leaves; who may open it was decided before")
def whose(session: Session, document: IssuedDocument) -> Collection[int]:
    """The student whose document it is, or those whom a payer's names; nobody for one that names none."""
    if document.student_id is not None:
        return (document.student_id,)
    known = _kinds.get(_family(document.kind))
    return known.names(session, document) if known and known.names else ()


def keepers(name: str) -> Permission | None:
    """Who keeps documents of this kind beside the registrar; nobody for a kind whose room is gone."""
    known = _kinds.get(_family(name))
    return known.keepers if known else None


@internal("a condition for lists that have asked before")
def visible(subject: Actor) -> ColumnElement[bool]:
    """The condition that no kind hides a document from this person; the system sees everything."""
    if subject.user_id is None:
        return true()
    return and_(
        true(),
        *(
            ~and_(IssuedDocument.kind == kind.name, kind.hidden(subject))
            for kind in every()
            if kind.hidden is not None
        ),
    )


def title(name: str) -> str:
    """What people call it; of a kind whose room is gone, its name."""
    known = _kinds.get(_family(name))
    return known.title if known else name.replace("_", " ").capitalize()


def _family(name: str) -> str:
    return name.partition("/")[0]


def replace_href(document: IssuedDocument) -> str | None:
    """Where a document is replaced by a new one; None for a kind whose room is gone."""
    kind = _kinds.get(_family(document.kind))
    return f"{kind.again(document)}?replaces={document.id}" if kind and kind.again else None


def known(name: str) -> bool:
    """Whether the room of a kind is there."""
    return _family(name) in _kinds


def waiting() -> list[str]:
    """The kinds whose numbers wait for people."""
    return [kind.name for kind in _kinds.values() if kind.waits]


def every() -> list[DocumentKind]:
    """All kinds, by title."""
    return sorted(_kinds.values(), key=lambda kind: kind.title)
