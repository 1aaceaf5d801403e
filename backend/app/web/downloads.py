"""Files that are somebody's record, as answers."""

from urllib.parse import quote

from starlette.responses import Response


def pdf_response(pdf: bytes, name: str, *, inline: bool) -> Response:
    """A PDF as an answer: a download, or shown by the browser. Nothing keeps it, for it is somebody's record."""
    how = "inline" if inline else "attachment"
    headers = {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(name, safe='')}",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(pdf, media_type="application/pdf", headers=headers)
