"""A photo of a student: read, turned upright, made small and written again as a JPEG.

What the system keeps is a picture that it drew itself: nothing that was hidden in the file, no place, no camera, no
second image, comes with it.
"""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Final

from app.core.errors import FieldError, Invalid
from app.core.later import later

if TYPE_CHECKING:
    from PIL import Image, ImageOps
else:
    Image, ImageOps = later("PIL.Image"), later("PIL.ImageOps")

LARGEST_BYTES: Final = 10 * 1024 * 1024
LARGEST_PIXELS: Final = 60_000_000
"""A phone's camera takes 50 million; more is a bomb that unpacks in memory."""
SMALLEST_SIDE, LONGEST_SIDE = 100, 640
MEDIA_TYPE = "image/jpeg"


def redrawn(content: bytes) -> bytes:
    """The photo as a small JPEG. Raises Invalid for what is no picture, a small one, or one with too many pixels."""
    if len(content) > LARGEST_BYTES:
        raise _wrong("This file is larger than 10 MB. Choose a smaller photo.")
    try:
        with warnings.catch_warnings():
            # The pixels are counted here, before any is unpacked.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as picture:
                if picture.width * picture.height > LARGEST_PIXELS:
                    raise _wrong("This picture has too many pixels. Choose a smaller photo.")
                if min(picture.size) < SMALLEST_SIDE:
                    raise _wrong("This picture is too small: each side needs at least 100 pixels.")
                # A JPEG is unpacked at a fraction of its size where that is enough.
                picture.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))
                picture.load()
                return _drawn(picture)
    except Image.DecompressionBombError:
        raise _wrong("This picture has too many pixels. Choose a smaller photo.") from None
    except (OSError, ValueError, SyntaxError, EOFError):
        raise _wrong(
            "This file is not a picture that can be read. Choose a JPEG, PNG or WebP file."
        ) from None


def _drawn(picture: Image.Image) -> bytes:
    picture.thumbnail((LONGEST_SIDE * 2, LONGEST_SIDE * 2))
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    paper = Image.new("RGB", upright.size, "white")
    layered = upright.convert("RGBA")
    paper.paste(layered, mask=layered.getchannel("A"))
    out = BytesIO()
    paper.save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError("photo", sentence)])
