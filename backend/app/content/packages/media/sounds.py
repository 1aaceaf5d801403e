"""MP3 and Ogg: are they whole, and how long. ISO/IEC 11172-3 and 13818-3; RFC 3533, RFC 7845 and Vorbis I."""

from collections.abc import Iterable

from app.content.packages.media.forward import Forward
from app.content.packages.media.mp4 import INCOMPLETE, Found
from app.core.errors import Invalid

_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KILOBITS = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_MOST_BETWEEN = 64 * 1024
"""Bytes that may stand between two frames beside tags: what recorders leave behind."""
_XING_WITHIN = 48
"""Bytes of a frame behind its header in which Xing's header ends, if there is one."""
_ID3V1_BYTES = 128


def examine_mp3(pieces: Iterable[bytes], size: int) -> Found:
    """Add up the frames, of several recordings if they were joined. Raises Invalid for a file without any, and for one
    that breaks off or goes on with something else."""
    source = Forward(pieces)
    milliseconds, frames, promised, between = 0.0, 0, 0, 0
    head, is_first = source.read(4), True
    while len(head) == 4:
        if _skipped_tag(source, head):
            head, is_first, between = source.read(4), True, 0
            continue
        frame = _frame(head)
        if frame is None:
            between += 1
            if between > _MOST_BETWEEN and frames:
                raise Invalid("The file contains something that is not audio. Export it again as MP3.")
            if between > _MOST_BETWEEN:
                break
            head = head[1:] + source.read(1)
            continue
        length, lasts = frame
        begins = source.read(min(length - 4, _XING_WITHIN)) if is_first else b""
        promised += _promised(begins)
        rest = length - 4 - len(begins)
        if source.skip(rest) < rest:
            break
        milliseconds += lasts
        frames, between, is_first = frames + 1, 0, False
        head = source.read(4)
    if frames < 2:
        raise Invalid("There is no sound in the file that can be read. Export it again as MP3.")
    if frames < promised:
        raise Invalid(INCOMPLETE)
    return Found(length=round(milliseconds), has_sound=True)


def _skipped_tag(source: Forward, head: bytes) -> bool:
    """Pass over an ID3v2, APEv2 or ID3v1 tag that begins with these bytes, if it does; it may hold a picture."""
    if head[:3] == b"ID3":
        rest = source.read(6)
        tag = 0
        for byte in rest[2:6]:
            tag = tag << 7 | byte & 0x7F
        source.skip(tag + (10 if rest[1:2] and rest[1] & 0x10 else 0))
        return True
    if head == b"APET":
        rest = source.read(28)
        if rest[:4] == b"AGEX":
            # Its size counts the footer and not the header; a footer by itself has its items before it.
            is_header = len(rest) == 28 and rest[19] & 0x20
            source.skip(int.from_bytes(rest[8:12], "little") if is_header else 0)
        return True
    if head[:3] == b"TAG":
        source.skip(_ID3V1_BYTES - 4)
        return True
    return False


def _promised(begins: bytes) -> int:
    """How many frames follow by what the encoder wrote into the first one; 0 where it wrote nothing."""
    at = next((at for name in (b"Xing", b"Info") if (at := begins.find(name)) >= 0), None)
    if at is None or len(begins) < at + 12 or not begins[at + 7] & 1:
        return 0
    return int.from_bytes(begins[at + 8 : at + 12])


def _frame(head: bytes) -> tuple[int, float] | None:
    """Bytes and milliseconds of the frame with this header (layer III); None where there is none."""
    if head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head[1] >> 1 & 3 != 1:
        return None
    version, place, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or place in (0, 15) or rate == 3:
        return None
    hertz = _RATES[version][rate]
    samples = 1152 if version == 3 else 576
    bits = _KILOBITS[0 if version == 3 else 1][place] * 1000
    return samples // 8 * bits // hertz + (head[2] >> 1 & 1), samples * 1000 / hertz


def examine_ogg(pieces: Iterable[bytes], size: int) -> Found:
    """Walk the pages to the last one. Raises Invalid for what is damaged, incomplete or neither Opus nor Vorbis."""
    source = Forward(pieces)
    rate, skipped, last = 0, 0, 0
    while source.at < size:
        head = source.read(27)
        if len(head) < 27 or head[:4] != b"OggS":
            raise Invalid(INCOMPLETE if source.at >= size else "The file is damaged. Export it again.")
        table = source.read(head[26])
        body = sum(table)
        if not rate:
            first = source.read(min(body, 64))
            if first[:8] == b"OpusHead":
                rate, skipped = 48_000, int.from_bytes(first[10:12], "little")
            elif first[:7] == b"\x01vorbis":
                rate = int.from_bytes(first[12:16], "little")
            if not rate:
                raise Invalid(
                    "The file holds neither Opus nor Vorbis, which browsers play. Export it as MP3."
                )
            body -= len(first)
        if source.skip(body) < body:
            raise Invalid(INCOMPLETE)
        position = int.from_bytes(head[6:14], "little")
        last = max(last, position if position < 2**63 else 0)
    length = round(max(0, last - skipped) * 1000 / rate) if rate else 0
    if not length:
        raise Invalid("There is no sound in the file. Export it again.")
    return Found(length=length, has_sound=True)
