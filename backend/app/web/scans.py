"""Papers that people photograph or scan: recognized by their content, never by their name.

A scan is kept byte for byte, because it is evidence, but for what a phone writes into a photo about the place, the time
and the device (`photo_metadata`). It is only ever handed out as a download in a sandbox, so that
nothing in it can run on the school's pages.
"""

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import Response

from app.core.errors import FieldError, Invalid
from app.core.files import FileStore, StoredFile, intake
from app.core.later import later
from app.web.photo_metadata import without_metadata

if TYPE_CHECKING:
    from PIL import Image
else:
    Image = later("PIL.Image")

LARGEST_BYTES = 10 * 1024 * 1024
LARGEST_PIXELS = 60_000_000
"""A phone's camera takes 50 million; more is a bomb that unpacks in the reader's memory."""
ACCEPT = "application/pdf,image/jpeg,image/png,.pdf,.jpg,.jpeg,.png"
HELP = "A photo (JPEG or PNG) or a PDF, up to 10 MB."
_FORMATS = ("JPEG", "PNG")
_PICTURES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png"}
"""A phone's JPEG with a second picture behind it (a depth map, a thumbnail) opens as MPO."""
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}


@dataclass(frozen=True, slots=True)
class Scan:
    """A paper's bytes and what they are: `application/pdf`, `image/jpeg` or `image/png`."""

    content: bytes
    media_type: str


def take_in(store: FileStore, content: bytes, field: str) -> tuple[StoredFile, str]:
    """Look at an uploaded paper, have it scanned for viruses, and put it into the store; with its media type.

    Raises Invalid at the form's `field` for what is no paper, and what `intake.examine` raises.
    """
    scan = read(content, field)
    intake.examine(store, [scan.content])
    return store.put(scan.content), scan.media_type


def read(content: bytes, field: str) -> Scan:
    """The paper in an uploaded file. Raises Invalid at the form's `field` for anything else."""
    if not content:
        raise _wrong(field, "This file is empty. Choose it again.")
    if len(content) > LARGEST_BYTES:
        raise _wrong(
            field, "This file is larger than 10 MB. Photograph or scan the paper at a lower resolution."
        )
    if content[:5] == b"%PDF-":
        if b"%%EOF" not in content[-2048:]:
            raise _wrong(field, "This PDF is not complete. Save it again and upload it once more.")
        return Scan(content, "application/pdf")
    found = picture_size(content)
    if found is None:
        raise _wrong(field, "This file is not a PDF, JPEG or PNG. Photograph the paper, or save it as a PDF.")
    media_type, pixels = found
    if pixels > LARGEST_PIXELS:
        raise _wrong(field, "This picture has too many pixels. Photograph the paper at a lower resolution.")
    try:
        return Scan(without_metadata(content, media_type), media_type)
    except ValueError:
        raise _wrong(
            field, "This picture is damaged. Open it on your device, save it again and upload it once more."
        ) from None


def picture_size(content: bytes) -> tuple[str, int] | None:
    """The media type and the number of pixels of a JPEG or PNG, from its header; None for anything else."""
    try:
        with warnings.catch_warnings():
            # The caller decides what is too large.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=_FORMATS) as picture:
                return _PICTURES[str(picture.format)], picture.width * picture.height
    except Image.DecompressionBombError:
        return "image/png", LARGEST_PIXELS + 1
    except (OSError, ValueError, SyntaxError, KeyError):
        return None


def answer(content: bytes, media_type: str, name: str) -> Response:
    """The paper as a download; `name` is without its ending."""
    file_name = quote(f"{name}.{_ENDINGS.get(media_type, 'bin')}", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{file_name}",
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=media_type, headers=headers)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
