"""Files that were handed in or returned, as answers: downloads in a sandbox; photos also as pictures on a page."""

from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from app.core.errors import NotFound
from app.core.files import FileMissing, FileStore

_SHOWN = ("image/jpeg", "image/png")
_MISSING = "This file is not in the file store. Ask the operator to restore it."


def answer(
    store: FileStore, *, sha256: str, size: int, name: str, media_type: str, inline: bool = False
) -> Response:
    """A file in pieces, whatever its size. `inline` shows a photo; everything else is a download.

    Raises NotFound for a file that is not in the store, and for one that is no photo where it is to be shown.
    """
    if inline and media_type not in _SHOWN:
        raise NotFound("This file is not a picture. Download it.")
    try:
        pieces = store.read(sha256)
    except FileMissing:
        raise NotFound(_MISSING) from None
    how = "inline" if inline else "attachment"
    headers = {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Length": str(size),
        "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(pieces, media_type=media_type, headers=headers)
