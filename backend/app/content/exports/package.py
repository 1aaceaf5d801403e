"""An exported lesson as a zip: the same lesson makes the same bytes."""

import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

_MOMENT = (1980, 1, 1, 0, 0, 0)
MOST_BYTES = 4_000_000_000
"""Beyond about 4 GiB a zip has another form, which not every learning system reads."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the package."""

    name: str
    size: int
    chunks: Callable[[], Iterable[bytes]]

    @classmethod
    def of(cls, name: str, content: bytes | str) -> "Entry":
        data = content.encode() if isinstance(content, str) else content
        return cls(name, len(data), lambda: [data])


def write(target: BinaryIO, entries: Iterable[Entry]) -> None:
    """Write the zip. Nothing is compressed: films and pictures are already, and what a library makes of a text hangs on
    its version."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as package:
        for entry in entries:
            info = zipfile.ZipInfo(entry.name, _MOMENT)
            info.file_size = entry.size
            info.external_attr = 0o644 << 16
            info.create_system = 3
            with package.open(info, "w") as file:
                for chunk in entry.chunks():
                    file.write(chunk)
