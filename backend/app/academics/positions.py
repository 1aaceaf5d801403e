"""Places in an ordered list of modules or lessons. The caller holds the lock of the list's parent."""

from collections.abc import Sequence
from typing import Any, Literal

from app.core.errors import Conflict

Direction = Literal["up", "down"]


def next_place(records: Sequence[Any]) -> int:
    """The place behind the last."""
    return max((record.order_num for record in records), default=0) + 1


def number(records: Sequence[Any]) -> None:
    """Give the places 1, 2, 3 ... in the order given; a place that stays is not written."""
    for place, record in enumerate(records, start=1):
        if record.order_num != place:
            record.order_num = place


def shift(records: list[Any], record: Any, direction: Direction) -> bool:
    """Let a record change places with its neighbour; False at the end of the list."""
    place = records.index(record)
    other = place - 1 if direction == "up" else place + 1
    if not 0 <= other < len(records):
        return False
    records[place], records[other] = records[other], records[place]
    number(records)
    return True


def reorder(records: Sequence[Any], ids: Sequence[int], what: str) -> None:
    """Put the records in the order of `ids`. Conflict unless each is named once."""
    by_id = {record.id: record for record in records}
    if sorted(ids) != sorted(by_id):
        raise Conflict(
            f"The new order must list each of the {what} once ({len(by_id)} at the moment). Nothing was "
            "changed; reload the list."
        )
    number([by_id[record_id] for record_id in ids])
