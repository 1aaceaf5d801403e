"""The activity tree of a package, from what the importer has kept of its manifest."""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from app.content.packages.model import Item, Manifest
from app.rules.sequencing.model import DEFAULT, Activity, Sequencing

_SEQUENCING: TypeAdapter[Sequencing] = TypeAdapter(Sequencing)
ROOT = ""
"""The course itself: no item has this identifier."""


def sequencing_of(details: dict[str, Any]) -> Sequencing:
    """The sequencing of an item or of the whole."""
    given = details.get("sequencing")
    return _SEQUENCING.validate_python(given) if given else DEFAULT


def tree_of(manifest: Manifest) -> Activity:
    """The course with its items below it."""
    return Activity(ROOT, sequencing_of(manifest.details), _activities(manifest.items))


def _activities(items: Iterable[Item]) -> tuple[Activity, ...]:
    """Without items that have neither a page nor parts: flow would come to them and stop."""
    found = []
    for item in items:
        below = _activities(item.children)
        if below or item.opens:
            found.append(Activity(item.id, sequencing_of(item.details), below, item.visible))
    return tuple(found)
