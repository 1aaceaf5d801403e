"""Range requests: a video is asked for in pieces. RFC 9110 section 14, one range at a time."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Window:
    """The bytes to send: `length` of them from `start`; `partial` if that is the answer to a range."""

    start: int
    length: int
    partial: bool


def window_of(asked: str | None, if_range: str | None, sha256: str, size: int) -> Window | None:
    """What to send of a file of `size` bytes; None if the range lies outside (416).

    A header that is not understood, several ranges, or an `If-Range` of another version mean the whole file.
    """
    whole = Window(0, size, False)
    if asked is None or (if_range is not None and if_range.strip() != f'"{sha256}"'):
        return whole
    match = _RANGE.fullmatch(asked.strip().replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return whole
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        return Window(size - length, length, True) if length else None
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return whole
    return Window(start, end - start + 1, True) if start < size else None
