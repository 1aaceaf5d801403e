"""What a file is, by its first bytes; what it is called says only what somebody took it for."""

from dataclasses import dataclass

HEAD_BYTES = 64
"""As much of a file as is looked at."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file. `word` as in “This is an MP4 file”; `family`: `film`, `sound`, `document`, `captions` or
    `picture`."""

    word: str
    family: str
    endings: tuple[str, ...]


MP4 = Kind("an MP4", "film", ("mp4", "m4v"))
WEBM = Kind("a WebM", "film", ("webm",))
MP3 = Kind("an MP3", "sound", ("mp3",))
M4A = Kind("an M4A", "sound", ("m4a",))
OGG = Kind("an Ogg", "sound", ("ogg", "oga", "opus"))
PDF = Kind("a PDF", "document", ("pdf",))
VTT = Kind("a WebVTT", "captions", ("vtt",))
JPEG = Kind("a JPEG", "picture", ("jpg", "jpeg"))
PNG = Kind("a PNG", "picture", ("png",))
WEBP = Kind("a WebP", "picture", ("webp",))
KINDS = (MP4, WEBM, MP3, M4A, OGG, PDF, VTT, JPEG, PNG, WEBP)
PLAYED = frozenset(("film", "sound", "document"))
"""The families that are a lesson by themselves."""


def ending_of(name: str) -> str:
    """The ending of a file's name, in lower case; empty if it has none."""
    _, dot, ending = name.rpartition("/")[2].rpartition(".")
    return ending.lower() if dot else ""


def named(name: str) -> Kind | None:
    """The kind that a file's name claims."""
    ending = ending_of(name)
    return next((kind for kind in KINDS if ending in kind.endings), None)


def kind_of(head: bytes) -> Kind | None:
    """The kind of a file that begins with these bytes."""
    if head[4:8] == b"ftyp":
        return M4A if head[8:12] in (b"M4A ", b"M4B ") else MP4
    if head[:4] == b"\x1aE\xdf\xa3":
        return WEBM
    if head[:4] == b"OggS":
        return OGG
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2):
        return MP3
    if head[:5] == b"%PDF-":
        return PDF
    if head.removeprefix(b"\xef\xbb\xbf")[:6] == b"WEBVTT":
        return VTT
    if head[:3] == b"\xff\xd8\xff":
        return JPEG
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return PNG
    return WEBP if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None
