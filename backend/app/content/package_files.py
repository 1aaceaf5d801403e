"""One file of a launched package as an answer: whole, in part, as our viewer shows it, or with a storage of its own."""

import re
from collections.abc import Iterator

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.content.byte_ranges import Window, window_of
from app.content.player import pdf_page
from app.content.streaming import FileStream
from app.core.errors import Unavailable
from app.core.files import FileMissing, FileStore
from app.db.models import ContentFile

log = structlog.get_logger(__name__)

PDF, HTML = "application/pdf", "text/html"
_SHOWN = frozenset(("document", "iframe", "frame", "embed", "object"))
"""What a browser asks for to show it, by its header Sec-Fetch-Dest."""
_KEPT = ("ETag", "Cache-Control", "Vary", "Content-Security-Policy")
"""What a 304 says again: a browser puts its headers in the place of those it has stored."""
_GOVERNED = frozenset(
    (
        HTML,
        PDF,
        "application/xhtml+xml",
        "application/xml",
        "image/svg+xml",
        "text/javascript",
    )
)
_LARGEST_PAGE = 5 * 1024**2
_HEAD = re.compile(rb"<head\b[^>]*>", re.IGNORECASE)
_BEFORE_CONTENT = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<!doctype[^>]*>)?\s*(?:<html\b[^>]*>)?", re.IGNORECASE
)


def is_governed(file: ContentFile) -> bool:
    """Whether a browser makes a document or a worker of it, which its Content-Security-Policy then governs."""
    return file.media_type in _GOVERNED


def answer(
    request: Request,
    files: FileStore,
    file: ContentFile,
    *,
    vendor: str,
    policy: str | None,
    own_storage: bool,
) -> Response:
    """The answer to a request for `file`.

    `vendor`: address of the player's own files, `policy`: the Content-Security-Policy of a file that is governed by
    one, `own_storage`: whether the browser gives the course no storage.
    """
    headers = {
        "Content-Type": file.media_type,
        "ETag": f'"{file.sha256}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, max-age=3600",
    }
    if policy is not None:
        headers["Content-Security-Policy"] = policy
    if file.media_type == PDF:
        headers["Vary"] = "Sec-Fetch-Dest"
        if request.url.query == "original":
            headers["Content-Disposition"] = "attachment"
        elif request.headers.get("sec-fetch-dest") in _SHOWN:
            title = file.path.rpartition("/")[2]
            shown = {**headers, "Cache-Control": "no-store", "Content-Type": f"{HTML}; charset=utf-8"}
            for of_the_file in ("ETag", "Accept-Ranges"):
                del shown[of_the_file]
            return HTMLResponse(pdf_page(title, vendor), headers=shown)
    if own_storage and file.media_type == HTML and file.size_bytes <= _LARGEST_PAGE:
        page = _with_storage(b"".join(_read(files, file.sha256, 0, file.size_bytes)), f"{vendor}/storage.js")
        return Response(page, headers={**headers, "Cache-Control": "no-store"})
    if _matches(request.headers.get("if-none-match"), file.sha256):
        kept = {name: headers[name] for name in _KEPT if name in headers}
        return Response(status_code=304, headers=kept)
    window = window_of(
        request.headers.get("range"), request.headers.get("if-range"), file.sha256, file.size_bytes
    )
    if window is None:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{file.size_bytes}"})
    return _part(request, files, file, window, headers)


def _part(
    request: Request, files: FileStore, file: ContentFile, window: Window, headers: dict[str, str]
) -> Response:
    headers["Content-Length"] = str(window.length)
    if window.partial:
        end = window.start + window.length - 1
        headers["Content-Range"] = f"bytes {window.start}-{end}/{file.size_bytes}"
    status = 206 if window.partial else 200
    if request.method == "HEAD" or window.length == 0:
        return Response(status_code=status, headers=headers)
    return FileStream(_read(files, file.sha256, window.start, window.length), status, headers)


def _read(files: FileStore, sha256: str, start: int, length: int) -> Iterator[bytes]:
    try:
        return files.read(sha256, start, length)
    except FileMissing as error:
        log.error("stored file is missing", sha256=sha256)
        raise Unavailable("A file of this course is missing. Contact the school office.") from error


def _with_storage(page: bytes, script: str) -> bytes:
    """The page with a script before all of its own; one in UTF-16 as it is."""
    if page[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return page
    found = _HEAD.search(page) or _BEFORE_CONTENT.match(page)
    at = found.end() if found else 0
    return page[:at] + f'<script src="{script}"></script>'.encode() + page[at:]


def _matches(header: str | None, sha256: str) -> bool:
    return header is not None and any(
        tag.strip().removeprefix("W/") in ("*", f'"{sha256}"') for tag in header.split(",")
    )
