"""The main navigation: each room and desk registers its entries, the frame shows those a person may use."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.core.permissions import Permission, Role, Subject

EVERYONE = frozenset(Role)
STAFF = frozenset({Role.INSTRUCTOR, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})
STUDENTS = frozenset({Role.STUDENT})
Shown = Permission | Callable[[Subject], bool] | frozenset[Role]
"""Who sees an entry: those with a permission, those whom a room's `may_…` lets, or those with a role."""

Crumb = tuple[str, str | None]
"""A step of the trail: label and address; the page itself has none."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the main navigation.

    `icon` is a name listed in `icons.txt`. Lower `order` comes first; the first four of a person stand in the
    tab bar of a phone, so their labels are one short word. `section` is the heading in the sidebar.
    """

    label: str
    url: str
    icon: str
    shown: Shown
    order: int = 100
    section: str = ""

    def is_for(self, subject: Subject) -> bool:
        """Whether the entry stands in this person's navigation."""
        if isinstance(self.shown, Permission):
            return subject.may(self.shown)
        return subject.role in self.shown if isinstance(self.shown, frozenset) else self.shown(subject)


_items: dict[tuple[str, str], NavItem] = {}


def register(*items: NavItem) -> None:
    """Add entries; one registered twice (same label and address) stands once."""
    for item in items:
        _items[item.label, item.url] = item


def items_for(subject: Subject | None) -> list[NavItem]:
    """The entries for this person, in order; none for nobody."""
    if subject is None:
        return []
    return sorted(
        (item for item in _items.values() if item.is_for(subject)),
        key=lambda item: (item.order, item.label),
    )


def current(items: Iterable[NavItem], path: str) -> NavItem | None:
    """The entry the page at `path` belongs to: the one with the longest matching address."""
    matching = [
        item
        for item in items
        if path == item.url or (path.startswith(item.url.rstrip("/") + "/") and item.url != "/")
    ]
    return max(matching, key=lambda item: len(item.url), default=None)


def trail(crumbs: Iterable[Crumb], items: Iterable[NavItem]) -> list[Crumb]:
    """Breadcrumbs without the entries of the navigation that are not among `items`, those this person may open."""
    closed = {item.url for item in _items.values()} - {item.url for item in items}
    return [(label, address) for label, address in crumbs if address not in closed]


def sections(items: Iterable[NavItem]) -> list[tuple[str, list[NavItem]]]:
    """Entries grouped under their headings, both in the order they first appear."""
    grouped: dict[str, list[NavItem]] = {}
    for item in items:
        grouped.setdefault(item.section, []).append(item)
    return list(grouped.items())
