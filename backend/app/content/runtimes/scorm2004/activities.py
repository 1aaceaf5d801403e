"""The activity tree of a package, from what the importer has kept of its manifest."""

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
    return Activity(ROOT, sequencing_of(manifest.details), tuple(_activity(item) for item in manifest.items))


def _activity(item: Item) -> Activity:
    return Activity(
        item.id, sequencing_of(item.details), tuple(_activity(child) for child in item.children), item.visible
    )
