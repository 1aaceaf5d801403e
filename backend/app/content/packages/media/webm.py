"""WebM: is the file whole, how long is it, and what is in it. RFC 8794 (EBML) and RFC 9559 (Matroska)."""

import struct
from collections.abc import Iterable, Iterator

from app.content.packages.media.forward import Forward
from app.content.packages.media.mp4 import INCOMPLETE, Found
from app.core.errors import Invalid

_EBML, _SEGMENT, _INFO, _TRACKS, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B, 0x1F43B675
_DOC_TYPE, _SCALE, _DURATION, _TRACK, _TRACK_TYPE, _CODEC = 0x4282, 0x2AD7B1, 0x4489, 0xAE, 0x83, 0x86
_LONGEST_NUMBER = 8
_MOST_HEAD = 4 * 1024**2
_PLAYED = ("V_VP8", "V_VP9", "V_AV1", "A_OPUS", "A_VORBIS")
_DAMAGED = "The file is damaged: its structure contradicts itself. Export it again."
_NO_LENGTH = (
    "The file does not say how long it is, as recordings made in a browser do not, so viewers could not skip around "
    "in it. Open it in any video editor and export it again."
)


def examine(pieces: Iterable[bytes], size: int) -> Found:
    """Read the file's elements. Raises Invalid for one that is damaged, incomplete or does not say how long it is."""
    source = Forward(pieces)
    found = Found()
    has_media = False
    while source.at < size:
        element, length = _head(source)
        if element == _SEGMENT:
            if length is not None and source.at + length > size:
                raise Invalid(INCOMPLETE)
            continue  # what follows lies in it
        if length is None:
            if element != _CLUSTER:
                raise Invalid(_DAMAGED)
            has_media = True
            continue
        if source.at + length > size:
            raise Invalid(INCOMPLETE)
        has_media = has_media or element == _CLUSTER
        if element in (_EBML, _INFO, _TRACKS) and length <= _MOST_HEAD:
            _take(element, source.read(length), found)
        else:
            source.skip(length)
    if not has_media:
        raise Invalid("There is nothing in the file, as when a recording was broken off. Export it again.")
    if not found.length:
        raise Invalid(_NO_LENGTH)
    return found


def _take(element: int, body: bytes, found: Found) -> None:
    try:
        inner = list(_elements(body))
        if element == _EBML:
            kinds = [value.rstrip(b"\0") for name, value in inner if name == _DOC_TYPE]
            if kinds and kinds[0] != b"webm":
                raise Invalid(
                    "This is a Matroska file, which browsers do not play. Export it as MP4 or WebM."
                )
        elif element == _INFO:
            values = dict(inner)
            raw_scale = values.get(_SCALE, b"\x0f\x42\x40")
            if len(raw_scale) > _LONGEST_NUMBER:
                raise Invalid(_DAMAGED)
            scale = int.from_bytes(raw_scale)
            raw = values.get(_DURATION, b"")
            length = struct.unpack(">f" if len(raw) == 4 else ">d", raw)[0] if raw else 0.0
            if 0 < length * scale < 10**18:
                found.length = round(length * scale / 1_000_000)
        else:
            for name, track in inner:
                if name == _TRACK:
                    _track(dict(_elements(track)), found)
    except (struct.error, IndexError) as error:
        raise Invalid(_DAMAGED) from error


def _track(values: dict[int, bytes], found: Found) -> None:
    kind, codec = values.get(_TRACK_TYPE, b""), values.get(_CODEC, b"").decode("latin-1")
    found.has_picture = found.has_picture or kind == b"\x01"
    found.has_sound = found.has_sound or kind == b"\x02"
    if kind in (b"\x01", b"\x02") and not codec.startswith(_PLAYED):
        found.unplayed.append(codec)


def _head(source: Forward) -> tuple[int, int | None]:
    """An element's name and length; None for one that ends where the next of its rank begins."""
    first = source.read(1)
    width = 9 - first[0].bit_length() if first else 9
    if width > 4:
        raise Invalid(_DAMAGED)
    name = int.from_bytes(first + source.read(width - 1))
    first = source.read(1)
    if not first:
        raise Invalid(INCOMPLETE)
    width = 9 - first[0].bit_length()
    if width > 8:
        raise Invalid(_DAMAGED)
    rest = source.read(width - 1)
    value = int.from_bytes(bytes([first[0] & (0xFF >> width)]) + rest)
    return name, None if value == (1 << (7 * width)) - 1 else value


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    source = Forward([data])
    while source.at < len(data):
        name, length = _head(source)
        if length is None or source.at + length > len(data):
            raise IndexError(name)
        yield name, source.read(length)
