"""The main navigation: each room and desk registers its entries, the frame shows those a person may use."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from app.core.permissions import Permission, Role, Subject

EVERYONE = frozenset(Role)
STAFF = frozenset({Role.INSTRUCTOR, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})
STUDENTS = frozenset({Role.STUDENT})
Shown = Permission | Callable[[Subject], bool] | frozenset[Role]
"""Who sees an entry: those with a permission, those whom a room's `may_…` lets, or those with a role."""

Crumb = tuple[str, str | None]
"""A step of the trail: label and address; the page itself has none."""


@dataclass(frozen=True, slots=True, eq=False)
class NavItem:
    """One entry of the main navigation, which is equal to itself alone.

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
_urls: set[str] = set()
_lists: OrderedDict[Hashable, tuple[NavItem, ...]] = OrderedDict()
_MOST_LISTS = 512


def register(*items: NavItem) -> None:
    """Add entries; one registered twice (same label and address) stands once."""
    for item in items:
        _items[item.label, item.url] = item
        _urls.add(item.url)
    _lists.clear()


def items_for(subject: Subject | None) -> tuple[NavItem, ...]:
    """The entries for this person, in order; none for nobody. Kept for a person with these duties."""
    if subject is None:
        return ()
    key = subject.sees_as
    found = _lists.get(key)
    if found is None:
        shown = [item for item in _items.values() if item.is_for(subject)]
        _lists[key] = found = tuple(sorted(shown, key=lambda item: (item.order, item.label)))
        while len(_lists) > _MOST_LISTS:
            with suppress(KeyError):  # another thread was here first
                _lists.popitem(last=False)
    return found


@lru_cache(maxsize=1024)
def _by_url(items: tuple[NavItem, ...]) -> dict[str, NavItem]:
    return {item.url: item for item in reversed(items)}


def current(items: tuple[NavItem, ...], path: str) -> NavItem | None:
    """The entry the page at `path` belongs to: the one with the longest matching address."""
    known = _by_url(items)
    while path:
        if (found := known.get(path)) is not None:
            return found
        path = path.rpartition("/")[0]
    return None


def trail(crumbs: Iterable[Crumb], items: tuple[NavItem, ...]) -> list[Crumb]:
    """Breadcrumbs without the entries of the navigation that are not among `items`, those this person may open."""
    known = _by_url(items)
    return [(label, address) for label, address in crumbs if address in known or address not in _urls]


def sections(items: Iterable[NavItem]) -> list[tuple[str, list[NavItem]]]:
    """Entries grouped under their headings, both in the order they first appear."""
    grouped: dict[str, list[NavItem]] = {}
    for item in items:
        grouped.setdefault(item.section, []).append(item)
    return list(grouped.items())
