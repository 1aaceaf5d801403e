"""MP4 and M4A: is the file whole, how long is it, and what is in it. ISO/IEC 14496-12, the boxes that matter here."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from app.content.packages.media.forward import Forward
from app.core.errors import Invalid

_MOST_INDEX = 64 * 1024**2
"""The index of a ten-hour film has a few megabytes."""
_AROUND = frozenset((b"trak", b"mdia", b"minf", b"stbl", b"mvex"))
_PLAYED = frozenset(
    (b"avc1", b"avc3", b"av01", b"vp08", b"vp09", b"mp4a", b"Opus", b"fLaC", b"ac-3", b"ec-3", b".mp3")
)
"""Codings that browsers play in MP4."""
INCOMPLETE = "The file is incomplete: it ends before what it announces. Copy or export it again."


@dataclass(slots=True)
class Track:
    """What one line of pictures or sound is."""

    handler: bytes = b""
    codings: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Found:
    """What a film or recording says of itself. `length` in milliseconds, 0 if it says nothing."""

    length: int = 0
    has_picture: bool = False
    has_sound: bool = False
    unplayed: list[str] = field(default_factory=list)
    """Codings that browsers do not play."""


def examine(pieces: Iterable[bytes], size: int) -> Found:
    """Read the file's boxes. Raises Invalid for one that is damaged, incomplete or does not say how long it is."""
    source = Forward(pieces)
    index: bytes | None = None
    has_media = False
    while source.at < size:
        head = source.read(8)
        if len(head) < 8:
            raise Invalid(INCOMPLETE)
        length, kind = struct.unpack(">I4s", head)
        body = length - 8
        if length == 1:
            (length,) = struct.unpack(">Q", source.read(8).ljust(8, b"\0"))
            body = length - 16
        elif length == 0:
            body = size - source.at
        if body < 0:
            raise Invalid("The file is damaged: one of its boxes has an impossible size. Export it again.")
        if source.at + body > size:
            raise Invalid(INCOMPLETE)
        if kind == b"moov" and body <= _MOST_INDEX:
            index = source.read(body)
        else:
            has_media = has_media or kind == b"mdat"
            source.skip(body)
    if index is None or not has_media:
        raise Invalid(
            "The file has no index of what is in it, as when a recording was broken off. Export it again."
        )
    return _read(index)


def _read(index: bytes) -> Found:
    found = Found()
    try:
        tracks = list(_tracks(index, found))
    except (struct.error, IndexError) as error:
        raise Invalid("The file’s index is damaged. Export it again.") from error
    if not found.length:
        raise Invalid(
            "The file does not say how long it is, as streams in pieces do not. Export it as a plain MP4."
        )
    for track in tracks:
        found.has_picture = found.has_picture or track.handler == b"vide"
        found.has_sound = found.has_sound or track.handler == b"soun"
        if track.handler in (b"vide", b"soun"):
            found.unplayed += [
                coding.decode("latin-1").strip() for coding in track.codings if coding not in _PLAYED
            ]
    return found


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if length < 8 or at + length > len(data):
            raise IndexError(kind)
        yield kind, data[at + 8 : at + length]
        at += length


def _tracks(index: bytes, found: Found) -> Iterator[Track]:
    scale = 0
    for kind, body in _boxes(index):
        if kind == b"mvhd":
            scale, length = (
                struct.unpack(">IQ", body[20:32]) if body[0] == 1 else struct.unpack(">II", body[12:20])
            )
            if scale and length not in (2**32 - 1, 2**64 - 1):
                found.length = round(length * 1000 / scale)
        elif kind == b"mvex" and not found.length:
            for inner, header in _boxes(body):
                if inner == b"mehd":
                    (length,) = (
                        struct.unpack(">Q", header[4:12])
                        if header[0] == 1
                        else struct.unpack(">I", header[4:8])
                    )
                    found.length = round(length * 1000 / (scale or 1))
        elif kind == b"trak":
            track = Track()
            _describe(body, track)
            yield track


def _describe(data: bytes, track: Track) -> None:
    for kind, body in _boxes(data):
        if kind == b"hdlr" and not track.handler:
            track.handler = body[8:12]
        elif kind == b"stsd":
            track.codings += [coding for coding, _ in _boxes(body[8:])]
        elif kind in _AROUND:
            _describe(body, track)
