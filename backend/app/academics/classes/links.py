"""Pages of other rooms about a class, which its own page leads to."""

from collections.abc import Callable
from dataclasses import dataclass

from app.core.permissions import Subject, internal


@dataclass(frozen=True, slots=True)
class ClassLink:
    """A page about a class: `path` is its address below that of the class."""

    label: str
    path: str
    icon: str
    shown: Callable[[Subject], bool]
    order: int = 100


_links: dict[str, ClassLink] = {}


@internal("wiring at the start")
def register_link(link: ClassLink) -> None:
    """Let the page of every class lead to this one, for those who may see it."""
    _links[link.path] = link


def links_for(subject: Subject) -> list[ClassLink]:
    """The pages that this person gets, in order."""
    return sorted(
        (one for one in _links.values() if one.shown(subject)), key=lambda one: (one.order, one.label)
    )
