"""How files are named and cut in the bucket: `NAME.00002-of-00005.age`, each part encrypted by itself.

A part that has arrived need not be sent again after a cut, memory is needed for one part alone, and the names say
whether all of a file is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.ops.backup.offsite.bucket import Stored

PART_BYTES = 16 * 1024 * 1024
_NAME = re.compile(r"(.+)\.(\d{5})-of-(\d{5})\.age")


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes of a file from `start` on, and the object they go to."""

    object: str
    start: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A file of which every part lies in the bucket."""

    name: str
    parts: tuple[Part, ...]
    size_bytes: int
    """What its parts take, encrypted."""


def cut(name: str, size_bytes: int) -> list[Part]:
    """The parts of a file, in order; an empty one has one part."""
    count = max(1, -(-size_bytes // PART_BYTES))
    return [Part(f"{name}.{number + 1:05}-of-{count:05}.age", number * PART_BYTES) for number in range(count)]


def read(path: Path, part: Part) -> bytes:
    with path.open("rb") as stream:
        stream.seek(part.start)
        return stream.read(PART_BYTES)


def whole(stored: Iterable[Stored]) -> Iterator[Whole]:
    """The files whose parts are all there. Of a file that was sent with two sizes, the whole one with more parts."""
    found: dict[tuple[str, int], dict[int, Stored]] = {}
    for one in stored:
        match = _NAME.fullmatch(one.name)
        if match:
            found.setdefault((match[1], int(match[3])), {})[int(match[2])] = one
    complete: dict[str, Whole] = {}
    for (name, count), numbered in sorted(found.items()):
        if set(numbered) == set(range(1, count + 1)):
            parts = tuple(
                Part(numbered[number].name, (number - 1) * PART_BYTES) for number in sorted(numbered)
            )
            complete[name] = Whole(name, parts, sum(one.size_bytes for one in numbered.values()))
    yield from complete.values()
