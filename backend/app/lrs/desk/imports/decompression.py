"""The octets of a file as another system wrote it: packed by gzip or plain; what is neither is reported."""

import zlib
from collections.abc import Iterator
from itertools import chain

_PIECE = 256 * 1024
_GZIP = b"\x1f\x8b"
MOST_UNPACKED = 32 * 1024**3
"""Octets that a packed file may unpack to."""
_OTHERS = {
    b"PK": "The file is a zip archive. Unzip it, and upload the files one by one.",
    b"\xff\xfe": "The file is in UTF-16. Save it as UTF-8 and upload it again.",
    b"\xfe\xff": "The file is in UTF-16. Save it as UTF-8 and upload it again.",
}


class Unreadable(Exception):
    """The file cannot be read from here on; its text is the sentence for people."""


def plain(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The file's octets, unpacked while they are read. Raises Unreadable."""
    first, pieces = _first_two(pieces)
    if first == _GZIP:
        first, pieces = _first_two(_unpacked(pieces))
    if first in _OTHERS:
        raise Unreadable(_OTHERS[first])
    if first == _GZIP:
        raise Unreadable("The file is compressed twice. Decompress it and upload it again.")
    yield from pieces


def _first_two(pieces: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= len(_GZIP):
            break
    return head[:2], chain([head] if head else [], pieces)


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip packed, in pieces of bounded size; several packed parts in a row are one file, as gzip has it."""
    total = 0
    part: zlib._Decompress | None = None
    for piece in pieces:
        rest = piece
        while rest:
            if part is None:
                # Zeros fill up the last block of a tape.
                rest = rest.lstrip(b"\0")
                part = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS) if rest else None
                continue
            try:
                unpacked = part.decompress(rest, _PIECE)
            except zlib.error:
                raise Unreadable("The gzip file is damaged. Nothing after the damage was read.") from None
            total += len(unpacked)
            if total > MOST_UNPACKED:
                raise Unreadable(
                    f"It decompresses to more than {MOST_UNPACKED // 1024**3} GiB. Upload it in parts."
                )
            if unpacked:
                yield unpacked
            rest = part.unused_data if part.eof else part.unconsumed_tail
            part = None if part.eof else part
    if part is not None:
        raise Unreadable("The gzip file is incomplete: its end is missing.")
