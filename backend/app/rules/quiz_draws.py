"""Which questions of a quiz a student gets, and in which order: by a seed, so that it can be repeated and explained."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SHUFFLED = {"choice": ("options",), "multiple": ("options",), "match": ("options",), "order": ("options",)}
"""Which lists of a question's content may be shown in any order, by kind."""


@dataclass(frozen=True, slots=True)
class Pool:
    """Some of these questions: `draw` of them, or all where there are not so many."""

    draw: int
    questions: tuple[int, ...]
    """Numbers of versions of questions, in the order of the author."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A question that a student gets: its version, and the order of its options."""

    version: int
    order: tuple[str, ...] = ()
    """Identifiers of the options as they are shown; empty where they stand as they were written."""


def shuffled(items: Sequence[Any], seed: str) -> list[Any]:
    """The items in an order that hangs on the seed alone, not on the version of a library."""
    return [
        item
        for _, _, item in sorted(
            (hashlib.sha256(f"{seed}/{number}".encode()).digest(), number, item)
            for number, item in enumerate(items)
        )
    ]


def draw(pools: Sequence[Pool], seed: str, *, shuffle: bool) -> list[int]:
    """The versions of questions that are asked, in order; `shuffle`: across all pools, else pool by pool."""
    chosen: list[int] = []
    for number, pool in enumerate(pools):
        picked = set(shuffled(pool.questions, f"{seed}/pool/{number}")[: pool.draw])
        chosen += [one for one in pool.questions if one in picked and one not in chosen]
    return shuffled(chosen, f"{seed}/questions") if shuffle else chosen


def order_of(
    kind: str, content: Mapping[str, Any], seed: str, version: int, *, shuffle: bool
) -> tuple[str, ...]:
    """The order in which a question's options are shown. Steps to be put in order, and what is matched with, are
    always mixed: as they were written they would be the answer."""
    if kind not in _SHUFFLED or not (shuffle or kind in ("order", "match")):
        return ()
    ids = [option["id"] for option in content["options"]]
    mixed = shuffled(ids, f"{seed}/options/{version}")
    # Steps that fall into the right order by chance are turned once: an untouched question is not answered right.
    if kind == "order" and mixed == ids and len(ids) > 1:
        mixed = [*mixed[1:], mixed[0]]
    return tuple(mixed)


def as_shown(content: Mapping[str, Any], order: Sequence[str]) -> dict[str, Any]:
    """The content with its options in this order."""
    if not order:
        return dict(content)
    by_id = {option["id"]: option for option in content["options"]}
    return {**content, "options": [by_id[one] for one in order if one in by_id]}
