"""What other rooms of money show on pages of the ledger: cards on a student's Money, links for the office."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core.permissions import Subject
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Panel:
    """A card of the student's Money: a heading, a sentence, and where it leads."""

    title: str
    text: str
    href: str
    link: str
    pays: bool = False
    """Whether the student can pay there: then the page does not send them to the office."""


Link = Callable[[Session, Settings], tuple[str, str] | None]
Find = Callable[[Session, Subject, Settings], Sequence[Panel]]
_finds: dict[str, Find] = {}
_links: dict[str, Link] = {}


def register(name: str, find: Find) -> None:
    """Show what `find` gives for the signed-in student."""
    _finds[name] = find


def of(session: Session, subject: Subject, settings: Settings) -> list[Panel]:
    """Every card for this student."""
    return [one for find in _finds.values() for one in find(session, subject, settings)]


def register_link(name: str, link: Link) -> None:
    """Offer the office a page: label and address, or None where there is no such page."""
    _links[name] = link


def links(session: Session, settings: Settings) -> list[tuple[str, str]]:
    """Pages of other rooms of money for whoever reads the ledger."""
    found = (link(session, settings) for link in _links.values())
    return [one for one in found if one is not None]
