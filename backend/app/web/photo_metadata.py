"""What a phone writes into a photo beside the picture: the place, the time, the device. It is taken out without loss.

The picture itself stays byte for byte, because it is evidence; of a JPEG’s Exif the orientation alone stays, or the
photo would lie on its side.
"""

import struct
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

from app.core.later import later

if TYPE_CHECKING:
    from PIL import Image
else:
    Image = later("PIL.Image")


_SOI, _SOS, _EOI = 0xD8, 0xDA, 0xD9
_APP0, _APP2, _APP14, _APP15, _COMMENT = 0xE0, 0xE2, 0xEE, 0xEF, 0xFE
_KEPT_APPS = {_APP0, _APP14}
"""JFIF, and Adobe's note about the colors: a reader needs both to show the picture."""
_ORIENTATION = 0x0112
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"bKGD", b"pHYs",
}  # fmt: skip
"""What shows the picture; the rest is text, times and Exif."""


def without_metadata(content: bytes, media_type: str) -> bytes:
    """The photo without what is about its place, time and device. Raises ValueError for a broken file."""
    return _jpeg(content) if media_type == "image/jpeg" else _png(content)


def _jpeg(content: bytes) -> bytes:
    orientation = _orientation(content)
    found = [content[:2]]
    if orientation not in (None, 1):
        found.append(_exif(orientation))
    at = 2
    while True:
        if content[at : at + 1] != b"\xff":
            raise ValueError("no marker where one must be")
        while content[at + 1 : at + 2] == b"\xff":
            at += 1
        if at + 4 > len(content):
            raise ValueError("the file ends within its header")
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        segment = content[at : at + 2 + length]
        if length < 2 or len(segment) != 2 + length:
            raise ValueError("a segment is longer than the file")
        if marker == _SOS:
            break
        if _stays(marker, segment):
            found.append(segment)
        at += 2 + length
    return b"".join([*found, _picture(content, at)])


def _stays(marker: int, segment: bytes) -> bool:
    if marker == _COMMENT:
        return False
    if marker == _APP2:
        return segment[4:16] == b"ICC_PROFILE\0"
    return marker in _KEPT_APPS or not _APP0 <= marker <= _APP15


def _picture(content: bytes, at: int) -> bytes:
    """From the first scan to the end of the picture; phones put further pictures, with Exif of their own, behind it."""
    place = at
    while True:
        place = content.find(b"\xff", place)
        if place == -1 or place + 1 >= len(content):
            return content[at:]
        marker = content[place + 1]
        if marker == _EOI:
            return content[at : place + 2]
        # Stuffed bytes, restarts and fill bytes are part of a scan; between two scans stand segments with a length.
        if marker in (0x00, 0xFF) or 0xD0 <= marker <= 0xD7:
            place += 1 if marker == 0xFF else 2
        else:
            place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")


def _orientation(content: bytes) -> int | None:
    try:
        with Image.open(BytesIO(content), formats=("JPEG",)) as picture:
            value = picture.getexif().get(_ORIENTATION)
    except (OSError, ValueError, SyntaxError, struct.error):
        return None
    return value if isinstance(value, int) and 1 <= value <= 8 else None


def _exif(orientation: int | None) -> bytes:
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation or 1, 0, 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _png(content: bytes) -> bytes:
    found, at = [_PNG], len(_PNG)
    while at < len(content):
        if at + 12 > len(content):
            raise ValueError("the file ends within a chunk")
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        chunk = content[at : at + 12 + length]
        if len(chunk) != 12 + length or zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
            raise ValueError("a chunk is broken")
        if kind in _PNG_KEPT:
            found.append(chunk)
        at += 12 + length
        if kind == b"IEND":
            break
    return b"".join(found)
