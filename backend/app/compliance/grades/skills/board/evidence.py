"""What proves an attempt: a photo, and the evaluator's signature as they drew it."""

import base64
import binascii
from io import BytesIO
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.core.errors import FieldError, Invalid
from app.core.files import FileStore, StoredFile, intake
from app.core.later import later
from app.web import scans

if TYPE_CHECKING:
    from PIL import Image
else:
    Image = later("PIL.Image")

_DRAWN = "data:image/png;base64,"
LARGEST_SIGNATURE = 2_000_000
"""Pixels of a drawn signature; a tablet's box has half a million."""


def photo(session: Session, store: FileStore, content: bytes) -> tuple[StoredFile, str]:
    """Put a photo into the store; with its media type. Raises Invalid for what is no photo, OverQuota."""
    found = scans.read(content, "photo")
    if found.media_type == "application/pdf":
        raise _wrong("photo", "This is a PDF and not a photo. Take a photo, or choose a JPEG or PNG.")
    return _put(session, store, found.content), found.media_type


def signature(session: Session, store: FileStore, text: str) -> StoredFile:
    """Put a signature into the store, given as the canvas encodes it (a data URL). Raises Invalid for an empty one."""
    wrong = _wrong("signature", "The signature could not be read. Clear the box and sign again.")
    if not text.startswith(_DRAWN):
        raise wrong
    try:
        content = base64.b64decode(text.removeprefix(_DRAWN), validate=True)
    except (binascii.Error, ValueError):
        raise wrong from None
    found = scans.picture_size(content)
    if found is None or found[0] != "image/png" or found[1] > LARGEST_SIGNATURE:
        raise wrong
    try:
        with Image.open(BytesIO(content), formats=("PNG",)) as picture:
            bands = picture.convert("RGBA").getextrema()
    except (OSError, ValueError, SyntaxError):
        raise wrong from None
    if all(low == high for low, high in bands):  # type: ignore[misc]
        raise _wrong("signature", "The box is empty. Sign in it, or confirm the attempt below it.")
    return _put(session, store, content)


def _put(session: Session, store: FileStore, content: bytes) -> StoredFile:
    intake.examine_upload(session, store, BytesIO(content))
    return store.put(content)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
